"""The five boxes from reach to evidence: one figure for each level, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import shorten

from app.impact.counts import Reach
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.summaries import BeforeAfter, Figure, MeasureLines, Step
from app.improvement.queries import EvidenceLine

REACTION = ("quality", "usefulness", "recommend", "relevance", "expectations", "awareness")
LEARNING = ("informed", "knowledge_change", "skills", "confidence", "intention")
BEHAVIOUR = ("use", "access")
HEADLINE = ("use", "informed", "access", "quality", "awareness")
MOST_IN_A_BOX = 90
SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def chain_of(
    reach: Reach,
    measures: Sequence[MeasureLines],
    open_measures: Sequence[MeasureLines],
    knowledge: Iterable[BeforeAfter],
    evidence: Sequence[EvidenceLine] | None,
) -> tuple[Step, ...]:
    """How much, how well, what difference: always five boxes, the empty ones saying why."""
    return (
        _reach_step(reach),
        first_of("Reaction", REACTION, measures, open_measures),
        _knowledge_step(knowledge) or first_of("Learning", LEARNING, measures, open_measures),
        first_of("Behaviour", BEHAVIOUR, measures, open_measures),
        evidence_step(evidence),
    )


def first_of(
    name: str,
    keys: Sequence[str],
    measures: Sequence[MeasureLines],
    open_measures: Sequence[MeasureLines],
) -> Step:
    """The first of these measures with a figure; those invited come first.

    Of its times the latest, unless fewer than half as many answered then as at another: the words
    say which. Imported answers speak only where there are none of our own, and few people only
    where no figure is of more: six of six in large letters would say more than six people can.
    """
    by_size = [
        (lines, anchor, fewest)
        for fewest in (ELSEWHERE_THRESHOLD, 1)
        for lines, anchor in ((measures, name.lower()), (open_measures, "open-link"))
    ]
    for lines, anchor, fewest in by_size:
        by_key = {measure.key: measure for measure in lines}
        for key in keys:
            figure = _telling(by_key[key].figures if key in by_key else (), fewest=fewest)
            if figure:
                return _step(name, by_key[key].title, figure, anchor)
    return Step(name, "–", "no figures yet", "answered")


def _telling(figures: Iterable[Figure], *, fewest: int) -> Figure | None:
    """The latest time of which enough answered to speak for the whole."""
    shown = [one for one in figures if one.share and one.base >= fewest]
    own = [one for one in shown if not one.door.imported_words] or shown
    most = max((one.base for one in own), default=0)
    return next((one for one in reversed(own) if 2 * one.base >= most), None)


def evidence_step(evidence: Sequence[EvidenceLine] | None) -> Step:
    """How much was found beside the answers, and the newest of it."""
    if evidence is None:
        return Step("Evidence", "–", "stands with each offer and topic", "evidence")
    if not evidence:
        return Step(
            "Evidence", "None", "recorded yet beside what people say themselves", "evidence"
        )
    newest = shorten(evidence[0].title, MOST_IN_A_BOX, placeholder=" …")
    words = f"{'finding' if len(evidence) == 1 else 'findings'} of others; the newest: {newest}"
    return Step("Evidence", f"{len(evidence)}", words, "evidence")


def _step(name: str, title: str, figure: Figure, anchor: str) -> Step:
    share = figure.share
    assert share is not None  # noqa: S101 - the caller has looked
    when = figure.door.label[0].lower() + figure.door.label[1:]
    words = f"{title} ({share.count} of {share.base}, {when})"
    return Step(name, f"{share.percent}%", words, anchor)


def _reach_step(reach: Reach) -> Step:
    if not reach.people:
        return Step("Reach", "–", "nobody is on a register yet", "reach")
    sectors = sum(1 for people in reach.people_by_sector.values() if people)
    words = (
        f"{_plural(reach.people, 'person', 'people', counted=False)} at "
        f"{_plural(reach.events, 'session', 'sessions')}, "
        f"from {_plural(sectors, 'sector', 'sectors')}"
    )
    return Step("Reach", f"{reach.people:,}", words, "reach")


def _knowledge_step(knowledge: Iterable[BeforeAfter]) -> Step | None:
    for change in knowledge:
        matched = change.change
        if matched and change.before is not None:
            difference = round(matched.mean_after, 1) - round(matched.mean_before, 1)
            how = "looking back" if change.is_recalled else "between two askings"
            words = (
                f"points of self-rated knowledge, {how}; "
                f"{matched.better} of {matched.pairs} people went up"
            )
            return Step("Learning", f"{difference:+.1f}", words, "learning")
    return None


def _plural(count: int, one: str, many: str, *, counted: bool = True) -> str:
    word = one if count == 1 else many
    if not counted:
        return word
    return f"{SMALL_NUMBERS[count] if count < len(SMALL_NUMBERS) else f'{count:,}'} {word}"

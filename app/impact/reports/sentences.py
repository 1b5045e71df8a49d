"""Sentences as the annual report has them: a percentage never without its count and base."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.impact import wording
from app.impact.counts import Reach
from app.impact.rules import share
from app.impact.summaries import BeforeAfter, Figure, MeanPoint, MeasureLines, OptionLine

# How the partnership words a share; any other measure is worded by its own title.
WORDED = {
    "use": "reported using it at least occasionally",
    "informed": "shared feeling more informed and confident",
    "skills": "said that their skills and knowledge improved",
    "knowledge_change": "reported an increase in knowledge",
    "confidence": "said that they are confident or very confident to apply it",
    "intention": "said that they intend to change their practice",
    "usefulness": "found it very or extremely useful to their role",
}
# How the answers within a share are worded; others as the answers that they are.
ANSWERS_WORDED = {
    "use": "reported using it {answers}",
    "quality": "rated it {answers}",
    "usefulness": "found it {answers} to their role",
    "relevance": "found it {answers} to their role",
    "recommend": "are {answers} to recommend it to others",
}
NOT_THE_SUBJECT = {"attendance"}  # its title speaks of the training, whatever is asked about
WORD_FOR_IT = re.compile(r"\bit\b")
MOST_POOLED = 2


def of_figure(measure: MeasureLines, figure: Figure, *, subject: str) -> tuple[str, ...]:
    """What one figure says, in one or more sentences that each stand by themselves."""
    if figure.is_withheld:
        return ()
    opening = _opening(figure)
    if figure.mean:
        return (_mean_sentence(measure, figure, opening),)
    if figure.share is None:
        return (_choices_sentence(measure, figure, opening),)
    said = about(WORDED.get(measure.key, measure.title), measure.key, subject)
    sentence = f"{opening}{_share_words(figure.share.count, figure.share.base)} {said}"
    with_range = (
        f"{sentence}; the likely range (95%) is {wording.likely_range(figure.share)}, and answers "
        "are what people say of their own practice"
    )
    answers = _answers_sentence(measure, figure, opening, subject)
    return tuple(f"{words}." for words in (sentence, *answers, with_range))


def of_change(found: BeforeAfter) -> tuple[str, ...]:
    """How the same people answered before and after."""
    change = found.change
    if change is None:
        return ()
    up = _share_words(change.better, change.pairs)
    rest = f"{change.same} gave the same score and {change.worse} a lower one."
    if found.is_recalled:
        first = f"Looking back, {up} gave their knowledge a higher score after than before; {rest}"
    else:
        times = f"{_lower(found.after_label)} than {_lower(found.before_label)}"
        first = f"Asked twice, {up} gave their knowledge a higher score {times}; {rest}"
    if found.before is None:
        return (first,)
    means = (
        f"The {change.pairs} people who answered both rated their knowledge "
        f"{wording.score(change.mean_before)} out of 10 before and "
        f"{wording.score(change.mean_after)} after, on average."
    )
    return first, means


def of_means(points: Sequence[MeanPoint]) -> tuple[str, ...]:
    """Everyone's knowledge from time to time."""
    said = [
        f"{wording.score(point.mean.mean)} {_lower(point.label)} ({point.mean.base:,} answered)"
        for point in points
    ]
    return (f"On average people rated their knowledge, out of 10: {', '.join(said)}.",)


def of_reach(reach: Reach) -> tuple[str, ...]:
    """Who came."""
    people = f"{reach.people:,} {'practitioner' if reach.people == 1 else 'practitioners'}"
    sessions = f"{reach.events:,} {'session' if reach.events == 1 else 'sessions'}"
    return (f"{people} attended {sessions}.",)


def about(words: str, key: str, subject: str) -> str:
    """The words with what was asked about in place of "it"."""
    if key in NOT_THE_SUBJECT:
        return words
    return WORD_FOR_IT.sub(lambda _found: subject, words, count=1)


def _share_words(count: int, base: int) -> str:
    return f"{wording.percent(share(count, base))} ({count:,} of {base:,})"


def _opening(figure: Figure) -> str:
    """When the people were asked and, of a routed question, whom; empty for an open link."""
    door = figure.door
    parts = []
    if not door.is_open_link and not door.imported_words:
        parts.append(door.label[:1].upper() + door.label[1:])
    if figure.asked_of:
        parts.append(f"{'of' if parts else 'Of'} {figure.asked_of}")
    return f"{', '.join(parts)}, " if parts else ""


def _answers_sentence(
    measure: MeasureLines, figure: Figure, opening: str, subject: str
) -> tuple[str, ...]:
    """Which of the answers that count were given; the highest two together where there are three.

    As in: 52% (33 of 63) very frequently or frequently, and 44% (28 of 63) occasionally.
    """
    counted = [option for option in figure.options if option.is_counted and option.share]
    given = [option for option in counted if option.count]
    if len(counted) < MOST_POOLED or not given:
        return ()
    pooled = [given[:MOST_POOLED], *([one] for one in given[MOST_POOLED:])]
    groups = pooled if len(given) > MOST_POOLED else [[one] for one in given]
    worded = ANSWERS_WORDED.get(measure.key)
    first = f"{_pooled(groups[0], figure)} " + (
        about(worded.format(answers=_labels(groups[0])), measure.key, subject)
        if worded
        else f"answered {_quoted(groups[0])}"
    )
    others = [
        f"{_pooled(group, figure)} {_labels(group) if worded else _quoted(group)}"
        for group in groups[1:]
    ]
    return (f"{opening}{' and '.join([', '.join([first, *others[:-1]]), *others[-1:]])}",)


def _pooled(group: Sequence[OptionLine], figure: Figure) -> str:
    assert figure.share  # noqa: S101 - the caller has looked
    return _share_words(sum(option.count for option in group), figure.share.base)


def _labels(group: Sequence[OptionLine]) -> str:
    return " or ".join(option.label.lower() for option in group)


def _quoted(group: Sequence[OptionLine]) -> str:
    return " or ".join(f"“{option.label}”" for option in group)


def _mean_sentence(measure: MeasureLines, figure: Figure, opening: str) -> str:
    mean = figure.mean
    assert mean  # noqa: S101 - the caller has looked
    sure = f", likely {wording.likely_scores(mean)}" if mean.interval else ""
    words = f"the mean score for {measure.title.lower()} was {wording.score(mean.mean)} out of 10"
    sentence = f"{opening}{words} ({mean.base:,} answered{sure})."
    return sentence[:1].upper() + sentence[1:]


def _choices_sentence(measure: MeasureLines, figure: Figure, opening: str) -> str:
    named = [option for option in figure.options if option.share and option.count]
    named.sort(key=lambda option: -option.count)
    said = [f"{_share_words(o.count, o.share.base)} “{o.label}”" for o in named if o.share]
    return f"{opening}{measure.title}: {', '.join(said)}." if said else ""


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]

"""From raw counts to what may be shown: here, and nowhere else, small groups are withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from app.impact import rules
from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    DoorCounts,
    DoorId,
    EvaluationCounts,
    Imported,
    ImportFacts,
    MeasureFacts,
    QuestionCounts,
    QuestionFacts,
    sorted_doors,
)
from app.impact.disclosure import ShownGroup
from app.impact.knowledge import DoorPair, asked_to_recall, side
from app.impact.summaries import (
    Comments,
    Door,
    DoorState,
    Figure,
    MeasureLines,
    OptionLine,
    SectorLine,
)
from app.kernel.london import london_date, short_date_words
from app.surveys.models import MeasureScale, QuestionKind
from app.surveys.rules import wave_words

OPEN_LINK_LABEL = "Open link"
IMPORTED_LABEL = "Microsoft Forms"
IN_WORDS = (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT)


def doors_of(counts: EvaluationCounts, *, threshold: int) -> list[DoorPair]:
    """Each wave in its order and then the open link, with how it stands."""
    return [
        (_door(door_id, counts.doors[door_id], threshold=threshold), counts.doors[door_id])
        for door_id in sorted_doors(counts)
    ]


def _door(door_id: DoorId, counts: DoorCounts, *, threshold: int) -> Door:
    answered, in_figures = sum(counts.responses.values()), sum(counts.released.values())
    moment = counts.open_until if counts.is_open else counts.next_due_at
    delivered = counts.delivered
    return Door(
        key=_key_of(door_id, counts),
        label=_label_of(door_id, counts),
        is_open_link=counts.months_later is None,
        state=_state(counts, answered=answered, in_figures=in_figures),
        threshold=threshold,
        planned=counts.planned,
        asked=counts.sent,
        delivered=delivered,
        answered=answered,
        in_figures=in_figures,
        rate=rules.response_rate(counts.answered_invitations, delivered) if delivered else None,
        is_open=counts.is_open,
        next_on=london_date(moment) if moment else None,
        answered_by_sector=dict(counts.responses),
        imported_words=_imported_words(counts.imported) if counts.imported else "",
        months_later=counts.months_later,
    )


def _key_of(door_id: DoorId, counts: DoorCounts) -> str:
    if isinstance(door_id, Imported):
        return f"import-{door_id.form_id}"
    return "open-link" if door_id is None else f"wave-{counts.months_later}"


def _label_of(door_id: DoorId, counts: DoorCounts) -> str:
    """When people were asked; imported forms say when that was, as there may be several."""
    months = counts.months_later
    words = OPEN_LINK_LABEL if months is None else wave_words(months)
    if counts.imported is None:
        return words
    words = f"{words}, {IMPORTED_LABEL}"
    first, last = counts.imported.first_answered_on, counts.imported.last_answered_on
    if first is None or last is None:
        return words
    is_one_month = (first.year, first.month) == (last.year, last.month)
    return f"{words} {last:%B %Y}" if is_one_month else f"{words} {first:%b %Y} to {last:%b %Y}"


def _imported_words(facts: ImportFacts) -> str:
    """As in: 12 answers imported from a Microsoft Forms file, 3 March 2025."""
    return "; ".join(
        f"{count:,} {'answer' if count == 1 else 'answers'} imported from a Microsoft Forms file, "
        f"{short_date_words(day)}"
        for count, day in facts.files
    )


def _state(counts: DoorCounts, *, answered: int, in_figures: int) -> DoorState:
    if in_figures:
        return DoorState.SHOWN
    if counts.is_open:
        return DoorState.STILL_OPEN
    if answered:
        return DoorState.TOO_FEW
    return DoorState.NOBODY if counts.sent else DoorState.NOT_ASKED


def measures_of(doors: Iterable[DoorPair]) -> tuple[MeasureLines, ...]:
    """Each measure with its figure at each of these times, in the order of every report."""
    found: dict[str, tuple[MeasureFacts, list[Figure]]] = {}
    for door, counts in doors:
        if door.state is not DoorState.SHOWN:
            continue
        for question in sorted(counts.questions.values(), key=lambda asked: asked.position):
            measure = question.measure
            if measure is None or measure.key == KNOWLEDGE_RECALLED:
                continue  # recalled knowledge is shown in pairs only
            lines = [] if counts.imported else counts.counts[question.key].lines
            figure = figure_of(door, counts, question, measure, lines)
            found.setdefault(measure.key, (measure, []))[1].append(figure)
    ordered = sorted(found.values(), key=lambda item: item[0].position)
    return tuple(measure_lines(facts, figures) for facts, figures in ordered)


def measure_lines(facts: MeasureFacts, found: Iterable[Figure]) -> MeasureLines:
    """A measure with its figures."""
    return MeasureLines(
        facts.key, facts.title, facts.level, facts.scale, tuple(found), facts.position
    )


def figure_of(
    door: Door,
    door_counts: DoorCounts,
    question: QuestionFacts,
    measure: MeasureFacts,
    lines: Sequence[ShownGroup],
) -> Figure:
    """One question's figure, withheld below the door's threshold; lines are those by sector."""
    counts = door_counts.counts[question.key]
    if measure.scale is MeasureScale.SCORE:
        return _score_figure(door, door_counts, question, measure)
    outside = [option for option in question.options.values() if option.is_outside_base]
    base = counts.total - sum(counts.of_option(option.value) for option in outside)
    if base < door.threshold:
        return Figure(door, door.threshold)
    counted = [option.value for option in question.options.values() if option.counts]
    is_share = measure.scale is MeasureScale.SHARE
    return Figure(
        door,
        door.threshold,
        share=rules.share(sum(map(counts.of_option, counted)), base) if is_share else None,
        **_asked_of(door_counts, question),
        options=tuple(
            OptionLine(
                option.label,
                count := counts.of_option(option.value),
                option.counts,
                None if option.is_outside_base else rules.share(count, base),
            )
            for option in question.options.values()
        ),
        sectors=tuple(_sector_line(line, counts, counted) for line in lines) if is_share else (),
    )


def _score_figure(
    door: Door, door_counts: DoorCounts, question: QuestionFacts, measure: MeasureFacts
) -> Figure:
    # Beside the means of pairs, everyone's mean would tell those few who answered only once.
    histogram: Counter[int] = Counter()
    if measure.key == KNOWLEDGE and asked_to_recall(door_counts):
        histogram = side(door_counts.recalled_pairs, 1)
    else:
        histogram.update(door_counts.counts[question.key].scores)
    fewest = max(door.threshold, rules.FEWEST_FOR_A_MEAN)
    mean = rules.mean_interval(histogram)
    if mean is None or mean.base < fewest:
        return Figure(door, fewest)
    return Figure(door, fewest, mean=mean, histogram=histogram, **_asked_of(door_counts, question))


def _asked_of(counts: DoorCounts, question: QuestionFacts) -> dict[str, Any]:
    """Whom a routed question went to, as "the 63 who have used it"; their number is a count of
    the routing answer, and that question has the larger base: where this is shown, so is that.
    How many met both of two conditions is no count of any answer, and is not told."""
    routers = [(counts.questions.get(key), values) for key, values in question.conditions]
    known = [(one, values) for one, values in routers if one and one.key in counts.counts]
    if not known or len(known) < len(routers):
        return {}
    words = " and ".join(_leading_words(one, values) for one, values in known)
    routed = _routed(counts, question, known[0][0]) if len(known) == 1 else 0
    return {"routed": routed, "routed_words": f"who {words}"}


def _leading_words(router: QuestionFacts, values: Sequence[str]) -> str:
    counted = {option.value for option in router.options.values() if option.counts}
    if router.measure and counted == set(values):
        return router.measure.title
    chosen = [router.options[value].label for value in values if value in router.options]
    return f"answered {' or '.join(f'“{label}”' for label in chosen)}"


def _routed(counts: DoorCounts, question: QuestionFacts, router: QuestionFacts) -> int:
    routed = counts.counts[question.key].routed
    if routed is not None:
        return routed
    return sum(map(counts.counts[router.key].of_option, question.shown_if_values))


def _sector_line(line: ShownGroup, counts: QuestionCounts, counted: list[str]) -> SectorLine:
    count = sum(
        counts.options_in_lines[value][member]
        for value in counted
        if value in counts.options_in_lines
        for member in line.members
    )
    return SectorLine(
        line.label, len(line.members), rules.share(count, line.base) if line.base else None
    )


def comments_of(doors: Iterable[DoorPair]) -> tuple[Comments, ...]:
    """How many wrote something, question by question."""
    return tuple(
        Comments(door, question.words, _comment_count(door, counts, question))
        for door, counts in doors
        if door.state is DoorState.SHOWN
        for question in sorted(counts.questions.values(), key=lambda asked: asked.position)
        if question.kind in IN_WORDS
    )


def _comment_count(door: Door, counts: DoorCounts, question: QuestionFacts) -> int | None:
    asked = door.in_figures
    router = counts.questions.get(question.shown_if_key or "")
    if question.also_if_key:
        asked = counts.counts[question.key].total  # as many were asked at least
    elif router is not None:
        asked = _routed(counts, question, router)
    return counts.counts[question.key].total if asked >= door.threshold else None

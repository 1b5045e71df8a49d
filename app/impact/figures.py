"""From raw counts to what may be shown: here, and nowhere else, small groups are withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

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
)
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    QuestionBases,
    ShownGroup,
    break_down_questions,
    matched_means_are_safe,
)
from app.impact.rules import MeanScore
from app.impact.summaries import (
    BeforeAfter,
    Comments,
    Door,
    DoorState,
    Figure,
    MeanPoint,
    MeasureLines,
    OptionLine,
    SectorLine,
)
from app.kernel.london import london_date, short_date_words
from app.surveys.models import MeasureScale, QuestionKind
from app.surveys.rules import BEFORE, wave_words

OPEN_LINK_LABEL = "Open link"
IMPORTED_LABEL = "Microsoft Forms"
RECALLED_DESIGN = "asked once, afterwards, looking back"
TWICE_DESIGN = "asked twice, the same people each time"
ONE_OF = (QuestionKind.SINGLE, QuestionKind.YES_NO, QuestionKind.SCALE)
IN_WORDS = (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT)

DoorPair = tuple[Door, DoorCounts]


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
        lines = {} if counts.imported else _sector_lines(counts)
        for question in sorted(counts.questions.values(), key=lambda asked: asked.position):
            measure = question.measure
            if measure is None or measure.key == KNOWLEDGE_RECALLED:
                continue  # recalled knowledge is shown in pairs only
            figure = _figure(door, counts, question, measure, lines.get(question.key, []))
            found.setdefault(measure.key, (measure, []))[1].append(figure)
    ordered = sorted(found.values(), key=lambda item: item[0].position)
    return tuple(
        MeasureLines(facts.key, facts.title, facts.level, facts.scale, tuple(figures))
        for facts, figures in ordered
    )


def _figure(
    door: Door,
    door_counts: DoorCounts,
    question: QuestionFacts,
    measure: MeasureFacts,
    lines: list[ShownGroup],
) -> Figure:
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
        asked_of=_asked_of(door_counts, question),
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
    if measure.key == KNOWLEDGE and _asked_to_recall(door_counts):
        histogram = _side(door_counts.recalled_pairs, 1)
    else:
        histogram.update(door_counts.counts[question.key].scores)
    fewest = max(door.threshold, rules.FEWEST_FOR_A_MEAN)
    mean = rules.mean_interval(histogram)
    if mean is None or mean.base < fewest:
        return Figure(door, fewest)
    return Figure(
        door, fewest, mean=mean, histogram=histogram, asked_of=_asked_of(door_counts, question)
    )


def _asked_of(counts: DoorCounts, question: QuestionFacts) -> str:
    """Whom a routed question went to, as "the 63 who have used it"; their number is a count of
    the routing answer, and that question has the larger base: where this is shown, so is that."""
    router = counts.questions.get(question.shown_if_key or "")
    if router is None:
        return ""
    routed = sum(map(counts.counts[router.key].of_option, question.shown_if_values))
    counted = {option.value for option in router.options.values() if option.counts}
    if router.measure and counted == set(question.shown_if_values):
        return f"the {routed} who {router.measure.title}"
    chosen = [router.options[v].label for v in question.shown_if_values if v in router.options]
    return f"the {routed} who answered {' or '.join(f'“{label}”' for label in chosen)}"


def _sector_lines(counts: DoorCounts) -> dict[str, list[ShownGroup]]:
    asked = sorted(counts.questions.values(), key=lambda question: question.position)
    one_of = [question for question in asked if question.kind in ONE_OF]
    keys = {question.key for question in one_of}
    return break_down_questions(
        counts.released,
        [
            QuestionBases(
                question.key,
                _bases(question, counts.counts[question.key]),
                asked_after=question.shown_if_key if question.shown_if_key in keys else None,
            )
            for question in one_of
        ],
        threshold=ELSEWHERE_THRESHOLD,
    )


def _bases(question: QuestionFacts, counts: QuestionCounts) -> Mapping[str, int]:
    bases = Counter(counts.answered)
    for option in question.options.values():
        if option.is_outside_base:
            bases.subtract(counts.options.get(option.value, {}))
    return bases


def _sector_line(line: ShownGroup, counts: QuestionCounts, counted: list[str]) -> SectorLine:
    count = sum(
        counts.options[value][member]
        for value in counted
        if value in counts.options
        for member in line.members
    )
    return SectorLine(
        line.label, len(line.members), rules.share(count, line.base) if line.base else None
    )


def knowledge_of(counts: EvaluationCounts, doors: list[DoorPair]) -> tuple[BeforeAfter, ...]:
    """Every before and after there is, each design by itself."""
    found = [
        _recalled(door, door_counts)
        for door, door_counts in doors
        if door.state is DoorState.SHOWN and _asked_to_recall(door_counts)
    ]
    by_wave = dict(zip(sorted_doors(counts), doors, strict=True))
    for (first, second), pairs in sorted(
        counts.asked_twice.items(), key=lambda item: counts.doors[item[0][1]].months_later or 0
    ):
        found.append(_asked_twice(by_wave[first], by_wave[second], pairs))
    return tuple(found)


def sorted_doors(counts: EvaluationCounts) -> list[DoorId]:
    """Waves in their order, each before the forms of the same time; the open link at the end."""

    def place(item: tuple[DoorId, DoorCounts]) -> tuple[bool, int, int]:
        door_id, door = item
        form_id = door_id.form_id if isinstance(door_id, Imported) else 0
        return door.months_later is None, door.months_later or 0, form_id

    return [door_id for door_id, _ in sorted(counts.doors.items(), key=place)]


def _asked_to_recall(counts: DoorCounts) -> bool:
    return any(
        question.measure and question.measure.key == KNOWLEDGE_RECALLED
        for question in counts.questions.values()
    )


def _recalled(door: Door, counts: DoorCounts) -> BeforeAfter:
    pairs = counts.recalled_pairs
    labels = (RECALLED_DESIGN, True, "Before", door.label)
    if sum(pairs.values()) < door.threshold:
        return BeforeAfter(door, *labels)
    return BeforeAfter(
        door,
        *labels,
        change=rules.matched_change(pairs),
        before=_side(pairs, 0),
        after=_side(pairs, 1),
    )


def _asked_twice(first: DoorPair, second: DoorPair, pairs: Counter[tuple[int, int]]) -> BeforeAfter:
    door = second[0]
    labels = (TWICE_DESIGN, False, first[0].label, door.label)
    if sum(pairs.values()) < door.threshold:
        return BeforeAfter(door, *labels)
    may_show = _may_stand_beside_all(pairs, first[1], second[1], threshold=door.threshold)
    return BeforeAfter(
        door,
        *labels,
        change=rules.matched_change(pairs),
        before=_side(pairs, 0) if may_show else None,
        after=_side(pairs, 1) if may_show else None,
    )


def _may_stand_beside_all(
    pairs: Counter[tuple[int, int]], first: DoorCounts, second: DoorCounts, *, threshold: int
) -> bool:
    """Whether the pairs' scores may stand beside those of everyone at each of the two times."""
    bases = []
    for counts in (first, second):
        everyone = sum(_knowledge_scores(counts).values())
        recalled = sum(counts.recalled_pairs.values())
        if _asked_to_recall(counts) and recalled != everyone:
            return False  # what is shown there is another set of people, not one around the pairs
        bases.append(everyone)
    return matched_means_are_safe(sum(pairs.values()), *bases, threshold=threshold)


def _knowledge_scores(counts: DoorCounts) -> Counter[int]:
    scores: Counter[int] = Counter()
    for question in counts.questions.values():
        if question.measure and question.measure.key == KNOWLEDGE:
            scores.update(counts.counts[question.key].scores)
    return scores


def _side(pairs: Counter[tuple[int, int]], side: int) -> Counter[int]:
    histogram: Counter[int] = Counter()
    for scores, count in pairs.items():
        histogram[scores[side]] += count
    return histogram


def knowledge_means_of(
    measures: Iterable[MeasureLines], knowledge: Iterable[BeforeAfter], doors: list[DoorPair]
) -> tuple[MeanPoint, ...]:
    """Everyone's mean at each time: points of one line, so none if there is only one."""
    points: list[MeanPoint] = []
    asked_before = any(
        counts.months_later == BEFORE
        for _, counts in doors
        if counts.counts and not counts.imported
    )
    for change in knowledge:
        if change.door.imported_words:
            continue
        if change.is_recalled and change.before and not asked_before:
            _add_point(points, "Before, looking back", rules.mean_interval(change.before))
            break
    for measure in measures:
        if measure.key == KNOWLEDGE:
            for figure in measure.figures:
                if figure.door.imported_words:
                    continue  # other people: no line leads from them to the others
                _add_point(points, figure.door.label, figure.mean)
    return tuple(points) if len(points) > 1 else ()


def _add_point(points: list[MeanPoint], label: str, mean: MeanScore | None) -> None:
    if mean is not None:
        points.append(MeanPoint(label, mean))


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
    if router is not None:
        asked = sum(map(counts.counts[router.key].of_option, question.shown_if_values))
    return counts.counts[question.key].total if asked >= door.threshold else None

"""What the same people said at two times, each design by itself, and everyone's mean over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.impact import rules
from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    DoorCounts,
    EvaluationCounts,
    Twice,
    sorted_doors,
)
from app.impact.rules import MeanScore
from app.impact.summaries import BeforeAfter, Door, DoorState, MeanPoint, MeasureLines
from app.surveys.rules import BEFORE

RECALLED_DESIGN = "asked once, afterwards, looking back"
TWICE_DESIGN = "asked twice, the same people each time"

DoorPair = tuple[Door, DoorCounts]


def knowledge_of(counts: EvaluationCounts, doors: list[DoorPair]) -> tuple[BeforeAfter, ...]:
    """Every before and after there is, each design by itself."""
    found = [
        _recalled(door, door_counts)
        for door, door_counts in doors
        if door.state is DoorState.SHOWN and asked_to_recall(door_counts)
    ]
    by_wave = dict(zip(sorted_doors(counts), doors, strict=True))
    told: set[int] = set()
    for waves in sorted(counts.asked_twice, key=lambda both: _months_of(both, counts)):
        first, second = (by_wave[wave] for wave in waves)
        # Scores at one time of two sets of people, nearly the same, would tell those of the rest.
        is_first = told.isdisjoint(waves)
        change = _asked_twice(first, second, counts.asked_twice[waves], may_tell=is_first)
        found.append(change)
        # Whether or not these are told yet: they will be, and others would stand beside them.
        told |= set(waves) if is_first else set()
    return tuple(found)


def asked_to_recall(counts: DoorCounts) -> bool:
    """Whether one form asked what people knew before and what they know now."""
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
        before=side(pairs, 0),
        after=side(pairs, 1),
        changes=_changes(pairs),
    )


def _months_of(waves: tuple[int, int], counts: EvaluationCounts) -> tuple[int, int]:
    earlier, later = (counts.doors[wave].months_later or 0 for wave in waves)
    return earlier, later


def _asked_twice(first: DoorPair, second: DoorPair, twice: Twice, *, may_tell: bool) -> BeforeAfter:
    door, pairs = second[0], twice.scores
    labels = (TWICE_DESIGN, False, first[0].label, door.label)
    if sum(pairs.values()) < door.threshold:
        return BeforeAfter(door, *labels, since_key=first[0].key)
    may_show = may_tell and twice.may_stand_beside
    return BeforeAfter(
        door,
        *labels,
        change=rules.matched_change(pairs),
        before=side(pairs, 0) if may_show else None,
        after=side(pairs, 1) if may_show else None,
        changes=_changes(pairs),
        since_key=first[0].key,
    )


def _changes(pairs: Counter[tuple[int, int]]) -> Counter[int]:
    changes: Counter[int] = Counter()
    for (before, after), count in pairs.items():
        changes[after - before] += count
    return changes


def side(pairs: Counter[tuple[int, int]], which: int) -> Counter[int]:
    """How many gave each score the first time (0) or the second (1)."""
    histogram: Counter[int] = Counter()
    for scores, count in pairs.items():
        histogram[scores[which]] += count
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

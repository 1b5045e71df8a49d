"""Of the answers that came by a door, part by part, those in the steps that a reader may see."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    BatchOrder,
    DoorCounts,
    DoorId,
    QuestionCounts,
    QuestionFacts,
    Twice,
    bases_of,
)
from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    RUNNING_TEAM_THRESHOLD,
    lines_over_time,
    parts_are_safe_beside,
    sum_of,
)
from app.impact.growth_rules import Growth, growth_within, lines_of_outer
from app.surveys.models import QuestionKind

IN_WORDS = (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT)

DoorKey = tuple[int, DoorId]  # evaluation, and the door of it
Parts = dict[int, QuestionCounts]
Pairs = Counter[tuple[int, int]]  # score before, score after
TwiceInParts = dict[tuple[int, int], Pairs]  # by the part of the first and of the second time


@dataclass(slots=True)
class InParts:
    """All answers that came by one door, by the part in which they came."""

    questions: dict[str, QuestionFacts] = field(default_factory=dict)
    counts: dict[str, Parts] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(QuestionCounts))
    )
    recalled_pairs: dict[int, Pairs] = field(default_factory=lambda: defaultdict(Counter))


@dataclass(slots=True)
class DoorAnswers:
    """The answers that came by one door and are in the steps that a reader sees."""

    questions: dict[str, QuestionFacts]
    counts: dict[str, QuestionCounts]
    recalled_pairs: Pairs


@dataclass(slots=True)
class Answers:
    """Every answer in the figures of some evaluations, counted."""

    # Where answers are counted, by batch and question.
    known: dict[tuple[Any, ...], QuestionCounts] = field(default_factory=dict)
    doors: dict[DoorKey, InParts] = field(default_factory=lambda: defaultdict(InParts))
    asked_twice: dict[int, dict[tuple[int, int], TwiceInParts]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(Counter)))
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What of these answers a reader sees, so far as it depends on when they came."""

    doors: dict[DoorKey, DoorAnswers]
    asked_twice: dict[int, dict[tuple[int, int], Twice]]


def shown_of_door(answers: InParts, door: DoorCounts, *, threshold: int) -> DoorAnswers:
    """What this reader sees of these answers."""
    shown: dict[str, QuestionCounts] = {}
    for key in answers.counts:
        _add_question(shown, key, answers, door, threshold)
    pairs = answers.recalled_pairs
    growth = growth_within(door.growth, {part: found.total() for part, found in pairs.items()})
    recalled = Counter[tuple[int, int]]()
    for part in growth.parts(threshold=threshold):
        recalled.update(pairs.get(part, {}))
    return DoorAnswers(answers.questions, shown, recalled)


def _add_question(
    shown: dict[str, QuestionCounts], key: str, answers: InParts, door: DoorCounts, threshold: int
) -> None:
    """Add what is seen of a question, after that which leads to it."""
    if key in shown:
        return
    question, parts = answers.questions[key], answers.counts[key]
    router = question.shown_if_key
    if router in answers.counts and answers.questions[router].position < question.position:
        _add_question(shown, router, answers, door, threshold)
        outer, outer_lines = shown[router].growth, shown[router].breakdowns
    else:
        router, outer, outer_lines = None, door.growth, door.breakdowns
    found = shown[key] = QuestionCounts()
    if question.kind in IN_WORDS:
        found.growth = outer
    else:
        bases = {part: bases_of(question, counts) for part, counts in parts.items()}
        found.growth = growth_within(outer, {part: of.total() for part, of in bases.items()})
        # Lines stand within those of the question before; of two questions before, within neither.
        if question.also_if_key is None:
            found.breakdowns = lines_over_time(
                _steps(found.growth, bases),
                threshold=ELSEWHERE_THRESHOLD,
                within=lines_of_outer(outer, outer_lines, found.growth),
            )
        found.options_in_lines = _options_in_lines(found, parts)
    numbers = found.growth.parts(threshold=threshold)
    for number in numbers:
        if number in parts:
            found.add(parts[number])
    if router and question.also_if_key is None:
        found.routed = _routed(question, answers.counts[router], numbers)


def _steps(growth: Growth, bases: Mapping[int, Counter[str]]) -> list[list[Counter[str]]]:
    """How many of each sector came with each step, in the smaller ones it is made of."""
    return [
        [sum_of(bases[part] for part in small if part in bases) for small in step]
        for step in growth.steps
    ]


def _options_in_lines(found: QuestionCounts, parts: Parts) -> dict[str, Counter[str]]:
    if not found.breakdowns:
        return {}
    broken_down = QuestionCounts()
    for step in found.growth.steps[: found.breakdowns[-1][0]]:
        for part in (part for small in step for part in small if part in parts):
            broken_down.add(parts[part])
    return broken_down.options


def _routed(question: QuestionFacts, router: Parts, numbers: Iterable[int]) -> int:
    """How many the question before led to this one, among those who came at the same time."""
    return sum(
        router[number].of_option(value)
        for number in numbers
        if number in router
        for value in question.shown_if_values
    )


def parts_of_pairs(
    sizes: Mapping[tuple[int, int], int], first: DoorCounts, second: DoorCounts, *, threshold: int
) -> dict[tuple[int, int], str]:
    """Which pairs of answers this reader sees, by the parts of the two, and in which step.

    A pair comes in with the later of its two parts. Parts come in by the months they hold: pairs
    wait while either time still has an earlier month to come.
    """
    held_back = min((door.waits_from for door in (first, second) if door.waits_from), default=None)
    by_month: dict[BatchOrder, list[tuple[int, int]]] = defaultdict(list)
    apart: list[tuple[int, int]] = []
    for parts in sizes:
        months = [
            door.last_of_part(number)
            for door, number in zip((first, second), parts, strict=True)
            if number not in door.growth.apart
        ]
        if not months:
            apart.append(parts)
        elif held_back is None or max(months) < held_back:
            by_month[max(months)].append(parts)
    in_order = [by_month[month] for month in sorted(by_month)]
    bases = {n: sum(sizes[parts] for parts in months) for n, months in enumerate(in_order)}
    growth = growth_within(Growth(tuple(((number,),) for number in bases)), bases)
    found = {
        parts: step
        for number, step in growth.step_of(threshold=threshold).items()
        for parts in in_order[number]
    }
    if sum(sizes[parts] for parts in apart) >= threshold:
        found |= dict.fromkeys(apart, "apart")
    return found


@dataclass(frozen=True, slots=True)
class Time:
    """One of two times: all answers given then, and those that a reader sees."""

    door: DoorCounts
    answers: InParts
    shown: DoorAnswers

    def knowledge(self) -> tuple[Growth, dict[int, int]] | None:
        """In which steps the scores of everybody have grown, and how many came with each part.

        None where it cannot be said whose they are.
        """
        keys = _measuring(KNOWLEDGE, self.answers)
        if len(keys) != 1:
            return None
        sizes = {part: of.scores.total() for part, of in self.answers.counts[keys[0]].items()}
        if not _measuring(KNOWLEDGE_RECALLED, self.answers):
            return self.shown.counts[keys[0]].growth, sizes
        # What is shown there is of those who gave both scores.
        recalled = {part: of.total() for part, of in self.answers.recalled_pairs.items()}
        return (growth_within(self.door.growth, recalled), sizes) if recalled == sizes else None


def shown_of_pairs(pairs: TwiceInParts, first: Time, second: Time, *, threshold: int) -> Twice:
    """The scores of people at two times that this reader sees."""
    sizes = {parts: scores.total() for parts, scores in pairs.items()}
    rows = parts_of_pairs(sizes, first.door, second.door, threshold=threshold)
    scores = Counter[tuple[int, int]]()
    for parts in rows:
        scores.update(pairs[parts])
    everybody = [(side, time.knowledge()) for side, time in enumerate((first, second))]
    may_stand_beside = all(
        told is not None and _may_stand_beside(rows, sizes, side, *told, threshold=fewest)
        for side, told in everybody
        for fewest in {threshold, RUNNING_TEAM_THRESHOLD}
    )
    return Twice(scores, may_stand_beside)


def _may_stand_beside(
    rows: Mapping[tuple[int, int], str],
    sizes: Mapping[tuple[int, int], int],
    side: int,
    growth: Growth,
    everybody: Mapping[int, int],
    *,
    threshold: int,
) -> bool:
    """Whether the pairs leave nothing small of the steps in which everybody's scores were seen."""
    step_of = growth.step_of(threshold=threshold)
    wholes: Counter[str] = Counter()
    for part, step in step_of.items():
        wholes[step] += everybody.get(part, 0)
    cells: Counter[tuple[str, str]] = Counter()
    for parts, row in rows.items():
        if parts[side] not in step_of:
            return False  # their scores then wait to be seen
        cells[row, step_of[parts[side]]] += sizes[parts]
    return parts_are_safe_beside(wholes, cells, threshold=threshold)


def _measuring(measure_key: str, answers: InParts) -> list[str]:
    return [
        key
        for key, question in answers.questions.items()
        if question.measure and question.measure.key == measure_key
    ]


def shown_of(doors: Mapping[DoorKey, DoorCounts], answers: Answers, *, threshold: int) -> Shown:
    """Of these answers, question by question, those of the steps that this reader sees."""
    shown = {
        key: shown_of_door(in_parts, doors[key], threshold=threshold)
        for key, in_parts in answers.doors.items()
    }
    asked_twice: dict[int, dict[tuple[int, int], Twice]] = defaultdict(dict)
    for evaluation_id, by_waves in answers.asked_twice.items():
        for waves, pairs in by_waves.items():
            first, second = (
                Time(doors[key], answers.doors[key], shown[key])
                for key in ((evaluation_id, wave) for wave in waves)
            )
            asked_twice[evaluation_id][waves] = shown_of_pairs(
                pairs, first, second, threshold=threshold
            )
    return Shown(shown, asked_twice)

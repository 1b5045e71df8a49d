"""In which steps the base of each question grows, so that nobody sees it grow by a few.

Answers come into the figures in parts (decision 6), counted in forms. Of a part of ten forms four
may have answered a routed question: whoever opened the page before and after would have the answers
of these four. So each question has steps of its own, sums of those of the question that leads to
it, since its base is a count of that question's answers; the first of all are those of the forms.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.impact.disclosure import ELSEWHERE_THRESHOLD, RUNNING_TEAM_THRESHOLD, ShownGroup

Small = tuple[int, ...]  # the numbers of the parts in a step that the running team sees
Large = tuple[Small, ...]  # a step that everybody sees


@dataclass(frozen=True, slots=True)
class Growth:
    """The steps in which a base has grown so far."""

    steps: tuple[Large, ...] = ()
    rest: tuple[Small, ...] = ()  # that no large step holds yet
    # Parts without a date, each a step by itself: for the running team, and for everybody.
    apart: tuple[int, ...] = ()
    apart_for_all: tuple[int, ...] = ()

    def parts(self, *, threshold: int) -> tuple[int, ...]:
        """The parts that a reader sees who may see so many answers."""
        dated = [part for step in self.steps for small in step for part in small]
        if threshold >= ELSEWHERE_THRESHOLD:
            return (*dated, *self.apart_for_all)
        return (*dated, *(part for small in self.rest for part in small), *self.apart)

    def ends(self) -> list[int]:
        """The part with which each large step ends."""
        return [step[-1][-1] for step in self.steps]

    def places(self) -> dict[int, tuple[int, int]]:
        """Of each part that everybody sees, the number of its step, and of the smaller one."""
        found = {
            part: (number, small[-1])
            for number, step in enumerate(self.steps)
            for small in step
            for part in small
        }
        return found | {
            part: (number, part)
            for number, part in enumerate(self.apart_for_all, start=len(self.steps))
        }

    def step_of(self, *, threshold: int) -> dict[int, str]:
        """By part, the step in which it came in for a reader who may see so many answers."""
        if threshold >= ELSEWHERE_THRESHOLD:
            return {part: str(step) for part, (step, _) in self.places().items()}
        small = [one for step in self.steps for one in step] + [*self.rest]
        found = {part: str(number) for number, one in enumerate(small) for part in one}
        return found | {part: f"{part} apart" for part in self.apart}

    def in_order(self) -> Iterator[tuple[Small, bool]]:
        """The small steps, and whether a large one ends with it."""
        for step in self.steps:
            for number, small in enumerate(step, start=1):
                yield small, number == len(step)
        for small in self.rest:
            yield small, False


Step = TypeVar("Step", bound=frozenset[Any])


def first_growth(
    large: Sequence[Step], small: Sequence[Step], *, apart: Collection[Step] = ()
) -> Growth:
    """The steps of the forms themselves; where all stand apart, one after another."""
    alone = tuple(number for number, step in enumerate(small) if step in apart)
    if len(alone) == len(small):
        alone, apart = (), ()
    steps = [
        tuple((number,) for number, part in enumerate(small) if part <= step)
        for step in large
        if step not in apart
    ]
    held = {number for step in steps for (number,) in step} | set(alone)
    rest = tuple((number,) for number in range(len(small)) if number not in held)
    return Growth(tuple(steps), rest, alone, alone)


def growth_within(outer: Growth, bases: Mapping[int, int]) -> Growth:
    """The steps of a base, by its size in each part, that ends only where an outer one does."""
    steps: list[Large] = []
    current: list[Small] = []
    waiting: Small = ()
    for small, ends in outer.in_order():
        waiting += small
        gained = _of(bases, waiting)
        if gained >= RUNNING_TEAM_THRESHOLD:
            current.append(waiting)
            waiting = ()
        elif current and not gained:
            current[-1] += waiting
            waiting = ()
        held = sum(_of(bases, step) for step in current)
        if ends and not waiting and held >= ELSEWHERE_THRESHOLD:
            steps.append(tuple(current))
            current = []
    return Growth(
        tuple(steps),
        tuple(current),
        tuple(part for part in outer.apart if bases.get(part, 0) >= RUNNING_TEAM_THRESHOLD),
        tuple(part for part in outer.apart_for_all if bases.get(part, 0) >= ELSEWHERE_THRESHOLD),
    )


def lines_of_outer(
    outer: Growth, breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]], growth: Growth
) -> dict[int, Sequence[ShownGroup]]:
    """The outer breakdowns that count exactly as many parts as steps of this growth, by those."""
    ends = outer.ends()
    lines_at = {ends[count - 1]: lines for count, lines in breakdowns}
    return {
        count: lines_at[end] for count, end in enumerate(growth.ends(), start=1) if end in lines_at
    }


def _of(bases: Mapping[int, int], parts: Small) -> int:
    return sum(bases.get(part, 0) for part in parts)

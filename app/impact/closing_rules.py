"""Which answers are in the figures: those of a time in which nobody is being asked any more.

A personal response carries no finer date than the month in which its event's people fell due, and
only the year where its event was forgotten; so months and years are what can be let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.impact.disclosure import ELSEWHERE_THRESHOLD, RUNNING_TEAM_THRESHOLD


@dataclass(frozen=True, slots=True)
class Batch:
    """The answers of one wave, or of the open link, that carry the same date."""

    answered_on: date  # the first day of a month, or of the year
    is_whole_year: bool
    answers: int
    is_closed: bool
    is_over: bool = True  # whether its year is

    @property
    def key(self) -> tuple[date, bool]:
        """What tells a batch from the others of its wave."""
        return self.answered_on, self.is_whole_year


MANY = ELSEWHERE_THRESHOLD
Step = frozenset[tuple[date, bool]]


def released_steps(batches: Iterable[Batch], *, threshold: int) -> tuple[Step, ...]:
    """The keys of the batches that are in the figures, in the steps in which they came in.

    Each step adds at least the threshold. Nothing behind a batch that is still open is let in, so
    that what is shown only grows.
    """
    ordered = sorted(batches, key=lambda batch: (batch.answered_on.year, *batch.key[::-1]))
    # Many answers without an event are a step by themselves: no date says when each of them came.
    # Few of them follow the months of their year, once that is over.
    alone = [batch for batch in ordered if batch.is_whole_year and batch.answers >= MANY]
    in_turn = [batch for batch in ordered if batch not in alone]
    let_in: list[Step] = []
    # The larger steps are sums of the smallest that anybody sees: whoever sees both, as the running
    # team does that reads a published report, finds nothing smaller between them.
    waiting: list[Step] = []
    answers = 0
    for step, count in _smallest_steps(in_turn):
        waiting.append(step)
        answers += count
        if answers >= threshold:
            let_in.append(Step().union(*waiting))
            waiting, answers = [], 0
    return (*let_in, *(Step([batch.key]) for batch in alone if batch.is_closed))


def is_dated(step: Step) -> bool:
    """Whether it was a month that closed, or a year that is over, and can gain nothing more."""
    return len(step) > 1 or not any(is_whole_year for _, is_whole_year in step)


def _smallest_steps(in_turn: Iterable[Batch]) -> Iterator[tuple[Step, int]]:
    waiting: list[Batch] = []
    for batch in in_turn:
        if not (batch.is_closed and (batch.is_over or not batch.is_whole_year)):
            return
        waiting.append(batch)
        answers = sum(one.answers for one in waiting)
        if answers >= RUNNING_TEAM_THRESHOLD:
            yield Step(one.key for one in waiting if one.answers), answers
            waiting = []


def released(batches: Iterable[Batch], *, threshold: int) -> Step:
    """The keys of the batches that are in the figures, all steps together."""
    return Step().union(*released_steps(batches, threshold=threshold))


def released_imports(batches: Iterable[tuple[int, int]], *, threshold: int) -> frozenset[int]:
    """Which files of an imported form are in the figures, of (id, answers) in their order.

    A file that brings a few more answers waits until it and the next are enough together.
    """
    let_in: list[int] = []
    steps: list[int] = []
    waiting: list[int] = []
    in_step = answers = 0
    for run_id, count in batches:
        steps.append(run_id)
        in_step += count
        if in_step < RUNNING_TEAM_THRESHOLD:
            continue
        waiting += steps
        answers += in_step
        steps, in_step = [], 0
        if answers >= threshold:
            let_in += waiting
            waiting, answers = [], 0
    return frozenset(let_in)

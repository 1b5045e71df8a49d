"""Which answers are in the figures: those of a time in which nobody is being asked any more.

A personal response carries no finer date than the month in which its event's people fell due, and
only the year where its event was forgotten; so months and years are what can be let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

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


class ImportedFile(NamedTuple):
    """A file of an imported form, and when it was undone, if it was."""

    id: int
    answers: int
    imported_at: datetime | None = None
    undone_at: datetime | None = None


Totals = dict[int, set[int]]  # that were shown, by the fewest answers their readers may see


def released_imports(files: Iterable[ImportedFile], *, threshold: int) -> frozenset[int]:
    """Which files of an imported form are in the figures.

    A file that brings a few more answers waits until it and the next are enough together; so does
    one that would make them a few more or fewer than they were with a file that was undone since.
    """
    ordered = sorted(files)
    seen: Totals = {RUNNING_TEAM_THRESHOLD: set(), threshold: set()}
    for file in ordered:
        live = [one for one in ordered if one.id <= file.id and not _was_undone(one, file)]
        for fewest in seen:
            let_in = _files_let_in(live, seen, fewest)
            seen[fewest].add(sum(one.answers for one in let_in))
    live = [one for one in ordered if one.undone_at is None]
    return frozenset(one.id for one in _files_let_in(live, seen, threshold))


def _was_undone(file: ImportedFile, later: ImportedFile) -> bool:
    """Before the later one came; only the last file can be undone."""
    if file.undone_at is None or later.imported_at is None:
        return False
    return file.id != later.id and file.undone_at <= later.imported_at


def _files_let_in(live: Iterable[ImportedFile], seen: Totals, threshold: int) -> list[ImportedFile]:
    let_in: list[ImportedFile] = []
    waiting: list[ImportedFile] = []
    steps: list[ImportedFile] = []
    total = 0
    for file in live:
        steps.append(file)
        total += file.answers
        if not _may_follow(total, steps, seen, RUNNING_TEAM_THRESHOLD):
            continue
        waiting, steps = [*waiting, *steps], []
        if _may_follow(total, waiting, seen, threshold):
            let_in, waiting = [*let_in, *waiting], []
    return let_in


def _may_follow(total: int, step: Iterable[ImportedFile], seen: Totals, fewest: int) -> bool:
    enough = sum(file.answers for file in step) >= fewest
    return enough and all(
        shown in (0, total) or abs(shown - total) >= fewest for shown in seen[fewest]
    )

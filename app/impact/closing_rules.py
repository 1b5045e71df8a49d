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
    # Answers without an event follow the months of their year once that is over. Where no others
    # came in it, as of a list, many of them are a step by themselves: nobody waits for a month.
    dated = {b.answered_on.year for b in ordered if b.answers and not b.is_whole_year}
    alone = [
        batch
        for batch in ordered
        if batch.is_whole_year and batch.answers >= MANY and batch.answered_on.year not in dated
    ]
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


def stands_apart(step: Step, batches: Iterable[tuple[date, bool]]) -> bool:
    """Whether it is of a year in which no answer has a month that says when it came."""
    [(day, is_whole_year), *others] = step
    months = {one.year for one, is_year in batches if not is_year}
    return not others and is_whole_year and day.year not in months


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
    """Which files of an imported form are in the figures, all steps together."""
    return frozenset[int]().union(*import_steps(files, threshold=threshold))


def import_steps(files: Iterable[ImportedFile], *, threshold: int) -> tuple[frozenset[int], ...]:
    """The files of an imported form that are in the figures, in the steps in which they came in.

    A file that brings a few more answers waits until it and the next are enough together; so does
    one that would make them a few more or fewer than they were with a file that was undone since.
    """
    ordered = sorted(files)
    seen: Totals = {RUNNING_TEAM_THRESHOLD: set(), threshold: set()}
    for file in ordered:
        live = [one for one in ordered if one.id <= file.id and not _was_undone(one, file)]
        for fewest in seen:
            let_in = _files_let_in(live, seen, fewest)
            seen[fewest].add(sum(one.answers for step in let_in for one in step))
    live = [one for one in ordered if one.undone_at is None]
    let_in = _files_let_in(live, seen, threshold)
    return tuple(frozenset(one.id for one in step) for step in let_in)


def _was_undone(file: ImportedFile, later: ImportedFile) -> bool:
    """Before the later one came; only the last file can be undone."""
    if file.undone_at is None or later.imported_at is None:
        return False
    return file.id != later.id and file.undone_at <= later.imported_at


def _files_let_in(
    live: Iterable[ImportedFile], seen: Totals, threshold: int
) -> list[list[ImportedFile]]:
    let_in: list[list[ImportedFile]] = []
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
            let_in.append(waiting)
            waiting = []
    return let_in


def _may_follow(total: int, step: Iterable[ImportedFile], seen: Totals, fewest: int) -> bool:
    enough = sum(file.answers for file in step) >= fewest
    return enough and all(
        shown in (0, total) or abs(shown - total) >= fewest for shown in seen[fewest]
    )

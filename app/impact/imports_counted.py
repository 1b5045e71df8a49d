"""Answers brought in from files: by which form, in which file, and when they were given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select

from app.impact.closing_rules import ImportedFile
from app.impact.counts import DoorCounts, EvaluationCounts, Imported, ImportFacts
from app.impact.kept import Row
from app.kernel.db import rows_of
from app.kernel.london import london_date
from app.surveys.import_models import ImportedForm, ImportRun


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One file: the form it belongs to, and how often that form has changed."""

    form_id: int
    revision: int
    imported_at: datetime


Runs = dict[int, RunFacts]
Undone = dict[int, list[ImportedFile]]  # by form


_FILES = (
    select(
        ImportRun.id,
        ImportRun.new_count,
        ImportRun.imported_at,
        ImportRun.undone_at,
        ImportedForm.id,
        ImportedForm.evaluation_id,
        ImportedForm.months_later,
        ImportedForm.first_answered_on,
        ImportedForm.last_answered_on,
        ImportedForm.revision,
    )
    .join(ImportedForm, ImportedForm.id == ImportRun.form_id)
    .where(ImportedForm.evaluation_id.in_(bindparam("ids", expanding=True)))
    .order_by(ImportRun.id)
)


def import_rows(evaluation_ids: Collection[int]) -> Sequence[Row]:
    """The files that were brought in for these evaluations."""
    return rows_of(_FILES, {"ids": list(evaluation_ids)})


def add_imports(found: dict[int, EvaluationCounts], rows: Iterable[Row]) -> tuple[Runs, Undone]:
    """Add a door for each imported form of these evaluations; returns its files by their id.

    Those that were undone are apart: they have no answers any more, but they were shown.
    """
    runs: Runs = {}
    undone: Undone = defaultdict(list)
    for run_id, count, imported_at, undone_at, form_id, *facts in rows:
        if undone_at is not None:
            undone[form_id].append(ImportedFile(run_id, count, imported_at, undone_at))
            continue
        evaluation_id, months, first, last, revision = facts
        runs[run_id] = RunFacts(form_id, revision, imported_at)
        door = found[evaluation_id].doors.setdefault(
            Imported(form_id), DoorCounts(months, ImportFacts(first, last, ()))
        )
        if door.imported and count:
            files = (*door.imported.files, (count, london_date(imported_at)))
            door.imported = replace(door.imported, files=files)
    return runs, undone

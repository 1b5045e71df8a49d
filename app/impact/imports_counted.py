"""Answers brought in from files: by which form, in which file, and when they were given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from app.impact.counts import DoorCounts, EvaluationCounts, Imported, ImportFacts
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.import_models import ImportedForm, ImportRun


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One file: the form it belongs to, and how often that form has changed."""

    form_id: int
    revision: int


Runs = dict[int, RunFacts]


def read_imports(found: dict[int, EvaluationCounts]) -> Runs:
    """Add a door for each imported form of these evaluations; returns its files by their id."""
    rows = db.session.execute(
        select(
            ImportRun.id,
            ImportRun.new_count,
            ImportRun.imported_at,
            ImportedForm.id,
            ImportedForm.evaluation_id,
            ImportedForm.months_later,
            ImportedForm.first_answered_on,
            ImportedForm.last_answered_on,
            ImportedForm.revision,
        )
        .join(ImportedForm, ImportedForm.id == ImportRun.form_id)
        .where(ImportedForm.evaluation_id.in_(found), ImportRun.undone_at.is_(None))
        .order_by(ImportRun.id)
    )
    runs: Runs = {}
    for run_id, count, imported_at, form_id, evaluation_id, months, first, last, revision in rows:
        runs[run_id] = RunFacts(form_id, revision)
        door = found[evaluation_id].doors.setdefault(
            Imported(form_id), DoorCounts(months, ImportFacts(first, last, ()))
        )
        if door.imported and count:
            files = (*door.imported.files, (count, london_date(imported_at)))
            door.imported = replace(door.imported, files=files)
    return runs

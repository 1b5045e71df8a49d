"""A file that was chosen: kept as it was read until its questions are confirmed, a day at most."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update

from app.accounts.models import Person
from app.kernel.db import db, rows_changed
from app.kernel.tokens import new_reference
from app.surveys.import_models import ImportDraft, ImportRun
from app.surveys.readers.forms_file import FormsFile, FormsRow

DRAFT_LASTS = timedelta(days=1)
UNDO_WITHIN = timedelta(days=1)


def keep_draft(
    found: FormsFile,
    *,
    evaluation_id: int,
    months_later: int | None,
    file_name: str,
    file_sha256: str,
    actor: Person,
    now: datetime,
) -> str:
    """Keep what was read until its questions are confirmed; the reference of the draft."""
    draft = ImportDraft(
        reference=new_reference(),
        evaluation_id=evaluation_id,
        months_later=months_later,
        made_by=actor.reference,
        made_at=now,
        file_name=file_name,
        file_sha256=file_sha256,
        content=zlib.compress(json.dumps(asdict(found), default=date.isoformat).encode()),
    )
    db.session.add(draft)
    db.session.flush()
    return draft.reference


def read_draft(draft: ImportDraft) -> FormsFile:
    """The file as it was read."""
    facts = json.loads(zlib.decompress(draft.content))
    rows = tuple(
        FormsRow(
            row["row_id"],
            row["completed"],
            date.fromisoformat(row["completed_on"]) if row["completed_on"] else None,
            row["modified"],
            tuple(row["cells"]),
        )
        for row in facts["rows"]
    )
    return FormsFile(tuple(facts["questions"]), rows, tuple(facts["ignored"]), facts["has_names"])


def forget_draft(reference: str) -> None:
    """Erase a file that will not be imported."""
    db.session.execute(delete(ImportDraft).where(ImportDraft.reference == reference))


def forget_old_files(*, now: datetime) -> int:
    """Erase files never confirmed, and what could be put back until now; how many."""
    drafts = db.session.execute(delete(ImportDraft).where(ImportDraft.made_at < now - DRAFT_LASTS))
    replaced = db.session.execute(
        update(ImportRun)
        .where(ImportRun.replaced.is_not(None), ImportRun.imported_at < now - UNDO_WITHIN)
        .values(replaced=None)
    )
    return rows_changed(drafts) + rows_changed(replaced)

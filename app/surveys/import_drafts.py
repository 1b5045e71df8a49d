"""A file that was chosen: kept as it was read until its questions are confirmed, a day at most."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import delete, or_, update

from app.accounts.models import Person
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.surveys.import_models import ImportDraft, ImportRun
from app.surveys.import_rules import NOT_AN_ANSWER, ImportKind, ImportOption, QuestionPlan
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


def confirm_draft(
    reference: str, plans: Sequence[QuestionPlan], *, actor: Person, now: datetime
) -> None:
    """Say what becomes of each question: the worker imports it then; Refused if it is under way."""
    if all(plan.kind in NOT_AN_ANSWER for plan in plans):
        raise Refused("Choose at least one question to import")
    confirmed = db.session.execute(
        update(ImportDraft)
        .where(
            ImportDraft.reference == reference,
            or_(ImportDraft.confirmed_at.is_(None), ImportDraft.refusal.is_not(None)),
        )
        .values(
            plans=json.dumps([asdict(plan) for plan in plans]),
            confirmed_by=actor.reference,
            confirmed_at=now,
            refusal=None,
        )
    )
    if rows_changed(confirmed) != 1:
        raise Refused("This file is being imported already")


def read_plans(draft: ImportDraft) -> list[QuestionPlan]:
    """What becomes of each question; empty while nobody has confirmed it."""
    return [
        QuestionPlan(
            plan["words"],
            ImportKind(plan["kind"]),
            plan["measure_key"],
            tuple(ImportOption(**option) for option in plan["options"]),
        )
        for plan in json.loads(draft.plans or "[]")
    ]


def forget_old_files(*, now: datetime) -> int:
    """Erase files never confirmed, and what could be put back until now; how many."""
    drafts = db.session.execute(delete(ImportDraft).where(ImportDraft.made_at < now - DRAFT_LASTS))
    replaced = db.session.execute(
        update(ImportRun)
        .where(ImportRun.replaced.is_not(None), ImportRun.imported_at < now - UNDO_WITHIN)
        .values(replaced=None)
    )
    return rows_changed(drafts) + rows_changed(replaced)

"""Files that were chosen: kept until they are confirmed, taken in by steps, forgotten in a day."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from app.accounts.imports import undoing
from app.accounts.imports.models import (
    FileImport,
    ImportedThing,
    ImportMemory,
    ImportOf,
    ImportState,
)
from app.audit import operations as audit
from app.kernel.db import db, rows_changed
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference

FILE_LASTS = timedelta(days=1)
UNDO_WITHIN = timedelta(days=1)
UNDER_WAY = (ImportState.CONFIRMED, ImportState.WORKING)

# Takes the file, what was read, and which rows; says by word how many of what that gave.
Step = Callable[[FileImport, Any, int, int, datetime], Mapping[str, int]]


def keep_file(
    kind: ImportOf,
    content: Any,
    *,
    rows_count: int,
    file_name: str,
    file_sha256: str,
    actor: str,
    now: datetime,
) -> str:
    """Keep what was read until somebody has looked at it; the reference of the import."""
    file = FileImport(
        reference=new_reference(),
        kind=kind,
        state=ImportState.READ,
        file_name=file_name[:200],
        file_sha256=file_sha256,
        made_by=actor,
        made_at=now,
        rows_total=rows_count,
        content=zlib.compress(json.dumps(content, separators=(",", ":")).encode()),
    )
    db.session.add(file)
    db.session.flush()
    return file.reference


def content_of(file: FileImport) -> Any:
    """What was read; Refused once it is gone."""
    if file.content is None:
        raise Refused("This file is not kept any more: choose it again")
    return json.loads(zlib.decompress(file.content))


def choices_of(file: FileImport) -> dict[str, Any]:
    """What somebody decided so far."""
    found: dict[str, Any] = json.loads(file.choices)
    return found


def choose(reference: str, **choices: Any) -> None:
    """Keep decisions beside those made before; Refused once the file is on its way in."""
    file = _locked(reference)
    if file.state not in {ImportState.READ, ImportState.FAILED}:
        raise Refused("This file is on its way in already")
    file.choices = json.dumps(choices_of(file) | choices)
    db.session.flush()


def confirm(reference: str, *, actor: str, now: datetime) -> None:
    """Let the worker take the file in; Refused if that was said before."""
    confirmed = db.session.execute(
        update(FileImport)
        .where(
            FileImport.reference == reference,
            FileImport.state.in_((ImportState.READ, ImportState.FAILED)),
            FileImport.content.is_not(None),
        )
        .values(
            state=ImportState.CONFIRMED,
            confirmed_by=actor,
            confirmed_at=now,
            rows_done=0,
            refusal=None,
        )
    )
    if rows_changed(confirmed) != 1:
        raise Refused("This file is on its way in already")


def give_up(reference: str) -> None:
    """Forget a file that nobody confirmed; Refused once it is on its way in."""
    file = _locked(reference)
    if file.state not in {ImportState.READ, ImportState.FAILED}:
        raise Refused("This file is on its way in already")
    db.session.delete(file)


def refusal_of(reference: str) -> str | None:
    """Why a file could not be taken in; None for one that was, or that is gone."""
    found = select(FileImport.refusal).where(FileImport.reference == reference)
    return db.session.scalar(found)


def files_to_take_in() -> list[tuple[str, ImportOf]]:
    """Files that were confirmed, in that order."""
    found = db.session.execute(
        select(FileImport.reference, FileImport.kind)
        .where(FileImport.state.in_(UNDER_WAY))
        .order_by(FileImport.confirmed_at, FileImport.id)
    )
    return [(reference, kind) for reference, kind in found]


def take_step(reference: str, do: Step, *, now: datetime, rows: int) -> int:
    """Take the next rows in; how many, 0 once all are in or there is nothing to do."""
    file = _locked(reference)
    if file.state not in UNDER_WAY:
        return 0
    first = file.rows_done
    last = min(file.rows_total, first + rows)
    gave = Counter(json.loads(file.counts)) if first else Counter[str]()
    gave.update(do(file, content_of(file), first, last, now))
    file.counts = json.dumps(gave)
    file.rows_done = last
    file.state = ImportState.WORKING
    if last == file.rows_total:
        _finish(file, now=now)
    db.session.flush()
    return max(1, last - first)


def _finish(file: FileImport, *, now: datetime) -> None:
    file.state, file.finished_at = ImportState.DONE, now
    file.content, file.choices = None, "{}"
    _note(file, "imported", file.confirmed_by or file.made_by, now=now)


def fail(reference: str, refusal: str, *, now: datetime) -> None:
    """Take out again what came in so far, and say why the rest could not."""
    file = _locked(reference)
    undoing.put_back(file)
    file.state, file.refusal = ImportState.FAILED, refusal
    file.rows_done, file.counts = 0, "{}"
    _note(file, "import_failed", file.confirmed_by or file.made_by, now=now)
    db.session.flush()


def undo(reference: str, *, actor: str, now: datetime) -> None:
    """Take out what a file brought; Refused after a day, or where later work stands on it."""
    file = _locked(reference)
    if file.state is ImportState.UNDONE:
        raise Refused("This import has been undone already")
    if file.state is not ImportState.DONE or file.finished_at is None:
        raise Refused("This file is not in yet")
    if now > file.finished_at + UNDO_WITHIN:
        raise Refused("An import can be undone for a day, and that day is over")
    undoing.refuse_if_built_upon(file)
    undoing.put_back(file)
    file.state, file.undone_at, file.undone_by = ImportState.UNDONE, now, actor
    _note(file, "undid_import", actor, now=now)
    db.session.flush()


def forget_old_files(*, now: datetime) -> int:
    """Erase files never confirmed, and what could be put back until now; how many."""
    waiting = delete(FileImport).where(
        FileImport.state == ImportState.READ, FileImport.made_at < now - FILE_LASTS
    )
    failed = (
        update(FileImport)
        .where(
            FileImport.state == ImportState.FAILED,
            FileImport.content.is_not(None),
            FileImport.made_at < now - FILE_LASTS,
        )
        .values(content=None, choices="{}")
    )
    settled = select(FileImport.id).where(
        or_(FileImport.finished_at < now - UNDO_WITHIN, FileImport.undone_at.is_not(None))
    )
    things = delete(ImportedThing).where(ImportedThing.import_id.in_(settled))
    return sum(rows_changed(db.session.execute(one)) for one in (waiting, failed, things))


def remembered(kind: ImportOf, about: str) -> dict[str, str]:
    """What somebody made of words like these before."""
    found = db.session.execute(
        select(ImportMemory.words, ImportMemory.choice).where(
            ImportMemory.kind == kind, ImportMemory.about == about
        )
    )
    return {row.words: row.choice for row in found}


def remember(kind: ImportOf, about: str, chosen: Mapping[str, str], *, now: datetime) -> None:
    """Keep what somebody made of these words for the next file."""
    known = db.session.scalars(
        select(ImportMemory).where(
            ImportMemory.kind == kind,
            ImportMemory.about == about,
            ImportMemory.words.in_(chosen),
        )
    )
    missing = dict(chosen)
    for row in known:
        row.choice, row.saved_at = missing.pop(row.words), now
    db.session.add_all(
        ImportMemory(kind=kind, about=about, words=words, choice=choice, saved_at=now)
        for words, choice in missing.items()
    )


def _locked(reference: str) -> FileImport:
    found = db.session.scalars(
        select(FileImport)
        .where(FileImport.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Refused("This file is not kept any more: choose it again")
    return found


def _note(file: FileImport, verb: str, actor: str, *, now: datetime) -> None:
    facts = {"kind": file.kind.value, "rows": file.rows_total}
    audit.record(actor, verb, "file_import", file.reference, now=now, **facts)

"""The files that were brought in, as pages list them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from app.accounts.imports.models import FileImport, ImportOf, ImportState
from app.accounts.models import Person
from app.kernel.db import db

# Everything but what was read, which can be long.
COLUMNS = (
    FileImport.reference,
    FileImport.kind,
    FileImport.state,
    FileImport.file_name,
    FileImport.file_sha256,
    FileImport.made_at,
    FileImport.made_by,
    FileImport.confirmed_at,
    FileImport.finished_at,
    FileImport.undone_at,
    FileImport.rows_total,
    FileImport.rows_done,
    FileImport.counts,
    FileImport.refusal,
)


def imports_count(kinds: Collection[ImportOf]) -> int:
    """How many files there are."""
    counted = select(func.count(FileImport.id)).where(FileImport.kind.in_(kinds))
    return db.session.scalar(counted) or 0


def imports(kinds: Collection[ImportOf], first: int, last: int) -> Sequence[Row[Any]]:
    """Files from the first to before the last, the newest first, and who brought each."""
    return db.session.execute(
        _lines(FileImport.kind.in_(kinds))
        .order_by(FileImport.made_at.desc(), FileImport.id.desc())
        .offset(first)
        .limit(last - first)
    ).all()


def find_import(reference: str, kinds: Collection[ImportOf]) -> Row[Any] | None:
    """One file, and who brought it."""
    wanted = _lines(FileImport.reference == reference, FileImport.kind.in_(kinds))
    return db.session.execute(wanted).one_or_none()


def find_file(reference: str, kind: ImportOf) -> FileImport | None:
    """A file of this kind with what was read of it."""
    return db.session.scalars(
        select(FileImport).where(FileImport.reference == reference, FileImport.kind == kind)
    ).one_or_none()


def same_file_before(sha256: str, kind: ImportOf) -> Row[Any] | None:
    """When the very same file was taken in last, unless that was undone."""
    return db.session.execute(
        _lines(
            FileImport.file_sha256 == sha256,
            FileImport.kind == kind,
            FileImport.state == ImportState.DONE,
        )
        .order_by(FileImport.finished_at.desc())
        .limit(1)
    ).one_or_none()


def _lines(*conditions: ColumnElement[bool]) -> Any:
    by = select(Person.name).where(Person.reference == FileImport.made_by).scalar_subquery()
    return select(*COLUMNS, by.label("by")).where(*conditions)

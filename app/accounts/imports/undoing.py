"""What a file made and changed, noted row by row, so that it can be put back for a day."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from app.accounts.imports.models import FileImport, ImportedThing
from app.kernel.db import Base, db
from app.kernel.errors import Refused

# These may stay behind where something else speaks of them by now: they do no harm alone.
MAY_STAY = frozenset({"person", "offer"})
WORDS = {
    "person": "people",
    "booking": "bookings",
    "attendance": "registers",
    "post": "posts",
    "event": "sessions",
    "organisation": "organisations",
    "organisation_alias": "other names",
}
CHANGED_SINCE = (
    "Something that this file brought has been changed since: it can no longer be undone"
)


def note_made(file_id: int, what: str, ids: Iterable[int]) -> None:
    """Note rows of a table that the file made."""
    rows = [{"import_id": file_id, "what": what, "thing_id": one} for one in ids]
    if rows:
        table = Base.metadata.tables[ImportedThing.__tablename__]
        db.session.connection().execute(insert(table), rows)


def note_changed(
    file_id: int, what: str, thing_id: int, *, was: Mapping[str, Any], became: Mapping[str, Any]
) -> None:
    """Note columns of one row as they were and as the file left them.

    A row that the file made, or changed before, keeps what was noted first.
    """
    noted = db.session.scalars(
        select(ImportedThing).where(
            ImportedThing.import_id == file_id,
            ImportedThing.what == what,
            ImportedThing.thing_id == thing_id,
        )
    ).one_or_none()
    if noted is None:
        noted = ImportedThing(import_id=file_id, what=what, thing_id=thing_id)
        noted.was, noted.became = _packed(was), _packed(became)
        db.session.add(noted)
    elif noted.was is not None:
        noted.was = _packed({**was, **json.loads(noted.was)})
        noted.became = _packed({**json.loads(noted.became or "{}"), **became})


def refuse_if_built_upon(file: FileImport) -> None:
    """Refused where something later stands on what the file brought."""
    made = _made(file)
    tables = [Base.metadata.tables[name] for name in made if name not in MAY_STAY]
    uses = [use for table in tables for use in _uses(file.id, table)]
    if uses:
        found = db.session.scalars(union_all(*uses)).all()
        if found:
            names = sorted({WORDS.get(name, "other records") for name in found})
            raise Refused(
                f"Since this file came in, {' and '.join(names)} were added that stand on it: it "
                "can no longer be undone"
            )
    for name in made:
        _refuse_newer_register(file, Base.metadata.tables[name])
    changed = _changed(file)
    if "post" in made or "post" in changed:
        _refuse_newer_posts(file)
    for name, things in changed.items():
        table = Base.metadata.tables[name]
        now = _rows(table, things)
        for thing_id, noted in things.items():
            is_now = now.get(thing_id)
            became = json.loads(noted.became or "{}")
            if is_now is None or any(_plain(is_now[key]) != value for key, value in became.items()):
                raise Refused(CHANGED_SINCE)


def _refuse_newer_register(file: FileImport, table: Table) -> None:
    """What somebody recorded after the file came in is theirs."""
    if "recorded_at" not in table.c:
        return
    newer = select(func.count()).where(
        table.c.id.in_(_ids(file.id, table.name)), table.c.recorded_at > file.finished_at
    )
    if db.session.scalar(newer):
        raise Refused(CHANGED_SINCE)


def _refuse_newer_posts(file: FileImport) -> None:
    """A post that somebody ended since is theirs; one that the file ended may be held anew."""
    post = Base.metadata.tables["post"]
    other = post.alias()
    noted = select(ImportedThing.thing_id).where(
        ImportedThing.import_id == file.id,
        ImportedThing.what == "post",
        ImportedThing.was.is_not(None),
    )
    same = [post.c[name] == other.c[name] for name in ("person_id", "organisation_id", "kind")]
    held_anew = exists().where(*same, other.c.id != post.c.id, other.c.until_on.is_(None))
    newer = select(func.count(post.c.id)).where(
        or_(
            post.c.id.in_(_ids(file.id, "post")) & post.c.until_on.is_not(None),
            post.c.id.in_(noted) & held_anew,
        )
    )
    if db.session.scalar(newer):
        raise Refused(CHANGED_SINCE)


def put_back(file: FileImport) -> None:
    """Erase what the file made, and give what it changed its old values."""
    db.session.flush()
    made = _made(file)
    for name, things in _changed(file).items():
        _restore(Base.metadata.tables[name], things)
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in made:
            continue
        unwanted: list[ColumnElement[bool]] = [table.c.id.in_(_ids(file.id, table.name))]
        if table.name in MAY_STAY:
            unwanted += [table.c.id.not_in(used) for used in _users(table)]
        db.session.execute(delete(table).where(*unwanted))
    db.session.execute(delete(ImportedThing).where(ImportedThing.import_id == file.id))
    # What the session has read may be gone.
    db.session.flush()
    db.session.expire_all()


def _made(file: FileImport) -> list[str]:
    found = db.session.scalars(
        select(ImportedThing.what)
        .where(ImportedThing.import_id == file.id, ImportedThing.was.is_(None))
        .distinct()
    )
    return sorted(found)


def _changed(file: FileImport) -> dict[str, dict[int, ImportedThing]]:
    found: dict[str, dict[int, ImportedThing]] = {}
    for thing in db.session.scalars(
        select(ImportedThing).where(
            ImportedThing.import_id == file.id, ImportedThing.was.is_not(None)
        )
    ):
        found.setdefault(thing.what, {})[thing.thing_id] = thing
    return found


def _ids(file_id: int, what: str) -> Select[Any]:
    return select(ImportedThing.thing_id).where(
        ImportedThing.import_id == file_id,
        ImportedThing.what == what,
        ImportedThing.was.is_(None),
    )


def _references(table: Table) -> Iterable[tuple[Table, Any]]:
    """Every column of every table that points to this one."""
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table:
                yield other, key.parent


def _uses(file_id: int, table: Table) -> Iterable[Select[Any]]:
    """Rows of others that point to what the file made; each gives the name of its table."""
    for other, column in _references(table):
        theirs: list[ColumnElement[bool]] = [column.in_(_ids(file_id, table.name))]
        if "id" in other.c and isinstance(other.c.id.type, Integer):
            own = select(ImportedThing.thing_id).where(
                ImportedThing.import_id == file_id, ImportedThing.what == other.name
            )
            theirs.append(other.c.id.not_in(own))
        one = select(literal(other.name).label("name")).where(*theirs).limit(1).subquery()
        yield select(one.c.name)


def _users(table: Table) -> Iterable[Select[Any]]:
    for _other, column in _references(table):
        yield select(column).where(column.is_not(None))


def _restore(table: Table, things: Mapping[int, ImportedThing]) -> None:
    """Rows that lose the same columns are one statement."""
    together: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for thing_id, noted in things.items():
        was = json.loads(noted.was or "{}")
        values = {f"to_{key}": _unpacked(table, key, value) for key, value in was.items()}
        together.setdefault(tuple(sorted(was)), []).append({"row_id": thing_id, **values})
    for keys, rows in together.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({key: bindparam(f"to_{key}") for key in keys})
        )
        db.session.connection().execute(statement, rows)


def _rows(table: Table, ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    found = db.session.execute(select(table).where(table.c.id.in_(ids))).mappings()
    return {row["id"]: dict(row) for row in found}


def _packed(values: Mapping[str, Any]) -> str:
    return json.dumps({key: _plain(value) for key, value in values.items()})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _unpacked(table: Table, key: str, value: Any) -> Any:
    is_day = isinstance(table.c[key].type, Date) and isinstance(value, str)
    return date.fromisoformat(value) if is_day else value

"""What must be true of the database as a store."""

from __future__ import annotations

from sqlalchemy import text

from app.checks.moment import Find, Moment
from app.kernel.db import db

UNTRUSTED_ON_POSTGRESQL = text("SELECT conname FROM pg_constraint WHERE NOT convalidated")


def references_to_nothing(_moment: Moment) -> list[str]:
    """Tables with rows that point at rows that are not there."""
    if db.session.get_bind().dialect.name != "sqlite":
        return list(db.session.scalars(UNTRUSTED_ON_POSTGRESQL))
    return [row[0] for row in db.session.execute(text("PRAGMA foreign_key_check"))]


def damage(_moment: Moment) -> list[str]:
    """What SQLite finds broken in its file; PostgreSQL watches over its own."""
    if db.session.get_bind().dialect.name != "sqlite":
        return []
    found = db.session.scalars(text("PRAGMA integrity_check")).all()
    return [] if found == ["ok"] else [str(line) for line in found]


INVARIANTS: dict[str, Find] = {
    "every row points at rows that exist": references_to_nothing,
    "the database file is whole": damage,
}

"""The database: one base class, UTC instants, and the only place that commits."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from typing import Any, TypeVar, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CursorResult,
    DateTime,
    Engine,
    Enum,
    Executable,
    FromClause,
    Insert,
    MetaData,
    Result,
    Row,
    Table,
    event,
    insert,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached, registry
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from app.kernel.postgres_cursors import cursor_class

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# WAL can corrupt a database in SQLite before 3.51.3 when several processes write and checkpoint.
FIRST_SQLITE_WITH_SAFE_WAL = (3, 51, 3)
LOCK_WAIT_SECONDS = 10
ALONE = "engine_without_transactions"
USED_AT, IDLE_SECONDS = "used_at", 1.0


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, on both databases; ValueError for a naive value."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every table inherits."""

    registry = registry(
        type_annotation_map={datetime: UtcDateTime},
        metadata=MetaData(naming_convention=CONSTRAINT_NAMES),
    )


db = SQLAlchemy(model_class=Base)
Kept = TypeVar("Kept", bound=Base)


def stored_by_value(kind: type[enum.StrEnum]) -> Enum:
    """Column type that keeps a StrEnum by its value and lets the database check it."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class UnfinishedWork(RuntimeError):
    """Something was changed outside transaction(); it would be lost or committed by accident."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit everything done inside, or nothing; the only place that commits."""
    session = db.session()
    if session.new or session.dirty or session.deleted:
        raise UnfinishedWork("changes were made before the transaction began")
    # Reads made for the page are let go, so that nothing looked at before the lock can be stale.
    session.rollback()
    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def insert_together(rows: Sequence[Base]) -> None:
    """Insert rows nobody needs back, in one statement for each table however many there are.

    They are not in the session: an insert by the session is one statement for each row on SQLite.
    """
    tables: dict[tuple[FromClause, frozenset[str]], list[dict[str, Any]]] = {}
    for row in rows:
        values = _values(row)
        tables.setdefault((row.__table__, frozenset(values)), []).append(values)
    if db.session.autoflush:
        db.session.flush()
    connection = db.session.connection()
    for (table, _names), listed in tables.items():
        # Into the table, not by the mapped class: half the time. One row goes alone, and inline,
        # or the database would be asked for the id that it gave.
        connection.execute(_inline_into(table), listed if len(listed) > 1 else listed[0])


def insert_now(row: Base) -> None:
    """Insert one row that has an id; from then on the session has it as if it had been read.

    A third of the time of a flush, which looks for what else there may be to write.
    """
    made = db.session.connection().execute(_into(row.__table__), _values(row))
    # A row was inserted, so that there is a key; typed as if there might be none.
    cast(Any, row).id = made.inserted_primary_key[0]  # type: ignore[index]
    make_transient_to_detached(row)
    db.session.add(row)


@cache
def _into(table: FromClause) -> Insert:
    return insert(cast(Table, table))


@cache
def _inline_into(table: FromClause) -> Insert:
    return _into(table).inline()


def _values(row: Base) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def insert_and_return(rows: Sequence[Kept]) -> list[Kept]:
    """Insert rows of one table in one statement; the same rows as the session now has them.

    They come in no particular order.
    """
    if not rows:
        return []
    kind = type(rows[0])
    # What is empty is written too, or rows with different gaps would be statements of their own.
    into = insert(kind).returning(kind).execution_options(render_nulls=True)
    return list(db.session.scalars(into, [_values(row) for row in rows]))


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE or DELETE changed."""
    return cast("CursorResult[Any]", result).rowcount


def rows_of(statement: Executable, values: dict[str, Any]) -> Sequence[Row[Any]]:
    """Rows of a statement that asks for columns alone; by the session it takes twice the time."""
    return db.session.connection().execute(statement, values).all()


def read_alone(statement: Executable, values: dict[str, Any]) -> Sequence[Row[Any]]:
    """Rows of one statement that needs no transaction around it: half the way to the server."""
    alone: Engine | None = current_app.extensions[ALONE]
    if alone is None:
        return db.session.execute(statement, values).all()
    with alone.connect() as connection:
        return connection.execute(statement, values).all()


def init_app(app: Flask) -> None:
    """Connect the database to the application."""
    options: dict[str, Any] = app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    options.setdefault("hide_parameters", True)  # a log names no person
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        connecting = options.setdefault("connect_args", {})
        connecting.setdefault("options", f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c timezone=UTC")
        connecting.setdefault("cursor_factory", cursor_class())
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)
            app.extensions[ALONE] = None
        else:
            _ask_idle_connections(db.engine)
            app.extensions[ALONE] = db.engine.execution_options(isolation_level="AUTOCOMMIT")


def _ask_idle_connections(engine: Engine) -> None:
    """Ask a connection that lay idle whether the server still knows it; a busy one just told us.

    Asking each time, as the pool can, takes a quarter of the time of a page that was kept.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[USED_AT] = monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if monotonic() - record.info.get(USED_AT, monotonic()) < IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the server hung up") from error  # the pool begins anew


def _prepare_sqlite(engine: Engine) -> None:
    """Give every SQLite connection the settings that make it safe with several processes."""

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_SECONDS * 1000}")
        connection.execute("PRAGMA synchronous = FULL")
        # This engine has connected, so that its driver is loaded; typed as if it might be none.
        wal = engine.dialect.dbapi.sqlite_version_info >= FIRST_SQLITE_WITH_SAFE_WAL  # type: ignore[union-attr]
        connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer fails at once instead of waiting.
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

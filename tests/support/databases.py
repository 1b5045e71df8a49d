"""The databases of the tests: migrated once per worker, and empty again after each test."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from psycopg import Cursor
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.kernel.db import db
from tests.support import postgres

MIGRATIONS = Path(__file__).parents[2] / "migrations"
IN_MEMORY = "sqlite:///:memory:"
# In the server and planned once: most of emptying a few tables is finding out which they are.
MAKE_EMPTY = """
CREATE FUNCTION make_empty() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica
AS $$ DECLARE sequence regclass; BEGIN {deletions}
FOR sequence IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences
WHERE last_value IS NOT NULL LOOP PERFORM setval(sequence, 1, false); END LOOP; END $$
"""
# Deleting a few rows is ten times faster than truncating their tables.
EMPTY_TABLE = 'IF EXISTS (SELECT 1 FROM "{name}") THEN DELETE FROM "{name}"; END IF;'
SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences
WHERE last_value IS NOT NULL
"""


def migrate(app: Flask) -> None:
    """Bring the application's database to the newest schema by running the migrations."""
    with app.app_context():
        if any(MIGRATIONS.glob("versions/*.py")):
            flask_migrate.upgrade(str(MIGRATIONS))
        else:
            db.create_all()


def tables() -> list[str]:
    """The names of all tables of the service."""
    return list(db.metadata.tables)


def any_row(names: Iterable[str]) -> str:
    """SQL that says whether any of these tables has a row."""
    return "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {name})" for name in names)


class SqliteTemplate:
    """A migrated SQLite database, from which the working one is copied back after each test."""

    def __init__(self, make_app: Callable[[str], Flask]) -> None:
        """Migrate an in-memory database and keep a copy of it."""
        self.app = make_app(IN_MEMORY)
        migrate(self.app)
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)
        self.scenes: dict[Hashable, Any] = {}
        with self.app.app_context(), self._working() as working:
            working.backup(self.kept)

    def restore(self) -> None:
        """Make the working database as it was after migrating."""
        with self.app.app_context(), self._working() as working:
            self.kept.backup(working)
            holds = working.execute("PRAGMA foreign_keys").fetchone()[0]
            working.execute("PRAGMA foreign_keys = ON")
        assert holds, "the test has left foreign keys off for all tests after it"

    def is_empty(self) -> bool:
        """Whether no table has a row."""
        with self._working() as working:
            return not working.execute(any_row(f'"{name}"' for name in tables())).fetchone()[0]

    def copy(self) -> sqlite3.Connection:
        """The working database as it is now."""
        made = sqlite3.connect(":memory:", check_same_thread=False)
        with self._working() as working:
            working.backup(made)
        return made

    def put_back(self, copy: sqlite3.Connection) -> None:
        """Make the working database as it was then."""
        with self._working() as working:
            copy.backup(working)

    def fresh(self, folder: Path) -> str:
        """The SQLAlchemy address of another migrated, empty database: a file in the folder."""
        file = folder / "ripple.sqlite"
        with closing(sqlite3.connect(file)) as copy:
            self.kept.backup(copy)
        return f"sqlite:///{file}"

    def drop(self, url: str) -> None:
        """Nothing to do: the test's folder goes, and the file with it."""

    def close(self) -> None:
        """Let go of the copy and of the working database."""
        for copy in (self.kept, *(scene.rows for scene in self.scenes.values())):
            copy.close()
        let_go(self.app)

    @staticmethod
    @contextmanager
    def _working() -> Iterator[sqlite3.Connection]:
        pooled = db.engine.raw_connection()
        try:
            connection = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            yield connection
        finally:
            pooled.close()


@dataclass(frozen=True)
class RowsOfPostgres:
    """What the tables held, as the server wrote it, and how far each sequence had counted."""

    rows: dict[str, bytes]
    sequences: list[tuple[str, int]]


class PostgresTemplate:
    """A migrated PostgreSQL database, one for the run, and this worker's copy of it."""

    def __init__(self, make_app: Callable[[str], Flask], run_folder: Path) -> None:
        """Migrate the template if no other worker has, and copy it for this worker."""
        self.server = postgres.server_for_run(run_folder)
        self.template = template_name(run_folder)
        with postgres.only_one_at_a_time(run_folder / "template.lock"):
            if not self.server.exists(self.template):
                self._make_template(make_app)
            self.name = f"{self.template}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
            url = self.server.create(self.name, template=self.template)
        self.app = make_app(url)
        self.scenes: dict[Hashable, Any] = {}
        self.copies = 0

    def _make_template(self, make_app: Callable[[str], Flask]) -> None:
        unfinished = self.template + "_unfinished"
        app = make_app(self.server.create(unfinished))
        migrate(app)
        with app.app_context(), db.engine.begin() as connection:
            deletions = " ".join(EMPTY_TABLE.format(name=name) for name in tables())
            connection.execute(text(MAKE_EMPTY.format(deletions=deletions)))
        let_go(app)
        self.server.create(self.template, template=unfinished)
        self.server.drop(unfinished)

    def restore(self) -> None:
        """Empty every table that has rows, whatever triggers and foreign keys say."""
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(text("SELECT make_empty()"))

    def is_empty(self) -> bool:
        """Whether no table has a row."""
        with db.engine.connect() as connection:
            found = connection.scalar(text(any_row(f'"{name}"' for name in tables())))
        return not found

    def copy(self) -> RowsOfPostgres:
        """The rows of the working database as they are now."""
        with self._cursor() as cursor:
            kept = {}
            for name in tables():
                with cursor.copy(f'COPY "{name}" TO STDOUT') as copying:
                    kept[name] = b"".join(copying)
            cursor.execute(SEQUENCES)
            return RowsOfPostgres({n: r for n, r in kept.items() if r}, cursor.fetchall())

    def put_back(self, copy: RowsOfPostgres) -> None:
        """Fill the working database, which is empty, with these rows."""
        with self._cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name, rows in copy.rows.items():
                with cursor.copy(f'COPY "{name}" FROM STDIN') as copying:
                    copying.write(rows)
            cursor.executemany("SELECT setval(%s, %s)", copy.sequences)

    @staticmethod
    @contextmanager
    def _cursor() -> Iterator[Cursor[Any]]:
        with db.engine.begin() as connection:
            pooled = connection.connection.cursor()
            assert isinstance(pooled, Cursor)
            yield pooled
            pooled.close()

    def fresh(self, folder: Path) -> str:
        """The SQLAlchemy address of another migrated, empty database; the folder is not used."""
        self.copies += 1
        return self.server.create(f"{self.name}_{self.copies}", template=self.template)

    def drop(self, url: str) -> None:
        """Remove a database made by fresh()."""
        name = make_url(url).database
        assert name
        self.server.drop(name)

    def close(self) -> None:
        """Remove this worker's database."""
        let_go(self.app)
        self.server.drop(self.name)


Template = SqliteTemplate | PostgresTemplate


def let_go(app: Flask) -> None:
    """Close the application's connections."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def template_name(run_folder: Path) -> str:
    """The name of the run's migrated database, its own on a server that others use too."""
    return f"ripple_{run_folder.name[-8:]}".lower()

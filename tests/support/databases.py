"""The databases of the tests: migrated once per worker, and empty again after each test."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import exists, literal, select, text, union_all
from sqlalchemy.engine import make_url

from app.kernel.db import db
from tests.support import postgres

MIGRATIONS = Path(__file__).parents[2] / "migrations"
IN_MEMORY = "sqlite:///:memory:"
RESTART_SEQUENCES = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)


def migrate(app: Flask) -> None:
    """Bring the application's database to the newest schema by running the migrations."""
    with app.app_context():
        if any(MIGRATIONS.glob("versions/*.py")):
            flask_migrate.upgrade(str(MIGRATIONS))
        else:
            db.create_all()


class SqliteTemplate:
    """A migrated SQLite database, from which the working one is copied back after each test."""

    def __init__(self, make_app: Callable[[str], Flask]) -> None:
        """Migrate an in-memory database and keep a copy of it."""
        self.app = make_app(IN_MEMORY)
        migrate(self.app)
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)
        with self.app.app_context(), self._working() as working:
            working.backup(self.kept)

    def restore(self) -> None:
        """Make the working database as it was after migrating."""
        with self.app.app_context(), self._working() as working:
            self.kept.backup(working)

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
        self.kept.close()
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
        self.copies = 0

    def _make_template(self, make_app: Callable[[str], Flask]) -> None:
        unfinished = self.template + "_unfinished"
        app = make_app(self.server.create(unfinished))
        migrate(app)
        let_go(app)
        self.server.create(self.template, template=unfinished)
        self.server.drop(unfinished)

    def restore(self) -> None:
        """Empty every table that has rows, whatever triggers and foreign keys say."""
        questions = [
            select(literal(table.name)).where(exists(select(1).select_from(table)))
            for table in db.metadata.tables.values()
        ]
        with self.app.app_context(), db.engine.begin() as connection:
            filled = connection.scalars(union_all(*questions)).all()
            if filled:
                # Deleting a few rows is ten times faster than truncating their tables.
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text(";".join(f'DELETE FROM "{name}"' for name in filled)))
                connection.execute(RESTART_SEQUENCES)

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

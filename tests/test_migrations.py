"""Migrations are in order, and lead to exactly the tables that the models describe."""

from __future__ import annotations

import re
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import func, select

import app.schema  # noqa: F401 - every table must be known
from app.kernel.db import db
from tests.conftest import make_app

MIGRATIONS = Path(__file__).parents[1] / "migrations"
FILES = sorted((MIGRATIONS / "versions").glob("*.py"))


def _scripts() -> ScriptDirectory:
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(settings)


def test_migrations_are_numbered_in_order() -> None:
    numbers = [re.match(r"(\d{4})_[a-z0-9_]+\.py$", file.name) for file in FILES]
    assert [match and int(match[1]) for match in numbers] == list(range(1, len(FILES) + 1))


def test_each_migration_follows_the_one_numbered_before_it() -> None:
    in_order = [Path(script.path).name for script in _scripts().walk_revisions()]
    assert in_order[::-1] == [file.name for file in FILES]
    assert len(_scripts().get_heads()) == 1


def test_the_migrated_tables_are_those_of_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, db.metadata) == []


def test_a_column_that_no_migration_makes_is_found(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        known = db.metadata.tables["lease"]
        wider = known.to_metadata(db.MetaData())
        wider.append_column(db.Column("colour", db.String))
        differences = compare_metadata(context, wider.metadata)
        assert ("add_column", None, "lease") in [change[:3] for change in differences]


def test_migrating_fills_no_table(app: Flask) -> None:
    counts = {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in db.metadata.tables.values()
    }
    assert {name: count for name, count in counts.items() if count} == {}


def test_the_last_migration_can_be_taken_back_and_made_again(database_url: str) -> None:
    made = make_app(database_url)
    with made.app_context():
        flask_migrate.downgrade(str(MIGRATIONS), "-1")
        flask_migrate.upgrade(str(MIGRATIONS))
        db.engine.dispose()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_migration_does_not_depend_on_the_application(file: Path) -> None:
    assert not re.search(r"^\s*(from|import) app\b", file.read_text(encoding="utf-8"), re.M)

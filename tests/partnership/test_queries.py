"""What a process keeps of the partnership, and how soon it sees that another one changed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import event

from app.kernel.db import db, transaction
from app.partnership import queries
from app.partnership.operations import load_partnership
from tests.conftest import make_app
from tests.support import databases

WAKEFIELD = Path("partnerships/wakefield.toml")


@pytest.fixture
def other_app(database_url: str) -> Iterator[Flask]:
    """A second application on the database of `file_app`: another process keeps as little of it."""
    made = make_app(database_url)
    yield made
    databases.let_go(made)


@pytest.fixture
def moved_on(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds to add to the clock by which facts are kept."""
    moved = [0.0]
    monkeypatch.setattr("app.partnership.queries.monotonic", lambda: monotonic() + moved[0])
    return moved


def phone(app: Flask) -> str:
    with app.app_context():
        return queries.current().phone


def load(app: Flask, path: Path = WAKEFIELD) -> None:
    with app.app_context(), transaction():
        load_partnership(path)


@pytest.fixture
def new_number(tmp_path: Path) -> Path:
    """The partnership's file with another telephone number."""
    path = tmp_path / "changed.toml"
    text = WAKEFIELD.read_text(encoding="utf-8")
    path.write_text(text.replace("01924 306497", "01632 960001"), encoding="utf-8")
    return path


def test_a_changed_file_is_seen_at_once_where_it_is_loaded_and_elsewhere_after_5_seconds(
    file_app: Flask, other_app: Flask, moved_on: list[float], new_number: Path
) -> None:
    load(file_app)
    assert phone(file_app) == phone(other_app) == "01924 306497"
    load(file_app, new_number)
    assert phone(file_app) == "01632 960001"
    assert phone(other_app) == "01924 306497"
    moved_on[0] = queries.KEPT_SECONDS
    assert phone(other_app) == "01632 960001"


def test_facts_that_are_kept_are_not_read_again(file_app: Flask, moved_on: list[float]) -> None:
    statements: list[str] = []
    load(file_app)
    with file_app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda *told: statements.append(str(told[2]))
        )
    phone(file_app)
    assert len([one for one in statements if "FROM partnership" in one]) == 1
    phone(file_app)
    assert len([one for one in statements if "FROM partnership" in one]) == 1
    moved_on[0] = queries.KEPT_SECONDS
    phone(file_app)
    assert len([one for one in statements if "FROM partnership" in one]) == 2


def test_a_request_keeps_what_it_began_with(
    file_app: Flask, other_app: Flask, moved_on: list[float], new_number: Path
) -> None:
    load(file_app)
    with other_app.app_context():
        before = queries.current()
        db.session.rollback()  # a reader keeps SQLite from committing
        load(file_app, new_number)
        moved_on[0] = queries.KEPT_SECONDS
        assert queries.current() is before
    assert phone(other_app) == "01632 960001"


def test_that_nothing_is_set_up_yet_is_not_kept(file_app: Flask, other_app: Flask) -> None:
    assert phone(other_app) == queries.NOT_SET_UP.phone
    load(file_app)
    assert phone(other_app) == "01924 306497"

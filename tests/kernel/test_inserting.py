"""Rows written without a flush: what the session knows of them afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from app.kernel.db import db, insert_now, rows_of
from app.partnership.models import Sector

pytestmark = pytest.mark.usefixtures("app")


def test_a_row_inserted_now_is_in_the_session_and_asks_for_nothing_again() -> None:
    sector = Sector(slug="tried", name="Tried", position=99)
    insert_now(sector)
    asked: list[str] = []
    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert db.session.get(Sector, sector.id) is sector
    assert (sector.slug, sector.name, sector.position) == ("tried", "Tried", 99)
    assert asked == []
    assert rows_of(select(Sector.id, Sector.name).where(Sector.slug == "tried"), {}) == [
        (sector.id, "Tried")
    ]


def test_what_is_changed_afterwards_is_written_like_any_change() -> None:
    sector = Sector(slug="tried", name="Tried", position=99)
    insert_now(sector)
    sector.name = "Tried again"
    db.session.flush()
    assert db.session.scalar(select(Sector.name).where(Sector.slug == "tried")) == "Tried again"


def test_a_row_that_is_there_already_is_refused_at_once() -> None:
    insert_now(Sector(slug="tried", name="Tried", position=99))
    with pytest.raises(IntegrityError), db.session.begin_nested():
        insert_now(Sector(slug="tried", name="Tried", position=98))

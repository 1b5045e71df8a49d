"""What a statement returns is described as psycopg itself would, only later."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from psycopg import Cursor
from sqlalchemy import text

from app.kernel.db import db

pytestmark = pytest.mark.postgres


def test_columns_are_those_of_psycopg(app: Flask) -> None:
    cursor = db.session.connection().connection.cursor()
    cursor.execute("SELECT 1 AS first, 'two'::text AS second")
    columns: Any = cursor.description
    assert len(columns) == 2
    assert [column.name for column in columns] == ["first", "second"]
    described: Any = Cursor.description
    assert [tuple(c) for c in columns] == [tuple(c) for c in described.fget(cursor)]
    assert columns[1][:2] == ("second", 25)
    assert columns[-1].name == "second"
    with pytest.raises(IndexError):
        columns[2]


def test_a_statement_without_rows_has_none(app: Flask) -> None:
    cursor = db.session.connection().connection.cursor()
    cursor.execute("SET LOCAL lock_timeout = '1s'")
    assert cursor.description is None


def test_text_statements_know_their_columns(app: Flask) -> None:
    row = db.session.execute(text("SELECT 3 AS number")).one()
    assert row.number == 3

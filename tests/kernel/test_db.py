"""Connections to the server: one that the server ended is noticed before it is used."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.kernel import db as kernel_db
from app.kernel.db import db

pytestmark = pytest.mark.postgres


def end_the_connection(app: Flask) -> None:
    """Have the server end the connection that was used last and lies in the pool."""
    number = db.session.scalar(text("SELECT pg_backend_pid()"))
    db.session.remove()
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])


def test_a_connection_that_ended_while_it_lay_idle_is_replaced(
    file_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_db, "IDLE_SECONDS", 0.0)
    with file_app.app_context():
        end_the_connection(file_app)
        assert db.session.scalar(text("SELECT 1")) == 1


def test_one_that_ended_a_moment_after_its_use_fails_once(file_app: Flask) -> None:
    with file_app.app_context():
        end_the_connection(file_app)
        with pytest.raises(OperationalError):
            db.session.scalar(text("SELECT 1"))
        db.session.rollback()
        assert db.session.scalar(text("SELECT 1")) == 1

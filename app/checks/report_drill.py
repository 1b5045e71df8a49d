"""The report of a year of 100,000 bookings: how soon it is there, in how many statements."""

from __future__ import annotations

import io
import json
import re
import sys
import time
import zipfile
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import event, func, select

from app.accounts.signed_in import TOKEN_KEY
from app.bookings.models import Booking
from app.checks import report_data, stage
from app.checks.bench.measuring import POSTGRES
from app.checks.results_data import make_reader
from app.checks.throwaway_postgres import Server, throwaway_cluster
from app.kernel.db import db, transaction

MOST_SECONDS_OF_THE_PAGE, MOST_SECONDS_OF_THE_BOOK, MOST_STATEMENTS = 2.0, 10.0, 20
PERIOD = "2024-25"
FORMULA = re.compile(rb"<f[ >]")


def report(*, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """The same year on a new SQLite file and on a PostgreSQL of its own."""
    found = {}
    with stage.throw_away(None) as (app, _settings):
        found["sqlite"] = measure(app, rounds=rounds, size=size, seed=seed)
    with throwaway_cluster(POSTGRES) as cluster:
        url = Server(cluster.url).create(f"report_{seed}")
        with stage.throw_away(url) as (app, _settings):
            found["postgresql"] = measure(app, rounds=rounds, size=size, seed=seed)
    return {"ok": all(one["ok"] for one in found.values()), "bookings": size, **found}


def measure(app: Flask, *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Make the year, then ask for its page and its book so many times: the slowest counts."""
    began = time.monotonic()
    with transaction():
        stage.make_partnership()
        token = make_reader()
        report_data.make_year(size, seed)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    made = time.monotonic() - began
    bookings = db.session.scalar(select(func.count(Booking.id)))
    db.session.remove()
    page = _asked(app, token, f"/manage/report?period={PERIOD}", rounds)
    book = _asked(app, token, f"/manage/report/tables.xlsx?period={PERIOD}", rounds)
    formulas = _formulas(book.pop("content"))
    hostile = page.pop("content").count(b"=HYPERLINK(")
    return {
        "ok": page["most_seconds"] < MOST_SECONDS_OF_THE_PAGE
        and book["most_seconds"] < MOST_SECONDS_OF_THE_BOOK
        and max(page["statements"], book["statements"]) <= MOST_STATEMENTS
        and not formulas
        and hostile > 0,
        "bookings_made": bookings,
        "seconds_to_make": round(made, 1),
        "page": page,
        "book": book,
        "formulas_in_the_book": formulas,
    }


def _asked(app: Flask, token: str, address: str, rounds: int) -> dict[str, Any]:
    """Seconds and statements of the same request, asked again and again."""
    client = app.test_client()
    with client.session_transaction() as session:
        session[TOKEN_KEY] = token
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    seconds, processor, most = [], [], 0
    content = b""
    for _ in range(rounds):
        statements.clear()
        began, worked = time.monotonic(), time.process_time()
        answer = client.get(address)
        content = answer.data
        seconds.append(time.monotonic() - began)
        processor.append(time.process_time() - worked)
        most = max(most, len(statements))
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
    event.remove(db.engine, "before_cursor_execute", note)
    return {
        "seconds": round(median(seconds), 2),
        "most_seconds": round(max(seconds), 2),
        "processor_seconds": round(median(processor), 2),  # less, where others use the machine
        "statements": most,
        "bytes": len(content),
        "content": content,
    }


def _formulas(book: bytes) -> int:
    """Cells that a spreadsheet program would work out."""
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        return sum(len(FORMULA.findall(files.read(name))) for name in files.namelist())


if __name__ == "__main__":
    asked = dict(zip(("rounds", "size", "seed"), map(int, sys.argv[1:]), strict=True))
    sys.stdout.write(json.dumps(report(**asked)))

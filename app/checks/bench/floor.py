"""The floor: Flask and psycopg, plain SQL, nothing else. What the same work costs at the least.

Run by gunicorn with FLOOR_DSN in the environment; reads Ripple's tables, writes its own two.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC
from typing import Any

import psycopg
from flask import Flask, Response, redirect, request
from markupsafe import escape

app = Flask(__name__)
_own = threading.local()

TABLES = """
CREATE TABLE floor_booking (
    id bigserial PRIMARY KEY,
    event_id integer NOT NULL REFERENCES event (id),
    person_id integer NOT NULL,
    state text NOT NULL,
    booked_at timestamptz NOT NULL,
    UNIQUE (event_id, person_id)
);
CREATE TABLE floor_outbox (id bigserial PRIMARY KEY, recipient text NOT NULL, body text NOT NULL)
"""
EVENTS = """
SELECT event.reference, offer.title, event.starts_at, event.ends_at, event.venue,
       event.capacity - event.places_taken, offer.summary
FROM event JOIN offer ON offer.id = event.offer_id
WHERE event.state = 'published' AND event.ends_at > now()
ORDER BY event.starts_at LIMIT 200
"""
ONE_EVENT = """
SELECT offer.title, offer.description, event.starts_at, event.ends_at, event.venue,
       event.capacity - event.places_taken
FROM event JOIN offer ON offer.id = event.offer_id WHERE event.reference = %s
"""
RESULTS = """
SELECT question_id, option_id, score, count(*) FROM answer
WHERE evaluation_id = %s GROUP BY question_id, option_id, score
"""


def connection() -> psycopg.Connection[Any]:
    """This thread's connection, kept open."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(os.environ["FLOOR_DSN"], autocommit=True)
    kept: psycopg.Connection[Any] = _own.connection
    return kept


def _page(title: str, body: str) -> str:
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{body}"


@app.get("/learning")
def catalogue() -> str:
    """200 events as a list."""
    items = [
        f"<li><a href='/events/{row[0]}'>{escape(row[1])}</a> {row[2]:%d %B %Y, %H:%M} "
        f"{escape(row[4])}, {row[5]} places</li>"
        for row in connection().execute(EVENTS)
    ]
    return _page("Find learning", f"<ul>{''.join(items)}</ul>")


@app.get("/events/<reference>")
def event(reference: str) -> str | tuple[str, int]:
    """One event."""
    row = connection().execute(ONE_EVENT, [reference]).fetchone()
    if row is None:
        return _page("Not found", ""), 404
    times = f"{row[2]:%d %B %Y, %H:%M} to {row[3]:%H:%M}"
    return _page(
        str(escape(row[0])),
        f"<p>{times}, {escape(row[4])}, {row[5]} places</p><p>{escape(row[1])}</p>",
    )


@app.get("/calendar.ics")
def calendar() -> Response:
    """200 events as iCalendar, lines not folded."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    entries = [
        f"BEGIN:VEVENT\r\nUID:{row[0]}@floor\r\nDTSTAMP:{stamp}\r\n"
        f"DTSTART:{row[2].astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{row[3].astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
        f"SUMMARY:{row[1]}\r\nLOCATION:{row[4]}\r\nDESCRIPTION:{row[6]}\r\nEND:VEVENT\r\n"
        for row in connection().execute(EVENTS)
    ]
    whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:floor\r\n{''.join(entries)}END:VCALENDAR\r\n"
    return Response(whole, content_type="text/calendar; charset=utf-8")


@app.get("/events/<reference>/book")
def form(reference: str) -> str | tuple[str, int]:
    """The form; no sign-in, no key against forged forms."""
    row = connection().execute(ONE_EVENT, [reference]).fetchone()
    if row is None:
        return _page("Not found", ""), 404
    button = "<form method=post><input name=person_id><button>Book</button></form>"
    return _page(f"Book {escape(row[0])}", button)


@app.post("/events/<reference>/book")
def book(reference: str) -> Any:
    """Lock the event, count, write the booking and one message, commit."""
    person_id = int(request.form["person_id"])
    with connection().transaction():
        locked = connection().execute(
            "SELECT id, capacity FROM event WHERE reference = %s FOR UPDATE", [reference]
        )
        event_id, capacity = locked.fetchone() or (0, 0)
        counted = connection().execute(
            "SELECT count(*) FROM floor_booking WHERE event_id = %s AND state = 'confirmed'",
            [event_id],
        )
        (taken,) = counted.fetchone() or (0,)
        connection().execute(
            "INSERT INTO floor_booking (event_id, person_id, state, booked_at) "
            "VALUES (%s, %s, %s, now())",
            [event_id, person_id, "confirmed" if taken < capacity else "waiting"],
        )
        connection().execute(
            "INSERT INTO floor_outbox (recipient, body) VALUES (%s, %s)",
            [f"person-{person_id}@example.org", f"You have a place at {reference}"],
        )
    return redirect(f"/events/{reference}", 303)


@app.get("/results/<int:evaluation_id>")
def results(evaluation_id: int) -> dict[str, Any]:
    """One GROUP BY over all answers of an evaluation."""
    return {"counts": connection().execute(RESULTS, [evaluation_id]).fetchall()}

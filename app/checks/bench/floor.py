"""The floor: Flask and psycopg, plain SQL, nothing else. What the same work costs at the least.

Run by gunicorn with FLOOR_DSN and FLOOR_SECRET in the environment; reads Ripple's tables and its
cookie, writes tables of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from flask import Flask, Response, abort, redirect, request, session
from markupsafe import escape

app = Flask(__name__)
app.secret_key = os.environ.get("FLOOR_SECRET")
app.config["SESSION_COOKIE_NAME"] = "ripple"
_own = threading.local()

LONDON = ZoneInfo("Europe/London")
TABLES = """
CREATE TABLE floor_form (
    id bigserial PRIMARY KEY,
    event_id integer NOT NULL REFERENCES event (id),
    person_id integer NOT NULL,
    state text NOT NULL,
    booked_at timestamptz NOT NULL,
    UNIQUE (event_id, person_id)
);
CREATE TABLE floor_note (id bigserial PRIMARY KEY, recipient text NOT NULL, body text NOT NULL);
CREATE TABLE floor_booking (
    id bigserial PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    event_id integer NOT NULL REFERENCES event (id),
    person_id integer NOT NULL REFERENCES person (id),
    state text NOT NULL,
    adjustments text NOT NULL,
    form_key text NOT NULL UNIQUE,
    booked_at timestamptz NOT NULL,
    UNIQUE (event_id, person_id)
);
CREATE TABLE floor_calendar (
    id bigserial PRIMARY KEY,
    booking_id bigint NOT NULL REFERENCES floor_booking (id),
    uid text NOT NULL UNIQUE,
    sequence integer NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE TABLE floor_outbox (
    id bigserial PRIMARY KEY,
    dedupe_key text NOT NULL UNIQUE,
    to_name text NOT NULL,
    to_email text NOT NULL,
    subject text NOT NULL,
    text_body text NOT NULL,
    html_body text NOT NULL,
    calendar_text text NOT NULL,
    queued_at timestamptz NOT NULL
);
CREATE TABLE floor_audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    verb text NOT NULL,
    subject text NOT NULL
)
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
SIGNED_IN = """
SELECT person.id, person.reference, person.name, person.email, sector.slug
FROM sign_in_session JOIN person ON person.id = sign_in_session.person_id
LEFT JOIN sector ON sector.id = person.sector_id
WHERE sign_in_session.token_hash = %s AND sign_in_session.ended_at IS NULL
  AND sign_in_session.expires_at > now() AND person.deactivated_at IS NULL
"""
TO_BOOK = """
SELECT offer.title, event.starts_at, event.ends_at, event.venue, event.state, floor_booking.id,
       event.id
FROM event JOIN offer ON offer.id = event.offer_id
LEFT JOIN floor_booking ON floor_booking.event_id = event.id AND floor_booking.person_id = %s
WHERE event.reference = %s
"""
SAME_TIME = """
SELECT offer.title FROM floor_booking
JOIN event ON event.id = floor_booking.event_id JOIN offer ON offer.id = event.offer_id
WHERE floor_booking.person_id = %s AND event.id <> %s
  AND event.starts_at < %s AND event.ends_at > %s
"""
LOCKED = """
SELECT event.id, event.capacity, offer.title, event.starts_at, event.ends_at, event.venue,
       booking_terms.sectors
FROM event JOIN offer ON offer.id = event.offer_id
LEFT JOIN booking_terms ON booking_terms.offer_id = offer.id
WHERE event.reference = %s AND event.state = 'published'
  AND now() BETWEEN event.booking_opens_at AND event.booking_closes_at
FOR UPDATE OF event
"""
COUNTED = """
SELECT count(*) FILTER (WHERE state = 'confirmed'), count(*) FILTER (WHERE person_id = %s)
FROM floor_booking WHERE event_id = %s
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


@app.get("/forms/<reference>/book")
def bare_form(reference: str) -> str | tuple[str, int]:
    """A form and no more: no sign-in, no key against forged forms."""
    row = connection().execute(ONE_EVENT, [reference]).fetchone()
    if row is None:
        return _page("Not found", ""), 404
    button = "<form method=post><input name=person_id><button>Book</button></form>"
    return _page(f"Book {escape(row[0])}", button)


@app.post("/forms/<reference>/book")
def bare_booking(reference: str) -> Any:
    """Lock the event, count, write the booking and one line of mail, commit."""
    person_id = int(request.form["person_id"])
    with connection().transaction():
        locked = connection().execute(
            "SELECT id, capacity FROM event WHERE reference = %s FOR UPDATE", [reference]
        )
        event_id, capacity = locked.fetchone() or (0, 0)
        counted = connection().execute(
            "SELECT count(*) FROM floor_form WHERE event_id = %s AND state = 'confirmed'",
            [event_id],
        )
        (taken,) = counted.fetchone() or (0,)
        connection().execute(
            "INSERT INTO floor_form (event_id, person_id, state, booked_at) "
            "VALUES (%s, %s, %s, now())",
            [event_id, person_id, "confirmed" if taken < capacity else "waiting"],
        )
        connection().execute(
            "INSERT INTO floor_note (recipient, body) VALUES (%s, %s)",
            [f"person-{person_id}@example.org", f"You have a place at {reference}"],
        )
    return redirect(f"/events/{reference}", 303)


@app.get("/events/<reference>/book")
def form(reference: str) -> Any:
    """The answers to check, for somebody signed in, with a key of its own."""
    person_id, _, name, email, sector = _signed_in()
    row = connection().execute(TO_BOOK, [person_id, reference]).fetchone()
    if row is None:
        abort(404)
    if row[5] or row[4] != "published":
        return redirect(f"/events/{reference}", 303)
    same_time = connection().execute(SAME_TIME, [person_id, row[6], row[2], row[1]])
    warned = "".join(f"<p>At this time: {escape(other[0])}</p>" for other in same_time)
    key = session.setdefault("key", secrets.token_hex(20))
    return _page(
        f"Book {escape(row[0])}",
        f"<p>{_when(row[1], row[2])}, {escape(row[3])}</p><p>{escape(name)}, {escape(email)}, "
        f"{escape(sector)}</p>{warned}"
        f'<form method=post><input type="hidden" name="csrf" value="{key}">'
        f'<input type="hidden" name="form_key" value="{secrets.token_hex(10)}">'
        "<label>What do you need? <textarea name=adjustments></textarea></label>"
        "<button>Book</button></form>",
    )


@app.post("/events/<reference>/book")
def book(reference: str) -> Any:
    """Key, lock, rules, then booking, calendar entry, letter and audit line; one commit."""
    if not hmac.compare_digest(request.form["csrf"], session.get("key", "")):
        abort(400)
    person, made = _signed_in(), secrets.token_hex(5)
    with connection().transaction():
        event = connection().execute(LOCKED, [reference]).fetchone() or abort(409)
        event_id, capacity, *_, sectors = event
        counted = connection().execute(COUNTED, [person[0], event_id])
        taken, mine = counted.fetchone() or (0, 0)
        if mine or (sectors and person[4] not in sectors):
            abort(409)
        _write(made, "confirmed" if taken < capacity else "waiting", person, event)
    return redirect(f"/bookings/{made}", 303)


def _write(made: str, state: str, person: Any, event: Any) -> None:
    run, now, sent = connection().execute, datetime.now(UTC), request.form
    person_id, actor, name, email, _ = person
    event_id, _, title, starts_at, ends_at, venue, _ = event
    uid = f"{secrets.token_hex(16)}@floor"
    inserted = run(
        "INSERT INTO floor_booking "
        "(reference, event_id, person_id, state, adjustments, form_key, booked_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [made, event_id, person_id, state, sent["adjustments"][:1000], sent["form_key"], now],
    )
    run(
        "INSERT INTO floor_calendar (booking_id, uid, sequence, starts_at, ends_at) "
        "VALUES (%s, %s, 0, %s, %s)",
        [(inserted.fetchone() or [0])[0], uid, starts_at, ends_at],
    )
    run(
        "INSERT INTO floor_outbox (dedupe_key, to_name, to_email, subject, text_body, "
        "html_body, calendar_text, queued_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [made, name, email, *_letter(name, email, title, starts_at, ends_at, venue, uid), now],
    )
    run(
        "INSERT INTO floor_audit (at, actor, verb, subject) VALUES (%s, %s, 'booked', %s)",
        [now, actor, made],
    )


def _signed_in() -> Any:
    token = str(session.get("sign_in"))
    found = connection().execute(SIGNED_IN, [hashlib.sha256(token.encode()).hexdigest()])
    return found.fetchone() or abort(403)


def _when(starts_at: datetime, ends_at: datetime) -> str:
    starts, ends = starts_at.astimezone(LONDON), ends_at.astimezone(LONDON)
    return f"{starts:%A} {starts.day} {starts:%B %Y, %H:%M} to {ends:%H:%M}"


def _letter(
    name: str, email: str, title: str, starts_at: datetime, ends_at: datetime, venue: str, uid: str
) -> tuple[str, str, str, str]:
    """Subject, text, the same as HTML, and the invite."""
    subject, when = f"Booked: {title}, {starts_at:%d %B}", _when(starts_at, ends_at)
    said = [f"Dear {name}", f"You have a place on {title}.", f"When: {when}", f"Where: {venue}"]
    said += ["The calendar entry is in this message.", "If you cannot come, please cancel."]
    html = "".join(f"<p>{escape(line)}</p>" for line in said)
    invite = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:floor\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nSEQUENCE:0\r\nDTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}\r\n"
        f"DTSTART:{starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{ends_at.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\nSUMMARY:{title}\r\nLOCATION:{venue}\r\n"
        f"ORGANIZER:mailto:floor@example.org\r\nATTENDEE;RSVP=TRUE:mailto:{email}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return subject, "\n\n".join(said), _page(subject, html), invite


@app.get("/results/<int:evaluation_id>")
def results(evaluation_id: int) -> dict[str, Any]:
    """One GROUP BY over all answers of an evaluation."""
    return {"counts": connection().execute(RESULTS, [evaluation_id]).fetchall()}

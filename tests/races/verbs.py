"""What people, staff and the worker do at one moment, each in a transaction of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import NamedPerson
from app.bookings import approvals, held_places, moving, operations, places, waiting_list
from app.bookings.colleague_rules import Line
from app.bookings.colleagues import book_colleagues
from app.bookings.models import BookingOrigin
from app.bookings.operations import DateChange, EventChange
from app.catalogue.models import Event, EventMode
from app.checks.crowd import Answer, Errand, Go
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference

DONE, REFUSED = 302, 409
TRIES = 3
SECONDS_BETWEEN_LOOKING_AND_COMMITTING = 0.05
AT_THE_SAME_MOMENT = "Somebody else was adding the same person"


@dataclass(frozen=True)
class Task(Errand):
    """One verb; the path says which."""

    booking_id: int = 0
    named: tuple[tuple[str, str], ...] = ()
    number: int = 0
    at: datetime | None = None

    @property
    def now(self) -> datetime:
        return self.at or clock.now()


def task(what: str, person_id: int, event_id: int, **facts: Any) -> Task:
    return Task(person_id, event_id, "", what, **facts)


def do(app: Flask, errand: Errand, go: Go) -> Answer:
    """Do it as the pages and jobs do: one transaction, tried again where the page says so."""
    assert isinstance(errand, Task)
    with app.app_context():
        go()
        sent = time.monotonic()
        status, words = DONE, ""
        for _ in range(TRIES):
            try:
                with transaction():
                    VERBS[errand.path](errand)
                    _dawdle()
            except Refused as refusal:
                status, words = REFUSED, str(refusal)
                if not words.startswith(AT_THE_SAME_MOMENT):
                    break
            else:
                status, words = DONE, ""
                break
    return Answer(errand.person_id, status, words, sent, time.monotonic())


def _me(errand: Task) -> Person:
    return db.session.get_one(Person, errand.person_id)


def _book(errand: Task) -> None:
    me = _me(errand)
    operations.book(
        errand.event_id,
        me,
        booked_by=me,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=errand.now,
    )


def _book_by_staff(errand: Task) -> None:
    [(_, email)] = errand.named
    person = db.session.scalars(select(Person).where(Person.email == email)).one()
    operations.book(
        errand.event_id,
        person,
        booked_by=_me(errand),
        origin=BookingOrigin.STAFF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=errand.now,
    )


def _book_list(errand: Task) -> None:
    book_colleagues(
        errand.event_id,
        [Line(name, email) for name, email in errand.named],
        booked_by=_me(errand),
        form_key=new_reference(20),
        mode=EventMode.ONLINE,
        now=errand.now,
    )


def _move(errand: Task) -> None:
    moving.move_booking(
        errand.booking_id,
        errand.event_id,
        actor=_me(errand),
        mode=EventMode.ONLINE,
        now=errand.now,
    )


def _hand_over(errand: Task) -> None:
    [(name, email)] = errand.named
    named = NamedPerson(name, email)
    moving.hand_over(errand.booking_id, named, actor=_me(errand), now=errand.now)


def _set_capacity(errand: Task) -> None:
    event = db.session.get_one(Event, errand.event_id)
    change = EventChange(
        dates=tuple(DateChange(one.id, one.starts_at, one.ends_at) for one in event.dates),
        mode=event.mode,
        venue=event.venue,
        venue_address=event.venue_address,
        joining_url=event.joining_url,
        joining_notes=event.joining_notes,
        capacity=errand.number,
        booking_opens_at=event.booking_opens_at,
        booking_closes_at=event.booking_closes_at,
    )
    operations.change_event(event.id, change, actor=_me(errand), now=errand.now)


VERBS: dict[str, Callable[[Task], object]] = {
    "book": _book,
    "book by staff": _book_by_staff,
    "book a list": _book_list,
    "move": _move,
    "hand over": _hand_over,
    "set capacity": _set_capacity,
    "approve": lambda it: approvals.approve(it.booking_id, actor=_me(it), now=it.now),
    "cancel": lambda it: operations.cancel_booking(it.booking_id, actor=_me(it), now=it.now),
    "accept": lambda it: held_places.accept(it.booking_id, actor=None, now=it.now),
    "decline": lambda it: held_places.decline(it.booking_id, actor=None, now=it.now),
    "expire": lambda it: held_places.expire(it.event_id, now=it.now),
    "promote": lambda it: waiting_list.promote_in(it.event_id, now=it.now),
}


# The same as it must not be: everybody looks without the lock.

_here = threading.local()
_with_lock, _with_locks = places._lock_then_look, places.lock_events_where


def do_without_the_lock(app: Flask, errand: Errand, go: Go) -> Answer:
    """Look, and write what follows from that when others have looked as well."""
    places._lock_then_look = _look
    moving.lock_events_where = _look_at_several  # type: ignore[attr-defined]
    _here.is_without = True
    return do(app, errand, go)


def _dawdle() -> None:
    if getattr(_here, "is_without", False):
        db.session.flush()
        time.sleep(SECONDS_BETWEEN_LOOKING_AND_COMMITTING)


def _look(statements: Any, wanted: dict[str, Any]) -> Any:
    if not getattr(_here, "is_without", False):
        return _with_lock(statements, wanted)
    return db.session.execute(statements[1], wanted).unique().one()


def _look_at_several(*conditions: Any) -> Any:
    if not getattr(_here, "is_without", False):
        return _with_locks(*conditions)
    ids = db.session.scalars(select(Event.id).where(*conditions)).all()
    found = {one: _look(places._BY_ID, {"wanted": one}) for one in ids}
    return {one: (event, places.terms_from(row)) for one, (event, row) in found.items()}

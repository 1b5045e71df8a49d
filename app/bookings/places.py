"""The places of an event: its write lock, what is known inside it, and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Update,
    bindparam,
    case,
    func,
    select,
    update,
)
from sqlalchemy.orm import joinedload

from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.rules import EventFacts
from app.catalogue.models import Event, EventState
from app.kernel.db import db

# Somebody who came without booking was in the room, but took nobody's place.
TAKES_A_PLACE = (
    Booking.state.in_((BookingState.CONFIRMED, BookingState.HELD)),
    Booking.origin != BookingOrigin.REGISTER,
)


# Built once: others wait for the lock while a statement is put together.
_IS_THEIRS = (Booking.person_id == bindparam("person_id")) & (
    Booking.state != BookingState.CANCELLED
)
_IS_OF_FORM = Booking.form_key == bindparam("form_key")
_BOOKED = select(
    func.sum(case((_IS_THEIRS, 1), else_=0)),
    func.max(Booking.joined_waiting_at),
    func.max(case((_IS_OF_FORM, Booking.id))),
).where(Booking.event_id == bindparam("event_id"))


@dataclass(frozen=True)
class BookingFacts:
    """What is known when somebody asks for a place."""

    event: EventFacts
    already_booked: bool
    last_joined_at: datetime | None
    booking_of_form_id: int | None


def lock_event(event_id: int) -> Event:
    """The event, which nobody else can change until the transaction ends; LookupError if none."""
    return _locked(_BY_ID, event_id)


def lock_event_of(booking_id: int) -> Event:
    """The event of a booking, locked likewise; LookupError if there is no such booking."""
    return _locked(_BY_BOOKING, booking_id)


def _lock_and_look(which: ColumnElement[bool]) -> tuple[Update, Select[Event]]:
    lock = update(Event).where(which).values(revision=Event.revision + 1)
    look = select(Event).where(which).options(joinedload(Event.offer), joinedload(Event.dates))
    return (
        lock.execution_options(synchronize_session=False),
        look.execution_options(populate_existing=True),
    )


_WANTED = bindparam("wanted", type_=Integer)
_BY_ID = _lock_and_look(Event.id == _WANTED)
_BY_BOOKING = _lock_and_look(
    Event.id == select(Booking.event_id).where(Booking.id == _WANTED).scalar_subquery()
)


def _locked(statements: tuple[Update, Select[Event]], wanted: int) -> Event:
    lock, look = statements
    db.session.execute(lock, {"wanted": wanted})
    event = db.session.scalars(look, {"wanted": wanted}).unique().one_or_none()
    if event is None:
        raise LookupError("no such event")
    return event


def facts_of(event: Event) -> EventFacts:
    """The event as the rules see it."""
    return EventFacts(
        is_published=event.state is EventState.PUBLISHED,
        is_cancelled=event.state is EventState.CANCELLED,
        capacity=event.capacity,
        places_taken=event.places_taken,
        waiting_count=event.waiting_count,
        opens_at=event.booking_opens_at,
        closes_at=event.booking_closes_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )


def gather_facts(event_id: int, person_id: int, form_key: str | None = None) -> BookingFacts:
    """What a decision about a place rests on; true for as long as the event's lock is held."""
    event = db.session.get(Event, event_id)
    if event is None:
        raise LookupError(f"no event {event_id}")
    asked = {"event_id": event_id, "person_id": person_id, "form_key": form_key}
    booked, last_joined_at, booking_of_form_id = db.session.execute(_BOOKED, asked).one()
    return BookingFacts(facts_of(event), bool(booked), last_joined_at, booking_of_form_id)


def recount_places(event: Event) -> None:
    """Set the event's counts from its bookings; to be called inside its lock."""
    db.session.flush()
    taken, waiting = db.session.execute(
        select(
            func.count().filter(*TAKES_A_PLACE),
            func.count().filter(Booking.state == BookingState.WAITING),
        ).where(Booking.event_id == event.id)
    ).one()
    event.places_taken, event.waiting_count = taken, waiting

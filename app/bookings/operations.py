"""The verbs of bookings, and being there without one.

Each family of verbs has a file of its own; all are named here, so that callers know one module.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings.ending import cancel_booking as cancel_booking
from app.bookings.event_changes import DateChange as DateChange
from app.bookings.event_changes import EventChange as EventChange
from app.bookings.event_changes import cancel_event as cancel_event
from app.bookings.event_changes import change_event as change_event
from app.bookings.event_changes import publish_event as publish_event
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.places import lock_event
from app.bookings.places import recount_places as recount_places
from app.bookings.taking import Manager as Manager
from app.bookings.taking import book as book
from app.bookings.taking import book_own as book_own
from app.bookings.taking import person_as_of_today
from app.catalogue.models import Event, EventMode, EventState
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference


def attend_without_booking(
    event_id: int, person: Person, *, actor: Person, now: datetime
) -> Booking:
    """A booking for somebody who simply came; it takes no place and sends no message."""
    event, actor = lock_event(event_id), read_again(actor)
    is_theirs = (
        Booking.event_id == event_id,
        Booking.person_id == person.id,
        Booking.state != BookingState.CANCELLED,
    )
    live = db.session.scalar(select(Booking).where(*is_theirs))
    rows: list[Base] = []
    admit(event, person, live, actor=actor, now=now, into=rows)
    insert_together(rows)
    return live or db.session.scalars(select(Booking).where(*is_theirs)).one()


def admit(
    event: Event,
    person: Person,
    live: Booking | None,
    *,
    organisation_name: str = "",
    actor: Person,
    now: datetime,
    into: list[Base],
) -> Booking:
    """Note inside the lock that somebody came, given their live booking if any.

    A new booking is not written yet: it is added to the list `into`, as the audit line is.
    """
    if event.state is not EventState.PUBLISHED:
        raise Refused("Nobody can have come to a session that did not take place")
    verb = "came while waiting"
    if live is None:
        verb, live = "came without booking", _unbooked(event, person, organisation_name, now)
        into.append(live)
    elif live.state in {BookingState.WAITING, BookingState.REQUESTED}:
        if live.state is BookingState.WAITING:
            event.waiting_count -= 1
        live.state, live.origin = BookingState.CONFIRMED, BookingOrigin.REGISTER
        live.confirmed_at, live.passed_over_reason = now, ""
    elif live.state is BookingState.HELD:  # who comes has taken the place up
        live.state, live.held_until, live.confirmed_at = BookingState.CONFIRMED, None, now
    else:
        return live
    into.append(audit.line(actor.reference, verb, "booking", live.reference, now=now))
    return live


def _unbooked(event: Event, person: Person, organisation_name: str, now: datetime) -> Booking:
    facts = person_as_of_today(person)
    facts["organisation_name"] = facts["organisation_name"] or organisation_name
    is_online = event.mode is EventMode.ONLINE
    return Booking(
        **facts,
        event_id=event.id,
        reference=new_reference(10),
        booked_by_id=person.id,
        state=BookingState.CONFIRMED,
        origin=BookingOrigin.REGISTER,
        mode=EventMode.ONLINE if is_online else EventMode.FACE_TO_FACE,
        booked_at=now,
        confirmed_at=now,
    )

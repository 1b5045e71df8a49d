"""Somebody is reached at another address now: their calendar there gets what is to come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import and_, or_, select

from app.accounts.models import Person
from app.bookings import emails
from app.bookings.ending import with_people_and_entries
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.places import lock_events
from app.catalogue.models import Event, EventState
from app.kernel.db import Base, db, insert_together


def reached_at(person_id: int, *, now: datetime) -> set[int]:
    """The bookings to come whose calendar entries are sent to this person's address."""
    for_another = and_(
        Booking.booked_by_id == person_id,
        Person.email.is_(None),
        Booking.origin != BookingOrigin.STAFF,
    )
    found = db.session.scalars(
        select(Booking.id)
        .join(Booking.person)
        .join(Booking.event)
        .where(
            or_(and_(Booking.person_id == person_id, Person.email.is_not(None)), for_another),
            Booking.state == BookingState.CONFIRMED,
            Event.state == EventState.PUBLISHED,
            Event.ends_at > now,
        )
    )
    return set(found)


def send_entries(booking_ids: Iterable[int], *, now: datetime) -> int:
    """Send the entries still to come anew, as the next version of each; how many messages."""
    wanted = select(Booking.id, Booking.event_id).where(Booking.id.in_(set(booking_ids)))
    pairs = sorted((event_id, booking_id) for booking_id, event_id in db.session.execute(wanted))
    events = lock_events(event_id for event_id, _ in pairs)
    rows: list[Base] = []
    for event_id, booking_id in pairs:
        event, booking = events[event_id][0], with_people_and_entries(booking_id)
        if booking.state is not BookingState.CONFIRMED:
            continue
        for entry in booking.calendar_entries:
            if entry.cancelled_at or entry.ends_at <= now:
                continue
            entry.sequence += 1
            entry.sent_at = now
            emails.send(
                booking,
                event,
                "date",
                f"For your calendar: {event.title}, {emails.when_in_short(entry)}",
                entry=entry,
                now=now,
                into=rows,
                is_at_new_address=True,
            )
    insert_together(rows)
    return len(rows)

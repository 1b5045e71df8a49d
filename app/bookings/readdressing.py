"""Somebody is reached at another address now: their calendar there gets what is to come."""

from __future__ import annotations

from collections.abc import Collection
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


def lock(booking_ids: Collection[int]) -> None:
    """Lock the events of these bookings, before anything of people is."""
    wanted = select(Booking.event_id).where(Booking.id.in_(set(booking_ids)))
    if booking_ids:
        lock_events(db.session.scalars(wanted))


def to_come(person_id: int, *, now: datetime) -> list[str]:
    """References of somebody's live bookings of sessions that are still to come."""
    found = select(Booking.reference).join(Booking.event)
    is_live = (Booking.state != BookingState.CANCELLED, Event.ends_at > now)
    return list(db.session.scalars(found.where(Booking.person_id == person_id, *is_live)))


def send_entries(booking_ids: Collection[int], *, now: datetime) -> int:
    """Send the entries still to come anew, as the next version of each; how many messages."""
    if not booking_ids:
        return 0
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

"""Calendars follow when an offer gets another title; looked for, since offers know no bookings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, select

from app.accounts.models import Person
from app.audit import operations as audit
from app.bookings import emails
from app.bookings.event_changes import live_bookings
from app.bookings.models import Booking, BookingOrigin, BookingState, CalendarEntry
from app.bookings.places import lock_event
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import Base, db, insert_together

JOB = "titles"


def events_with_old_titles(*, now: datetime) -> list[int]:
    """Events to come that somebody's calendar calls by a title they no longer have."""
    apart = case((Event.subtitle == "", ""), else_=", " + Event.subtitle)
    title = Offer.title + apart
    wanted = (
        select(Event.id)
        .join(Event.offer)
        .join(Booking, Booking.event_id == Event.id)
        .join(Booking.calendar_entries)
        .join(Booking.person)
        .where(
            Event.state == EventState.PUBLISHED,
            Event.ends_at > now,
            Booking.state == BookingState.CONFIRMED,
            Booking.origin != BookingOrigin.REGISTER,
            CalendarEntry.cancelled_at.is_(None),
            CalendarEntry.event_date_id.is_not(None),
            CalendarEntry.ends_at > now,
            CalendarEntry.summary != title,
            CalendarEntry.summary != title + " (for " + Person.name + ")",
        )
        .distinct()
        .order_by(Event.id)
    )
    return list(db.session.scalars(wanted))


def correct_calendars(event_id: int, *, now: datetime) -> int:
    """Tell everybody with a place what the event is called now; 1 if there was anybody to tell."""
    event = lock_event(event_id)
    if event.state is not EventState.PUBLISHED:
        return 0
    rows: list[Base] = []
    bookings = live_bookings(event)
    with db.session.no_autoflush:  # calendars are written together
        for booking in bookings:
            if booking.state is BookingState.CONFIRMED:
                emails.tell_changed(booking, event, now=now, into=rows)
    if not rows:
        return 0
    db.session.flush()
    line = audit.line(JOB, "corrected calendars of", "event", event.reference, now=now)
    insert_together([line, *rows])
    return 1

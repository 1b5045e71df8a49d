"""The waiting list: its order is that of joining, and one function moves it up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.audit import operations as audit
from app.bookings import emails
from app.bookings.models import Booking, BookingState
from app.bookings.places import facts_of, taken_by_limits
from app.bookings.rules import may_promote, places_free
from app.bookings.terms import limit_words
from app.bookings.terms_rules import Terms, WaitingPerson, held_until, walk
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together

JOB = "waiting list"


def promote_waiting(
    event: Event, terms: Terms, *, now: datetime, into: list[Base] | None = None
) -> list[Booking]:
    """Give free places to whoever waits longest and tell them; inside the event's lock.

    Whom a limit bars is passed over, with the reason kept. Messages are added to the list `into`,
    if the caller has one to write later.
    """
    free = places_free(event.capacity, event.places_taken)
    if free == 0 or not event.waiting_count or not may_promote(facts_of(event), now):
        return []
    waiting = _first_waiting(event, None if terms.have_limits else free)
    taken = taken_by_limits(event.id, terms)
    found = walk([_as_waiting(booking) for booking in waiting], free, terms, taken)
    rows = [] if into is None else into
    with db.session.no_autoflush:  # forty people are written together, not one by one
        for booking in waiting:
            limit = found.passed_over.get(booking.id)
            booking.passed_over_reason = limit_words(limit, terms) if limit else ""
        by_id = {booking.id: booking for booking in waiting}
        promoted = [by_id[booking_id] for booking_id in found.chosen]
        until = held_until(terms, closes_at=event.booking_closes_at, now=now)
        for booking in promoted:
            _promote(booking, event, until, now=now, into=rows)
    event.places_taken += len(promoted)
    event.waiting_count -= len(promoted)
    if into is None:
        insert_together(rows)
    return promoted


def _promote(
    booking: Booking, event: Event, until: datetime | None, *, now: datetime, into: list[Base]
) -> None:
    if until is None:
        booking.state, booking.confirmed_at = BookingState.CONFIRMED, now
        emails.tell_confirmed(booking, event, promoted=True, now=now, into=into)
        verb = "promoted"
    else:
        booking.state, booking.held_until = BookingState.HELD, until
        emails.tell_held(booking, event, now=now, into=into)
        verb = "held a place for"
    into.append(audit.line(JOB, verb, "booking", booking.reference, now=now))


def _as_waiting(booking: Booking) -> WaitingPerson:
    return WaitingPerson(
        booking.id, _joined_at(booking), booking.organisation_id, booking.sector_id
    )


def _first_waiting(event: Event, limit: int | None) -> list[Booking]:
    wanted = (
        select(Booking)
        .where(Booking.event_id == event.id, Booking.state == BookingState.WAITING)
        .order_by(Booking.joined_waiting_at, Booking.id)
        .options(joinedload(Booking.person), joinedload(Booking.booked_by))
        .limit(limit)
    )
    return list(db.session.scalars(wanted))


def _joined_at(booking: Booking) -> datetime:
    assert booking.joined_waiting_at is not None  # noqa: S101 - held by a constraint
    return booking.joined_waiting_at


def waiting_position(booking: Booking) -> int:
    """The person's place in the waiting list, from 1."""
    joined_at = _joined_at(booking)
    ahead = select(func.count()).where(
        Booking.event_id == booking.event_id,
        Booking.state == BookingState.WAITING,
        or_(
            Booking.joined_waiting_at < joined_at,
            (Booking.joined_waiting_at == joined_at) & (Booking.id <= booking.id),
        ),
    )
    return db.session.scalar(ahead) or 1

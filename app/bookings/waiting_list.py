"""The waiting list: its order is that of joining, and one function moves it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.audit import operations as audit
from app.bookings import emails
from app.bookings.models import Booking, BookingState, BookingTerms
from app.bookings.places import (
    Ways,
    facts_of,
    lock_event_and_terms,
    taken_by_limits,
    terms_from,
)
from app.bookings.rules import may_promote, places_free
from app.bookings.terms import limit_words
from app.bookings.terms_rules import Terms, WaitingPerson, Walk, held_until, walk
from app.bookings.waiting_letters import tell_held
from app.catalogue.models import Event, EventState
from app.kernel.db import Base, db, insert_together

JOB = "waiting list"
# The facts of the audit trail by which it can be told that nobody was overtaken.
GAVE, HELD_FOR, PASSED_OVER = "promoted", "held a place for", "passed over"


def promote_waiting(
    event: Event, terms: Terms, *, now: datetime, into: list[Base] | None = None
) -> list[Booking]:
    """Give free places to whoever waits longest and tell them; inside the event's lock.

    Whom a limit bars is passed over, with the reason kept. Messages are added to the list `into`,
    if the caller has one to write later.
    """
    free = places_free(event.capacity, event.places_taken)
    if not event.waiting_count or not may_promote(facts_of(event), now):
        return []
    if free == 0 and not terms.have_limits:
        return []
    if terms.have_limits:
        db.session.flush()  # places given back just now are counted in the database
    waiting = _first_waiting(event, None if terms.have_limits else free)
    found = _walk(event, terms, waiting, free)
    rows: list[Base] = [] if into is None else into
    if found.chosen and event.online_capacity is not None:
        db.session.flush()  # likewise, by how people take part
    ways = Ways(event) if found.chosen else None
    with db.session.no_autoflush:  # forty people are written together, not one by one
        _note_passed_over(waiting, found, terms, now=now, into=rows)
        by_id = {booking.id: booking for booking in waiting}
        promoted = [by_id[booking_id] for booking_id in found.chosen]
        until = hold_deadline(event, terms, now=now)
        for booking in promoted:
            if ways:
                ways.take(booking)
            _promote(booking, event, until, now=now, into=rows)
    event.places_taken += len(promoted)
    event.waiting_count -= len(promoted)
    if into is None:
        insert_together(rows)
    return promoted


def hold_deadline(event: Event, terms: Terms, *, now: datetime) -> datetime | None:
    """Until when the next free place would be kept; None if it would be booked at once."""
    if event.capacity is None:  # whoever hesitates keeps nobody out
        return None
    closes_at = min(event.booking_closes_at, event.starts_at)
    return held_until(terms, closes_at=closes_at, now=now)


def _note_passed_over(
    waiting: Sequence[Booking], found: Walk, terms: Terms, *, now: datetime, into: list[Base]
) -> None:
    """Keep why people are passed over; where somebody behind them gets a place, for good."""
    last = found.chosen[-1] if found.chosen else None
    overtaken: list[Booking] = []
    for booking in waiting:
        limit = found.passed_over.get(booking.id)
        booking.passed_over_reason = limit_words(limit, terms) if limit else ""
        if limit:
            overtaken.append(booking)
        if booking.id == last:
            into += [
                audit.line(
                    JOB,
                    PASSED_OVER,
                    "booking",
                    one.reference,
                    now=now,
                    reason=one.passed_over_reason,
                )
                for one in overtaken
            ]


def _promote(
    booking: Booking, event: Event, until: datetime | None, *, now: datetime, into: list[Base]
) -> None:
    if until is None:
        booking.state, booking.confirmed_at = BookingState.CONFIRMED, now
        emails.tell_confirmed(booking, event, promoted=True, now=now, into=into)
        verb = GAVE
    else:
        booking.state, booking.held_until = BookingState.HELD, until
        tell_held(booking, event, now=now, into=into)
        verb = HELD_FOR
    into.append(audit.line(JOB, verb, "booking", booking.reference, now=now))


def would_move_up(event: Event, terms: Terms, free: int | None) -> list[int]:
    """The bookings that so many free places would go to now, in order; changes nothing."""
    waiting = _first_waiting(event, None if terms.have_limits else free)
    return _walk(event, terms, waiting, free).chosen


def _walk(event: Event, terms: Terms, waiting: Sequence[Booking], free: int | None) -> Walk:
    return walk(
        [_as_waiting(booking) for booking in waiting],
        free,
        terms,
        taken_by_limits(event.id, terms),
    )


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


def events_to_promote(*, now: datetime) -> list[int]:
    """Events to come where somebody waits for a place that is free to them.

    Every verb that frees a place promotes by itself, so that there should be none: this is for
    what nobody foresaw.
    """
    found = db.session.execute(
        select(Event, BookingTerms)
        .outerjoin(BookingTerms, BookingTerms.offer_id == Event.offer_id)
        .where(
            Event.state == EventState.PUBLISHED,
            Event.starts_at > now,
            Event.waiting_count > 0,
            or_(Event.capacity.is_(None), Event.places_taken < Event.capacity),
        )
        .order_by(Event.id)
    )
    return [
        event.id
        for event, row in found.all()
        if would_move_up(event, terms_from(row), places_free(event.capacity, event.places_taken))
    ]


def promote_in(event_id: int, *, now: datetime) -> int:
    """Give the free places of one event to whoever waits; how many."""
    event, terms = lock_event_and_terms(event_id)
    return len(promote_waiting(event, terms, now=now))

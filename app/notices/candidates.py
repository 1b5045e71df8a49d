"""Who may be sent something about an event, and all that decides it, in a few statements.

The dry run and the real one both ask here, so that they cannot differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
)
from app.catalogue.models import Event, EventDate, EventState
from app.kernel.db import db
from app.notices.models import Notice, NoticeKind, NoticeRound, NoticeRule
from app.notices.rules import BookingFacts

# Who came without booking, and what was taken over from before, was never told anything.
NOT_BOOKED_HERE = (BookingOrigin.REGISTER, BookingOrigin.HISTORY, BookingOrigin.IMPORT)
Told = set[tuple[int, datetime]]


@dataclass(frozen=True)
class Candidate:
    """One booking, whom a message about it would go to, and what decides whether one does."""

    booking_id: int
    reference: str
    name: str
    reached_id: int
    facts: BookingFacts


def candidates(
    kind: NoticeKind, event_ids: Sequence[int], *, about_at: dict[int, datetime]
) -> dict[int, list[Candidate]]:
    """The bookings of each event, in order; `about_at` is the date each message is about."""
    told = _told(kind, event_ids) if kind is not NoticeKind.REMINDER else set()
    outcomes: dict[int, tuple[AttendanceOutcome, ...]] = {}
    dates_count: dict[int, int] = {}
    later: dict[tuple[int, int], datetime] = {}
    if kind is NoticeKind.MISSED_YOU:
        outcomes, dates_count = _outcomes(event_ids), _dates_count(event_ids)
        later = _last_places(event_ids)
    found: dict[int, list[Candidate]] = defaultdict(list)
    for row in db.session.execute(_bookings(event_ids)):
        last = later.get((row.person_id, row.offer_id))
        facts = BookingFacts(
            state=row.state,
            has_address=bool(row.email),
            has_left=row.deactivated_at is not None,
            confirmed_at=row.confirmed_at,
            already_told=(row.id, about_at[row.event_id]) in told,
            outcomes=outcomes.get(row.id, ()),
            dates_count=dates_count.get(row.event_id, 1),
            has_another_place=last is not None and last > row.starts_at,
        )
        found[row.event_id].append(
            Candidate(row.id, row.reference, row.name, row.reached_id, facts)
        )
    return found


def _bookings(event_ids: Sequence[int]) -> Select[Any]:
    booker = aliased(Person)
    # Staff who booked for somebody without an address tell them on the telephone.
    own = Person.email.is_not(None) | (Booking.origin == BookingOrigin.STAFF)
    return (
        select(
            Booking.id,
            Booking.reference,
            Booking.event_id,
            Booking.person_id,
            Booking.state,
            Booking.confirmed_at,
            Person.name,
            case((own, Person.id), else_=booker.id).label("reached_id"),
            case((own, Person.email), else_=booker.email).label("email"),
            case((own, Person.deactivated_at), else_=booker.deactivated_at).label("deactivated_at"),
            Event.offer_id,
            Event.starts_at,
        )
        .join(Person, Person.id == Booking.person_id)
        .join(booker, booker.id == Booking.booked_by_id)
        .join(Event, Event.id == Booking.event_id)
        .where(Booking.event_id.in_(event_ids), Booking.origin.not_in(NOT_BOOKED_HERE))
        .order_by(Booking.event_id, Booking.id)
    )


def _told(kind: NoticeKind, event_ids: Sequence[int]) -> Told:
    """Booking and date of every message of this kind that was sent."""
    rows = db.session.execute(
        select(Notice.booking_id, NoticeRound.about_at)
        .join(Notice.round)
        .join(NoticeRule, NoticeRule.id == NoticeRound.rule_id)
        .where(NoticeRound.event_id.in_(event_ids), NoticeRule.kind == kind)
        .where(Notice.message_key.is_not(None))
    )
    return {(booking_id, about_at) for booking_id, about_at in rows}


def _outcomes(event_ids: Sequence[int]) -> dict[int, tuple[AttendanceOutcome, ...]]:
    found: dict[int, list[AttendanceOutcome]] = defaultdict(list)
    for booking_id, outcome in db.session.execute(
        select(Attendance.booking_id, Attendance.outcome)
        .join(Attendance.booking)
        .where(Booking.event_id.in_(event_ids))
        .order_by(Attendance.id)
    ):
        found[booking_id].append(outcome)
    return {booking_id: tuple(listed) for booking_id, listed in found.items()}


def _dates_count(event_ids: Sequence[int]) -> dict[int, int]:
    counted: Any = (
        select(EventDate.event_id, func.count())
        .where(EventDate.event_id.in_(event_ids))
        .group_by(EventDate.event_id)
    )
    return dict(db.session.execute(counted).all())


def _last_places(event_ids: Sequence[int]) -> dict[tuple[int, int], datetime]:
    """When the last event starts on which somebody has a place, by person and offer."""
    offers = select(Event.offer_id).where(Event.id.in_(event_ids))
    people = select(Booking.person_id).where(Booking.event_id.in_(event_ids))
    rows = db.session.execute(
        select(Booking.person_id, Event.offer_id, func.max(Event.starts_at))
        .join(Booking.event)
        .where(Event.offer_id.in_(offers), Event.state == EventState.PUBLISHED)
        .where(Booking.person_id.in_(people), Booking.state == BookingState.CONFIRMED)
        .group_by(Booking.person_id, Event.offer_id)
    )
    return {(person_id, offer_id): starts_at for person_id, offer_id, starts_at in rows}

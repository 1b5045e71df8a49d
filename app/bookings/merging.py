"""Two people turn out to be one: their bookings, who came, and what they booked for others.

Nobody who still has a place is sent a cancellation. What stands in the calendar of an address that
is no longer used is sent to the one that is.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from app.audit import operations as audit
from app.bookings import merging_rules
from app.bookings.ending import end
from app.bookings.merging_rules import Standing
from app.bookings.models import (
    Attendance,
    Booking,
    BookingState,
    CalendarEntry,
    CancelReason,
    NewDatesWish,
)
from app.bookings.places import lock_events
from app.bookings.terms_rules import Terms
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused

Locked = dict[int, tuple[Event, Terms]]


@dataclass(frozen=True)
class Double:
    """One event that both have a live booking for: the booking that stays, and the other."""

    event_id: int
    kept: Booking
    ended: Booking


@dataclass
class Merged:
    """What came of it."""

    moved_count: int = 0
    ended: list[str] = field(default_factory=list)  # references of bookings that became one


def lock(from_id: int, into_id: int) -> Locked:
    """Every event that merging touches, locked in the order everybody keeps to."""
    return lock_events(db.session.scalars(_touched(from_id, into_id)))


def _touched(from_id: int, into_id: int) -> Any:
    is_live = and_(Booking.person_id == into_id, Booking.state != BookingState.CANCELLED)
    is_theirs = or_(Booking.person_id == from_id, Booking.booked_by_id == from_id)
    return select(Booking.event_id).where(or_(is_theirs, is_live)).distinct()


def doubles(from_id: int, into_id: int) -> list[Double]:
    """The events that both have a live booking for, in the order in which they take place."""
    found = db.session.scalars(
        select(Booking)
        .join(Booking.event)
        .where(
            Booking.person_id.in_((from_id, into_id)),
            Booking.state != BookingState.CANCELLED,
        )
        .order_by(Event.starts_at, Booking.id)
        .options(
            joinedload(Booking.event).joinedload(Event.offer),
            joinedload(Booking.attendances),
        )
        .execution_options(populate_existing=True)
    ).unique()
    by_event: dict[int, list[Booking]] = defaultdict(list)
    for booking in found:
        by_event[booking.event_id].append(booking)
    return [_double(pair) for pair in by_event.values() if pair[1:]]


def _double(pair: list[Booking]) -> Double:
    stays = merging_rules.better(*(_standing(booking) for booking in pair))
    kept, ended = pair if pair[0].id == stays.booking_id else reversed(pair)
    return Double(kept.event_id, kept, ended)


def _standing(booking: Booking) -> Standing:
    since = booking.joined_waiting_at or booking.confirmed_at or booking.booked_at
    return Standing(booking.id, booking.state, booking.origin, since, booking.held_until)


def merge(from_id: int, into_id: int, *, locked: Locked, actor: str, now: datetime) -> Merged:
    """All bookings of one person are the other's from now on; inside `locked`, or Refused."""
    found = Merged()
    if set(db.session.scalars(_touched(from_id, into_id))) - set(locked):
        raise Refused("One of the two was being booked at this moment. Look again, then merge")
    rows: list[Base] = []
    for double in doubles(from_id, into_id):
        event, terms = locked[double.event_id]
        _make_one(double, event, terms, now=now, into=rows)
        kept, ended = double.kept.reference, double.ended.reference
        rows.append(audit.line(actor, "merged", "booking", ended, into=kept, now=now))
        found.ended.append(ended)
    insert_together(rows)
    _forget_hand_overs(from_id, into_id)
    found.moved_count = _move(from_id, into_id)
    return found


def _make_one(
    double: Double, event: Event, terms: Terms, *, now: datetime, into: list[Base]
) -> None:
    kept, ended = double.kept, double.ended
    _join_attendance(kept, ended)
    wishes = [text for text in (kept.adjustments, ended.adjustments) if text]
    kept.adjustments = "\n".join(dict.fromkeys(wishes))
    had_place = end(event, ended, CancelReason.MERGED, now=now)
    # Their entries are kept no more; a cancellation would read as if the place were lost.
    db.session.execute(delete(CalendarEntry).where(CalendarEntry.booking_id == ended.id))
    db.session.flush()
    if had_place:
        promote_waiting(event, terms, now=now, into=into)


def _join_attendance(kept: Booking, ended: Booking) -> None:
    by_date: dict[int, list[Attendance]] = defaultdict(list)
    for attendance in (*kept.attendances, *ended.attendances):
        by_date[attendance.event_date_id].append(attendance)
    for lines in by_date.values():
        stays = lines[merging_rules.better_outcome([line.outcome for line in lines])]
        for line in lines:
            if line is not stays:
                db.session.delete(line)
        db.session.flush()  # one line for each date and booking, at every moment
        stays.booking = kept
    db.session.flush()


def _forget_hand_overs(from_id: int, into_id: int) -> None:
    """A place that one of them gave to the other never changed hands."""
    old = aliased(Booking)
    both = (from_id, into_id)
    pairs = db.session.execute(
        select(Booking.id, old.id)
        .join(old, old.id == Booking.replaces_id)
        .where(
            Booking.person_id.in_(both),
            old.person_id.in_(both),
            old.cancelled_because == CancelReason.HANDED_OVER,
        )
    ).all()
    _set(Booking.id.in_([new_id for new_id, _ in pairs]), replaces_id=None)
    _set(Booking.id.in_([old_id for _, old_id in pairs]), cancelled_because=CancelReason.MERGED)


def _move(from_id: int, into_id: int) -> int:
    moved = _set(Booking.person_id == from_id, person_id=into_id)
    _set(Booking.booked_by_id == from_id, booked_by_id=into_id)
    wished = select(NewDatesWish.offer_id).where(
        NewDatesWish.person_id == into_id, NewDatesWish.told_at.is_(None)
    )
    twice = and_(
        NewDatesWish.person_id == from_id,
        NewDatesWish.told_at.is_(None),
        NewDatesWish.offer_id.in_(wished),
    )
    db.session.execute(delete(NewDatesWish).where(twice).execution_options(**_FETCH))
    db.session.execute(
        update(NewDatesWish)
        .where(NewDatesWish.person_id == from_id)
        .values(person_id=into_id)
        .execution_options(**_FETCH)
    )
    return moved


_FETCH = {"synchronize_session": "fetch"}


def _set(which: ColumnElement[bool], **values: Any) -> int:
    changed = update(Booking).where(which).values(**values).returning(Booking.id)
    return len(db.session.scalars(changed, execution_options=_FETCH).all())

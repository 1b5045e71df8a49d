"""How a booking ends: the place goes back, the reason stays, whoever waits is next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import colleague_emails, emails
from app.bookings.models import TAKES_NO_PLACE, Booking, BookingOrigin, BookingState, CancelReason
from app.bookings.notice import is_late
from app.bookings.places import lock_event_of
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused


def cancel_booking(booking_id: int, *, actor: Person, now: datetime) -> Booking:
    """Cancel, tell the person and promote; once it is cancelled, cancelling again does nothing."""
    event, terms = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    if booking.state is BookingState.CANCELLED:
        return booking
    from_register = booking.origin is BookingOrigin.REGISTER
    if now >= event.starts_at and not from_register:
        raise Refused("This session has started, so the place can no longer be cancelled")
    actor = read_again(actor)
    rows: list[Base] = [
        audit.line(actor.reference, "cancelled", "booking", booking.reference, now=now)
    ]
    with db.session.no_autoflush:  # everything is written at the end, with few statements
        had_place = end(event, booking, _reason(booking, actor), now=now)
        if not from_register:
            by = actor if is_theirs(booking, actor) else None
            emails.tell_cancelled(booking, event, by=by, now=now, into=rows)
            colleague_emails.tell_booker(booking, event, by=actor, into=rows)
        if had_place:
            promote_waiting(event, terms, now=now, into=rows)
    insert_together(rows)
    return booking


def _reason(booking: Booking, actor: Person) -> CancelReason:
    if not is_theirs(booking, actor):
        return CancelReason.STAFF
    declines = booking.origin is BookingOrigin.COLLEAGUE and actor.id == booking.person_id
    is_declined = declines or booking.state is BookingState.HELD
    return CancelReason.DECLINED if is_declined else CancelReason.PERSON


def end(event: Event, booking: Booking, because: CancelReason, *, now: datetime) -> bool:
    """End a live booking inside the event's lock; whether that freed a place.

    Whoever calls tells the person and, if a place got free, promotes.
    """
    had_place = _count_back(event, booking)
    is_notice_asked = because in {CancelReason.PERSON, CancelReason.DECLINED}
    booking.cancelled_late = had_place and is_notice_asked and is_late(event, now)
    booking.state, booking.held_until = BookingState.CANCELLED, None
    booking.cancelled_at, booking.cancelled_because = now, because
    booking.passed_over_reason = booking.adjustments = ""  # nobody needs them any more
    return had_place


def _count_back(event: Event, booking: Booking) -> bool:
    """Take the booking out of the event's counts; whether it had taken a place."""
    if booking.state is BookingState.WAITING:
        event.waiting_count -= 1
        return False
    takes_place = booking.state in {BookingState.CONFIRMED, BookingState.HELD}
    if not takes_place or booking.origin in TAKES_NO_PLACE:
        return False
    event.places_taken -= 1
    return True


def is_theirs(booking: Booking, actor: Person) -> bool:
    """Whether somebody acts for themselves or their colleague, and not for the partnership."""
    booked_for_them = booking.origin is BookingOrigin.COLLEAGUE
    return actor.id == booking.person_id or (booked_for_them and actor.id == booking.booked_by_id)


def with_people_and_entries(booking_id: int) -> Booking:
    """The booking as it stands inside the lock, with whom to write to and their calendar."""
    found = db.session.scalars(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(
            joinedload(Booking.person).joinedload(Person.organisation),
            joinedload(Booking.booked_by),
            joinedload(Booking.calendar_entries),
        )
        .execution_options(populate_existing=True)
    )
    return found.unique().one()

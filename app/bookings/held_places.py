"""A place that is kept for somebody who waited: taken, given up, or lost when its time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import colleague_emails, emails
from app.bookings.ending import end, with_people_and_entries
from app.bookings.models import Booking, BookingState, CancelReason
from app.bookings.places import lock_event_and_terms, lock_event_of
from app.bookings.waiting_letters import Why, tell_off_the_list
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.london import clock_words, date_words

BY_LINK, JOB = "link in a message", "held places"

TAKEN = "The place is booked already"
GONE = {
    CancelReason.EXPIRED: "The time to take this place is over, and it has gone to the next person",
    CancelReason.DECLINED: "This place was given up, and it has gone to the next person",
    CancelReason.EVENT: "This session was cancelled",
}
GONE_OTHERWISE = "This booking was cancelled, so no place is kept any more"
NOT_HELD = "No place is kept yet: we write as soon as one is"


def accept(booking_id: int, *, actor: Person | None, now: datetime) -> Booking:
    """Confirm a held place with its invites; actor None: by the link. Taking it again does nothing.

    Refused from the instant on at which its time is over.
    """
    event, _ = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    if booking.state is BookingState.CONFIRMED:
        return booking
    _check_held(booking, now)
    rows: list[Base] = [_line("took", booking, actor, now)]
    with db.session.no_autoflush:
        booking.state, booking.held_until, booking.confirmed_at = BookingState.CONFIRMED, None, now
        emails.tell_confirmed(booking, event, promoted=False, now=now, into=rows)
    db.session.flush()
    insert_together(rows)
    return booking


def decline(booking_id: int, *, actor: Person | None, now: datetime) -> Booking:
    """Give a held place up to the next person; giving it up again does nothing."""
    event, terms = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    if booking.cancelled_because is CancelReason.DECLINED:
        return booking
    if booking.state is BookingState.CONFIRMED:
        raise Refused(f"{TAKEN}: cancel the booking if it is no longer needed")
    _check_held(booking, now)
    rows: list[Base] = [_line("gave up", booking, actor, now)]
    with db.session.no_autoflush:
        end(event, booking, CancelReason.DECLINED, now=now)
        tell_off_the_list(booking, event, Why.DECLINED, now=now, into=rows)
        colleague_emails.tell_booker(booking, event, by=actor, into=rows)
        promote_waiting(event, terms, now=now, into=rows)
    db.session.flush()
    insert_together(rows)
    return booking


def _check_held(booking: Booking, now: datetime) -> None:
    if booking.state is BookingState.CANCELLED:
        because = booking.cancelled_because
        raise Refused(GONE.get(because, GONE_OTHERWISE) if because else GONE_OTHERWISE)
    if booking.held_until is None:
        raise Refused(NOT_HELD)
    if now >= booking.held_until:
        ended = f"{date_words(booking.held_until)}, {clock_words(booking.held_until)}"
        raise Refused(f"The place was kept until {ended}, and that time is over")


def _line(verb: str, booking: Booking, actor: Person | None, now: datetime) -> Base:
    by = BY_LINK if actor is None else read_again(actor).reference
    return audit.line(by, verb, "booking", booking.reference, now=now)


def events_with_ended_holds(*, now: datetime) -> list[int]:
    """Events with a held place whose time is over."""
    over = (Booking.state == BookingState.HELD, Booking.held_until <= now)
    wanted = select(Booking.event_id).where(*over).distinct().order_by(Booking.event_id)
    return list(db.session.scalars(wanted))


def expire(event_id: int, *, now: datetime) -> int:
    """End the held places of one event whose time is over and give them on; how many."""
    event, terms = lock_event_and_terms(event_id)
    over = _ended_holds(event, now)
    rows: list[Base] = []
    with db.session.no_autoflush:
        for booking in over:
            end(event, booking, CancelReason.EXPIRED, now=now)
            rows.append(audit.line(JOB, "ended", "booking", booking.reference, now=now))
            if now < event.starts_at:  # news of last week's session would only puzzle
                tell_off_the_list(booking, event, Why.EXPIRED, now=now, into=rows)
        if over:
            promote_waiting(event, terms, now=now, into=rows)
    db.session.flush()
    insert_together(rows)
    return len(over)


def _ended_holds(event: Event, now: datetime) -> list[Booking]:
    found = db.session.scalars(
        select(Booking.id)
        .where(
            Booking.event_id == event.id,
            Booking.state == BookingState.HELD,
            Booking.held_until <= now,
        )
        .order_by(Booking.held_until, Booking.joined_waiting_at)
    )
    return [with_people_and_entries(booking_id) for booking_id in found.all()]

"""Staff take somebody off a waiting list, or a kept place from them, and say why."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings.ending import end, with_people_and_entries
from app.bookings.models import Booking, BookingState, CancelReason
from app.bookings.places import lock_event_of
from app.bookings.waiting_letters import Why, tell_off_the_list
from app.bookings.waiting_list import promote_waiting
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused


def remove(booking_id: int, *, reason: str, actor: Person, now: datetime) -> Booking:
    """End a waiting or held booking and tell the person why; removing again does nothing."""
    event, terms = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    if booking.state is BookingState.CANCELLED:
        return booking
    if booking.state not in {BookingState.WAITING, BookingState.HELD}:
        raise Refused("This person has a place by now: cancel their booking instead")
    actor = read_again(actor)
    rows: list[Base] = [
        audit.line(actor.reference, "removed", "booking", booking.reference, now=now, reason=reason)
    ]
    with db.session.no_autoflush:
        end(event, booking, CancelReason.STAFF, now=now)
        if now < event.starts_at:
            tell_off_the_list(booking, event, Why.REMOVED, reason=reason, now=now, into=rows)
        db.session.flush()  # or the list would still show them
        promote_waiting(event, terms, now=now, into=rows)
    insert_together(rows)
    return booking

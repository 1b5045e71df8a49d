"""What whoever booked for somebody is told of it."""

from __future__ import annotations

from app.bookings.models import Booking, BookingOrigin, CancelReason
from app.catalogue.models import Event
from app.kernel.db import Base
from app.kernel.london import short_date_words
from app.outbox import letters
from app.outbox.operations import BOOKING_PRIORITY, compose


def name_for_booker(booking: Booking) -> str:
    """What whoever booked is shown of the person: the name they wrote, and no other."""
    return booking.name_given or "your colleague"


def tell_booker(booking: Booking, event: Event, *, into: list[Base]) -> None:
    """That somebody declined the place that was booked for them; nothing if that is not so."""
    booker, is_declined = booking.booked_by, booking.cancelled_because is CancelReason.DECLINED
    is_colleague = booking.origin is BookingOrigin.COLLEAGUE
    if not (is_declined and is_colleague and booking.person.email and booker.email):
        return
    name = name_for_booker(booking)
    letter = letters.write(
        "booking_declined",
        subject=f"{name} cannot come: {event.title}, {short_date_words(event.starts_at)}",
        booking=booking,
        event=event,
        to_name=booker.name,
        for_name=name,
        dates=event.dates,
    )
    message = compose(
        letter,
        dedupe_key=f"booking:{booking.reference}:declined",
        kind="booking_declined",
        about=("booking", booking.reference),
        to_name=booker.name,
        to_email=booker.email,
        person_reference=booker.reference,
        priority=BOOKING_PRIORITY,
    )
    into.append(message)

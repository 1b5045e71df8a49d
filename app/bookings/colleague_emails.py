"""What whoever booked for somebody is told of it."""

from __future__ import annotations

from app.accounts.models import Person
from app.bookings.models import Booking, BookingOrigin, CancelReason
from app.catalogue.models import Event
from app.kernel.db import Base
from app.kernel.london import short_date_words
from app.outbox import letters
from app.outbox.operations import BOOKING_PRIORITY, compose

A_COLLEAGUE = "your colleague"


def name_for_booker(booking: Booking) -> str:
    """What whoever booked is shown of the person: the name they wrote, and no other."""
    return booking.name_given or A_COLLEAGUE


def tell_booker(
    booking: Booking, event: Event, *, by: Person | None = None, into: list[Base]
) -> None:
    """That somebody declined the place that was booked for them; nothing if that is not so.

    `by` is whoever did it, if signed in; None: by the link in a message.
    """
    booker, is_declined = booking.booked_by, booking.cancelled_because is CancelReason.DECLINED
    is_colleague = booking.origin is BookingOrigin.COLLEAGUE
    if not (is_declined and is_colleague and booking.person.email and booker.email):
        return
    if by is not None and by.id != booking.person_id:
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

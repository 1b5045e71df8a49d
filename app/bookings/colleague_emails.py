"""What whoever booked for somebody is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.accounts.models import Person
from app.bookings import links
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


@dataclass(frozen=True)
class Asker:
    """For whom a place is asked for, as the line manager named reads it, and who asks for them."""

    name: str
    workplace: str
    by: str = ""


def asker_of(booking: Booking) -> Asker:
    """Whoever booked named the manager too: they are told no more of the person than the booker."""
    is_colleague = booking.origin is BookingOrigin.COLLEAGUE
    if not is_colleague or booking.booked_by_id == booking.person_id:
        return Asker(booking.person.name, booking.organisation_name)
    by = booking.booked_by
    works_together = by.organisation_id == booking.organisation_id
    workplace = booking.organisation_name if works_together else ""
    return Asker(name_for_booker(booking), workplace, by.name)


def told_to_colleague(booking: Booking) -> dict[str, Any]:
    """What a letter says to somebody whom another booked: by whom, and how to say no; or empty."""
    is_colleague = booking.origin is BookingOrigin.COLLEAGUE
    if not is_colleague or not booking.person.email or booking.booked_by_id == booking.person_id:
        return {"booked_by": "", "cant_come_link": ""}
    link = links.link(booking, links.Purpose.CANT_COME)
    return {"booked_by": booking.booked_by.name or "A colleague", "cant_come_link": link}


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
    if booker is booking.person:  # their own since whoever booked was erased
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

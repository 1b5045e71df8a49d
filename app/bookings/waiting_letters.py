"""The letters to whoever leaves a waiting list, or gives up or loses a place kept for them."""

from __future__ import annotations

import enum
from datetime import datetime

from app.bookings import links
from app.bookings.calendar_invites import reached
from app.bookings.colleague_emails import told_to_colleague
from app.bookings.emails import send
from app.bookings.links import Purpose
from app.bookings.models import Booking
from app.bookings.places import facts_of
from app.bookings.rules import Opening, opening
from app.bookings.terms_rules import Terms
from app.bookings.waiting_rules import rules_in_words
from app.catalogue.models import Event
from app.kernel.db import Base
from app.kernel.london import short_date_words

JOINABLE = {Opening.OPEN, Opening.OPEN_TO_ALL, Opening.FULL}


class Why(enum.StrEnum):
    """How a place kept for somebody, or on the list, came to an end."""

    DECLINED = "declined"
    EXPIRED = "expired"
    REMOVED = "removed"


SUBJECTS = {
    Why.DECLINED: "You gave up the place",
    Why.EXPIRED: "No longer kept for you",
    Why.REMOVED: "Off the waiting list",
}


def tell_waiting(
    booking: Booking,
    event: Event,
    terms: Terms,
    *,
    position: int,
    approver: str = "",
    now: datetime,
    into: list[Base],
) -> None:
    """That the person is on the waiting list, where, and which rule decides; no calendar entry."""
    for_name = "" if reached(booking) is booking.person else booking.person.name
    send(
        booking,
        event,
        "waiting",
        f"On the waiting list: {event.title}, {short_date_words(event.starts_at)}",
        now=now,
        into=into,
        position=position,
        approver=approver,
        dates=event.dates,
        is_full=not event.places_left and event.capacity is not None,
        rules=rules_in_words(
            terms,
            passed_over_reason=booking.passed_over_reason,
            closes_at=event.booking_closes_at,
            starts_at=event.starts_at,
            now=now,
            name=for_name,
        ),
        **told_to_colleague(booking),
    )


def tell_held(booking: Booking, event: Event, *, now: datetime, into: list[Base]) -> None:
    """That a place is kept for the person until a deadline; no calendar entry yet."""
    send(
        booking,
        event,
        "held",
        f"A place is kept for you: {event.title}, {short_date_words(event.starts_at)}",
        now=now,
        into=into,
        dates=event.dates,
        held_until=booking.held_until,
        held_link=links.link(booking, Purpose.HELD),
    )


def tell_off_the_list(
    booking: Booking, event: Event, why: Why, *, reason: str = "", now: datetime, into: list[Base]
) -> None:
    """That the place is no longer kept, or the person no longer waits, and how to join again."""
    send(
        booking,
        event,
        "off_the_list",
        f"{SUBJECTS[why]}: {event.title}, {short_date_words(event.starts_at)}",
        now=now,
        into=into,
        dates=event.dates,
        why=why.value,
        reason=reason,
        can_join_again=opening(facts_of(event), now) in JOINABLE,
    )

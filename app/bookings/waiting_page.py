"""What the page of one booking says to whoever waits, and to whom a place is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.bookings.booking_page import OVER, BookingWords
from app.bookings.colleague_emails import name_for_booker
from app.bookings.event_page import ordinal
from app.bookings.models import Booking, BookingState, CancelReason
from app.bookings.places import terms_of
from app.bookings.rules import Opening
from app.bookings.waiting_list import waiting_position
from app.bookings.waiting_rules import ahead_in_words, rules_in_words
from app.kernel.london import clock_words, date_words


@dataclass(frozen=True)
class OnTheList:
    """Where somebody stands on a waiting list, and which rules decide who is next."""

    words: BookingWords
    rules: Sequence[str] = ()


def on_the_list(
    booking: Booking, state: Opening, *, is_own: bool, now: datetime
) -> OnTheList | None:
    """What is true of somebody who waits or has a place kept; None for all other bookings."""
    name = "" if is_own else name_for_booker(booking)
    if booking.state is BookingState.WAITING and state not in OVER:
        return _waiting(booking, name, now)
    if booking.state is BookingState.HELD and booking.held_until:
        return _held(booking, booking.held_until, name, now)
    if booking.cancelled_because is CancelReason.EXPIRED:
        sentence = "Nobody took the place in time, so it went to the next person."
        return OnTheList(BookingWords("The place is no longer kept", sentence, is_warm=True))
    return None


def _waiting(booking: Booking, name: str, now: datetime) -> OnTheList:
    event, position = booking.event, waiting_position(booking)
    words = BookingWords(
        f"{name + ' is' if name else 'You are'} {ordinal(position)} on the waiting list",
        f"{ahead_in_words(position)} We send a message at once when it is "
        f"{name + chr(39) + 's' if name else 'your'} turn. Nothing goes into the calendar until "
        "then.",
        is_warm=True,
        can_cancel=True,
    )
    rules = rules_in_words(
        terms_of(event.offer_id),
        passed_over_reason=booking.passed_over_reason,
        closes_at=event.booking_closes_at,
        starts_at=event.starts_at,
        now=now,
        name=name,
    )
    return OnTheList(words, rules)


def _held(booking: Booking, until: datetime, name: str, now: datetime) -> OnTheList:
    if now >= until:
        sentence = "Its time is over, so it goes to the next person on the waiting list."
        return OnTheList(BookingWords("The place is no longer kept", sentence, is_warm=True))
    sentence = (
        f"Until {date_words(until)}, {clock_words(until)}. After that it goes to the next person "
        "on the waiting list. Nothing is in the calendar yet."
    )
    return OnTheList(BookingWords(f"A place is kept for {name or 'you'}", sentence, is_warm=True))

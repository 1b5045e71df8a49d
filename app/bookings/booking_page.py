"""What the page of one booking says: only what is true when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.bookings.calendar_invites import reached
from app.bookings.colleague_emails import name_for_booker
from app.bookings.models import Booking, BookingState, CancelReason
from app.bookings.rules import JOINING_OPENS, Opening
from app.catalogue.models import Event, EventDate, EventMode
from app.kernel.london import clock_words, date_words

OVER = {Opening.STARTED, Opening.PAST}


@dataclass(frozen=True)
class BookingWords:
    """A heading, what it means, and what can be done."""

    heading: str
    sentence: str
    is_warm: bool = False
    can_cancel: bool = False
    is_going: bool = False


def booking_words(
    booking: Booking,
    state: Opening,
    *,
    is_own: bool,
    to_whom: str = "",
) -> BookingWords:
    """Where the booking stands; in the third person for whoever booked it for a colleague.

    Requests and waiting lists that are still open have words of their own.

    `to_whom` is the name of whoever it was handed over to, if it was.
    """
    name = name_for_booker(booking)
    if booking.state is BookingState.CANCELLED:
        return _cancelled(booking, name, to_whom, is_own=is_own)
    if booking.state is BookingState.WAITING:
        sentence = "The session went ahead without a free place."
        return BookingWords("No place became free", sentence, is_warm=True)
    to = reached(booking).email
    whose, who = ("Your", "You are") if is_own else (f"{name}'s", f"{name} is")
    if state is Opening.PAST:
        return BookingWords(f"{who.replace(' are', ' were').replace(' is', ' was')} booked", "")
    if state is Opening.STARTED:
        return BookingWords(f"{whose} session is under way", "", is_going=True)
    return BookingWords(
        f"{whose} place is booked",
        f"The confirmation with the calendar entry goes to {to}.",
        can_cancel=True,
        is_going=True,
    )


def _cancelled(booking: Booking, name: str, to_whom: str, *, is_own: bool) -> BookingWords:
    if booking.event.cancelled_at:
        reason = booking.event.cancellation_reason or "We are sorry that it does not take place."
        return BookingWords("This session was cancelled", reason, is_warm=True)
    if booking.cancelled_because is CancelReason.MOVED:
        whose = "Your booking is" if is_own else f"The booking for {name} is"
        return BookingWords(f"{whose} on another date now", "The place here is given up.")
    if booking.cancelled_because is CancelReason.HANDED_OVER:
        whose = "Your place" if is_own else f"The place of {name}"
        sentence = f"{to_whom or 'They'} can come instead. It has been taken out of the calendar."
        return BookingWords(f"{whose} went to a colleague", sentence)
    if booking.cancelled_because is CancelReason.MERGED:
        whose = "You were" if is_own else f"{name} was"
        return BookingWords(f"{whose} booked twice here", "The other booking stands.")
    if booking.confirmed_at is None:
        return _never_had_a_place(booking, name, is_own=is_own)
    whose = "Your booking is" if is_own else f"The booking for {name} is"
    return BookingWords(f"{whose} cancelled", "It has been taken out of the calendar.")


def _never_had_a_place(booking: Booking, name: str, *, is_own: bool) -> BookingWords:
    """Nothing of theirs was ever in a calendar, so nothing is taken out of one."""
    nothing = "Nothing was in the calendar."
    if booking.cancelled_because is CancelReason.DECLINED:
        whose = "kept for you" if is_own else f"kept for {name}"
        return BookingWords(f"The place {whose} is given up", nothing)
    if booking.joined_waiting_at:
        who = "You are" if is_own else f"{name} is"
        return BookingWords(f"{who} no longer on the waiting list", nothing)
    whose = "Your request is" if is_own else f"The request for {name} is"
    return BookingWords(f"{whose} withdrawn", nothing)


NO_PLACE_YET = {
    BookingState.WAITING: "This booking is on the waiting list and has no place yet.",
    BookingState.HELD: "A place is kept, but nobody has taken it yet.",
    BookingState.REQUESTED: "Nobody has approved this booking yet.",
}


@dataclass(frozen=True)
class Joining:
    """What the joining page shows: the link and its date, or else a sentence saying when."""

    link: str = ""
    date: EventDate | None = None
    sentence: str = ""


def joining(booking: Booking, event: Event, *, now: datetime) -> Joining:
    """The meeting link for confirmed people, from 24 hours before a date until it ends."""
    if booking.state is BookingState.CANCELLED:
        return Joining(sentence="This booking is cancelled.")
    if booking.state is not BookingState.CONFIRMED:
        return Joining(sentence=f"{NO_PLACE_YET[booking.state]} The booking page says more.")
    if booking.mode is not EventMode.ONLINE:
        return Joining(sentence=f"This session takes place at {event.venue}.")
    date = next((date for date in event.dates if date.ends_at > now), None)
    if date is None:
        return Joining(sentence="This session is over.")
    opens_at = date.starts_at - JOINING_OPENS
    if now < opens_at:
        words = f"{date_words(opens_at)}, {clock_words(opens_at)}"
        return Joining(sentence=f"The meeting link is shown here from {words}.")
    if not event.joining_url.startswith(("https://", "http://")):
        return Joining(sentence="The meeting link is not here yet: please look again later.")
    return Joining(link=event.joining_url, date=date)

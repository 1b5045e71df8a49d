"""Exactly who will be told what, before an event is changed or called off."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.catalogue.models import Event
from app.kernel.db import db

HAS_A_PLACE = {BookingState.CONFIRMED}
CHANGED = "The change, and a corrected calendar entry"
CHANGED_WAITING = "The change"
MOVES_UP = "That a place is theirs, as the session will be"
MOVES_UP_HELD = "That a place is kept for them, as the session will be"
CANCELLED = "That it is cancelled, and the entry is taken out of their calendar"
CANCELLED_WAITING = "That it is cancelled"
STATE_WORDS = {
    BookingState.CONFIRMED: "Booked",
    BookingState.HELD: "A place is kept",
    BookingState.WAITING: "Waiting",
    BookingState.REQUESTED: "Has asked",
}


class Told(NamedTuple):
    """One person: where they stand, what they are told, and who it goes to if not to them."""

    name: str
    state_words: str
    words: str
    through: str
    must_be_rung: bool


class Letters(NamedTuple):
    """What people with a place are told, what the others are, and what those who move up are."""

    with_place: str = ""
    waiting: str = ""
    moves_up: str = ""


def change_letters(*, facts_change: bool, is_kept: bool) -> Letters:
    """What a change tells: nothing to those for whom nothing changes."""
    moves_up = MOVES_UP_HELD if is_kept else MOVES_UP
    return (
        Letters(CHANGED, CHANGED_WAITING, moves_up) if facts_change else Letters("", "", moves_up)
    )


CANCEL_LETTERS = Letters(CANCELLED, CANCELLED_WAITING)


def who_is_told(event: Event, letters: Letters, moving_up: Collection[int] = ()) -> list[Told]:
    """Everybody who is told something, those with a place first; people by name."""
    booker = aliased(Person)
    rows = db.session.execute(
        select(
            Booking.id,
            Booking.state,
            Booking.origin,
            Person.name,
            Person.email,
            booker.name.label("booker_name"),
        )
        .join(Person, Person.id == Booking.person_id)
        .join(booker, booker.id == Booking.booked_by_id)
        .where(
            Booking.event_id == event.id,
            Booking.state != BookingState.CANCELLED,
            Booking.origin != BookingOrigin.REGISTER,
        )
        .order_by(Booking.state != BookingState.CONFIRMED, func.lower(Person.name), Booking.id)
    )
    told = []
    for row in rows:
        words = letters.with_place if row.state in HAS_A_PLACE else letters.waiting
        words = letters.moves_up if row.id in moving_up else words
        if words:
            by_phone = row.origin is BookingOrigin.STAFF and row.email is None
            through = "" if row.email or by_phone else row.booker_name
            name = row.name or row.email or "No name yet"
            told.append(Told(name, STATE_WORDS[row.state], words, through, by_phone))
    return told

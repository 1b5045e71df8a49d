"""What the pages about booking for others read: nothing of a person but what the booker gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from app.accounts.models import Person
from app.bookings.colleague_emails import A_COLLEAGUE
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.queries import DATES_COUNT, FIRST_ENDS_AT, STATE_TAGS
from app.catalogue.models import Event, Offer
from app.catalogue.rules import event_title, place_words, session_time_words
from app.kernel.db import db
from app.kernel.london import date_words
from app.kernel.paging import Pages, pages

MOST_EARLIER, LOOKED_AT = 30, 600
MOST_OF_AN_EVENT, MOST_LINES = 8, 400
PLACES_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class EarlierPerson:
    """Somebody the booker booked before: the name and address they gave."""

    reference: str  # of that booking
    name: str
    email: str


# What whoever booked reads of each state.
TAGS = STATE_TAGS | {
    BookingState.CONFIRMED: ("Booked", "tag--good"),
    BookingState.HELD: ("Place kept", "tag--good"),
    BookingState.REQUESTED: ("Asked for", "tag--quiet"),
}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place booked for a colleague, as the booker sees it."""

    reference: str
    name: str
    email: str
    words: str
    tag_class: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class BookedEvent:
    """The places one booker has booked for others on one event: the first of them, and how many."""

    reference: str
    title: str
    starts_at: datetime
    when_words: str
    place_words: str
    count: int
    places: list[PlaceLine] = field(default_factory=list)


def _for_colleagues(booker_id: int) -> tuple[ColumnElement[bool], ...]:
    return Booking.booked_by_id == booker_id, Booking.origin == BookingOrigin.COLLEAGUE


def people_booked_before(booker_id: int, event_id: int) -> list[EarlierPerson]:
    """Whom this booker booked before and not yet on this event: the newest, in order of name."""
    rows = db.session.execute(
        select(
            Booking.reference,
            Booking.person_id,
            Booking.name_given,
            Person.email,
            ((Booking.event_id == event_id) & (Booking.state != BookingState.CANCELLED)).label(
                "is_on_event"
            ),
        )
        .join(Booking.person)
        .where(*_for_colleagues(booker_id), Booking.name_given != "")
        .where(Person.deactivated_at.is_(None))
        .order_by(Booking.id.desc())
        .limit(LOOKED_AT)
    ).all()
    on_event = {row.person_id for row in rows if row.is_on_event}
    found: dict[int, EarlierPerson] = {}
    for row in rows:
        if row.person_id not in on_event:
            one = EarlierPerson(row.reference, row.name_given, row.email or "")
            found.setdefault(row.person_id, one)
    newest = list(found.values())[:MOST_EARLIER]
    return sorted(newest, key=lambda one: (one.name.casefold(), one.email))


def positions(event_id: int) -> dict[str, int]:
    """The place in the waiting list of each booking that waits, by its reference."""
    waiting = db.session.scalars(
        select(Booking.reference)
        .where(Booking.event_id == event_id, Booking.state == BookingState.WAITING)
        .order_by(Booking.joined_waiting_at, Booking.id)
    )
    return {reference: number for number, reference in enumerate(waiting, start=1)}


def booked_for_others(booker_id: int, *, now: datetime) -> list[BookedEvent]:
    """The events to come on which somebody booked others, the soonest first, with a few of each."""
    numbered = (
        select(
            Booking.id,
            func.row_number()
            .over(partition_by=Booking.event_id, order_by=Booking.id)
            .label("number"),
            func.count().over(partition_by=Booking.event_id).label("count"),
        )
        .join(Booking.event)
        .where(*_for_colleagues(booker_id), Booking.state != BookingState.CANCELLED)
        .where(Event.ends_at > now)
        .subquery()
    )
    rows = db.session.execute(
        _places()
        .add_columns(
            Event.reference.label("event_reference"),
            Event.starts_at,
            Event.ends_at,
            Event.subtitle,
            Event.mode,
            Event.venue,
            Offer.title,
            DATES_COUNT.label("dates_count"),
            FIRST_ENDS_AT.label("first_ends_at"),
            numbered.c.count,
        )
        .join(numbered, numbered.c.id == Booking.id)
        .join(Booking.event)
        .join(Event.offer)
        .where(numbered.c.number <= MOST_OF_AN_EVENT)
        .order_by(Event.starts_at, Event.id, Booking.id)
        .limit(MOST_LINES)
    )
    return [
        _booked_event(list(group))
        for _, group in groupby(rows, key=lambda row: row.event_reference)
    ]


def places_on(event_id: int, booker_id: int, page: int) -> tuple[list[PlaceLine], Pages]:
    """One page of the places that somebody booked for others on one event; ended ones last."""
    theirs = (*_for_colleagues(booker_id), Booking.event_id == event_id)
    length = db.session.scalar(select(func.count()).select_from(Booking).where(*theirs))
    shown = pages(page, length=length or 0, size=PLACES_ON_A_PAGE)
    rows = db.session.execute(
        _places()
        .where(*theirs)
        .order_by(case((Booking.state == BookingState.CANCELLED, 1), else_=0), Booking.id)
        .offset(shown.first)
        .limit(PLACES_ON_A_PAGE)
    )
    return [_place(row) for row in rows], shown


def _places() -> Any:
    return select(Booking.reference, Booking.state, Booking.name_given, Person.email).join(
        Booking.person
    )


def _place(row: Any) -> PlaceLine:
    name = row.name_given or A_COLLEAGUE
    return PlaceLine(
        row.reference,
        name,
        row.email or "",
        *TAGS[row.state],
        is_over=row.state is BookingState.CANCELLED,
    )


def _booked_event(rows: Sequence[Any]) -> BookedEvent:
    row = rows[0]
    times = session_time_words(row.starts_at, row.first_ends_at or row.ends_at, row.dates_count)
    return BookedEvent(
        reference=row.event_reference,
        title=event_title(row.title, row.subtitle),
        starts_at=row.starts_at,
        when_words=f"{date_words(row.starts_at)}, {times}",
        place_words=place_words(row.mode, row.venue),
        count=row.count,
        places=[_place(one) for one in rows],
    )

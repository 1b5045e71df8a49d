"""What the pages of bookings read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.accounts.models import Organisation, Person
from app.bookings.colleague_emails import A_COLLEAGUE
from app.bookings.models import (
    Approval,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    CancelReason,
)
from app.bookings.places import terms_from
from app.bookings.terms_rules import Terms
from app.catalogue.models import Event, EventDate, Offer
from app.catalogue.rules import event_title, place_words, session_time_words
from app.kernel.db import db
from app.kernel.london import date_words, short_date_words
from app.kernel.paging import Pages, pages
from app.partnership.models import Sector

MOST_COMING = 100
PAST_PAGE_SIZE = 10


# Built once: putting a statement together takes longer than what SQLAlchemy does to run it.
_EVENT = (
    select(Event)
    .where(Event.reference == bindparam("reference"))
    .options(joinedload(Event.offer), joinedload(Event.dates))
)
_TO_BOOK = (
    select(Event, BookingTerms, Booking.reference, Sector, Organisation)
    .outerjoin(BookingTerms, BookingTerms.offer_id == Event.offer_id)
    .outerjoin(
        Booking,
        and_(
            Booking.event_id == Event.id,
            Booking.person_id == bindparam("person_id"),
            Booking.state != BookingState.CANCELLED,
        ),
    )
    .outerjoin(Sector, Sector.id == bindparam("sector_id"))
    .outerjoin(Organisation, Organisation.id == bindparam("organisation_id"))
    .where(Event.reference == bindparam("reference"))
    .options(joinedload(Event.offer).load_only(Offer.title, Offer.kind), joinedload(Event.dates))
)
_LIVE_BOOKING = select(Booking).where(
    Booking.event_id == bindparam("event_id"),
    Booking.person_id == bindparam("person_id"),
    Booking.state != BookingState.CANCELLED,
)


def event_by_reference(reference: str) -> Event | None:
    """The event with its offer and its dates."""
    return db.session.scalars(_EVENT, {"reference": reference}).unique().one_or_none()


@dataclass(frozen=True)
class ToBook:
    """An event as somebody meets it who may book it; `own_reference` is their booking, if any.

    Their sector and organisation come along, so that the page asks for neither.
    """

    event: Event
    terms: Terms
    own_reference: str | None
    sector: Sector | None
    organisation: Organisation | None


def event_to_book(reference: str, person: Person) -> ToBook | None:
    """The event with its terms, and what it is to this person, in one statement."""
    asked = {
        "reference": reference,
        "person_id": person.id,
        "sector_id": person.sector_id,
        "organisation_id": person.organisation_id,
    }
    row = db.session.execute(_TO_BOOK, asked).unique().one_or_none()
    return ToBook(row[0], terms_from(row[1]), *row[2:]) if row else None


def stands_for(reference: str) -> ColumnElement[bool]:
    """The booking with this reference; or the other one, if one person was booked twice here.

    Links in letters and codes of certificates stay true after two people were merged.
    """
    ended, kept = aliased(Booking), aliased(Booking)
    other = select(kept.id).join(
        ended, and_(ended.event_id == kept.event_id, ended.person_id == kept.person_id)
    )
    other = other.where(
        ended.reference == reference,
        ended.cancelled_because == CancelReason.MERGED,
        kept.state != BookingState.CANCELLED,
    )
    own = select(ended.id).where(ended.reference == reference)
    return Booking.id == func.coalesce(other.scalar_subquery(), own.scalar_subquery())


def live_booking(event_id: int, person_id: int) -> Booking | None:
    """The person's booking for the event, unless it is cancelled."""
    return db.session.scalar(_LIVE_BOOKING, {"event_id": event_id, "person_id": person_id})


def is_managed_by(person_id: int) -> ColumnElement[bool]:
    """Whether a booking is this person's own, or one they made for a colleague."""
    for_colleague = and_(
        Booking.booked_by_id == person_id, Booking.origin == BookingOrigin.COLLEAGUE
    )
    return or_(Booking.person_id == person_id, for_colleague)


def own_booking(reference: str, person_id: int) -> Booking | None:
    """The booking, if this person may see it: it is theirs, or they booked it for a colleague."""
    return db.session.scalar(
        select(Booking)
        .where(Booking.reference == reference, is_managed_by(person_id))
        .options(
            joinedload(Booking.event).options(joinedload(Event.offer), selectinload(Event.dates)),
            joinedload(Booking.person),
            joinedload(Booking.booked_by),
        )
    )


@dataclass(frozen=True, slots=True)
class BookingLine:
    """One booking as the list of a person's own shows it."""

    reference: str
    title: str
    starts_at: datetime
    when_words: str
    place_words: str
    for_name: str
    words: str
    tag_class: str
    note: str = ""


STATE_TAGS = {
    BookingState.CONFIRMED: ("", ""),
    BookingState.HELD: ("Place kept for you", "tag--good"),
    BookingState.REQUESTED: ("Requested", "tag--quiet"),
    BookingState.WAITING: ("Waiting list", "tag--warm"),
    BookingState.CANCELLED: ("Cancelled", "tag--quiet"),
}

# What went on elsewhere, or never became a place, is not called cancelled.
ENDED_TAGS = {
    CancelReason.EXPIRED: ("Not taken in time", "tag--quiet"),
    CancelReason.NOT_APPROVED: ("Not approved", "tag--quiet"),
    CancelReason.LAPSED: ("Nobody answered", "tag--quiet"),
    CancelReason.MOVED: ("Moved to another date", "tag--quiet"),
    CancelReason.HANDED_OVER: ("Given to a colleague", "tag--quiet"),
    CancelReason.MERGED: ("Was booked twice", "tag--quiet"),
}


def state_tag(
    state: BookingState, because: CancelReason | None, tags: Mapping[BookingState, tuple[str, str]]
) -> tuple[str, str]:
    """The word for where a booking stands, and the look of its tag."""
    return (ENDED_TAGS.get(because) if because else None) or tags[state]


def coming_bookings(
    person_id: int, *, now: datetime
) -> tuple[list[BookingLine], list[BookingLine]]:
    """One's own places to come and waiting-list places, the soonest first; the first 100."""
    rows = db.session.execute(
        _lines()
        .where(Booking.person_id == person_id)
        .where(Booking.state != BookingState.CANCELLED, Event.ends_at > now)
        .order_by(Event.starts_at, Booking.id)
        .limit(MOST_COMING)
    ).all()
    is_waiting = BookingState.WAITING
    return (
        [_line(row, person_id) for row in rows if row.state is not is_waiting],
        [_line(row, person_id) for row in rows if row.state is is_waiting],
    )


def past_bookings(person_id: int, page: int, *, now: datetime) -> tuple[list[BookingLine], Pages]:
    """One page of what is over or cancelled, also of colleagues booked, the newest first."""
    is_past = or_(Booking.state == BookingState.CANCELLED, Event.ends_at <= now)
    mine = is_managed_by(person_id)
    length = db.session.scalar(
        select(func.count()).select_from(Booking).join(Booking.event).where(mine, is_past)
    )
    shown = pages(page, length=length or 0, size=PAST_PAGE_SIZE)
    if not length:
        return [], shown
    rows = db.session.execute(
        _lines()
        .where(mine, is_past)
        .order_by(Event.starts_at.desc(), Booking.id.desc())
        .offset(shown.first)
        .limit(PAST_PAGE_SIZE)
    )
    return [_line(row, person_id) for row in rows], shown


_OF_THE_EVENT = EventDate.event_id == Event.id
DATES_COUNT = select(func.count()).where(_OF_THE_EVENT).correlate(Event).scalar_subquery()
FIRST_ENDS_AT = (
    select(func.min(EventDate.ends_at)).where(_OF_THE_EVENT).correlate(Event).scalar_subquery()
)


def _lines() -> Any:
    return (
        select(
            Booking.reference,
            Booking.state,
            Booking.cancelled_because,
            Booking.mode,
            Booking.person_id,
            Booking.name_given,
            Event.starts_at,
            Event.ends_at,
            Event.subtitle,
            Event.venue,
            Offer.title,
            DATES_COUNT.label("dates_count"),
            FIRST_ENDS_AT.label("first_ends_at"),
            Approval.manager_name,
            Approval.expires_at,
        )
        .outerjoin(Approval, Approval.booking_id == Booking.id)
        .join(Booking.event)
        .join(Event.offer)
    )


def _line(row: Any, person_id: int) -> BookingLine:
    words, tag_class = state_tag(row.state, row.cancelled_because, STATE_TAGS)
    note = ""
    if row.state is BookingState.REQUESTED and row.expires_at:
        note = f"{row.manager_name or 'We'} can answer until {short_date_words(row.expires_at)}"
    return BookingLine(
        reference=row.reference,
        title=event_title(row.title, row.subtitle),
        starts_at=row.starts_at,
        when_words=f"{date_words(row.starts_at)}, "
        + session_time_words(row.starts_at, row.first_ends_at or row.ends_at, row.dates_count),
        place_words=place_words(row.mode, row.venue),
        for_name="" if row.person_id == person_id else row.name_given or A_COLLEAGUE,
        words=words,
        tag_class=tag_class,
        note=note,
    )

"""Events as lists show them: columns read at once, made into words once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from app.catalogue.models import (
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferState,
    Series,
)
from app.catalogue.rules import (
    KIND_WORDS,
    PlacesFact,
    event_title,
    place_words,
    places_fact,
    sentence,
    session_time_words,
    taken_words,
)
from app.kernel import london
from app.kernel.db import db

SHOWN_STATES = (EventState.PUBLISHED, EventState.CANCELLED)
_dates_count = (
    select(func.count()).where(EventDate.event_id == Event.id).correlate(Event).scalar_subquery()
)
_first_ends_at = (
    select(func.min(EventDate.ends_at))
    .where(EventDate.event_id == Event.id)
    .correlate(Event)
    .scalar_subquery()
)
LINE_COLUMNS = (
    Event.id,
    Event.reference,
    Event.subtitle,
    Event.state,
    Event.mode,
    Event.venue,
    Event.starts_at,
    Event.ends_at,
    Event.capacity,
    Event.places_taken,
    Event.waiting_count,
    Event.booking_opens_at,
    Event.booking_closes_at,
    Event.booking_url,
    Offer.slug,
    Offer.title,
    Offer.kind,
    Offer.who_for,
    Offer.length_words,
    Series.title.label("series_title"),
    _dates_count.label("dates_count"),
    _first_ends_at.label("first_ends_at"),
)


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as lists show it."""

    reference: str
    title: str
    subtitle: str
    kind_words: str
    tile_month: str
    tile_day: int
    tile_weekday: str
    date_words: str
    month: str
    time_words: str
    place_words: str
    detail: str
    places: PlacesFact
    is_cancelled: bool
    mode: EventMode
    venue: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    taken_words: str

    @property
    def address(self) -> str:
        """Where its own page is."""
        return f"/events/{self.reference}"


def lines_statement() -> Select[Any]:
    """Events with what a line about them needs; to be narrowed and ordered."""
    return select(*LINE_COLUMNS).join(Event.offer).outerjoin(Offer.series)


def event_line(row: Row[Any], *, now: datetime) -> EventLine:
    """A line from a row of LINE_COLUMNS."""
    local = london.to_london(row.starts_at)
    in_series = f"Part of the {row.series_title} series" if row.series_title else ""
    return EventLine(
        reference=row.reference,
        title=event_title(row.title, row.subtitle),
        subtitle=row.subtitle,
        kind_words=KIND_WORDS[row.kind].one,
        tile_month=f"{local:%b}".upper(),
        tile_day=local.day,
        tile_weekday=f"{local:%A}",
        date_words=f"{local:%A} {local.day} {local:%B} {local.year}",
        month=f"{local:%Y-%m}",
        time_words=session_time_words(
            row.starts_at, row.first_ends_at or row.ends_at, row.dates_count
        ),
        place_words=place_words(row.mode, row.venue),
        detail=sentence(row.who_for, in_series or row.length_words),
        places=places_fact(
            state=row.state,
            capacity=row.capacity,
            places_taken=row.places_taken,
            waiting_count=row.waiting_count,
            booking_opens_at=row.booking_opens_at,
            booking_closes_at=row.booking_closes_at,
            is_elsewhere=bool(row.booking_url),
            now=now,
        ),
        is_cancelled=row.state is EventState.CANCELLED,
        mode=row.mode,
        venue=row.venue,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        taken_words=taken_words(row.capacity, row.places_taken, row.waiting_count),
        minutes=row.dates_count * _minutes(row.starts_at, row.first_ends_at or row.ends_at),
    )


def _minutes(starts_at: datetime, ends_at: datetime) -> int:
    return int((ends_at - starts_at).total_seconds()) // 60


def is_in_programme() -> ColumnElement[bool]:
    """Whether an event is for everybody: not for one organisation's staff, not brought-in past."""
    return and_(Event.in_house_for_id.is_(None), Event.is_history.is_(False))


def is_announced() -> ColumnElement[bool]:
    """Whether an event of the programme was ever announced; a draft given up never was."""
    return and_(Event.state.in_(SHOWN_STATES), Event.published_at.is_not(None), is_in_programme())


def is_shown(now: datetime) -> ColumnElement[bool]:
    """Whether an event stands in the public programme: announced, not over, of a public offer."""
    return and_(
        is_announced(),
        Event.ends_at > now,
        Offer.state == OfferState.PUBLISHED,
    )


def has_free_places(now: datetime) -> ColumnElement[bool]:
    """Whether somebody who books now gets a place: open, not full, and nobody waits."""
    has_room = and_(Event.places_taken < Event.capacity, Event.waiting_count == 0)
    return and_(
        is_announced(),
        Event.state == EventState.PUBLISHED,
        Event.booking_url == "",  # whether another body has places is not known here
        Event.booking_opens_at <= now,
        Event.booking_closes_at > now,
        Event.starts_at > now,
        or_(Event.capacity.is_(None), has_room),
    )


def next_lines(*, most: int, now: datetime) -> list[EventLine]:
    """The next events that can still be booked, now or later."""
    statement = (
        lines_statement()
        .where(is_shown(now), Event.state == EventState.PUBLISHED, Event.booking_closes_at > now)
        .order_by(Event.starts_at, Event.id)
        .limit(most)
    )
    return [event_line(row, now=now) for row in db.session.execute(statement)]

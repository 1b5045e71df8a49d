"""The lists of the desk that are about sessions, each in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.attendance.models import Closing
from app.bookings.models import Approval, Attendance, Booking, BookingState, HeadCount
from app.catalogue.models import Event, EventDate, EventState, Offer, event_trainer
from app.catalogue.rules import event_title, place_words, taken_words
from app.home.desk_lines import DeskLine, Listed
from app.kernel import london

REGISTERS_WITHIN = timedelta(days=180)
TO_CLOSE_WITHIN = timedelta(days=28)
# A session that needs people can still be told to those it is for; later it can only be cancelled.
SLOW_WITHIN = timedelta(days=14)
UNDER_MINIMUM_WITHIN = timedelta(days=28)

_EVENT_COLUMNS = (
    Event.reference,
    Event.subtitle,
    Event.mode,
    Event.venue,
    Event.capacity,
    Event.minimum,
    Event.places_taken,
    Event.waiting_count,
    EventDate.starts_at,
    EventDate.ends_at,
    Offer.title,
    func.count().over().label("length"),
)


def this_week(now: datetime, trainer_id: int | None = None) -> Listed:
    """What takes place today and in the six days after; of a trainer only what is theirs."""
    today = london.london_date(now)
    until = london.day_start(today + timedelta(days=7))

    def line(row: Any) -> DeskLine:
        taken = taken_words(row.capacity, row.places_taken, row.waiting_count)
        return _event_line(row, taken, is_today=london.london_date(row.starts_at) == today)

    return Listed(
        _dates(
            *_theirs(trainer_id),
            Event.state == EventState.PUBLISHED,
            EventDate.ends_at > now,
            EventDate.starts_at < until,
        ),
        line,
    )


def registers(now: datetime, trainer_id: int | None = None) -> Listed:
    """Dates that have begun and of which nobody has written who came."""
    taken = select(Attendance.id).where(Attendance.event_date_id == EventDate.id)
    counted = select(HeadCount.id).where(HeadCount.event_date_id == EventDate.id)
    return Listed(
        _dates(
            *_theirs(trainer_id),
            Event.state == EventState.PUBLISHED,
            EventDate.starts_at < now,
            EventDate.starts_at > now - REGISTERS_WITHIN,
            Event.places_taken > 0,
            ~taken.exists(),
            ~counted.exists(),
        ),
        lambda row: _event_line(row, f"{row.places_taken} expected", page="/register"),
    )


def requests(now: datetime) -> Listed:
    """Sessions with requests that lapse if nobody decides."""
    asked = (
        select(func.count())
        .where(
            Booking.event_id == Event.id,
            Booking.state == BookingState.REQUESTED,
            Approval.booking_id == Booking.id,
            Approval.expires_at > now,
        )
        .correlate(Event)
        .scalar_subquery()
    )
    statement = _first_dates(
        Event.state == EventState.PUBLISHED, Event.starts_at > now, asked > 0
    ).add_columns(asked.label("asked"))
    return Listed(
        statement,
        lambda row: _event_line(row, f"{row.asked} asked", page="/bookings?show=requested"),
    )


def filling(now: datetime) -> Listed:
    """Sessions soon to come with too few people: under their minimum, or less than half full."""
    under_minimum = and_(
        Event.minimum.is_not(None),
        Event.places_taken < Event.minimum,
        Event.starts_at < now + UNDER_MINIMUM_WITHIN,
    )
    half_empty = and_(
        Event.capacity.is_not(None),
        Event.places_taken * 2 < Event.capacity,
        Event.starts_at < now + SLOW_WITHIN,
    )

    def line(row: Any) -> DeskLine:
        if row.minimum and row.places_taken < row.minimum:
            return _event_line(row, f"{row.places_taken} booked, needs {row.minimum}")
        return _event_line(row, f"{row.places_taken} of {row.capacity} booked")

    return Listed(
        _first_dates(
            Event.state == EventState.PUBLISHED,
            Event.starts_at > now,
            Event.in_house_for_id.is_(None),
            Event.booking_url == "",
            or_(under_minimum, half_empty),
        ),
        line,
    )


def waiting(now: datetime) -> Listed:
    """Sessions to come that more people want than there are places."""
    return Listed(
        _first_dates(
            Event.state == EventState.PUBLISHED, Event.starts_at > now, Event.waiting_count > 0
        ),
        lambda row: _event_line(
            row,
            taken_words(row.capacity, row.places_taken, row.waiting_count),
            page="/bookings?show=waiting",
        ),
    )


def closing(now: datetime) -> Listed:
    """Sessions that are over, with a register, and that nobody has closed."""
    closed = select(Closing.event_id).where(Closing.event_id == Event.id)
    taken = select(Attendance.id).where(Attendance.event_date_id == EventDate.id)
    return Listed(
        _first_dates(
            Event.state == EventState.PUBLISHED,
            Event.ends_at < now,
            Event.ends_at > now - TO_CLOSE_WITHIN,
            taken.exists(),
            ~closed.exists(),
        ),
        lambda row: _event_line(row, "Recording, surveys, then close", page="/close"),
    )


def drafts(_now: datetime) -> Listed:
    """Sessions that nobody can see yet."""
    return Listed(
        _first_dates(Event.state == EventState.DRAFT),
        lambda row: _event_line(row, place_words(row.mode, row.venue)),
    )


def _theirs(trainer_id: int | None) -> list[ColumnElement[bool]]:
    if trainer_id is None:
        return []
    own = select(event_trainer.c.event_id).where(event_trainer.c.person_id == trainer_id)
    return [Event.id.in_(own)]


def _dates(*conditions: ColumnElement[bool]) -> Any:
    return (
        select(*_EVENT_COLUMNS)
        .select_from(EventDate)
        .join(EventDate.event)
        .join(Event.offer)
        .where(Event.is_history.is_(False), *conditions)
        .order_by(EventDate.starts_at, EventDate.id)
    )


def _first_dates(*conditions: ColumnElement[bool]) -> Any:
    return _dates(EventDate.starts_at == Event.starts_at, *conditions)


def _event_line(row: Any, detail: str, page: str = "", *, is_today: bool = False) -> DeskLine:
    return DeskLine(
        event_title(row.title, row.subtitle),
        f"/manage/events/{row.reference}{page}",
        london.period_words(row.starts_at, row.ends_at),
        detail,
        is_today,
    )

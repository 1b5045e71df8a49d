"""What the desk shows: the sessions that need somebody, each list in one statement."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from app.bookings.models import Approval, Attendance, Booking, BookingState
from app.catalogue.models import Event, EventDate, EventState, Offer, OfferKind, OfferState
from app.catalogue.rules import KIND_WORDS, event_title, place_words, taken_words
from app.impact.words.models import CommentReading, CommentsWaiting
from app.impact.words.rules import last_late_day
from app.kernel import london
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, Pages, pages
from app.surveys.models import Evaluation

SHOWN_ON_THE_DESK = 6
REGISTERS_WITHIN = timedelta(days=180)


class DeskList(enum.StrEnum):
    """The lists of the desk, by how soon somebody must act."""

    THIS_WEEK = "this-week"
    REGISTERS = "registers"
    REQUESTS = "requests"
    COMMENTS = "comments"
    WAITING = "waiting"
    DRAFTS = "drafts"
    OFFERS = "offers"


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One thing to do, and where it is done."""

    words: str
    address: str
    when_words: str
    detail: str


@dataclass(frozen=True, slots=True)
class DeskSection:
    """One list of the desk, or one page of it."""

    kind: DeskList
    lines: list[DeskLine]
    length: int
    pages: Pages


_EVENT_COLUMNS = (
    Event.reference,
    Event.subtitle,
    Event.mode,
    Event.venue,
    Event.capacity,
    Event.places_taken,
    Event.waiting_count,
    EventDate.starts_at,
    EventDate.ends_at,
    Offer.title,
    func.count().over().label("length"),
)


def desk_section(
    kind: DeskList, *, now: datetime, page: int = 1, size: int = SHOWN_ON_THE_DESK
) -> DeskSection:
    """One list; a page that does not exist shows the first."""
    statement, line_of = _LISTS[kind](now)
    rows = db.session.execute(statement.offset((page - 1) * size).limit(size)).all()
    if not rows and page > 1:
        return desk_section(kind, now=now, size=size)
    length = rows[0].length if rows else 0
    shown = pages(page, length=length, size=size)
    return DeskSection(kind, [line_of(row) for row in rows], length, shown)


def desk(*, now: datetime) -> list[DeskSection]:
    """The head of every list."""
    return [desk_section(kind, now=now) for kind in DeskList]


def whole_list(kind: DeskList, *, page: int, now: datetime) -> DeskSection:
    """One list to its end, in pages."""
    return desk_section(kind, now=now, page=page, size=PAGE_SIZE)


LineOf = Callable[[Any], DeskLine]


class Listed(NamedTuple):
    """The statement of a list, and what makes a line of its rows."""

    statement: Any
    line_of: LineOf


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


def _this_week(now: datetime) -> Listed:
    until = london.day_start(london.london_date(now) + timedelta(days=7))
    return Listed(
        _dates(
            Event.state == EventState.PUBLISHED,
            EventDate.ends_at > now,
            EventDate.starts_at < until,
        ),
        lambda row: _event_line(
            row, taken_words(row.capacity, row.places_taken, row.waiting_count)
        ),
    )


def _registers(now: datetime) -> Listed:
    taken = select(Attendance.id).where(Attendance.event_date_id == EventDate.id)
    return Listed(
        _dates(
            Event.state == EventState.PUBLISHED,
            EventDate.starts_at < now,
            EventDate.starts_at > now - REGISTERS_WITHIN,
            Event.places_taken > 0,
            ~taken.exists(),
        ),
        lambda row: _event_line(row, f"{row.places_taken} expected", page="/register"),
    )


def _requests(now: datetime) -> Listed:
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


def _comments(now: datetime) -> Listed:
    count = func.count(CommentReading.answer_id).label("unread")
    statement = (
        select(
            Evaluation.slug,
            Evaluation.title,
            CommentsWaiting.since,
            count,
            func.count().over().label("length"),
        )
        .join(CommentsWaiting, CommentsWaiting.evaluation_id == Evaluation.id)
        .join(CommentReading, CommentReading.evaluation_id == Evaluation.id)
        .where(
            ~CommentReading.is_read,
            CommentsWaiting.since <= last_late_day(today=london.london_date(now)),
        )
        .group_by(Evaluation.slug, Evaluation.title, CommentsWaiting.since)
        .order_by(CommentsWaiting.since, Evaluation.title)
    )
    return Listed(statement, _comments_line)


def _comments_line(row: Any) -> DeskLine:
    waiting = f"Waiting since {london.short_date_words(row.since)}"
    return DeskLine(row.title, f"/impact/words/read/{row.slug}", waiting, f"{row.unread} to read")


def _waiting(now: datetime) -> Listed:
    return Listed(
        _first_dates(
            Event.state == EventState.PUBLISHED, Event.starts_at > now, Event.waiting_count > 0
        ),
        lambda row: _event_line(
            row, taken_words(row.capacity, row.places_taken, row.waiting_count)
        ),
    )


def _drafts(now: datetime) -> Listed:
    return Listed(
        _first_dates(Event.state == EventState.DRAFT),
        lambda row: _event_line(row, place_words(row.mode, row.venue)),
    )


def _offers(now: datetime) -> Listed:
    statement = (
        select(
            Offer.slug,
            Offer.title,
            Offer.kind,
            Offer.updated_at,
            func.count().over().label("length"),
        )
        .where(Offer.state == OfferState.IN_DEVELOPMENT)
        .order_by(Offer.updated_at.desc(), Offer.id)
    )
    return Listed(statement, _offer_line)


def _offer_line(row: Any) -> DeskLine:
    kind: OfferKind = row.kind
    changed = f"Last changed {london.short_date_words(row.updated_at)}"
    return DeskLine(row.title, f"/manage/offers/{row.slug}", changed, KIND_WORDS[kind].one)


def _event_line(row: Any, detail: str, page: str = "") -> DeskLine:
    return DeskLine(
        event_title(row.title, row.subtitle),
        f"/manage/events/{row.reference}{page}",
        london.period_words(row.starts_at, row.ends_at),
        detail,
    )


_LISTS: dict[DeskList, Callable[[datetime], Listed]] = {
    DeskList.THIS_WEEK: _this_week,
    DeskList.REGISTERS: _registers,
    DeskList.REQUESTS: _requests,
    DeskList.COMMENTS: _comments,
    DeskList.WAITING: _waiting,
    DeskList.DRAFTS: _drafts,
    DeskList.OFFERS: _offers,
}

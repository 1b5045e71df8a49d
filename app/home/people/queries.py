"""What the pages about people show."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Organisation, Person, Post
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.bookings.queries import state_tag
from app.catalogue.models import Event, Offer
from app.catalogue.rules import event_title
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, Pages, pages
from app.outbox.models import MessageState, OutboxMessage

MOST_WORDS = 6
MOST_DUPLICATES = 10
TROUBLE_WITHIN = timedelta(days=90)
CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


class Show(enum.StrEnum):
    """Which people a list shows."""

    ALL = "all"
    TROUBLE = "trouble"
    TWICE = "twice"
    DEACTIVATED = "deactivated"


class PersonLine(NamedTuple):
    """One line of a list of people."""

    reference: str
    name: str
    email: str | None
    organisation: str | None
    is_deactivated: bool


def people(
    words: str, show: Show, page: int, *, now_real: datetime
) -> tuple[list[PersonLine], Pages, int]:
    """People whose name, address or organisation holds all the words, by name; and how many."""
    where = and_(_is_somebody(), *_has_words(words), *_shown(show, now_real))
    count = select(func.count()).select_from(Person).outerjoin(Person.organisation).where(where)
    length = db.session.scalar(count) or 0
    shown = pages(page, length=length)
    rows = db.session.execute(
        select(
            Person.reference,
            Person.name,
            Person.email,
            Organisation.name,
            Person.deactivated_at.is_not(None),
        )
        .outerjoin(Person.organisation)
        .where(where)
        .order_by(func.lower(Person.name), Person.organisation_id, Person.id)
        .offset(shown.first)
        .limit(PAGE_SIZE)
    )
    return [PersonLine(*row) for row in rows], shown, length


def _is_somebody() -> ColumnElement[bool]:
    return or_(Person.name != "", Person.email.is_not(None))


def _has_words(words: str) -> list[ColumnElement[bool]]:
    fields = (Person.name, Person.email, Organisation.name)
    return [
        or_(*(field.icontains(word, autoescape=True) for field in fields))
        for word in words.split()[:MOST_WORDS]
    ]


def _shown(show: Show, now_real: datetime) -> list[ColumnElement[bool]]:
    if show is Show.DEACTIVATED:
        return [Person.deactivated_at.is_not(None)]
    if show is Show.TROUBLE:
        return [_has_trouble(now_real)]
    if show is Show.TWICE:
        other = aliased(Person)
        return [select(other.id).where(*_is_alike(other, Person)).exists()]
    return []


def _has_trouble(now_real: datetime) -> ColumnElement[bool]:
    failed = select(OutboxMessage.id).where(
        OutboxMessage.person_reference == Person.reference,
        OutboxMessage.to_email == Person.email,
        OutboxMessage.state == MessageState.FAILED,
        OutboxMessage.queued_at > now_real - TROUBLE_WITHIN,
    )
    return failed.exists()


def _is_alike(other: Any, person: Any) -> tuple[ColumnElement[bool], ...]:
    """The same name at the same organisation; somebody without one is like nobody."""
    return (
        other.organisation_id == person.organisation_id,
        func.lower(other.name) == func.lower(person.name),
        other.id != person.id,
        person.name != "",
    )


def person_called(reference: str) -> Person | None:
    """Somebody of whom something is left, with their organisation and sector."""
    return db.session.scalars(
        select(Person)
        .where(Person.reference == reference, _is_somebody())
        .options(joinedload(Person.organisation), joinedload(Person.sector))
    ).one_or_none()


def merged_into(reference: str) -> str | None:
    """The reference of the person that this one turned out to be."""
    kept = aliased(Person)
    return db.session.scalar(
        select(kept.reference)
        .join(Person, Person.merged_into_id == kept.id)
        .where(Person.reference == reference)
    )


def duplicates(person: Person) -> Sequence[Person]:
    """People with the same name at the same organisation; a person says whether they are one."""
    if person.organisation_id is None or not person.name:
        return []
    alike = (
        Person.organisation_id == person.organisation_id,
        func.lower(Person.name) == person.name.lower(),
        Person.id != person.id,
    )
    return db.session.scalars(
        select(Person).where(*alike).order_by(Person.id).limit(MOST_DUPLICATES)
    ).all()


class PostLine(NamedTuple):
    """A post somebody holds or held."""

    kind: str
    organisation: str
    organisation_reference: str
    from_on: Any
    until_on: Any


def posts_of(person_id: int) -> list[PostLine]:
    """Posts, those held now first."""
    rows = db.session.execute(
        select(Post.kind, Organisation.name, Organisation.reference, Post.from_on, Post.until_on)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(Post.person_id == person_id)
        .order_by(Post.until_on.is_not(None), Post.from_on.desc(), Post.id)
        .limit(PAGE_SIZE)
    )
    return [PostLine(*row) for row in rows]


@dataclass(frozen=True)
class BookingLine:
    """One booking of somebody."""

    reference: str
    event_reference: str
    title: str
    starts_at: datetime
    words: str
    tag_class: str
    came: bool


def bookings_of(person_id: int, page: int) -> tuple[list[BookingLine], Pages, int]:
    """All bookings of somebody, the latest session first; and how many."""
    length = db.session.scalar(select(func.count()).where(Booking.person_id == person_id)) or 0
    shown = pages(page, length=length)
    came = (
        select(Attendance.id)
        .where(Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME))
        .exists()
    )
    rows = db.session.execute(
        select(
            Booking.reference,
            Event.reference.label("event"),
            Offer.title,
            Event.subtitle,
            Event.starts_at,
            Booking.state,
            Booking.cancelled_because,
            came.label("came"),
        )
        .join(Booking.event)
        .join(Event.offer)
        .where(Booking.person_id == person_id)
        .order_by(Event.starts_at.desc(), Booking.id.desc())
        .offset(shown.first)
        .limit(PAGE_SIZE)
    )
    return [_booking_line(row) for row in rows], shown, length


STAFF_TAGS = {
    BookingState.CONFIRMED: ("Booked", "tag--good"),
    BookingState.HELD: ("Place kept", "tag--warm"),
    BookingState.REQUESTED: ("Requested", "tag--quiet"),
    BookingState.WAITING: ("Waiting list", "tag--warm"),
    BookingState.CANCELLED: ("Cancelled", "tag--quiet"),
}


def _booking_line(row: Any) -> BookingLine:
    words, tag_class = state_tag(row.state, row.cancelled_because, STAFF_TAGS)
    if row.came:
        words = "Came"
    return BookingLine(
        reference=row.reference,
        event_reference=row.event,
        title=event_title(row.title, row.subtitle),
        starts_at=row.starts_at,
        words=words,
        tag_class=tag_class,
        came=row.came,
    )


def coming_count(person_id: int, *, now: datetime) -> int:
    """How many live bookings of sessions to come somebody has."""
    found = (
        select(func.count())
        .select_from(Booking)
        .join(Booking.event)
        .where(
            Booking.person_id == person_id,
            Booking.state != BookingState.CANCELLED,
            Event.ends_at > now,
        )
    )
    return db.session.scalar(found) or 0

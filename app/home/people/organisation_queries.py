"""What the pages about organisations show."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Organisation, OrganisationAlias, Person, Post
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, Offer
from app.catalogue.rules import event_title
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, Pages, pages
from app.partnership.models import Sector

MOST_WORDS = 6
LATEST_SESSIONS = 10
CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


class Show(enum.StrEnum):
    """Which organisations a list shows."""

    OPEN = "open"
    NEW = "new"
    CLOSED = "closed"


class OrganisationLine(NamedTuple):
    """One line of a list of organisations."""

    reference: str
    name: str
    sector: str
    trust_name: str
    postcode: str
    closed_on: date | None
    successor: str | None
    people_count: int


def organisations(words: str, show: Show, page: int) -> tuple[list[OrganisationLine], Pages, int]:
    """Organisations whose names, former names, trust or postcode hold all the words."""
    where = and_(*_shown(show), *_has_words(words))
    length = db.session.scalar(select(func.count()).select_from(Organisation).where(where)) or 0
    shown = pages(page, length=length)
    after = aliased(Organisation)
    people = select(func.count()).where(Person.organisation_id == Organisation.id)
    rows = db.session.execute(
        select(
            Organisation.reference,
            Organisation.name,
            Sector.name,
            Organisation.trust_name,
            Organisation.postcode,
            Organisation.closed_on,
            after.name,
            people.correlate(Organisation).scalar_subquery(),
        )
        .join(Organisation.sector)
        .outerjoin(after, after.id == Organisation.successor_id)
        .where(where)
        .order_by(func.lower(Organisation.name), Organisation.id)
        .offset(shown.first)
        .limit(PAGE_SIZE)
    )
    return [OrganisationLine(*row) for row in rows], shown, length


def _shown(show: Show) -> Sequence[ColumnElement[bool]]:
    is_open = Organisation.closed_on.is_(None)
    return {
        Show.OPEN: (is_open, Organisation.proposed_at.is_(None)),
        Show.NEW: (is_open, Organisation.proposed_at.is_not(None)),
        Show.CLOSED: (~is_open,),
    }[show]


def _has_words(words: str) -> list[ColumnElement[bool]]:
    """Every word in the name, trust or postcode, or all of them in one other name."""
    given = words.split()[:MOST_WORDS]
    if not given:
        return []
    by_other_name = select(OrganisationAlias.organisation_id).where(
        *(OrganisationAlias.name.icontains(word, autoescape=True) for word in given)
    )
    fields = (Organisation.name, Organisation.trust_name, Organisation.postcode, Organisation.urn)
    in_itself = and_(
        *(or_(*(field.icontains(word, autoescape=True) for field in fields)) for word in given)
    )
    return [or_(in_itself, Organisation.id.in_(by_other_name))]


def organisation_called(reference: str) -> Organisation | None:
    """The organisation with this reference, open or not, with its sector."""
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.reference == reference)
        .options(joinedload(Organisation.sector))
    ).one_or_none()


def successor_of(organisation: Organisation) -> Organisation | None:
    """What took its place, if anything did."""
    wanted = organisation.successor_id
    return db.session.get(Organisation, wanted) if wanted else None


def predecessors_of(organisation: Organisation) -> Sequence[Organisation]:
    """The bodies whose place this one took, or that were the same."""
    found = select(Organisation).where(Organisation.successor_id == organisation.id)
    return db.session.scalars(found.order_by(Organisation.closed_on, Organisation.name)).all()


class BodyPerson(NamedTuple):
    """Somebody who works or volunteers there."""

    reference: str
    name: str
    email: str | None


def people_of(organisation_id: int, page: int) -> tuple[list[BodyPerson], Pages, int]:
    """Who works or volunteers there, by name; and how many."""
    where = (Person.organisation_id == organisation_id, Person.deactivated_at.is_(None))
    length = db.session.scalar(select(func.count()).where(*where)) or 0
    shown = pages(page, length=length)
    rows = db.session.execute(
        select(Person.reference, Person.name, Person.email)
        .where(*where)
        .order_by(func.lower(Person.name), Person.id)
        .offset(shown.first)
        .limit(PAGE_SIZE)
    )
    return [BodyPerson(*row) for row in rows], shown, length


class BodyPost(NamedTuple):
    """A post that somebody holds there now."""

    kind: str
    reference: str
    name: str
    email: str | None
    from_on: date


def posts_at(organisation_id: int) -> list[BodyPost]:
    """The posts held there now."""
    rows = db.session.execute(
        select(Post.kind, Person.reference, Person.name, Person.email, Post.from_on)
        .join(Person, Person.id == Post.person_id)
        .where(Post.organisation_id == organisation_id, Post.until_on.is_(None))
        .order_by(Post.kind, Person.name)
        .limit(PAGE_SIZE)
    )
    return [BodyPost(*row) for row in rows]


@dataclass(frozen=True)
class SessionLine:
    """One session that people of a body booked: how many did, and how many came."""

    reference: str
    title: str
    starts_at: datetime
    booked_count: int
    came_count: int


def sessions_of(organisation_ids: Sequence[int]) -> tuple[list[SessionLine], int]:
    """The latest sessions that people of these bodies booked; and how many there are."""
    came = (
        select(Attendance.id)
        .where(Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME))
        .exists()
    )
    rows = db.session.execute(
        select(
            Event.reference,
            Offer.title,
            Event.subtitle,
            Event.starts_at,
            func.count().label("booked"),
            func.count().filter(came).label("came"),
            func.count().over().label("length"),
        )
        .select_from(Booking)
        .join(Booking.event)
        .join(Event.offer)
        .where(
            Booking.organisation_id.in_(list(organisation_ids)),
            Booking.state != BookingState.CANCELLED,
        )
        .group_by(Event.id, Offer.id)
        .order_by(Event.starts_at.desc(), Event.id)
        .limit(LATEST_SESSIONS)
    ).all()
    return [_session_line(row) for row in rows], rows[0].length if rows else 0


def _session_line(row: Any) -> SessionLine:
    title = event_title(row.title, row.subtitle)
    return SessionLine(row.reference, title, row.starts_at, row.booked, row.came)

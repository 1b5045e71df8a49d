"""What the staff pages of an event read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Organisation, Person
from app.bookings.message_rules import why_sent
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
)
from app.kernel.db import db
from app.kernel.paging import Pages, pages
from app.outbox.models import CalendarMethod, MessageState, OutboxMessage
from app.partnership.models import Sector

# Which bookings a list shows, by the word in the address.
LISTS: dict[str, tuple[BookingState, ...]] = {
    "booked": (BookingState.CONFIRMED, BookingState.HELD),
    "requested": (BookingState.REQUESTED,),
    "waiting": (BookingState.WAITING,),
    "cancelled": (BookingState.CANCELLED,),
}


@dataclass(frozen=True, slots=True)
class ManagedBooking:
    """One booking as staff see it in a list."""

    reference: str
    name: str
    email: str | None
    booked_by_name: str
    organisation_name: str
    sector_name: str
    state: BookingState
    origin: BookingOrigin
    adjustments: str
    booked_at: datetime
    cancelled_at: datetime | None
    cancelled_late: bool
    position: int


def state_counts(event_id: int) -> dict[str, int]:
    """How many bookings each list has."""
    rows = db.session.execute(
        select(Booking.state, func.count())
        .where(Booking.event_id == event_id)
        .group_by(Booking.state)
    )
    by_state: dict[BookingState, int] = {row[0]: row[1] for row in rows}
    return {word: sum(by_state.get(state, 0) for state in states) for word, states in LISTS.items()}


_IS_WAITING = Booking.state == BookingState.WAITING
_MIX = (
    func.count().filter(Booking.state.in_(LISTS["booked"])).label("places"),
    func.count().filter(_IS_WAITING).label("waiting"),
    func.count().filter(_IS_WAITING, Booking.passed_over_reason != "").label("passed_over"),
)
MOST_ORGANISATIONS = 10


def sector_mix(event_id: int) -> Sequence[Any]:
    """Name, places, waiting and passed over of each sector that booked, the largest first (R31)."""
    count = _MIX[0]
    return db.session.execute(
        select(Sector.name, *_MIX)
        .join(Booking.sector)
        .where(Booking.event_id == event_id, Booking.state != BookingState.CANCELLED)
        .group_by(Sector.id, Sector.name, Sector.position)
        .order_by(count.desc(), Sector.position)
    ).all()


def organisation_mix(event_id: int) -> Sequence[Any]:
    """The same of the organisations with most bookings."""
    return db.session.execute(
        select(Organisation.name, *_MIX)
        .join(Booking.organisation)
        .where(Booking.event_id == event_id, Booking.state != BookingState.CANCELLED)
        .group_by(Organisation.id, Organisation.name)
        .order_by(_MIX[0].desc(), _MIX[1].desc(), Organisation.name)
        .limit(MOST_ORGANISATIONS)
    ).all()


def register_counts(event_id: int) -> dict[int, tuple[int, int]]:
    """For each date with a register: how many came, and how many answers there are."""
    came = Attendance.outcome != AttendanceOutcome.DID_NOT_ATTEND
    rows = db.session.execute(
        select(Attendance.event_date_id, func.count().filter(came), func.count())
        .join(Attendance.booking)
        .where(Booking.event_id == event_id, Booking.state != BookingState.CANCELLED)
        .group_by(Attendance.event_date_id)
    )
    return {date_id: (came_count, count) for date_id, came_count, count in rows}


def managed_bookings(event_id: int, which: str, page: int) -> tuple[list[ManagedBooking], Pages]:
    """One page of a list: people by name, the waiting list in the order of joining."""
    here = (Booking.event_id == event_id, Booking.state.in_(LISTS[which]))
    length = db.session.scalar(select(func.count()).select_from(Booking).where(*here)) or 0
    shown = pages(page, length=length)
    order: tuple[Any, ...] = (func.lower(Person.name), Booking.id)
    if which == "waiting":
        order = (Booking.joined_waiting_at, Booking.id)
    booker = Person.__table__.alias("booker")
    rows = db.session.execute(
        select(
            Booking.reference,
            Person.name,
            Person.email,
            case((Booking.booked_by_id != Booking.person_id, booker.c.name), else_="").label(
                "booked_by_name"
            ),
            Booking.organisation_name,
            Sector.name.label("sector_name"),
            Booking.state,
            Booking.origin,
            Booking.adjustments,
            Booking.booked_at,
            Booking.cancelled_at,
            Booking.cancelled_late,
        )
        .join(Booking.person)
        .join(booker, booker.c.id == Booking.booked_by_id)
        .join(Booking.sector)
        .where(*here)
        .order_by(*order)
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    lines = [
        ManagedBooking(**row._mapping, position=shown.first + number)
        for number, row in enumerate(rows, start=1)
    ]
    return lines, shown


def managed_booking(event_id: int, reference: str) -> Booking | None:
    """One booking of this event."""
    return db.session.scalar(
        select(Booking)
        .where(Booking.event_id == event_id, Booking.reference == reference)
        .options(joinedload(Booking.person))
    )


@dataclass(frozen=True, slots=True)
class ManagedMessage:
    """One message about an event or a booking of it."""

    kind: str
    to_name: str
    to_email: str
    subject: str
    queued_at: datetime
    sent_at: datetime | None
    state: MessageState
    calendar_method: CalendarMethod | None

    @property
    def why(self) -> str:
        """Why it was sent, as pages say it."""
        return why_sent(self.kind)


def messages(event_id: int, event_reference: str, page: int) -> tuple[list[ManagedMessage], Pages]:
    """One page of the messages about this event and its bookings, the newest first."""
    references = select(Booking.reference).where(Booking.event_id == event_id)
    about = or_(
        (OutboxMessage.about_kind == "booking") & OutboxMessage.about_reference.in_(references),
        (OutboxMessage.about_kind == "event") & (OutboxMessage.about_reference == event_reference),
    )
    length = db.session.scalar(select(func.count()).select_from(OutboxMessage).where(about)) or 0
    shown = pages(page, length=length)
    rows = db.session.execute(
        select(
            OutboxMessage.kind,
            OutboxMessage.to_name,
            OutboxMessage.to_email,
            OutboxMessage.subject,
            OutboxMessage.queued_at,
            OutboxMessage.sent_at,
            OutboxMessage.state,
            OutboxMessage.calendar_method,
        )
        .where(about)
        .order_by(OutboxMessage.id.desc())
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    return [ManagedMessage(**row._mapping) for row in rows], shown

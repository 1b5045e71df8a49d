"""What the pages of waiting lists read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.accounts.models import Person
from app.bookings.models import Booking, BookingState
from app.bookings.queries import stands_for
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.paging import Pages, pages
from app.partnership.models import Sector

ON_THE_LIST = (BookingState.WAITING, BookingState.HELD)


def booking_called(reference: str) -> Booking | None:
    """A booking with all that a page says of it; whoever asks has shown that they may see it."""
    return db.session.scalar(
        select(Booking)
        .where(stands_for(reference))
        .options(
            joinedload(Booking.event).options(joinedload(Event.offer), selectinload(Event.dates)),
            joinedload(Booking.person),
            joinedload(Booking.booked_by),
        )
    )


_BOOKER = aliased(Person)
_LINES = (
    select(
        Booking.id,
        Booking.reference,
        Person.name,
        Person.email,
        Booking.organisation_name,
        Sector.name.label("sector_name"),
        Booking.joined_waiting_at,
        Booking.passed_over_reason,
        Booking.held_until,
        Booking.origin,
        _BOOKER.name.label("booked_by_name"),
    )
    .join(Booking.person)
    .join(_BOOKER, Booking.booked_by)
    .join(Booking.sector)
)


def waiting_lines(event_id: int, page: int) -> tuple[Sequence[Any], Pages]:
    """One page of the waiting list, in the order in which places are given."""
    waiting = (Booking.event_id == event_id, Booking.state == BookingState.WAITING)
    length = db.session.scalar(select(func.count()).select_from(Booking).where(*waiting)) or 0
    shown = pages(page, length=length)
    rows = db.session.execute(
        _LINES.where(*waiting)
        .order_by(Booking.joined_waiting_at, Booking.id)
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    return rows.all(), shown


def held_lines(event_id: int) -> Sequence[Any]:
    """Whom a place is kept for, the soonest deadline first."""
    held = (Booking.event_id == event_id, Booking.state == BookingState.HELD)
    return db.session.execute(_LINES.where(*held).order_by(Booking.held_until, Booking.id)).all()


def on_the_list(event_id: int, reference: str) -> Booking | None:
    """One waiting or held booking of this event."""
    return db.session.scalar(
        select(Booking)
        .where(
            Booking.event_id == event_id,
            Booking.reference == reference,
            Booking.state.in_(ON_THE_LIST),
        )
        .options(joinedload(Booking.person))
    )

"""What the pages about requests read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.bookings.models import Approval, Booking, BookingState
from app.catalogue.models import Event, Offer
from app.catalogue.rules import event_title
from app.kernel.db import db
from app.kernel.paging import Pages, pages


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """One request that waits for an answer, as staff see it in the list."""

    reference: str
    name: str
    organisation_name: str
    title: str
    starts_at: datetime
    asked_at: datetime
    expires_at: datetime
    manager_name: str
    manager_email: str | None


def waiting_requests(page: int, *, now: datetime) -> tuple[list[WaitingRequest], Pages]:
    """One page of the requests that can still be answered, those asked first at the top."""
    waiting = (
        Booking.state == BookingState.REQUESTED,
        Approval.decision.is_(None),
        Approval.expires_at > now,
    )
    length = db.session.scalar(
        select(func.count()).select_from(Approval).join(Approval.booking).where(*waiting)
    )
    shown = pages(page, length=length or 0)
    rows = db.session.execute(
        select(
            Booking.reference,
            Person.name,
            Booking.organisation_name,
            Offer.title,
            Event.subtitle,
            Event.starts_at,
            Approval.asked_at,
            Approval.expires_at,
            Approval.manager_name,
            Approval.manager_email,
        )
        .join(Approval.booking)
        .join(Booking.person)
        .join(Booking.event)
        .join(Event.offer)
        .where(*waiting)
        .order_by(Approval.asked_at, Approval.booking_id)
        .offset(shown.first)
        .limit(shown.last - shown.first)
    ).mappings()
    lines = [
        WaitingRequest(
            **{name: value for name, value in row.items() if name not in {"title", "subtitle"}},
            title=event_title(row["title"], row["subtitle"]),
        )
        for row in rows
    ]
    return lines, shown


def request_called(reference: str) -> Approval | None:
    """The request with its booking, event and person; None if that booking was never one."""
    of_booking = joinedload(Approval.booking)
    found = db.session.scalars(
        select(Approval)
        .join(Approval.booking)
        .where(Booking.reference == reference)
        .options(
            of_booking.joinedload(Booking.person),
            of_booking.joinedload(Booking.booked_by),
            of_booking.joinedload(Booking.sector),
            of_booking.joinedload(Booking.event).options(
                joinedload(Event.offer), joinedload(Event.dates)
            ),
        )
    )
    return found.unique().one_or_none()

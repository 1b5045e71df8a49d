"""Asking whether somebody may have a place: the question, and the letters that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.bookings import emails
from app.bookings.models import Approval, ApprovedBy, Booking
from app.bookings.terms_rules import Terms, request_expires_at
from app.catalogue.models import Event
from app.kernel.db import Base
from app.kernel.errors import Refused


@dataclass(frozen=True)
class Manager:
    """The line manager somebody names; the address in lower case."""

    name: str
    email: str


def ask_for_approval(
    booking: Booking,
    event: Event,
    terms: Terms,
    manager: Manager | None,
    *,
    now: datetime,
    into: list[Base],
) -> None:
    """Put the question to delivery or to the manager named, and tell the person that it is put."""
    approval = Approval(
        booking_id=booking.id,
        approved_by=terms.approved_by,
        asked_at=now,
        expires_at=request_expires_at(closes_at=event.booking_closes_at, now=now),
    )
    if terms.approved_by is ApprovedBy.MANAGER:
        if manager is None:
            raise Refused("Enter the name and work email address of your line manager")
        if manager.email == (booking.person.email or ""):
            raise Refused("Enter the email address of your line manager, not your own")
        approval.manager_name, approval.manager_email = manager.name, manager.email
        emails.tell_manager(booking, event, approval, now=now, into=into)
    emails.tell_requested(booking, event, approval, now=now, into=into)
    into.append(approval)

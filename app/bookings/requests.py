"""Asking whether somebody may have a place: the question, and the letters that carry it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import Person
from app.bookings import request_letters
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
        manager = check_manager(booking.person, manager)
        approval.manager_name, approval.manager_email = manager.name, manager.email
        request_letters.tell_manager(booking, event, approval, now=now, into=into)
    request_letters.tell_requested(booking, event, approval, now=now, into=into)
    into.append(approval)


def check_manager(person: Person, manager: Manager | None) -> Manager:
    """The line manager named; Refused if there is none, or if they would approve themselves."""
    if manager is None:
        raise Refused("Enter the name and work email address of your line manager")
    if manager.email == person.email:
        raise Refused("Enter the email address of your line manager, not your own")
    return manager


def approver_words(approval: Approval) -> str:
    """Who approved a request, by name if a line manager did."""
    if approval.decided_by_id is None and approval.manager_name:
        return approval.manager_name
    return "the delivery group"

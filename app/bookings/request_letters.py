"""The letters about a request: that it was put, the question, and why no place came of it."""

from __future__ import annotations

from datetime import datetime

from app.bookings import links
from app.bookings.colleague_emails import asker_of, told_to_colleague
from app.bookings.emails import Rows, letter_facts, send
from app.bookings.links import Purpose
from app.bookings.models import Approval, ApprovalDecision, Booking
from app.catalogue.models import Event
from app.kernel.london import short_date_words
from app.outbox import letters
from app.outbox.operations import BOOKING_PRIORITY, compose


def tell_requested(
    booking: Booking, event: Event, approval: Approval, *, now: datetime, into: Rows
) -> None:
    """That the place is asked for, who decides, and until when."""
    send(
        booking,
        event,
        "requested",
        f"Asked for: {event.title}, {short_date_words(event.starts_at)}",
        now=now,
        into=into,
        dates=event.dates,
        approval=approval,
        **told_to_colleague(booking),
    )


def tell_manager(
    booking: Booking, event: Event, approval: Approval, *, now: datetime, into: Rows
) -> None:
    """The question to the line manager, with a link that lets them answer it."""
    asker = asker_of(booking)
    letter = letters.write(
        "booking_approval",
        subject=f"{asker.by or asker.name} asks for a place: {event.title}",
        asker=asker,
        booking=booking,
        event=event,
        approval=approval,
        dates=event.dates,
        place=letter_facts(booking, event)["place"],
        approval_link=links.link(booking, Purpose.APPROVAL, approval),
    )
    asked = f"{approval.manager_email}:{approval.asked_at:%Y%m%dT%H%M%S}"
    message = compose(
        letter,
        dedupe_key=f"booking:{booking.reference}:approval:{asked}",
        kind="booking_approval",
        about=("booking", booking.reference),
        to_name=approval.manager_name,
        to_email=approval.manager_email or "",
        priority=BOOKING_PRIORITY,
    )
    into.append(message)


def tell_not_given(
    booking: Booking, event: Event, approval: Approval, *, now: datetime, into: Rows
) -> None:
    """That the request was declined, and why, or that nobody answered it in time."""
    is_declined = approval.decision is ApprovalDecision.DECLINED
    opening = "Not approved" if is_declined else "Not answered in time"
    send(
        booking,
        event,
        "not_approved" if is_declined else "lapsed",
        f"{opening}: {event.title}, {short_date_words(event.starts_at)}",
        now=now,
        into=into,
        dates=event.dates,
        approval=approval,
    )

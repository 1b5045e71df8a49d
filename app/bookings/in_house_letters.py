"""The letters about a session for one organisation's own staff, to whoever asked for it."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app.bookings.in_house_models import CountedBy, InHouseRequest
from app.catalogue.models import Event
from app.kernel.london import short_date_words
from app.outbox import letters
from app.outbox.operations import BOOKING_PRIORITY, queue


def queue_agreed(request: InHouseRequest, event: Event) -> None:
    """The date that was agreed, and how their people are written down."""
    base = current_app.config["BASE_URL"]
    _queue(
        request,
        "in_house_agreed",
        f"Agreed: {request.offer.title}, {short_date_words(event.starts_at)}",
        event=event,
        by_name=request.counted_by is CountedBy.REGISTER,
        event_url=f"{base}/events/{event.reference}",
        book_url=f"{base}/events/{event.reference}/book-others",
    )


def queue_declined(request: InHouseRequest) -> None:
    """That it cannot be, and why."""
    _queue(request, "in_house_declined", f"About your request: {request.offer.title}")


def _queue(request: InHouseRequest, kind: str, subject: str, **more: Any) -> None:
    person = request.person
    if not person.email or person.deactivated_at:
        return
    letter = letters.write(
        kind,
        subject=subject,
        name=person.name,
        request=request,
        learning_url=f"{current_app.config['BASE_URL']}/learning/{request.offer.slug}",
        **more,
    )
    queue(
        letter,
        dedupe_key=f"{kind}:{request.reference}",
        kind=kind,
        about=("in_house_request", request.reference),
        person_reference=person.reference,
        to_name=person.name,
        to_email=person.email,
        priority=BOOKING_PRIORITY,
    )

"""Sessions worth looking at: one for each thing an event's page can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.bookings.rules import EventFacts, Opening, opening
from app.catalogue.models import Event, EventDate, EventMode, EventState, Offer
from app.kernel.db import db
from app.outbox.models import MessageState, OutboxMessage

LOOK_BACK = timedelta(days=21)
MOST_LOOKED_AT = 60
WORDS = {
    Opening.OPEN: "Places are left",
    Opening.FULL: "Full, and nobody waits",
    Opening.OPEN_TO_ALL: "Open to all",
    Opening.NOT_YET_OPEN: "Booking has not opened",
    Opening.CLOSED: "Booking has closed",
    Opening.CANCELLED: "Cancelled",
    Opening.PAST: "Over",
}


@dataclass(frozen=True)
class Example:
    """One session and what is worth seeing about it."""

    reference: str
    title: str
    why: str


def examples(*, now: datetime) -> list[Example]:
    """The first session for each thing to see, soonest first."""
    dates = select(func.count(EventDate.id)).where(EventDate.event_id == Event.id)
    rows = db.session.execute(
        select(Event, Offer.title, dates.scalar_subquery())
        .join(Offer, Offer.id == Event.offer_id)
        .where(Event.ends_at > now - LOOK_BACK, Event.state != EventState.DRAFT)
        .order_by(Event.ends_at <= now, Event.starts_at)
        .limit(MOST_LOOKED_AT)
    )
    found: dict[str, Example] = {}
    for event, title, dates_count in rows:
        for why in _reasons(event, dates_count, now):
            found.setdefault(why, Example(event.reference, title, why))
    return list(found.values())


def waiting_to_leave() -> int:
    """Messages in the outbox that have not been sent yet."""
    waiting = (MessageState.QUEUED, MessageState.SENDING)
    count = db.session.scalar(
        select(func.count(OutboxMessage.id)).where(OutboxMessage.state.in_(waiting))
    )
    return count or 0


def _reasons(event: Event, dates_count: int, now: datetime) -> list[str]:
    facts = EventFacts(
        is_published=event.state is EventState.PUBLISHED,
        is_cancelled=event.state is EventState.CANCELLED,
        capacity=event.capacity,
        places_taken=event.places_taken,
        waiting_count=event.waiting_count,
        opens_at=event.booking_opens_at,
        closes_at=event.booking_closes_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )
    state = opening(facts, now)
    reasons = [WORDS[state]] if state in WORDS else []
    if event.waiting_count:
        reasons = ["Full, with a waiting list"]
    if state is Opening.OPEN and dates_count > 1:
        reasons.append("On several dates")
    if state is Opening.OPEN and event.mode is EventMode.HYBRID:
        reasons.append("In a room and online at once")
    return reasons

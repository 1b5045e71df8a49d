"""What forums hold about a person: recordings they say they watched, and reminders sent to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from app.catalogue.models import Event, Offer
from app.forums.models import ForumReminder, Watching
from app.kernel.db import db


def export(person_id: int) -> dict[str, Any]:
    """Which recordings somebody watched, and of which forums they were reminded."""
    watched = db.session.execute(
        select(Offer.title, Event.subtitle, Watching.watched_at)
        .join(Event, Event.id == Watching.event_id)
        .join(Offer, Offer.id == Event.offer_id)
        .where(Watching.person_id == person_id)
        .order_by(Watching.id)
    )
    reminders = db.session.execute(
        select(Offer.title, Event.subtitle, ForumReminder.sent_at)
        .join(Event, Event.id == ForumReminder.event_id)
        .join(Offer, Offer.id == Event.offer_id)
        .where(ForumReminder.person_id == person_id)
        .order_by(ForumReminder.id)
    )
    return {
        "recordings_watched": [row._asdict() for row in watched],
        "reminders_of_forums": [row._asdict() for row in reminders],
    }


def erase(person_id: int) -> None:
    """Forget what somebody was reminded of; that a school caught up stays, without a name."""
    db.session.execute(delete(ForumReminder).where(ForumReminder.person_id == person_id))

"""What the catalogue holds about a person: what they are named for as a trainer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from app.catalogue.models import Event, Offer, event_trainer, offer_trainer
from app.catalogue.rules import event_title
from app.kernel.db import db


def export(person_id: int) -> dict[str, Any]:
    """The learning and the sessions that somebody is named for as a trainer."""
    offers = db.session.execute(
        select(Offer.title)
        .join(offer_trainer, offer_trainer.c.offer_id == Offer.id)
        .where(offer_trainer.c.person_id == person_id)
        .order_by(Offer.title, Offer.id)
    )
    events = db.session.execute(
        select(Offer.title, Event.subtitle, Event.starts_at)
        .join(Event.offer)
        .join(event_trainer, event_trainer.c.event_id == Event.id)
        .where(event_trainer.c.person_id == person_id)
        .order_by(Event.starts_at, Event.id)
    )
    return {
        "trains": [row._asdict() for row in offers],
        "trains_sessions": [
            {"session": event_title(row.title, row.subtitle), "starts_at": row.starts_at}
            for row in events
        ],
    }


def erase(person_id: int) -> None:
    """Name them as a trainer of nothing any more."""
    for table in (offer_trainer, event_trainer):
        db.session.execute(delete(table).where(table.c.person_id == person_id))

"""What the forums of the example are about; those far ahead have no topic yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.catalogue.models import Event, Offer, OfferKind
from app.demo.making.rows import add_all, read
from app.forums.models import ForumTopic
from app.kernel.db import db
from app.partnership.models import HalfTerm

KNOWN_AHEAD = timedelta(days=60)


def set_topics(*, now: datetime) -> None:
    """Say what each forum was, or soon is, about."""
    forums = read("forum_topics")["forums"]
    numbers = db.session.execute(
        select(Event.id, HalfTerm.number)
        .join(Event.offer)
        .join(Event.half_term)
        .where(Offer.kind == OfferKind.DSL_FORUM, Event.starts_at < now + KNOWN_AHEAD)
        .order_by(Event.id)
    )
    rows = [
        {
            "event_id": row.id,
            "position": position,
            "title": topic["title"],
            "speaker": topic.get("speaker", ""),
            "speaker_organisation": topic.get("organisation", ""),
            "slides_url": topic.get("slides", ""),
            "link_url": topic.get("link", ""),
        }
        for row in numbers
        for position, topic in enumerate(forums[row.number - 1]["topics"], start=1)
    ]
    add_all(ForumTopic, rows)

"""Coming events to choose from for an e-bulletin, and the words to copy (R15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.catalogue.bulletin_rules import Announcement
from app.catalogue.event_lines import EventLine, event_line, is_shown, lines_statement
from app.catalogue.filter_rules import CatalogueFilter
from app.catalogue.models import Event, EventDate, EventState, Offer
from app.catalogue.queries import event_conditions, offer_conditions
from app.catalogue.rules import PlacesState, event_title, place_words
from app.kernel import london
from app.kernel.db import db

MOST_SHOWN = 100
MOST_CHOSEN = 40


def events_to_announce(chosen: CatalogueFilter, *, now: datetime) -> list[EventLine]:
    """The coming events a filter finds that can be booked, now or later; the first hundred."""
    statement = _to_announce(now).where(*offer_conditions(chosen), *event_conditions(chosen, now))
    return [event_line(row, now=now) for row in db.session.execute(statement.limit(MOST_SHOWN))]


def announcements(
    references: Collection[str], *, base_url: str, now: datetime
) -> list[Announcement]:
    """The events with these references as they are announced; those that are gone are left out."""
    statement = _to_announce(now).where(Event.reference.in_(references))
    rows = db.session.execute(statement.add_columns(Offer.summary).limit(MOST_CHOSEN)).all()
    dates = _dates([row.id for row in rows])
    return [_announcement(row, dates[row.id], base_url, now) for row in rows]


def _to_announce(now: datetime) -> Select[Any]:
    return (
        lines_statement()
        .where(is_shown(now), Event.state == EventState.PUBLISHED, Event.booking_closes_at > now)
        .order_by(Event.starts_at, Event.id)
    )


def _dates(event_ids: list[int]) -> dict[int, list[str]]:
    words: dict[int, list[str]] = defaultdict(list)
    if event_ids:
        statement = (
            select(EventDate.event_id, EventDate.starts_at, EventDate.ends_at)
            .where(EventDate.event_id.in_(event_ids))
            .order_by(EventDate.starts_at)
        )
        for event_id, starts_at, ends_at in db.session.execute(statement):
            words[event_id].append(london.period_words(starts_at, ends_at))
    return words


def _announcement(row: Any, dates_words: list[str], base_url: str, now: datetime) -> Announcement:
    return Announcement(
        title=event_title(row.title, row.subtitle),
        summary=row.summary,
        who_for=row.who_for,
        dates_words=tuple(dates_words),
        place_words=place_words(row.mode, row.venue),
        address=f"{base_url}/events/{row.reference}",
        is_full=event_line(row, now=now).places.state is PlacesState.FULL,
    )

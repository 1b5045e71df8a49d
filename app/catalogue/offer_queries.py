"""What the page of an offer reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.catalogue.event_lines import (
    EventLine,
    event_line,
    has_free_places,
    is_announced,
    is_in_programme,
    lines_statement,
)
from app.catalogue.models import (
    Event,
    EventDate,
    EventState,
    Offer,
    OfferState,
    offer_link,
)
from app.catalogue.recordings import PublicRecording, is_for_everyone, recordings_of
from app.catalogue.rules import (
    KIND_WORDS,
)
from app.kernel import london
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, Pages, pages


def public_offer(slug: str) -> Offer | None:
    """A published or archived offer with what its page shows; None for any other slug."""
    return db.session.scalar(
        select(Offer).where(
            Offer.slug == slug, Offer.state.in_((OfferState.PUBLISHED, OfferState.ARCHIVED))
        )
    )


class OfferDates(NamedTuple):
    """When an offer takes place: events to come with all their dates, and how many are over."""

    lines: list[EventLine]
    date_words: dict[str, list[str]]
    past_count: int
    recordings: list[PublicRecording]
    has_free_places: bool
    pages: Pages


def offer_dates(offer_id: int, *, page: int, now: datetime) -> OfferDates:
    """One page of an offer's events that are announced and not over, each date in words."""
    is_past = and_(Event.state == EventState.PUBLISHED, Event.ends_at <= now, is_in_programme())
    is_to_come = and_(is_announced(), Event.ends_at > now)
    counts = db.session.execute(
        select(
            _how_many(is_to_come),
            _how_many(is_past),
            _how_many(has_free_places(now)),
            _how_many(is_for_everyone()),
        ).where(Event.offer_id == offer_id)
    ).one()
    shown = pages(page, length=counts[0])
    statement = (
        lines_statement()
        .where(Event.offer_id == offer_id, is_to_come)
        .order_by(Event.starts_at, Event.id)
        .offset(shown.first)
        .limit(PAGE_SIZE)
    )
    rows = db.session.execute(statement).all()
    words = _all_dates([row.id for row in rows if row.dates_count > 1])
    lines = [event_line(row, now=now) for row in rows]
    recordings = recordings_of(offer_id) if counts[3] else []
    return OfferDates(lines, words, counts[1], recordings, counts[2] > 0, shown)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _all_dates(event_ids: list[int]) -> dict[str, list[str]]:
    """Every date of these events in words, by the event's reference."""
    words: dict[str, list[str]] = {}
    if event_ids:
        dates = db.session.execute(
            select(Event.reference, EventDate.starts_at, EventDate.ends_at)
            .join(EventDate.event)
            .where(Event.id.in_(event_ids))
            .order_by(EventDate.starts_at)
        )
        for reference, starts_at, ends_at in dates:
            words.setdefault(reference, []).append(london.period_words(starts_at, ends_at))
    return words


class Sister(NamedTuple):
    """Another offer of the same series, or one that belongs with this one."""

    slug: str
    title: str
    kind_words: str
    next_words: str
    is_linked: bool


def related(offer: Offer, *, now: datetime) -> list[Sister]:
    """The other published offers of its series, and those linked to it, with their next date."""
    next_start = (
        select(func.min(Event.starts_at))
        .where(
            Event.offer_id == Offer.id,
            Event.state == EventState.PUBLISHED,
            Event.starts_at > now,
            is_in_programme(),
        )
        .correlate(Offer)
        .scalar_subquery()
    )
    belongs = offer_link.c.linked_id == Offer.id, offer_link.c.offer_id == offer.id
    linked = select(offer_link.c.linked_id).where(*belongs).correlate(Offer).exists()
    statement = (
        select(
            Offer.slug,
            Offer.title,
            Offer.kind,
            next_start.label("next_at"),
            linked.label("is_linked"),
        )
        .where(
            or_(Offer.series_id == offer.series_id, linked),
            Offer.id != offer.id,
            Offer.state == OfferState.PUBLISHED,
        )
        .order_by(next_start.is_(None), next_start, Offer.title)
        .limit(PAGE_SIZE)
    )
    return [
        Sister(
            row.slug,
            row.title,
            KIND_WORDS[row.kind].one,
            london.date_words(row.next_at) if row.next_at else "",
            row.is_linked,
        )
        for row in db.session.execute(statement)
    ]


def suggestions(words: Sequence[str], *, most: int = 5) -> list[tuple[str, str]]:
    """Published offers (slug, title) whose title has one of these words: for a wrong address."""
    if not words:
        return []
    statement = (
        select(Offer.slug, Offer.title)
        .where(
            Offer.state == OfferState.PUBLISHED,
            or_(*(Offer.title.icontains(word, autoescape=True) for word in words)),
        )
        .order_by(Offer.title)
        .limit(most)
    )
    return [(slug, title) for slug, title in db.session.execute(statement)]

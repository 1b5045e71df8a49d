"""What planning a run of events reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.catalogue.event_lines import is_in_programme
from app.catalogue.models import Event, EventState, Offer, OfferState
from app.catalogue.run_rules import A_YEAR, TermPart
from app.kernel import london
from app.kernel.db import db
from app.partnership.models import HalfTerm

MOST_TO_COPY = 40


def term_parts() -> list[TermPart]:
    """Every half term that is known, in order."""
    rows = db.session.execute(
        select(
            HalfTerm.school_year, HalfTerm.number, HalfTerm.starts_on, HalfTerm.ends_on
        ).order_by(HalfTerm.starts_on)
    )
    return [TermPart(*row) for row in rows]


def last_years_term(parts: Sequence[TermPart], today: date) -> tuple[date, date]:
    """First and last day, a year ago, of the next school term; of three months if none is known.

    A term is two half terms: autumn, spring, summer.
    """
    terms: dict[tuple[str, int], list[TermPart]] = defaultdict(list)
    for part in parts:
        terms[part.school_year, (part.number - 1) // 2].append(part)
    spans = sorted((pair[0].starts_on, pair[-1].ends_on) for pair in terms.values())
    coming = next((span for span in spans if span[0] > today), None)
    if coming is None:
        return today - A_YEAR, today - A_YEAR + timedelta(days=91)
    first, last = coming
    return first - A_YEAR, last - A_YEAR


def events_to_copy(first: date, last: date, offer_slug: str = "") -> list[Event]:
    """Announced events of the programme that began in these days, of one offer or of all."""
    statement = (
        select(Event)
        .join(Event.offer)
        .where(
            Event.state == EventState.PUBLISHED,
            is_in_programme(),
            Event.starts_at >= london.day_start(first),
            Event.starts_at < london.day_start(last + timedelta(days=1)),
            Offer.state != OfferState.ARCHIVED,
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_TO_COPY)
        .options(joinedload(Event.offer), selectinload(Event.dates))
    )
    if offer_slug:
        statement = statement.where(Offer.slug == offer_slug)
    return list(db.session.scalars(statement))


def events_called(references: Collection[str]) -> dict[str, Event]:
    """These events with their dates and trainers, by their reference."""
    found = db.session.scalars(
        select(Event)
        .where(Event.reference.in_(references), Event.state == EventState.PUBLISHED)
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_TO_COPY)
        .options(joinedload(Event.offer), selectinload(Event.dates), selectinload(Event.trainers))
    )
    return {event.reference: event for event in found}


def offers_to_copy() -> list[tuple[str, str]]:
    """Offers whose events can be planned again, by title; by their slug."""
    rows = db.session.execute(
        select(Offer.slug, Offer.title)
        .where(Offer.state != OfferState.ARCHIVED, Offer.events.any())
        .order_by(Offer.title)
        .limit(500)
    )
    return [(slug, title) for slug, title in rows]

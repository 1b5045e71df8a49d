"""What the page of a school year reads: its half terms and their forums and meetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select

from app.catalogue.models import HALF_TERMLY, Event, EventState, Offer, OfferKind, OfferState
from app.catalogue.rules import event_title
from app.forums.year import facts_of, half_terms_of
from app.forums.year_rules import lies_in, outside_words, span_words
from app.kernel import london
from app.kernel.db import db
from app.partnership.half_term_rules import days_of
from app.partnership.models import HalfTerm
from app.partnership.rules import HalfTermFacts


@dataclass(frozen=True)
class Meeting:
    """A forum or peer-support meeting as the year lists it."""

    reference: str
    title: str
    kind: OfferKind
    state: EventState
    starts_at: datetime
    ends_at: datetime
    half_term_id: int | None
    outside: str  # that its date is not in its half term; empty if it is, or it has none


@dataclass(frozen=True)
class YearLine:
    """One half term with what is planned in it."""

    id: int
    part: HalfTermFacts
    span: str
    is_now: bool
    is_over: bool
    forums: list[Meeting]
    peer_support: list[Meeting]


@dataclass(frozen=True)
class Year:
    """A school year: its half terms, and what belongs to none of them."""

    name: str
    lines: list[YearLine]
    without_half_term: list[Meeting]


def year_page(school_year: str, *, now: datetime) -> Year:
    """A school year with everything that is planned in it and not cancelled."""
    rows = half_terms_of(school_year)
    meetings = _meetings(school_year, {row.id: row for row in rows})
    today = london.london_date(now)
    lines = []
    for row in rows:
        part, mine = facts_of(row), [one for one in meetings if one.half_term_id == row.id]
        lines.append(
            YearLine(
                id=row.id,
                part=part,
                span=span_words(part),
                is_now=lies_in(today, part),
                is_over=part.ends_on < today,
                forums=[one for one in mine if one.kind is OfferKind.DSL_FORUM],
                peer_support=[one for one in mine if one.kind is OfferKind.PEER_SUPPORT],
            )
        )
    return Year(school_year, lines, [one for one in meetings if one.half_term_id is None])


def is_half_termly() -> ColumnElement[bool]:
    """Whether an event, joined to its offer, is a forum or such a meeting that is not cancelled."""
    return (
        Offer.kind.in_(HALF_TERMLY)
        & (Event.state != EventState.CANCELLED)
        & Event.in_house_for_id.is_(None)
    )


def _meetings(school_year: str, half_terms: dict[int, HalfTerm]) -> list[Meeting]:
    first, last = days_of(school_year)
    of_the_year = (Event.starts_at >= london.day_start(first)) & (
        Event.starts_at < london.day_start(last + timedelta(days=1))
    )
    rows = db.session.execute(
        select(
            Event.reference,
            Event.subtitle,
            Event.state,
            Event.starts_at,
            Event.ends_at,
            Event.half_term_id,
            Offer.title,
            Offer.kind,
        )
        .join(Event.offer)
        .where(
            is_half_termly(),
            or_(
                Event.half_term_id.in_(half_terms),
                Event.half_term_id.is_(None) & of_the_year,
            ),
        )
        .order_by(Event.starts_at, Event.id)
    )
    return [
        Meeting(
            reference=row.reference,
            title=event_title(row.title, row.subtitle),
            kind=row.kind,
            state=row.state,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            half_term_id=row.half_term_id,
            outside=outside_words(row.starts_at, facts_of(half_terms[row.half_term_id]))
            if row.half_term_id
            else "",
        )
        for row in rows
    ]


def outside_after(school_year: str, parts: Sequence[HalfTermFacts]) -> list[str]:
    """Which forums and meetings would be outside of their half term with these days, in words."""
    new = {part.number: part for part in parts}
    half_terms = {row.id: row for row in half_terms_of(school_year)}
    return [
        f"{one.title}: {words}"
        for one in _meetings(school_year, half_terms)
        if one.half_term_id
        and (words := outside_words(one.starts_at, new[half_terms[one.half_term_id].number]))
    ]


def known_years() -> list[str]:
    """The school years whose half terms are known, in order."""
    years = select(HalfTerm.school_year).distinct().order_by(HalfTerm.school_year)
    return list(db.session.scalars(years))


class OfferToPlan(NamedTuple):
    """An offer whose events can be planned."""

    id: int
    slug: str
    title: str


def offers_of(kind: OfferKind) -> list[OfferToPlan]:
    """The offers of a kind whose events can be planned."""
    chosen = (
        select(Offer.id, Offer.slug, Offer.title)
        .where(Offer.kind == kind, Offer.state != OfferState.ARCHIVED)
        .order_by(Offer.title, Offer.id)
    )
    return [OfferToPlan(*row) for row in db.session.execute(chosen)]

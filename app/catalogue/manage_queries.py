"""What the staff pages of the catalogue read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    union_all,
)

from app.catalogue.event_lines import EventLine, event_line, lines_statement
from app.catalogue.models import (
    HALF_TERMLY,
    Audience,
    Event,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Series,
    Topic,
)
from app.catalogue.offer_forms import OfferLists
from app.catalogue.rules import KIND_WORDS
from app.kernel.db import db
from app.kernel.paging import Pages, pages
from app.partnership.models import HalfTerm, Priority, Refresher


class OfferRow(NamedTuple):
    """One offer in the staff's list."""

    slug: str
    title: str
    kind_words: str
    state: OfferState
    next_at: datetime | None
    to_come: int
    updated_at: datetime


class OfferPage(NamedTuple):
    """One page of the staff's list of offers."""

    rows: list[OfferRow]
    length: int
    pages: Pages


def offers_page(*, state: OfferState | None, words: str, page: int, now: datetime) -> OfferPage:
    """Offers in that state whose title has these words, by title, with what is to come."""
    conditions: list[ColumnElement[bool]] = [
        Offer.title.icontains(word, autoescape=True) for word in words.split()
    ]
    if state:
        conditions.append(Offer.state == state)
    length = db.session.scalar(select(func.count()).select_from(Offer).where(*conditions)) or 0
    shown = pages(page, length=length)
    statement = (
        select(
            Offer.slug,
            Offer.title,
            Offer.kind,
            Offer.state,
            Offer.updated_at,
            _to_come(func.min(Event.starts_at), now).label("next_at"),
            _to_come(func.count(Event.id), now).label("to_come"),
        )
        .where(*conditions)
        .order_by(func.lower(Offer.title), Offer.id)
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    rows = [
        OfferRow(
            row.slug,
            row.title,
            KIND_WORDS[row.kind].one,
            row.state,
            row.next_at,
            row.to_come,
            row.updated_at,
        )
        for row in db.session.execute(statement)
    ]
    return OfferPage(rows, length, shown)


def _to_come(aggregate: Any, now: datetime) -> ScalarSelect[Any]:
    """An aggregate over the published events of an offer that have not begun."""
    is_to_come = (
        Event.offer_id == Offer.id,
        Event.state == EventState.PUBLISHED,
        Event.starts_at > now,
    )
    return select(aggregate).where(*is_to_come).correlate(Offer).scalar_subquery()


def state_counts() -> dict[OfferState, int]:
    """How many offers are in each state."""
    statement = select(Offer.state, func.count()).group_by(Offer.state)
    return dict(db.session.execute(statement).all())


def offer_to_manage(slug: str) -> Offer | None:
    """An offer in any state."""
    return db.session.scalar(select(Offer).where(Offer.slug == slug))


class LeftBehind(NamedTuple):
    """What archiving an offer must wait for, and what it leaves as it is."""

    to_come: int
    drafts: int


def left_behind(offer_id: int, *, now: datetime) -> LeftBehind:
    """How many published events of an offer are to come, and how many are drafts."""
    to_come = (Event.state == EventState.PUBLISHED) & (Event.ends_at > now)
    row = db.session.execute(
        select(
            func.count().filter(to_come), func.count().filter(Event.state == EventState.DRAFT)
        ).where(Event.offer_id == offer_id)
    ).one()
    return LeftBehind(*row)


def offer_lists() -> OfferLists:
    """What an offer's form offers to choose from, in one statement; the newest plan first."""
    parts = (
        _entries("audiences", Audience.slug, Audience.name, Audience.position),
        _entries("topics", Topic.slug, Topic.name, literal(0)),
        _entries("refreshers", cast(Refresher.id, String), Refresher.name, literal(0)),
        _entries("series", cast(Series.id, String), Series.title, literal(0)),
        _entries("linked", Offer.slug, Offer.title, literal(0)).where(
            Offer.state != OfferState.ARCHIVED
        ),
        _entries(
            "priorities",
            cast(Priority.id, String),
            Priority.plan + ", " + cast(Priority.number, String) + ": " + Priority.title,
            Priority.number - 100 * cast(func.substr(Priority.plan, 1, 4), Integer),
        ),
    )
    lists: dict[str, list[tuple[int, str, str]]] = {}
    for name, value, words, position in db.session.execute(union_all(*parts)):
        lists.setdefault(name, []).append((position, words, value))
    return OfferLists(
        **{
            name: [(value, words) for _, words, value in sorted(lists.get(name, ()))]
            for name in OfferLists._fields
        }
    )


def _entries(name: str, value: Any, words: Any, position: Any) -> Select[Any]:
    return select(
        literal(name).label("list"),
        value.label("value"),
        words.label("words"),
        position.label("position"),
    )


def half_terms_for(kind: OfferKind, *, now: datetime) -> list[tuple[int, str]]:
    """Half terms a forum can belong to: those not over, and the one before; none for others."""
    if kind not in HALF_TERMLY:
        return []
    rows = db.session.execute(
        select(HalfTerm.id, HalfTerm.name, HalfTerm.school_year)
        .where(HalfTerm.ends_on >= now.date())
        .order_by(HalfTerm.starts_on)
        .limit(12)
    )
    return [(row.id, f"{row.name} {row.school_year}") for row in rows]


class EventPage(NamedTuple):
    """One page of the events of an offer, as staff see them."""

    lines: list[tuple[EventState, EventLine]]
    length: int
    pages: Pages


def events_page(offer_id: int, *, page: int, now: datetime) -> EventPage:
    """All events of an offer in any state, the latest first."""
    length = db.session.scalar(select(func.count()).where(Event.offer_id == offer_id)) or 0
    shown = pages(page, length=length)
    statement = (
        lines_statement()
        .where(Event.offer_id == offer_id)
        .order_by(Event.starts_at.desc(), Event.id.desc())
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    rows = db.session.execute(statement)
    return EventPage([(row.state, event_line(row, now=now)) for row in rows], length, shown)


class SeriesRow(NamedTuple):
    """One series in the staff's list."""

    slug: str
    title: str
    summary: str
    offers_count: int
    starts_on: date | None
    ends_on: date | None


def series_rows() -> list[SeriesRow]:
    """Every series with how many offers it has; there are a few a year."""
    statement = (
        select(
            Series.slug,
            Series.title,
            Series.summary,
            func.count(Offer.id),
            Series.starts_on,
            Series.ends_on,
        )
        .outerjoin(Series.offers)
        .group_by(Series.id)
        .order_by(Series.title)
        .limit(200)
    )
    return [SeriesRow(*row) for row in db.session.execute(statement)]

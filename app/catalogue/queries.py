"""What the catalogue finds: in few statements, whatever the filter and however long the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.catalogue.event_lines import EventLine, event_line, is_announced, is_shown, lines_statement
from app.catalogue.filter_rules import CatalogueFilter, Choices
from app.catalogue.models import (
    Audience,
    Event,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Series,
    Topic,
    offer_audience,
    offer_topic,
)
from app.catalogue.rules import (
    KIND_WORDS,
    month_of,
)
from app.kernel import london
from app.kernel.db import db
from app.kernel.paging import PAGE_SIZE, Pages, pages


def filter_choices(*, now: datetime, offer: str = "") -> Choices:
    """What the filters can offer: only what leads to something; of offers the one named."""
    topics = _named(Topic, offer_topic, offer_topic.c.topic_id, Topic.name)
    audiences = _named(Audience, offer_audience, offer_audience.c.audience_id, Audience.position)
    starts = db.session.scalars(
        select(Event.starts_at).join(Event.offer).where(is_shown(now)).order_by(Event.starts_at)
    )
    months = list(dict.fromkeys(month_of(start) for start in starts))
    return Choices(published_kinds(), topics, audiences, _series(), _offer_named(offer), months)


def _series() -> dict[str, str]:
    used = _published(select(Offer.series_id))
    statement = select(Series.slug, Series.title).where(Series.id.in_(used)).order_by(Series.title)
    return dict(db.session.execute(statement).all())


def _offer_named(slug: str) -> dict[str, str]:
    if not slug:
        return {}
    # An archived offer's calendar is still followed by those who took part.
    was_shown = Offer.state != OfferState.IN_DEVELOPMENT
    statement = select(Offer.slug, Offer.title).where(Offer.slug == slug, was_shown)
    return dict(db.session.execute(statement).all())


def published_kinds() -> list[OfferKind]:
    """The kinds of which there is something, in their order."""
    kinds = set(db.session.scalars(_published(select(Offer.kind).distinct())))
    return [kind for kind in OfferKind if kind in kinds]


def _published(statement: Select[Any]) -> Select[Any]:
    return statement.where(Offer.state == OfferState.PUBLISHED)


def _named(
    table: type[Topic] | type[Audience], link: Any, link_column: Any, order: Any
) -> dict[str, str]:
    used = _published(select(link_column).join(Offer, Offer.id == link.c.offer_id))
    statement = select(table.slug, table.name).where(table.id.in_(used)).order_by(order)
    return dict(db.session.execute(statement).all())


class Found(NamedTuple):
    """One page of the events a filter finds."""

    lines: list[EventLine]
    month_counts: dict[str, int]
    length: int
    pages: Pages


def find_events(chosen: CatalogueFilter, *, now: datetime, size: int = PAGE_SIZE) -> Found:
    """The events that match, in order of their start; the months' counts cover all pages."""
    matching = (
        select(Event.id, Event.starts_at)
        .join(Event.offer)
        .outerjoin(Offer.series)
        .where(is_shown(now), *offer_conditions(chosen), *event_conditions(chosen, now))
        .order_by(Event.starts_at, Event.id)
    )
    found = db.session.execute(matching).all()
    shown = pages(chosen.page, length=len(found), size=size)
    ids = [row.id for row in found[shown.first : shown.last]]
    lines: list[EventLine] = []
    if ids:
        statement = lines_statement().where(Event.id.in_(ids))
        rows = db.session.execute(statement.order_by(Event.starts_at, Event.id))
        lines = [event_line(row, now=now) for row in rows]
    counts = Counter(month_of(row.starts_at) for row in found)
    return Found(lines, dict(counts), len(found), shown)


def event_conditions(chosen: CatalogueFilter, now: datetime) -> Iterable[ColumnElement[bool]]:
    """What an event must be to match; series must be joined."""
    if chosen.month:
        year, month = (int(part) for part in chosen.month.split("-"))
        first, after = london.month_span(year, month)
        yield and_(Event.starts_at >= first, Event.starts_at < after)
    if chosen.where == "online":
        yield Event.mode.in_((EventMode.ONLINE, EventMode.HYBRID))
    if chosen.where == "in_person":
        yield Event.mode.in_((EventMode.FACE_TO_FACE, EventMode.HYBRID))
    if chosen.places_left:
        yield and_(
            Event.state == EventState.PUBLISHED,
            Event.booking_url == "",
            Event.booking_closes_at > now,
            or_(Event.capacity.is_(None), Event.places_taken < Event.capacity),
        )
    for word in chosen.search_words:
        yield or_(_offer_has(word), _has(Event.subtitle, word), _has(Event.venue, word))


def offer_conditions(chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    """What an offer must be to match, apart from the words searched for; series must be joined."""
    if chosen.kind:
        yield Offer.kind == chosen.kind
    if chosen.topic:
        yield Offer.topics.any(Topic.slug == chosen.topic)
    if chosen.audience:
        yield Offer.audiences.any(Audience.slug == chosen.audience)
    if chosen.series:
        yield Series.slug == chosen.series
    if chosen.offer:
        yield Offer.slug == chosen.offer


def word_conditions(chosen: CatalogueFilter) -> Iterable[ColumnElement[bool]]:
    """What an offer must say for the words searched for; series must be joined."""
    return (_offer_has(word) for word in chosen.search_words)


def _offer_has(word: str) -> ColumnElement[bool]:
    columns = (Offer.title, Offer.summary, Offer.description, Offer.who_for, Series.title)
    return or_(
        *(_has(column, word) for column in columns), Offer.topics.any(_has(Topic.name, word))
    )


def _has(column: Any, word: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.icontains(word, autoescape=True)
    return condition


class UndatedOffer(NamedTuple):
    """Something to learn from that has no date now."""

    slug: str
    title: str
    kind_words: str
    summary: str
    state_words: str


class FoundUndated(NamedTuple):
    """One page of the offers without dates that a filter finds."""

    offers: list[UndatedOffer]
    length: int
    pages: Pages


def find_undated(chosen: CatalogueFilter, *, now: datetime, size: int) -> FoundUndated:
    """Published offers without an event to come: resources, and those whose dates are to come."""
    if chosen.needs_a_date:
        return FoundUndated([], 0, pages(1, length=0))
    dated = select(Event.offer_id).where(is_announced(), Event.ends_at > now)
    conditions = [
        Offer.state == OfferState.PUBLISHED,
        Offer.id.not_in(dated),
        *offer_conditions(chosen),
        *word_conditions(chosen),
    ]
    length = db.session.scalar(
        select(func.count()).select_from(Offer).outerjoin(Offer.series).where(*conditions)
    )
    shown = pages(chosen.page if chosen.undated else 1, length=length or 0, size=size)
    statement = (
        select(Offer.slug, Offer.title, Offer.kind, Offer.summary, Offer.resource_url)
        .outerjoin(Offer.series)
        .where(*conditions)
        .order_by(Offer.kind != OfferKind.RESOURCE, Offer.title, Offer.id)
        .offset(shown.first)
        .limit(size)
    )
    offers = [_undated(row) for row in db.session.execute(statement)] if length else []
    return FoundUndated(offers, length or 0, shown)


def _undated(row: Any) -> UndatedOffer:
    is_resource = row.kind is OfferKind.RESOURCE
    words = "Use it at any time" if is_resource else "Dates to come"
    return UndatedOffer(row.slug, row.title, KIND_WORDS[row.kind].one, row.summary, words)

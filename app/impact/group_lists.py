"""The groupings there are of each kind, for choosing one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.catalogue.models import Event, EventState, Offer, Series, Topic, offer_topic
from app.impact import periods
from app.impact.groups import GroupKind, providers
from app.kernel.db import db
from app.kernel.london import london_date, short_date_words
from app.partnership.models import Priority, Sector


@dataclass(frozen=True, slots=True)
class Choice:
    """One grouping in a list."""

    slug: str
    title: str
    words: str = ""


def choices(kind: GroupKind, *, first: int, last: int, now: datetime) -> list[Choice]:
    """The groupings of a kind from first to last, in the order in which one looks for them."""
    return _LISTS[kind](now)[first:last] if kind in _LISTS else _read(kind, first, last, now)


def number_of_choices(kind: GroupKind, *, now: datetime) -> int:
    """How many groupings of a kind there are."""
    if kind in _LISTS:
        return len(_LISTS[kind](now))
    return db.session.scalar(select(func.count()).select_from(_table(kind, now).subquery())) or 0


def _table(kind: GroupKind, now: datetime) -> Any:
    if kind is GroupKind.OFFER:
        return select(Offer.slug, Offer.title).where(Offer.published_at.is_not(None))
    held = (Event.state == EventState.PUBLISHED) & (Event.starts_at <= now)
    found = select(Event.reference, Offer.title, Event.subtitle, Event.starts_at)
    return found.join(Offer).where(held)


def _read(kind: GroupKind, first: int, last: int, now: datetime) -> list[Choice]:
    order = (Offer.title,) if kind is GroupKind.OFFER else (Event.starts_at.desc(), Event.id)
    found = _table(kind, now).order_by(*order).offset(first).limit(last - first)
    return [_choice(*row) for row in db.session.execute(found)]


def _choice(slug: str, title: str, subtitle: str = "", starts_at: datetime | None = None) -> Choice:
    words = short_date_words(starts_at) if starts_at else ""
    return Choice(slug, f"{title}, {subtitle}" if subtitle else title, words)


def _series(_now: datetime) -> list[Choice]:
    found = select(Series.slug, Series.title).order_by(Series.title)
    return [_choice(*row) for row in db.session.execute(found)]


def _topics(_now: datetime) -> list[Choice]:
    used = select(offer_topic.c.topic_id)
    found = select(Topic.slug, Topic.name).where(Topic.id.in_(used)).order_by(Topic.name)
    return [_choice(*row) for row in db.session.execute(found)]


def _priorities(_now: datetime) -> list[Choice]:
    found = select(Priority.plan, Priority.number, Priority.title).order_by(
        Priority.plan.desc(), Priority.number
    )
    return [
        Choice(f"{plan}-{number}", title, f"Priority {number} of the plan {plan}")
        for plan, number, title in db.session.execute(found)
    ]


def _providers(_now: datetime) -> list[Choice]:
    return [Choice(slug, name) for slug, name in providers().items()]


def _periods(now: datetime) -> list[Choice]:
    first = db.session.scalar(
        select(func.min(Event.starts_at)).where(Event.state == EventState.PUBLISHED)
    )
    if first is None:
        return []
    return [
        Choice(period.slug, period.title)
        for period in periods.between(london_date(first), london_date(now))
    ]


def _sectors(_now: datetime) -> list[Choice]:
    found = select(Sector.slug, Sector.name).order_by(Sector.position)
    return [_choice(*row) for row in db.session.execute(found)]


_LISTS = {
    GroupKind.SERIES: _series,
    GroupKind.TOPIC: _topics,
    GroupKind.PRIORITY: _priorities,
    GroupKind.PROVIDER: _providers,
    GroupKind.PERIOD: _periods,
    GroupKind.SECTOR: _sectors,
}

"""What a grouping holds: which evaluations wholly, and of which only some sessions."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, or_, select

from app.catalogue.models import Event, EventState, Offer, Series, Topic, offer_topic
from app.impact import periods
from app.impact.counts import EvaluationFacts
from app.impact.periods import Period
from app.kernel.db import db
from app.kernel.london import london_date, short_date_words
from app.partnership.models import Priority, Sector
from app.surveys.models import Evaluation, evaluation_offer
from app.surveys.open_link_models import OpenLink

# Links for one session or organisation answer at the open link's door; they end when they end.
_OF_MADE_LINKS = select(OpenLink.id).where(OpenLink.evaluation_id == Evaluation.id)
_MADE_SINCE, _MADE_UNTIL = (
    _OF_MADE_LINKS.with_only_columns(column).correlate(Evaluation).scalar_subquery()
    for column in (func.min(OpenLink.open_from), func.max(OpenLink.open_until))
)
_HAS_NO_OWN_LINK = Evaluation.open_version_id.is_(None)

FACTS = (
    Evaluation.id,
    Evaluation.slug,
    Evaluation.title,
    Evaluation.subject_words,
    Evaluation.series_id,
    or_(Evaluation.open_version_id.is_not(None), _MADE_UNTIL.is_not(None)),
    case((_HAS_NO_OWN_LINK, _MADE_SINCE), else_=Evaluation.open_from),
    case(
        (or_(_HAS_NO_OWN_LINK, Evaluation.open_until < _MADE_UNTIL), _MADE_UNTIL),
        else_=Evaluation.open_until,
    ),
    _MADE_UNTIL.is_not(None),
)


class GroupKind(enum.StrEnum):
    """By what evaluations are put together; also the part of the address that says so."""

    EVENT = "events"
    OFFER = "offers"
    SERIES = "series"
    TOPIC = "topics"
    PRIORITY = "priorities"
    PROVIDER = "providers"
    PERIOD = "periods"
    SECTOR = "sectors"

    @property
    def has_periods(self) -> bool:
        """Whether it can be narrowed to a quarter or a year."""
        return self not in {GroupKind.EVENT, GroupKind.PERIOD, GroupKind.SECTOR}


@dataclass(frozen=True, slots=True)
class Group:
    """One grouping: offers, one event of them, a time, or a sector of those who answered."""

    kind: GroupKind
    slug: str
    title: str
    offer_ids: frozenset[int] | None = None  # None is every offer
    event_id: int | None = None
    sector: str | None = None
    sector_id: int | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """An evaluation of which a grouping holds something."""

    facts: EvaluationFacts
    offer_ids: frozenset[int]
    event_ids: frozenset[int] | None  # those it holds; None where it holds the evaluation whole
    has_open_link: bool  # whether answers by a link open to everyone belong to it


@dataclass(frozen=True, slots=True)
class Holdings:
    """All of them, and whose event is whose."""

    evaluations: tuple[Holding, ...]
    offer_of: dict[int, int]
    days: tuple[date, ...] = ()  # of the first and of the latest session of its offers
    sessions: tuple[tuple[str, datetime], ...] = ()  # reference and start, the latest first
    # Every evaluation that asks about its offers and which of them, held by it or not.
    asked_about: Mapping[EvaluationFacts, frozenset[int]] = field(default_factory=dict)


def find_group(kind: GroupKind, slug: str, *, period: str | None = None) -> Group | None:
    """The grouping of this address, narrowed to a period if that is one; None if there is none."""
    found = _FINDERS[kind](slug)
    if found is None or not period or not kind.has_periods:
        return found
    return replace(found, period=periods.find(period))


def _find_event(reference: str) -> Group | None:
    row = db.session.execute(
        select(Event.id, Event.offer_id, Offer.title, Event.subtitle, Event.starts_at)
        .join(Offer)
        .where(Event.reference == reference, Event.state != EventState.DRAFT)
    ).one_or_none()
    if row is None:
        return None
    title = f"{row.title}, {row.subtitle}" if row.subtitle else row.title
    title = f"{title}, {short_date_words(row.starts_at)}"
    offers = frozenset({row.offer_id})
    return Group(GroupKind.EVENT, reference, title, offers, event_id=row.id)


def _find_offer(slug: str) -> Group | None:
    return _named(GroupKind.OFFER, slug, select(Offer.title, Offer.id).where(Offer.slug == slug))


def _find_series(slug: str) -> Group | None:
    found = select(Series.title, Offer.id).outerjoin(Offer, Offer.series_id == Series.id)
    return _named(GroupKind.SERIES, slug, found.where(Series.slug == slug))


def _find_topic(slug: str) -> Group | None:
    found = select(Topic.name, offer_topic.c.offer_id).outerjoin(
        offer_topic, offer_topic.c.topic_id == Topic.id
    )
    return _named(GroupKind.TOPIC, slug, found.where(Topic.slug == slug))


def _find_priority(slug: str) -> Group | None:
    plan, _, number = slug.rpartition("-")
    if not (number.isdecimal() and len(number) < 4):
        return None
    found = select(Priority.title, Offer.id).outerjoin(Offer, Offer.priority_id == Priority.id)
    wanted = and_(Priority.plan == plan, Priority.number == int(number))
    return _named(GroupKind.PRIORITY, slug, found.where(wanted))


def _find_provider(slug: str) -> Group | None:
    name = providers().get(slug)
    if name is None:
        return None
    is_it = Offer.provider.is_(None) if slug == OURSELVES else Offer.provider == name
    ids = db.session.scalars(select(Offer.id).where(is_it))
    return Group(GroupKind.PROVIDER, slug, name, frozenset(ids))


def _find_period(slug: str) -> Group | None:
    found = periods.find(slug)
    return Group(GroupKind.PERIOD, slug, found.title, period=found) if found else None


def _find_sector(slug: str) -> Group | None:
    row = db.session.execute(
        select(Sector.id, Sector.name).where(Sector.slug == slug)
    ).one_or_none()
    if row is None:
        return None
    return Group(GroupKind.SECTOR, slug, row.name, sector=row.name, sector_id=row.id)


_FINDERS = {
    GroupKind.EVENT: _find_event,
    GroupKind.OFFER: _find_offer,
    GroupKind.SERIES: _find_series,
    GroupKind.TOPIC: _find_topic,
    GroupKind.PRIORITY: _find_priority,
    GroupKind.PROVIDER: _find_provider,
    GroupKind.PERIOD: _find_period,
    GroupKind.SECTOR: _find_sector,
}


def _named(kind: GroupKind, slug: str, statement: Any) -> Group | None:
    rows = db.session.execute(statement).all()
    if not rows:
        return None
    return Group(kind, slug, rows[0][0], frozenset(row[1] for row in rows if row[1]))


OURSELVES = "ourselves"


def providers() -> dict[str, str]:
    """Who delivers, by the slug of their address; the partnership itself comes first."""
    names = db.session.scalars(
        select(Offer.provider)
        .where(Offer.provider.is_not(None))
        .distinct()
        .order_by(Offer.provider)
    )
    return {OURSELVES: "The partnership itself"} | {slug_of(name): name for name in names if name}


def slug_of(name: str) -> str:
    """A name as a part of an address: letters and digits, a hyphen between."""
    plain = "".join(sign if sign.isalnum() else " " for sign in name.lower())
    return "-".join(plain.split())


def holdings_of(group: Group, *, now: datetime) -> Holdings:
    """What this grouping holds of which evaluation."""
    offers_of: dict[EvaluationFacts, set[int]] = defaultdict(set)
    for row in db.session.execute(_candidates(group)):
        facts = EvaluationFacts(*row[:-1])
        offers_of[facts] |= {row[-1]} if row[-1] else set()
    asked_about = frozenset(group.offer_ids or ()).union(*offers_of.values())
    events = begun_events(asked_about, now=now)
    by_offer: dict[int, list[EventRow]] = defaultdict(list)
    for event in events:
        by_offer[event.offer_id].append(event)
    found = (
        _holding(group, facts, offers, [event for offer in offers for event in by_offer[offer]])
        for facts, offers in offers_of.items()
    )
    own = [e for e in events if group.offer_ids is None or e.offer_id in group.offer_ids]
    starts = [event.starts_at for event in own]
    in_group = sorted((e for e in own if _is_in(group, e)), key=lambda e: e.starts_at, reverse=True)
    return Holdings(
        tuple(one for one in found if one),
        {event.id: event.offer_id for event in events},
        (london_date(min(starts)), london_date(max(starts))) if starts else (),
        tuple((event.reference, event.starts_at) for event in in_group),
        {facts: frozenset(offers) for facts, offers in offers_of.items()},
    )


def _candidates(group: Group) -> Any:
    """Evaluations that ask about one of the offers, once for each offer they ask about."""
    is_its_offer = or_(
        Offer.id == evaluation_offer.c.offer_id,
        Offer.series_id.is_not(None) & (Offer.series_id == Evaluation.series_id),
    )
    found = (
        select(*FACTS, Offer.id)
        .outerjoin(evaluation_offer, evaluation_offer.c.evaluation_id == Evaluation.id)
        .outerjoin(Offer, is_its_offer)
        .order_by(Evaluation.title, Evaluation.id)
    )
    if group.offer_ids is None:
        return found
    named = select(evaluation_offer.c.evaluation_id).where(
        evaluation_offer.c.offer_id.in_(group.offer_ids)
    )
    series = select(Offer.series_id).where(
        Offer.id.in_(group.offer_ids), Offer.series_id.is_not(None)
    )
    return found.where(or_(Evaluation.id.in_(named), Evaluation.series_id.in_(series)))


class EventRow(NamedTuple):
    """An event that has begun."""

    id: int
    reference: str
    offer_id: int
    starts_at: datetime


def begun_events(offer_ids: Collection[int], *, now: datetime) -> Sequence[EventRow]:
    """The sessions of these offers that have begun."""
    rows = db.session.execute(
        select(Event.id, Event.reference, Event.offer_id, Event.starts_at).where(
            Event.offer_id.in_(offer_ids),
            Event.state == EventState.PUBLISHED,
            Event.starts_at <= now,
        )
    )
    return [EventRow(*row) for row in rows]


def _holding(
    group: Group, facts: EvaluationFacts, offers: set[int], own: Sequence[EventRow]
) -> Holding | None:
    """What the grouping holds of an evaluation, with the events of the offers it asks about."""
    held = frozenset(event.id for event in own if _is_in(group, event))
    has_all_offers = group.offer_ids is None or offers <= group.offer_ids
    is_whole = has_all_offers and len(held) == len(own)
    has_open_link = is_whole and group.event_id is None and _covers_open_link(group, facts)
    if is_whole and not own and group.period and not has_open_link:
        return None  # nothing of it is known to belong to that time
    if not (is_whole or held):
        return None
    return Holding(facts, frozenset(offers), None if is_whole else held, has_open_link)


def _is_in(group: Group, event: EventRow) -> bool:
    return (
        (group.offer_ids is None or event.offer_id in group.offer_ids)
        and (group.event_id is None or event.id == group.event_id)
        and (group.period is None or group.period.since <= event.starts_at < group.period.until)
    )


def _covers_open_link(group: Group, facts: EvaluationFacts) -> bool:
    if group.period is None:
        return True
    if facts.open_from is None or facts.open_until is None:
        return False
    return group.period.since <= facts.open_from and facts.open_until <= group.period.until

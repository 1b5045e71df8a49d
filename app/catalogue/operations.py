"""The verbs of the catalogue: offers, series, and events until they are announced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import (
    Audience,
    Event,
    EventDate,
    EventMode,
    EventState,
    Level,
    Offer,
    OfferKind,
    OfferState,
    Series,
    SourceOfNeed,
    Topic,
    event_trainer,
    offer_audience,
    offer_topic,
)
from app.kernel import london
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm

MOST_SLUG_LENGTH = 60
MOST_NAMESAKES = 100


class OfferVerb(Protocol):
    """A verb that needs no more than which offer, who and when."""

    def __call__(self, offer_id: int, *, actor: Person, now: datetime) -> Offer:
        """Do it; Refused if it cannot be done now."""


@dataclass(frozen=True)
class OfferDetails:
    """What staff say about an offer."""

    title: str
    kind: OfferKind
    summary: str
    description: str
    who_for: str
    level: Level | None = None
    length_words: str = ""
    provider: str | None = None
    resource_url: str | None = None
    learning_outcomes: str = ""
    refresher_id: int | None = None
    why: str = ""
    source_of_need: SourceOfNeed | None = None
    priority_id: int | None = None
    series_id: int | None = None
    topic_slugs: tuple[str, ...] = ()
    new_topics: tuple[str, ...] = ()
    audience_slugs: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventDetails:
    """What staff say about an event; booking opens at once and closes at the start if not said."""

    dates: tuple[tuple[datetime, datetime], ...]
    mode: EventMode
    subtitle: str = ""
    venue: str = ""
    venue_address: str = ""
    joining_url: str = ""
    joining_notes: str = ""
    has_catering: bool = False
    capacity: int | None = None
    booking_opens_at: datetime | None = None
    booking_closes_at: datetime | None = None
    half_term_id: int | None = None
    minimum: int | None = None
    online_capacity: int | None = None
    online_notes: str = ""
    booking_url: str = ""
    trainer_ids: tuple[int, ...] = ()


def create_offer(details: OfferDetails, *, actor: Person, now: datetime) -> Offer:
    """Add an offer in development; its address is made from its title and stays for good."""
    offer = Offer(
        state=OfferState.IN_DEVELOPMENT, created_at=now, updated_at=now, **_columns(details)
    )
    _add_under_free_slug(offer, details.title)
    _link(offer.id, details)
    audit.record(actor.reference, "created", "offer", offer.slug, now=now)
    return offer


def edit_offer(offer_id: int, details: OfferDetails, *, actor: Person, now: datetime) -> None:
    """Change what an offer says of itself."""
    slug = db.session.scalars(
        update(Offer)
        .where(Offer.id == offer_id)
        .values(revision=Offer.revision + 1, updated_at=now, **_columns(details))
        .returning(Offer.slug)
    ).one()
    for links in (offer_topic, offer_audience):
        db.session.execute(delete(links).where(links.c.offer_id == offer_id))
    _link(offer_id, details)
    db.session.expire_all()
    audit.record(actor.reference, "changed", "offer", slug, now=now)


def publish_offer(offer_id: int, *, actor: Person, now: datetime) -> Offer:
    """Show an offer to everybody; Refused if it already is."""
    offer = lock_offer(offer_id)
    if offer.state is OfferState.PUBLISHED:
        raise Refused("This offer is published already")
    offer.state = OfferState.PUBLISHED
    offer.published_at = offer.published_at or now
    offer.updated_at = now
    audit.record(actor.reference, "published", "offer", offer.slug, now=now)
    return offer


def archive_offer(offer_id: int, *, actor: Person, now: datetime) -> Offer:
    """Take an offer out of the programme; Refused while people could still come to it."""
    offer = lock_offer(offer_id)
    if offer.state is not OfferState.PUBLISHED:
        raise Refused("Only a published offer can be archived")
    to_come = db.session.scalar(
        select(func.count()).where(
            Event.offer_id == offer_id, Event.state == EventState.PUBLISHED, Event.ends_at > now
        )
    )
    if to_come:
        are = "1 session is" if to_come == 1 else f"{to_come} sessions are"
        raise Refused(f"{are} still to come: cancel what cannot be held, then archive the offer")
    offer.state = OfferState.ARCHIVED
    offer.updated_at = now
    audit.record(actor.reference, "archived", "offer", offer.slug, now=now)
    return offer


def create_event(offer_id: int, details: EventDetails, *, actor: Person, now: datetime) -> Event:
    """Add a draft of an event to an offer; Refused if its times cannot be."""
    offer = lock_offer(offer_id)
    if offer.state is OfferState.ARCHIVED:
        raise Refused("This offer is archived: publish it again before you add a session")
    starts_at, ends_at = _span(details.dates)
    opens_at = details.booking_opens_at or min(now, starts_at)
    closes_at = details.booking_closes_at or starts_at
    if opens_at >= closes_at:
        raise Refused("Booking must close after it opens")
    if closes_at > ends_at:
        raise Refused("Booking must close before the session is over")
    half_term = _half_term_of(offer, details, starts_at)
    event = Event(
        reference=new_reference(),
        offer=offer,
        state=EventState.DRAFT,
        # A forum without a name of its own is called after its half term.
        subtitle=details.subtitle or (half_term.name if half_term else ""),
        half_term=half_term,
        mode=details.mode,
        venue=details.venue,
        venue_address=details.venue_address,
        joining_url=details.joining_url,
        joining_notes=details.joining_notes,
        has_catering=details.has_catering,
        capacity=details.capacity,
        minimum=details.minimum,
        online_capacity=details.online_capacity,
        online_notes=details.online_notes,
        booking_url=details.booking_url,
        booking_opens_at=opens_at,
        booking_closes_at=closes_at,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        updated_at=now,
    )
    db.session.add(event)
    db.session.flush()
    rows = [{"event_id": event.id, "starts_at": a, "ends_at": b} for a, b in sorted(details.dates)]
    db.session.execute(insert(EventDate), rows)  # one statement however many dates
    if details.trainer_ids:
        db.session.execute(
            insert(event_trainer),
            [{"event_id": event.id, "person_id": id_} for id_ in set(details.trainer_ids)],
        )
    audit.record(actor.reference, "created", "event", event.reference, now=now)
    return event


def create_series(title: str, summary: str, *, actor: Person, now: datetime) -> Series:
    """Add a series; its address is made from its title."""
    series = Series(title=title, summary=summary)
    _add_under_free_slug(series, title)
    audit.record(actor.reference, "created", "series", series.slug, now=now)
    return series


def edit_series(
    series_id: int, title: str, summary: str, *, actor: Person, now: datetime
) -> Series:
    """Change what a series says of itself; the pages of its offers say it too."""
    series = db.session.get_one(Series, series_id)
    series.title, series.summary = title, summary
    db.session.execute(
        update(Offer).where(Offer.series_id == series_id).values(revision=Offer.revision + 1)
    )
    audit.record(actor.reference, "changed", "series", series.slug, now=now)
    return series


def lock_offer(offer_id: int) -> Offer:
    """The offer, held until the transaction ends; its raised revision makes kept pages old."""
    db.session.execute(
        update(Offer).where(Offer.id == offer_id).values(revision=Offer.revision + 1)
    )
    return db.session.get_one(Offer, offer_id, populate_existing=True)


def half_term_on(instant: datetime) -> HalfTerm | None:
    """The half term an instant falls in, or None in the holidays."""
    day = london.london_date(instant)
    return db.session.scalar(
        select(HalfTerm).where(HalfTerm.starts_on <= day, HalfTerm.ends_on >= day).limit(1)
    )


def slug_of(title: str) -> str:
    """A title as it stands in an address: "Every Sleep is a Safer Sleep" gives every-sleep-is-…."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return slug[:MOST_SLUG_LENGTH].rstrip("-") or "offer"


def _columns(details: OfferDetails) -> dict[str, Any]:
    """What stands in the offer's own row."""
    facts = asdict(details)
    for name in ("topic_slugs", "new_topics", "audience_slugs"):
        facts.pop(name)
    return facts


def _link(offer_id: int, details: OfferDetails) -> None:
    """Join the offer to its topics and audiences; a statement each, however many there are."""
    topics = _topic_slugs(details.topic_slugs, details.new_topics)
    for links, table, slugs in (
        (offer_topic, Topic, topics),
        (offer_audience, Audience, set(details.audience_slugs)),
    ):
        if slugs:
            chosen = select(literal(offer_id), table.id).where(table.slug.in_(slugs))
            db.session.execute(insert(links).from_select(list(links.c.keys()), chosen))


def _topic_slugs(slugs: Sequence[str], new_names: Sequence[str]) -> set[str]:
    """Slugs of the topics, those of new names added; a name that is there is not added again."""
    wanted = set(slugs)
    if not new_names:
        return wanted
    typed = {slug_of(name): name for name in new_names}
    names = [name.lower() for name in new_names]
    known = db.session.execute(
        select(Topic.slug, Topic.name).where(
            or_(Topic.slug.in_(typed), func.lower(Topic.name).in_(names))
        )
    ).all()
    wanted |= {slug for slug, _ in known}
    there = wanted | {slug_of(name) for _, name in known}
    missing = [{"slug": slug, "name": typed[slug]} for slug in typed if slug not in there]
    if missing:
        db.session.execute(insert(Topic), missing)
    return wanted | {row["slug"] for row in missing}


def _span(dates: Sequence[tuple[datetime, datetime]]) -> tuple[datetime, datetime]:
    if not dates:
        raise Refused("A session needs at least one date")
    if any(end <= start for start, end in dates):
        raise Refused("A session must end after it starts")
    if len({start for start, _ in dates}) < len(dates):
        raise Refused("Two dates start at the same time")
    return min(start for start, _ in dates), max(end for _, end in dates)


def _half_term_of(offer: Offer, details: EventDetails, starts_at: datetime) -> HalfTerm | None:
    """The half term that was chosen; for a forum without one, that of its first date."""
    if details.half_term_id is not None:
        return db.session.get(HalfTerm, details.half_term_id)
    return half_term_on(starts_at) if offer.kind is OfferKind.DSL_FORUM else None


def _add_under_free_slug(row: Offer | Series, title: str) -> None:
    """Add the row under the first free form of its address: neglect, neglect-2, neglect-3."""
    slug = slug_of(title)
    table = type(row)
    taken = set(db.session.scalars(select(table.slug).where(table.slug.startswith(slug))))
    for number in range(1, MOST_NAMESAKES):
        row.slug = slug if number == 1 else f"{slug}-{number}"
        if row.slug in taken:
            continue
        try:
            with db.session.begin_nested():
                db.session.add(row)
                db.session.flush()
        except IntegrityError:
            continue  # somebody else took it at this moment
        return
    raise Refused("Many offers have this title already: choose another")

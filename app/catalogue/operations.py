"""The verbs of the catalogue: offers, series, and events until they are announced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.events import EventDetails as EventDetails
from app.catalogue.events import create_event as create_event
from app.catalogue.events import half_term_on as half_term_on
from app.catalogue.events import lock_offer as lock_offer
from app.catalogue.models import (
    Audience,
    Event,
    EventState,
    Level,
    Offer,
    OfferKind,
    OfferState,
    Series,
    SourceOfNeed,
    Topic,
    offer_audience,
    offer_link,
    offer_topic,
    offer_trainer,
)
from app.kernel.db import db
from app.kernel.refusals import Refused

MOST_SLUG_LENGTH = 60
MOST_TITLE_LENGTH = 120
MOST_NAMESAKES = 100
# What an offer's row does not hold itself.
LISTED = ("topic_slugs", "new_topics", "audience_slugs", "linked_slugs", "trainer_ids")


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
    linked_slugs: tuple[str, ...] = ()
    trainer_ids: tuple[int, ...] = ()
    attended_percent: int = 75


COPIED = tuple(field.name for field in fields(OfferDetails) if field.name not in {"title", *LISTED})


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
    for links in (offer_topic, offer_audience, offer_link):
        db.session.execute(delete(links).where(links.c.offer_id == offer_id))
    _link(offer_id, details)
    db.session.expire_all()
    audit.record(actor.reference, "changed", "offer", slug, now=now)


def copy_offer(offer_id: int, *, actor: Person, now: datetime) -> Offer:
    """A new offer in development that says the same; its events, rules and surveys stay behind."""
    offer = db.session.get_one(Offer, offer_id)
    facts = {name: getattr(offer, name) for name in COPIED}
    details = OfferDetails(
        title=f"Copy of {offer.title}"[:MOST_TITLE_LENGTH],
        topic_slugs=tuple(topic.slug for topic in offer.topics),
        audience_slugs=tuple(audience.slug for audience in offer.audiences),
        linked_slugs=tuple(other.slug for other in offer.linked),
        trainer_ids=tuple(trainer.id for trainer in offer.trainers),
        **facts,
    )
    return create_offer(details, actor=actor, now=now)


def name_usual_trainers(
    offer_id: int, person_ids: Collection[int], *, actor: Person, now: datetime
) -> None:
    """Say who usually runs an offer's events; those that are there keep theirs."""
    offer = lock_offer(offer_id)
    db.session.execute(delete(offer_trainer).where(offer_trainer.c.offer_id == offer_id))
    if person_ids:
        rows = [{"offer_id": offer_id, "person_id": id_} for id_ in sorted(set(person_ids))]
        db.session.execute(insert(offer_trainer), rows)
    audit.record(actor.reference, "named trainers", "offer", offer.slug, now=now)


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


Days = tuple[date | None, date | None]


def create_series(
    title: str, summary: str, days: Days = (None, None), *, actor: Person, now: datetime
) -> Series:
    """Add a series, or a themed week with its days; its address is made from its title."""
    series = Series(title=title, summary=summary, starts_on=days[0], ends_on=days[1])
    _add_under_free_slug(series, title)
    audit.record(actor.reference, "created", "series", series.slug, now=now)
    return series


def edit_series(
    series_id: int,
    title: str,
    summary: str,
    days: Days = (None, None),
    *,
    actor: Person,
    now: datetime,
) -> Series:
    """Change what a series says of itself; the pages of its offers say it too."""
    series = db.session.get_one(Series, series_id)
    series.title, series.summary = title, summary
    series.starts_on, series.ends_on = days
    db.session.execute(
        update(Offer).where(Offer.series_id == series_id).values(revision=Offer.revision + 1)
    )
    audit.record(actor.reference, "changed", "series", series.slug, now=now)
    return series


def slug_of(title: str) -> str:
    """A title as it stands in an address: "Every Sleep is a Safer Sleep" gives every-sleep-is-…."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return slug[:MOST_SLUG_LENGTH].rstrip("-") or "offer"


def _columns(details: OfferDetails) -> dict[str, Any]:
    """What stands in the offer's own row."""
    facts = asdict(details)
    for name in LISTED:
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
    _link_others(offer_id, details)


def _link_others(offer_id: int, details: OfferDetails) -> None:
    """Join the offer to the offers that belong with it and, when it is new, to its trainers."""
    if details.linked_slugs:
        chosen = select(literal(offer_id), Offer.id).where(
            Offer.slug.in_(details.linked_slugs), Offer.id != offer_id
        )
        names = list(offer_link.c.keys())
        db.session.execute(insert(offer_link).from_select(names, chosen))
    if details.trainer_ids:
        rows = [{"offer_id": offer_id, "person_id": id_} for id_ in set(details.trainer_ids)]
        db.session.execute(insert(offer_trainer), rows)


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

"""Events until they are announced: one by one, or as a run saved in one piece."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, insert, or_, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import (
    HALF_TERMLY,
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    event_trainer,
)
from app.kernel import london
from app.kernel.db import Base, db, insert_and_return, insert_together
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm


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
    in_house_for_id: int | None = None


@dataclass(frozen=True)
class Planned:
    """One event of a run: of which offer, and everything about it."""

    offer_id: int
    details: EventDetails


def create_event(offer_id: int, details: EventDetails, *, actor: Person, now: datetime) -> Event:
    """Add a draft of an event to an offer; Refused if its times cannot be."""
    return create_run([Planned(offer_id, details)], actor=actor, now=now)[0]


def create_run(
    planned: Sequence[Planned], *, is_published: bool = False, actor: Person, now: datetime
) -> list[Event]:
    """Add events to their offers, as drafts or announced at once; all of them or, Refused, none."""
    offers = lock_offers({one.offer_id for one in planned})
    half_terms = _half_terms(offers.values())
    events = [_event(offers[one.offer_id], one.details, half_terms, now) for one in planned]
    if is_published:
        for event in events:
            check_can_be_published(event, offers[event.offer_id], now=now)
            event.state, event.published_at = EventState.PUBLISHED, now
    made = {event.reference: event for event in insert_and_return(events)}
    events = [made[event.reference] for event in events]
    dates = [
        {"event_id": event.id, "starts_at": starts_at, "ends_at": ends_at}
        for event, one in zip(events, planned, strict=True)
        for starts_at, ends_at in sorted(one.details.dates)
    ]
    db.session.execute(insert(EventDate), dates)  # one statement however many dates
    _name_trainers(events, planned)
    verbs = ("created", "published") if is_published else ("created",)
    rows: list[Base] = [
        audit.line(actor.reference, verb, "event", event.reference, now=now)
        for event in events
        for verb in verbs
    ]
    insert_together(rows)
    return events


def assign_half_term(event_id: int, half_term_id: int, *, actor: Person, now: datetime) -> None:
    """Say which half term an event is counted in, whatever its date; Refused if there is none."""
    part = db.session.get(HalfTerm, half_term_id)
    if part is None:
        raise Refused("Choose a half term from the list")
    reference = db.session.scalars(
        update(Event)
        .where(Event.id == event_id)
        .values(half_term_id=half_term_id, revision=Event.revision + 1)
        .returning(Event.reference)
    ).one()
    words = f"{part.name} {part.school_year}"
    audit.record(actor.reference, "assigned", "event", reference, now=now, half_term=words)


def check_can_be_published(event: Event, offer: Offer, *, now: datetime) -> None:
    """Refused, with what to do first, if there is nothing to announce."""
    if offer.state is not OfferState.PUBLISHED:
        raise Refused("Publish the offer first, so that people can read what the session is about")
    if event.starts_at <= now:
        raise Refused("The first date has passed: change it before you publish")
    if event.mode is not EventMode.ONLINE and not event.venue:
        raise Refused("Say where the session takes place before you publish")


def _event(
    offer: Offer, details: EventDetails, half_terms: Sequence[HalfTerm], now: datetime
) -> Event:
    if offer.state is OfferState.ARCHIVED:
        raise Refused("This offer is archived: publish it again before you add a session")
    starts_at, ends_at = _span(details.dates)
    opens_at = details.booking_opens_at or min(now, starts_at)
    closes_at = details.booking_closes_at or starts_at
    if opens_at >= closes_at:
        raise Refused("Booking must close after it opens")
    if closes_at > ends_at:
        raise Refused("Booking must close before the session is over")
    half_term = _half_term_of(offer, details, starts_at, half_terms)
    return Event(
        reference=new_reference(),
        offer_id=offer.id,
        state=EventState.DRAFT,
        # A forum without a name of its own is called after its half term.
        subtitle=details.subtitle or (half_term.name if half_term else ""),
        half_term_id=half_term.id if half_term else None,
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
        in_house_for_id=details.in_house_for_id,
        booking_opens_at=opens_at,
        booking_closes_at=closes_at,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        updated_at=now,
    )


def _name_trainers(events: Sequence[Event], planned: Sequence[Planned]) -> None:
    named = [
        {"event_id": event.id, "person_id": person_id}
        for event, one in zip(events, planned, strict=True)
        for person_id in sorted(set(one.details.trainer_ids))
    ]
    if named:
        db.session.execute(insert(event_trainer), named)


def lock_offer(offer_id: int) -> Offer:
    """The offer, held until the transaction ends; its raised revision makes kept pages old."""
    return lock_offers({offer_id})[offer_id]


def lock_offers(ids: Collection[int]) -> dict[int, Offer]:
    """Several offers, likewise, by id; LookupError if one is not there."""
    db.session.execute(update(Offer).where(Offer.id.in_(ids)).values(revision=Offer.revision + 1))
    chosen = select(Offer).where(Offer.id.in_(ids)).execution_options(populate_existing=True)
    found = {offer.id: offer for offer in db.session.scalars(chosen)}
    if len(found) < len(ids):
        raise LookupError("no such offer")
    return found


def half_term_on(instant: datetime) -> HalfTerm | None:
    """The half term an instant falls in, or None in the holidays."""
    day = london.london_date(instant)
    return db.session.scalar(
        select(HalfTerm).where(HalfTerm.starts_on <= day, HalfTerm.ends_on >= day).limit(1)
    )


def _half_terms(offers: Iterable[Offer]) -> Sequence[HalfTerm]:
    """All half terms, where a forum is among the offers."""
    if not any(offer.kind in HALF_TERMLY for offer in offers):
        return []
    return db.session.scalars(select(HalfTerm)).all()


def _span(dates: Sequence[tuple[datetime, datetime]]) -> tuple[datetime, datetime]:
    if not dates:
        raise Refused("A session needs at least one date")
    if any(end <= start for start, end in dates):
        raise Refused("A session must end after it starts")
    if len({start for start, _ in dates}) < len(dates):
        raise Refused("Two dates start at the same time")
    return min(start for start, _ in dates), max(end for _, end in dates)


def _half_term_of(
    offer: Offer, details: EventDetails, starts_at: datetime, half_terms: Sequence[HalfTerm]
) -> HalfTerm | None:
    """The half term that was chosen; for a forum without one, that of its first date."""
    if details.half_term_id is not None:
        return db.session.get(HalfTerm, details.half_term_id)
    return half_term_by_date(offer.kind, london.london_date(starts_at), half_terms)


def half_term_by_date(
    kind: OfferKind, first_on: date, half_terms: Sequence[HalfTerm]
) -> HalfTerm | None:
    """The half term of a forum by its first date; None in the holidays, or for other kinds."""
    if kind not in HALF_TERMLY:
        return None
    return next((one for one in half_terms if one.starts_on <= first_on <= one.ends_on), None)


def count_by_date(half_terms: Sequence[HalfTerm], *, actor: str, now: datetime) -> int:
    """Count forums that are in no half term in that of their date; how many now are.

    What somebody put into a half term stays there. `actor` is the reference of a person.
    """
    places = [
        (
            (Event.starts_at >= london.day_start(one.starts_on))
            & (Event.starts_at < london.day_start(one.ends_on + timedelta(days=1))),
            one.id,
        )
        for one in half_terms
    ]
    if not places:
        return 0
    references = db.session.scalars(
        update(Event)
        .where(
            Event.half_term_id.is_(None),
            Event.offer_id.in_(select(Offer.id).where(Offer.kind.in_(HALF_TERMLY))),
            or_(*(lies_in for lies_in, _ in places)),
        )
        .values(half_term_id=case(*places), revision=Event.revision + 1)
        .returning(Event.reference),
        execution_options={"synchronize_session": False},
    ).all()
    words = "by its date"
    insert_together(
        [
            audit.line(actor, "assigned", "event", one, now=now, half_term=words)
            for one in references
        ]
    )
    return len(references)

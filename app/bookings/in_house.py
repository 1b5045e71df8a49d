"""The verbs of in-house sessions: ask, take back, agree a date, decline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import in_house_letters, in_house_rules
from app.bookings.in_house_models import CountedBy, InHouseRequest, InHouseState
from app.catalogue.events import EventDetails, Planned, create_run
from app.catalogue.models import Event, Offer
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference

_ASKED = (
    joinedload(InHouseRequest.offer),
    joinedload(InHouseRequest.organisation),
    joinedload(InHouseRequest.person),
)
_WHOLE = (*_ASKED, joinedload(InHouseRequest.event))


@dataclass(frozen=True)
class Asked:
    """What somebody asks for."""

    people_count: int
    when_words: str
    place: str
    phone: str
    more: str
    counted_by: CountedBy


def ask(offer_id: int, asked: Asked, *, actor: Person, now: datetime) -> InHouseRequest:
    """Ask for an offer for one's own organisation; the same question again is the first one."""
    actor = read_again(actor)
    offer = db.session.get_one(Offer, offer_id)
    in_house_rules.check_can_ask(
        offer.kind, offer.state, has_organisation=actor.organisation_id is not None
    )
    db.session.get(Person, actor.id, with_for_update=True)
    waiting = db.session.scalars(
        select(InHouseRequest).where(
            InHouseRequest.offer_id == offer.id,
            InHouseRequest.organisation_id == actor.organisation_id,
            InHouseRequest.state == InHouseState.ASKED,
        )
    ).first()
    if waiting is not None and waiting.person_id == actor.id:
        return waiting
    if waiting is not None:
        raise Refused("Somebody of your organisation has asked for this already: we will answer")
    request = InHouseRequest(
        reference=new_reference(),
        offer_id=offer.id,
        organisation_id=actor.organisation_id,
        person_id=actor.id,
        people_count=asked.people_count,
        when_words=asked.when_words,
        place=asked.place,
        phone=asked.phone,
        more=asked.more,
        counted_by=asked.counted_by,
        state=InHouseState.ASKED,
        asked_at=now,
    )
    db.session.add(request)
    db.session.flush()
    audit.record(actor.reference, "asked_in_house", "offer", offer.slug, now=now)
    return request


def take_back(reference: str, *, actor: Person, now: datetime) -> None:
    """Ask for it no more; Refused once it is decided."""
    actor = read_again(actor)
    request = _locked(reference)
    in_house_rules.check_undecided(request.state)
    request.state, request.decided_at = InHouseState.WITHDRAWN, now
    audit.record(actor.reference, "took_back", "in_house_request", reference, now=now)


def agree(
    reference: str, details: EventDetails, answer: str, *, actor: Person, now: datetime
) -> Event:
    """Make the session of their own, announce it to them alone, and tell whoever asked."""
    actor = read_again(actor)
    request = _locked(reference)
    in_house_rules.check_undecided(request.state)
    if any(starts_at <= now for starts_at, _ends_at in details.dates):
        raise Refused("This day has passed: agree one that is to come")
    if details.in_house_for_id != request.organisation_id:
        raise Refused("The session must be for the organisation that asked")
    [event] = create_run(
        [Planned(request.offer_id, details)], is_published=True, actor=actor, now=now
    )
    request.state, request.decided_at = InHouseState.AGREED, now
    request.event_id, request.answer = event.id, answer
    audit.record(actor.reference, "agreed", "in_house_request", reference, now=now)
    db.session.flush()
    in_house_letters.queue_agreed(request, event)
    return event


def decline(reference: str, answer: str, *, actor: Person, now: datetime) -> None:
    """Say that it cannot be, and why, to whoever asked."""
    actor = read_again(actor)
    if not answer:
        raise Refused("Enter why it cannot be: whoever asked reads this")
    request = _locked(reference)
    in_house_rules.check_undecided(request.state)
    request.state, request.decided_at, request.answer = InHouseState.DECLINED, now, answer
    audit.record(actor.reference, "declined", "in_house_request", reference, now=now)
    in_house_letters.queue_declined(request)


def _locked(reference: str) -> InHouseRequest:
    return db.session.scalars(
        select(InHouseRequest)
        .where(InHouseRequest.reference == reference)
        .options(*_ASKED)
        .with_for_update(of=InHouseRequest)
        .execution_options(populate_existing=True)
    ).one()


def find_request(reference: str) -> InHouseRequest | None:
    """The request with this reference, with all its page shows."""
    found = select(InHouseRequest).where(InHouseRequest.reference == reference)
    return db.session.scalars(found.options(*_WHOLE)).one_or_none()


def requests_of(person_id: int) -> list[InHouseRequest]:
    """What somebody asked for, the newest first."""
    found = select(InHouseRequest).where(InHouseRequest.person_id == person_id)
    return list(
        db.session.scalars(found.options(*_WHOLE).order_by(InHouseRequest.id.desc()).limit(20))
    )


def number_of_requests(*, is_waiting: bool) -> int:
    """How many requests wait for an answer, or have one."""
    return db.session.scalar(select(func.count(InHouseRequest.id)).where(_waits(is_waiting))) or 0


def listed_requests(*, is_waiting: bool, first: int, last: int) -> list[InHouseRequest]:
    """Requests from first to last: those that wait by how long, the decided ones newest first."""
    order = InHouseRequest.id.asc() if is_waiting else InHouseRequest.id.desc()
    return list(
        db.session.scalars(
            select(InHouseRequest)
            .where(_waits(is_waiting))
            .options(*_WHOLE)
            .order_by(order)
            .offset(first)
            .limit(last - first)
        )
    )


def _waits(is_waiting: bool) -> ColumnElement[bool]:
    if is_waiting:
        return InHouseRequest.state == InHouseState.ASKED
    return InHouseRequest.state != InHouseState.ASKED

"""Inviting the leads of every establishment to a forum: marked by a page, sent in steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import Event, EventState, Offer, OfferKind
from app.forums.establishments import (
    Addressee,
    Establishment,
    addressees,
    establishments_on,
)
from app.forums.invitations_letters import Facts, facts_of, write_invitation
from app.forums.models import ForumInvitation
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.london import date_words, london_date
from app.kernel.tokens import token_hash
from app.notices.rules import is_quiet
from app.outbox.models import MessageState, OutboxMessage
from app.outbox.operations import NOTICE_PRIORITY, compose

MOST_AT_ONCE = 200
KIND, REMINDER_KIND = "forum_invitation", "forum_reminder"


@dataclass(frozen=True)
class Foreseen:
    """Who would be invited now."""

    new: list[Addressee]  # without a letter of this forum yet
    invited_count: int
    establishments_count: int
    unreached: list[Establishment]


def find_forum(reference: str) -> Event | None:
    """A forum by its reference, also a cancelled one; None if it is another kind of event."""
    return db.session.scalars(
        select(Event)
        .join(Event.offer)
        .where(
            Event.reference == reference,
            Event.state != EventState.DRAFT,
            Event.in_house_for_id.is_(None),
            Offer.kind == OfferKind.DSL_FORUM,
        )
        .options(contains_eager(Event.offer), joinedload(Event.half_term))
    ).one_or_none()


def foresee(event: Event, *, now: datetime) -> Foreseen:
    """Whom a letter would go to, each address once, and at which schools nobody is."""
    places = establishments_on(london_date(now))
    written_to, unreached = addressees(places)
    known = keys_of(event, KIND)
    new = [one for one in written_to if key(event, KIND, one.email) not in known]
    return Foreseen(new, len(known), len(places), unreached)


def key(event: Event, kind: str, email: str) -> str:
    """What is told once: the invitation to, or the reminder of, one forum at one address."""
    return f"{kind}:{event.reference}:{token_hash(email)[:24]}"


def keys_of(event: Event, kind: str) -> set[str]:
    """The keys of all letters of this kind about a forum."""
    found = select(OutboxMessage.dedupe_key).where(
        OutboxMessage.about_kind == "event",
        OutboxMessage.about_reference == event.reference,
        OutboxMessage.kind == kind,
    )
    return set(db.session.scalars(found))


def written_to_count(event: Event) -> int:
    """How many addresses a letter about a forum has left for, or leaves for just now."""
    left = select(func.count(OutboxMessage.to_email.distinct())).where(
        OutboxMessage.about_kind == "event",
        OutboxMessage.about_reference == event.reference,
        OutboxMessage.kind.in_((KIND, REMINDER_KIND)),
        OutboxMessage.state.in_((MessageState.SENT, MessageState.SENDING)),
    )
    return db.session.scalar(left) or 0


def invitation_of(event_id: int) -> ForumInvitation | None:
    """That everybody is, or was, invited to a forum."""
    return db.session.scalars(
        select(ForumInvitation).where(ForumInvitation.event_id == event_id)
    ).one_or_none()


def why_not(event: Event, *, now: datetime) -> str:
    """Why nobody can be invited to it now; empty if they can."""
    if event.state is not EventState.PUBLISHED:
        return "It is cancelled"
    if event.starts_at <= now or event.booking_closes_at <= now:
        return "It cannot be booked any more"
    if event.booking_opens_at > now:
        return f"It cannot be booked before {date_words(event.booking_opens_at)}: invite then"
    return ""


def invite(event_id: int, *, actor: Person, now: datetime) -> None:
    """Have the worker write to everybody who has no letter of this forum yet."""
    by = actor.reference
    event = db.session.get_one(Event, event_id, with_for_update={"of": Event})
    if reason := why_not(event, now=now):
        raise Refused(reason)
    found = invitation_of(event_id)
    if found is None:
        found = ForumInvitation(event_id=event_id, asked_at=now, asked_by=by, sent_count=0)
        db.session.add(found)
    found.asked_at, found.asked_by, found.done_at = now, by, None
    audit.record(by, "invited_schools_to", "event", event.reference, now=now)


def send_step(*, now: datetime) -> int:
    """Queue one step of invitations; call again while it returns something."""
    if is_quiet(now):
        return 0
    asked = db.session.scalars(
        select(ForumInvitation)
        .where(ForumInvitation.done_at.is_(None))
        .options(joinedload(ForumInvitation.event).joinedload(Event.offer))
        .order_by(ForumInvitation.id)
        .limit(1)
        .with_for_update(of=ForumInvitation, skip_locked=True)
    ).first()
    if asked is None:
        return 0
    if why_not(asked.event, now=now):
        asked.done_at = now
        return 0
    new = foresee(asked.event, now=now).new
    facts = facts_of(asked.event, now=now)
    messages: list[Base] = [_message(one, asked.event, facts) for one in new[:MOST_AT_ONCE]]
    insert_together(messages)
    asked.sent_count += len(messages)
    if len(messages) == len(new):
        asked.done_at = now
    return len(messages)


def _message(to: Addressee, event: Event, facts: Facts) -> OutboxMessage:
    return compose(
        write_invitation(to, facts),
        dedupe_key=key(event, KIND, to.email),
        kind=KIND,
        about=("event", event.reference),
        to_name=to.name,
        to_email=to.email,
        person_reference=to.person_reference,
        priority=NOTICE_PRIORITY,
        not_after=event.starts_at,
    )

"""What the staff pages of notices read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.catalogue.models import Event, EventState, Offer, OfferState
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.kernel.paging import Pages, pages
from app.notices.models import Notice, NoticeKind, NoticeRound, NoticeRule, RoundState
from app.notices.rules import when_words
from app.outbox.models import MessageState, OutboxMessage

MOST_TO_PREVIEW = 20


@dataclass(frozen=True)
class RuleLine:
    """A rule as the list shows it, with what it would do next."""

    reference: str
    kind: NoticeKind
    when: str
    offer_title: str
    each_date: bool
    is_on: bool
    next_at: datetime | None
    planned_count: int


def rule_lines() -> list[RuleLine]:
    """Every rule: by kind, those for all first."""
    planned = (
        select(
            NoticeRound.rule_id,
            func.min(NoticeRound.due_at).label("next_at"),
            func.count().label("planned_count"),
        )
        .where(NoticeRound.state == RoundState.SCHEDULED)
        .group_by(NoticeRound.rule_id)
        .subquery()
    )
    rows = db.session.execute(
        select(NoticeRule, Offer.title, planned.c.next_at, planned.c.planned_count)
        .outerjoin(Offer, Offer.id == NoticeRule.offer_id)
        .outerjoin(planned, planned.c.rule_id == NoticeRule.id)
        .order_by(NoticeRule.id)
    ).all()
    kinds = list(NoticeKind)
    listed = sorted(
        rows, key=lambda row: (kinds.index(row[0].kind), row[1] or "", -row[0].days, row[0].id)
    )
    return [
        RuleLine(
            reference=rule.reference,
            kind=rule.kind,
            when=when_words(rule.kind, rule.days, rule.at_time),
            offer_title=title or "",
            each_date=rule.each_date,
            is_on=rule.is_on,
            next_at=next_at,
            planned_count=planned_count or 0,
        )
        for rule, title, next_at, planned_count in listed
    ]


def find_rule(reference: str) -> NoticeRule | None:
    """A rule by its reference, with its offer."""
    return db.session.scalar(
        select(NoticeRule)
        .where(NoticeRule.reference == reference)
        .options(joinedload(NoticeRule.offer))
    )


def offers_to_choose() -> list[tuple[str, str]]:
    """Offers that can have sessions, by title; by their slug."""
    rows = db.session.execute(
        select(Offer.slug, Offer.title)
        .where(Offer.state == OfferState.PUBLISHED)
        .order_by(Offer.title)
    )
    return [(slug, title) for slug, title in rows]


def offer_id_of(slug: str | None) -> int | None:
    """The offer somebody chose; None for all."""
    return db.session.scalar(select(Offer.id).where(Offer.slug == slug)) if slug else None


def rounds_of_event(event_id: int) -> Sequence[NoticeRound]:
    """What is planned, was sent and was not sent about an event, as it fell due."""
    return db.session.scalars(
        select(NoticeRound)
        .where(NoticeRound.event_id == event_id)
        .options(joinedload(NoticeRound.rule))
        .order_by(NoticeRound.due_at, NoticeRound.id)
    ).all()


def find_round(event_id: int, reference: str) -> NoticeRound | None:
    """One round of this event."""
    return db.session.scalar(
        select(NoticeRound)
        .where(NoticeRound.event_id == event_id, NoticeRound.reference == reference)
        .options(joinedload(NoticeRound.rule))
    )


@dataclass(frozen=True)
class NoticeLine:
    """What became of a round for one person."""

    name: str
    to_email: str | None
    reason: str
    state: MessageState | None
    sent_at: datetime | None
    last_error: str | None

    @property
    def words(self) -> str:
        """Whether it was sent, and why not."""
        if self.reason:
            return self.reason
        if self.state in {MessageState.FAILED, MessageState.WITHHELD}:
            why = f": {self.last_error}" if self.last_error else ""
            failed = self.state is MessageState.FAILED
            return f"Could not be delivered{why}" if failed else f"Held back{why}"
        return "Waiting to leave"


def notice_lines(round_id: int, page: int) -> tuple[list[NoticeLine], Pages]:
    """One page of the people of a round, by name; the outbox says whether a message has left."""
    here = Notice.round_id == round_id
    length = db.session.scalar(select(func.count()).select_from(Notice).where(here)) or 0
    shown = pages(page, length=length)
    rows = db.session.execute(
        select(
            Person.name,
            OutboxMessage.to_email,
            Notice.reason,
            OutboxMessage.state,
            OutboxMessage.sent_at,
            OutboxMessage.last_error,
        )
        .join(Booking, Booking.id == Notice.booking_id)
        .join(Person, Person.id == Booking.person_id)
        .outerjoin(OutboxMessage, OutboxMessage.dedupe_key == Notice.message_key)
        .where(here)
        .order_by(func.lower(Person.name), Notice.id)
        .offset(shown.first)
        .limit(shown.last - shown.first)
    )
    return [NoticeLine(**row._mapping) for row in rows], shown


def events_to_preview(*, now: datetime) -> list[tuple[str, str]]:
    """The next sessions, for a preview: reference and words."""
    rows = db.session.scalars(
        select(Event)
        .where(Event.state == EventState.PUBLISHED, Event.starts_at > now)
        .order_by(Event.starts_at, Event.id)
        .options(joinedload(Event.offer))
        .limit(MOST_TO_PREVIEW)
    )
    return [
        (event.reference, f"{event.title}, {short_date_words(event.starts_at)}") for event in rows
    ]


def sample_booking(reference: str, person: Person) -> tuple[Booking, Event] | None:
    """A session as it is, and a booking on it as if this person had one; nothing is written."""
    event = db.session.scalar(
        select(Event)
        .where(Event.reference == reference, Event.state == EventState.PUBLISHED)
        .options(joinedload(Event.offer), joinedload(Event.dates))
    )
    if event is None:
        return None
    facts: dict[str, Any] = {"person": person, "booked_by": person, "mode": event.mode}
    booking = Booking(
        reference="YOUR-BOOKING",
        state=BookingState.CONFIRMED,
        origin=BookingOrigin.SELF,
        **facts,
    )
    return booking, event

"""What the Advisor's first page reads, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Person, RoleGrant
from app.audit.models import AuditLine
from app.bookings.models import Booking, BookingState
from app.catalogue.models import HALF_TERMLY, Event, EventMode, EventState, Offer, OfferKind
from app.forums.home_rules import ComingFacts, LastFacts
from app.forums.models import ForumInvitation, ForumTopic
from app.forums.opinion_models import (
    AnswerState,
    ContactWish,
    Opinion,
    OpinionRound,
    RoundState,
    ThemeAnswer,
)
from app.forums.year_queries import is_half_termly
from app.kernel import london
from app.kernel.access import Role
from app.kernel.db import db

NEAR = timedelta(days=400)
MOST_LATELY, LATELY = 6, timedelta(days=90)
# What the audit trail calls the things of forums, in words.
THINGS = {
    "event": "",
    "school_year": "school year",
    "opinion_round": "opinion round",
    "opinion round": "opinion round",
    "forum_theme": "theme",
    "theme answer": "answer of the Executive",
    "executive report": "report to the Executive",
    "contact_wish": "wish to be contacted",
    "opinion_quote": "quotation",
}


def forums_near(now: datetime) -> tuple[Event | None, Event | None]:
    """The coming forum, published or still a draft, and the last that took place."""
    chosen = (
        select(Event)
        .join(Event.offer)
        .where(
            is_half_termly(),
            Offer.kind == OfferKind.DSL_FORUM,
            Event.ends_at > now - NEAR,
            Event.ends_at < now + NEAR,
        )
        .options(contains_eager(Event.offer), joinedload(Event.half_term))
        .order_by(Event.starts_at, Event.id)
    )
    found = db.session.scalars(chosen).unique().all()
    coming = next((one for one in found if one.ends_at > now), None)
    held = [one for one in found if one.ends_at <= now and one.state is EventState.PUBLISHED]
    return coming, held[-1] if held else None


@dataclass(frozen=True)
class Counts:
    """How much waits, and what is known of the two forums; each a number."""

    rounds_open: int
    rounds_of_coming: int
    invitations_of_coming: int
    opinions_unread: int
    wishes_open: int
    themes_open: int
    answers_unreleased: int
    answers_released: int
    last_marked: int
    last_unmarked: int


def counts(coming: Event | None, last: Event | None) -> Counts:
    """All numbers of the page in one statement."""
    half_term_id, coming_id = (coming.half_term_id, coming.id) if coming else (None, None)
    last_id = last.id if last else None
    answered = ThemeAnswer.state != AnswerState.OPEN
    on_register = Booking.event_id == last_id
    is_marked = Booking.attendances.any()
    row = db.session.execute(
        select(
            _count(OpinionRound, OpinionRound.state == RoundState.OPEN),
            _count(OpinionRound, OpinionRound.half_term_id == half_term_id),
            _count(ForumInvitation, ForumInvitation.event_id == coming_id),
            _count(Opinion, Opinion.may_be_read, ~Opinion.is_read),
            _count(ContactWish, ContactWish.done_at.is_(None)),
            _count(ThemeAnswer, ThemeAnswer.state == AnswerState.OPEN),
            _count(ThemeAnswer, answered, ThemeAnswer.released_on.is_(None)),
            _count(ThemeAnswer, answered, ThemeAnswer.released_on.is_not(None)),
            _count(Booking, on_register, is_marked),
            _count(Booking, on_register, ~is_marked, Booking.state == BookingState.CONFIRMED),
        )
    ).one()
    return Counts(*[int(number) for number in row])


def _count(table: Any, *where: Any) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def coming_facts(event: Event, topics: Sequence[ForumTopic], numbers: Counts) -> ComingFacts:
    """The coming forum as its checklist needs it."""
    with_speaker = [topic for topic in topics if topic.speaker]
    part = event.half_term
    return ComingFacts(
        reference=event.reference,
        day=london.london_date(event.starts_at),
        is_draft=event.state is EventState.DRAFT,
        is_online=event.mode is not EventMode.FACE_TO_FACE,
        has_link=bool(event.joining_url),
        half_term=f"{part.name} {part.school_year}" if part else "",
        topics=len(topics),
        topics_with_speaker=len(with_speaker),
        topics_with_slides=sum(bool(topic.slides_url) for topic in with_speaker),
        is_invited=numbers.invitations_of_coming > 0,
        rounds=numbers.rounds_of_coming,
        answers_unreleased=numbers.answers_unreleased,
        answers_released=numbers.answers_released,
    )


def last_facts(event: Event, numbers: Counts) -> LastFacts:
    """The last forum as its checklist needs it."""
    return LastFacts(
        reference=event.reference,
        day=london.london_date(event.starts_at),
        unmarked=numbers.last_unmarked,
        marked=numbers.last_marked,
        has_recording=bool(event.recording_url),
    )


@dataclass(frozen=True)
class Done:
    """Something that somebody did lately, so that those who share the work know."""

    who: str
    what: str
    at: datetime


def lately(*, now: datetime) -> list[Done]:
    """What Advisors and Delivery did last about forums, the newest first."""
    rows = db.session.execute(_lately().where(AuditLine.at > now - LATELY))
    return [
        Done(
            who=row.name,
            what=f"{row.verb.replace('_', ' ')}: {row.title or THINGS[row.subject_kind]}",
            at=row.at,
        )
        for row in rows
    ]


def _lately() -> Select[*tuple[Any, ...]]:
    is_staff = select(RoleGrant.id).where(
        RoleGrant.person_id == Person.id,
        RoleGrant.role.in_((Role.ADVISOR, Role.DELIVERY)),
        RoleGrant.revoked_at.is_(None),
    )
    title = Offer.title + ", " + Event.subtitle
    is_theirs = (AuditLine.subject_kind == "event") & Offer.kind.in_(HALF_TERMLY)
    others = [kind for kind in THINGS if kind != "event"]
    return (
        select(
            AuditLine.at, AuditLine.verb, AuditLine.subject_kind, Person.name, title.label("title")
        )
        .join(Person, Person.reference == AuditLine.actor)
        .outerjoin(
            Event,
            (AuditLine.subject_kind == "event") & (Event.reference == AuditLine.subject_reference),
        )
        .outerjoin(Offer, Offer.id == Event.offer_id)
        .where(or_(is_theirs, AuditLine.subject_kind.in_(others)), is_staff.exists())
        .order_by(AuditLine.at.desc(), AuditLine.id.desc())
        .limit(MOST_LATELY)
    )

"""A term's plan of training: who needs a place, which places are planned, how many are missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.bookings.models import Booking, BookingState
from app.catalogue.event_lines import is_in_programme
from app.catalogue.models import Event, EventState, Offer, OfferKind, OfferState
from app.catalogue.rules import event_title
from app.forums import training_rules as rules
from app.forums.establishment_rules import phase_position
from app.forums.training import District, HolderLine, Terms, coming_terms, district
from app.forums.training_rules import Renewal, Span
from app.kernel.db import db
from app.kernel.london import day_start, london_date
from app.record.queries import refresher_rules
from app.record.rules import Rule

USUAL_CAPACITY = 20
A_DAY = timedelta(days=1)
Wanted = tuple[HolderLine, Renewal]


@dataclass(frozen=True)
class PlannedSession:
    """A session of the programme that renews it, planned or announced."""

    reference: str
    title: str
    starts_at: datetime
    capacity: int | None
    places_taken: int
    is_draft: bool
    is_open: bool  # places can be booked now

    @property
    def free(self) -> int | None:
        """Places nobody has; None where everybody finds one."""
        return None if self.capacity is None else max(0, self.capacity - self.places_taken)


@dataclass(frozen=True)
class Need:
    """How many people of one phase need a place."""

    phase: str
    due: int
    unknown: int  # no record with us, or none that still counts
    booked: int  # of both, who have booked what renews it

    @property
    def people(self) -> int:
        """Both together."""
        return self.due + self.unknown


@dataclass(frozen=True)
class Window:
    """Which people are asked about: for whom one thing falls due in a term or half term."""

    rule: Rule
    span: Span
    first_on: date  # today, of a term under way
    with_unknown: bool  # also those without a record that still counts
    terms: Terms


@dataclass(frozen=True)
class TrainingPlan:
    """What one term or half term needs of one thing to be renewed."""

    needs: list[Need]  # by phase; the last is all, each person once
    sessions: list[PlannedSession]
    offers: list[tuple[str, str]]  # slug and title of what renews it

    @property
    def all(self) -> Need:
        """Everybody of the district."""
        return self.needs[-1]

    @property
    def without_place(self) -> int:
        """How many people have booked nothing that renews it."""
        return self.all.people - self.all.booked

    @property
    def free(self) -> int | None:
        """Places of the planned sessions that nobody has; None where everybody finds one."""
        free = [session.free for session in self.sessions]
        return None if None in free else sum(one or 0 for one in free)

    @property
    def missing(self) -> int:
        """Places that are needed and not planned."""
        return 0 if self.free is None else max(0, self.without_place - self.free)

    def sessions_needed(self, capacity: int) -> int:
        """How many more sessions of that size."""
        return rules.sessions_needed(self.missing, capacity)


def window(slug: str, span_key: str, *, with_unknown: bool, now: datetime) -> Window | None:
    """What is asked about; None if there is no such rule. A term that is no more is the next."""
    rule = next((one for one in refresher_rules() if one.slug == slug), None)
    if rule is None:
        return None
    today = london_date(now)
    terms = coming_terms(today)
    known = [*terms.terms, *terms.half_terms]
    span = next((one for one in known if one.key == span_key), terms.next_term)
    return Window(rule, span, max(span.first_on, today), with_unknown, terms)


def plan(asked: Window, *, now: datetime) -> TrainingPlan:
    """What a term or half term needs: who, which sessions are planned, of what more can be."""
    wanted = wanted_in(asked, district(now=now, terms=asked.terms))
    return TrainingPlan(
        needs=_needs(wanted, booked_for(asked.rule.id, now=now)),
        sessions=_sessions(asked, now=now),
        offers=_offers(asked.rule.id),
    )


def wanted_in(asked: Window, whole: District) -> list[Wanted]:
    """For whom it falls due in that time, and who has no record that counts if that is asked."""
    return [
        (line, renewal)
        for line, renewal in whole.of(asked.rule.slug)
        if renewal.falls_in(asked.first_on, asked.span.last_on)
        or (asked.with_unknown and renewal.is_unknown)
    ]


def _needs(wanted: list[Wanted], booked: set[int]) -> list[Need]:
    phases = sorted({line.establishment.phase for line, _ in wanted}, key=phase_position)
    return [
        *(
            _need(phase, [one for one in wanted if one[0].establishment.phase == phase], booked)
            for phase in phases
        ),
        _need("All", wanted, booked),
    ]


def _need(phase: str, wanted: list[Wanted], booked: set[int]) -> Need:
    unknown = {line.person_id: renewal.is_unknown for line, renewal in wanted}
    count = Counter(unknown.values())
    return Need(phase, count[False], count[True], len(booked & set(unknown)))


def booked_for(refresher_id: int, *, now: datetime) -> set[int]:
    """The people who have booked a coming session that renews it, with a place or waiting."""
    return set(
        db.session.scalars(
            select(Booking.person_id)
            .join(Booking.event)
            .join(Event.offer)
            .where(
                Offer.refresher_id == refresher_id,
                Booking.state != BookingState.CANCELLED,
                Event.state == EventState.PUBLISHED,
                Event.ends_at > now,
            )
        )
    )


def _sessions(asked: Window, *, now: datetime) -> list[PlannedSession]:
    """The sessions of some days that renew it, drafts too."""
    found = db.session.execute(
        select(Event, Offer.title, Offer.state)
        .join(Event.offer)
        .where(
            Offer.refresher_id == asked.rule.id,
            Event.state.in_((EventState.DRAFT, EventState.PUBLISHED)),
            is_in_programme(),
            Event.starts_at >= max(now, day_start(asked.first_on)),
            Event.starts_at < day_start(asked.span.last_on + A_DAY),
        )
        .order_by(Event.starts_at, Event.id)
    )
    return [
        PlannedSession(
            reference=event.reference,
            title=event_title(title, event.subtitle),
            starts_at=event.starts_at,
            capacity=event.capacity,
            places_taken=event.places_taken,
            is_draft=event.state is EventState.DRAFT,
            is_open=event.state is EventState.PUBLISHED
            and state is OfferState.PUBLISHED
            and event.booking_opens_at <= now < event.booking_closes_at,
        )
        for event, title, state in found
    ]


def _offers(refresher_id: int) -> list[tuple[str, str]]:
    """What a run can be planned of; a forum is planned on its own page."""
    found = select(Offer.slug, Offer.title).where(
        Offer.refresher_id == refresher_id,
        Offer.state != OfferState.ARCHIVED,
        Offer.kind != OfferKind.DSL_FORUM,
    )
    return [(row.slug, row.title) for row in db.session.execute(found.order_by(Offer.title))]

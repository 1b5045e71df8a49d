"""Who was represented at the forums: read in a handful of statements, judged in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import Person, Post
from app.accounts.succession import final_successor_ids
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, EventDate
from app.forums import coverage_rules as rules
from app.forums.coverage_rules import Body, Coverage, Period, Presence, Standing
from app.forums.establishments import Establishment, all_establishments
from app.forums.forums import is_forum
from app.forums.models import ContactNote, Watching
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership.models import HalfTerm

# Half terms in a row are counted over this many forums at most: two school years.
LOOK_BACK = 12
WAS_THERE = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


@dataclass(frozen=True)
class LastNote:
    """When the Advisor was last in touch with an establishment, and what was noted."""

    noted_at: datetime
    noted_by: str
    words: str


@dataclass(frozen=True)
class Absent:
    """An establishment that has not been represented for so many half terms in a row."""

    establishment: Establishment
    half_terms: int
    last_note: LastNote | None


@dataclass(frozen=True)
class Picture:
    """What was read of some half terms: the establishments of today, and where each was."""

    periods: tuple[Period, ...]  # the newest last
    establishments: dict[int, Establishment]
    bodies: tuple[Body, ...]  # of these establishments, in the same order
    body_ids: dict[int, int]  # for each organisation, what it is today
    presence: Presence
    names: tuple[str, ...]  # of every establishment there is or was

    def coverage(self) -> list[Coverage]:
        """The figures of each half term."""
        return [rules.counted(period, self.bodies, self.presence) for period in self.periods]

    def row(self, body: Body) -> list[Standing]:
        """What each half term was for one establishment."""
        return [rules.standing(body, period, self.presence) for period in self.periods]


def coverage(half_term: HalfTerm, *, now: datetime) -> Coverage:
    """How many establishments were represented in a half term, by phase and type (R20)."""
    return picture([half_term], now=now).coverage()[0]


def coverage_of_year(half_terms: Iterable[HalfTerm], *, now: datetime) -> list[Coverage]:
    """The figures of several half terms, in as many statements as those of one."""
    return picture(half_terms, now=now).coverage()


def not_represented(half_term: HalfTerm, *, now: datetime) -> list[Absent]:
    """Open establishments without attendance or watching up to a half term, the longest first."""
    return absent_by(half_term.starts_on, now=now)


def absent_by(day: date, *, now: datetime) -> list[Absent]:
    """Open establishments not represented in half terms begun by a day, the longest first."""
    seen = picture(held_until(day, now=now), now=now)
    notes = last_notes(seen.body_ids)
    absent = [
        Absent(seen.establishments[body.id], count, notes.get(body.id))
        for body in seen.bodies
        if body.was_open_on(london_date(now))
        and (count := rules.absent_for(body, seen.periods, seen.presence))
    ]
    return sorted(absent, key=lambda one: (-one.half_terms, one.establishment.name))


def held_until(day: date, *, now: datetime) -> list[HalfTerm]:
    """The half terms begun by this day in which a forum was held, the newest last."""
    held = (
        select(Event.half_term_id)
        .join(Event.offer)
        .where(is_forum(), Event.ends_at <= now, Event.half_term_id.is_not(None))
    )
    found = db.session.scalars(
        select(HalfTerm)
        .where(HalfTerm.id.in_(held), HalfTerm.starts_on <= day)
        .order_by(HalfTerm.starts_on.desc())
        .limit(LOOK_BACK)
    )
    return list(found)[::-1]


def picture(half_terms: Iterable[HalfTerm], *, now: datetime) -> Picture:
    """Where each establishment was in these half terms."""
    half_terms = sorted(half_terms, key=lambda one: one.starts_on)
    ids = [one.id for one in half_terms]
    known = {one.id: one for one in all_establishments()}
    body_ids = rules.body_ids(known, final_successor_ids())
    today_only = {id_: known[id_] for id_ in known if body_ids[id_] == id_}
    return Picture(
        periods=_periods(half_terms, now),
        establishments=today_only,
        bodies=_bodies(today_only, known.values(), body_ids),
        body_ids=body_ids,
        names=tuple(one.name for one in known.values()),
        presence=Presence(
            attended=rules.places(_attended(ids), body_ids),
            watched=rules.places(_watched(ids), body_ids),
            registered=rules.places(_registered(ids, now), body_ids),
        ),
    )


def _periods(half_terms: Sequence[HalfTerm], now: datetime) -> tuple[Period, ...]:
    held = set(
        db.session.scalars(
            select(Event.half_term_id)
            .join(Event.offer)
            .where(is_forum(), Event.ends_at <= now, _in([one.id for one in half_terms]))
        )
    )
    today = london_date(now)
    return tuple(
        Period(
            id=one.id,
            name=f"{one.name} {one.school_year}",
            counted_on=min(one.ends_on, today),
            is_held=one.id in held,
        )
        for one in half_terms
    )


def _bodies(
    today_only: dict[int, Establishment],
    known: Iterable[Establishment],
    body_ids: dict[int, int],
) -> tuple[Body, ...]:
    spans = defaultdict(list)
    for one in known:
        spans[body_ids[one.id]].append((one.opened_on, one.closed_on))
    return tuple(
        Body(one.id, one.phase, one.type, tuple(spans[one.id])) for one in today_only.values()
    )


def _in(half_term_ids: Collection[int]) -> ColumnElement[bool]:
    return Event.half_term_id.in_(half_term_ids)


def _attended(half_term_ids: Collection[int]) -> set[tuple[int, int]]:
    """Half terms and organisations: those that bookings name, and those of posts held that day."""
    came = (
        select(Event.half_term_id)
        .select_from(Attendance)
        .join(Booking, Booking.id == Attendance.booking_id)
        .join(Event, Event.id == Booking.event_id)
        .join(Event.offer)
        .where(
            is_forum(),
            _in(half_term_ids),
            Booking.state != BookingState.CANCELLED,
            Attendance.outcome.in_(WAS_THERE),
        )
    )
    named = came.add_columns(Booking.organisation_id).where(Booking.organisation_id.is_not(None))
    dated = came.join(EventDate, EventDate.id == Attendance.event_date_id)
    return _pairs(named) | _by_posts(
        dated.add_columns(EventDate.starts_at), Booking.person_id, Booking.organisation_id
    )


def _watched(half_term_ids: Collection[int]) -> set[tuple[int, int]]:
    watched = (
        select(Event.half_term_id)
        .select_from(Watching)
        .join(Event, Event.id == Watching.event_id)
        .join(Event.offer)
        .where(is_forum(), _in(half_term_ids))
    )
    named = watched.add_columns(Watching.organisation_id)
    return _pairs(named.where(Watching.organisation_id.is_not(None))) | _by_posts(
        watched.add_columns(Watching.watched_at), Watching.person_id, Watching.organisation_id
    )


def _registered(half_term_ids: Collection[int], now: datetime) -> set[tuple[int, int]]:
    """Half terms and organisations with a confirmed place at a forum that is still to come."""
    return _pairs(
        select(Event.half_term_id, Booking.organisation_id)
        .join(Booking, Booking.event_id == Event.id)
        .join(Event.offer)
        .where(
            is_forum(),
            _in(half_term_ids),
            Event.ends_at > now,
            Booking.state == BookingState.CONFIRMED,
            Booking.organisation_id.is_not(None),
        )
    )


def _pairs(query: Select[*tuple[Any, ...]]) -> set[tuple[int, int]]:
    return {(row[0], row[1]) for row in db.session.execute(query.distinct())}


def _by_posts(
    query: Select[*tuple[Any, ...]],
    person_id: InstrumentedAttribute[int],
    named_id: InstrumentedAttribute[int | None],
) -> set[tuple[int, int]]:
    """The half term of each row, with every other body where its person held a post on its day."""
    held = query.join(Post, Post.person_id == person_id).add_columns(
        Post.organisation_id, Post.from_on, Post.until_on
    )
    elsewhere = held.where(or_(named_id.is_(None), named_id != Post.organisation_id))
    return {
        (half_term_id, organisation_id)
        for half_term_id, at, organisation_id, from_on, until_on in db.session.execute(elsewhere)
        if from_on <= (day := london_date(at)) and (until_on is None or day <= until_on)
    }


def last_notes(body_ids: dict[int, int]) -> dict[int, LastNote]:
    """The newest note of contact with each establishment, or with one whose place it took."""
    newest = select(func.max(ContactNote.id)).group_by(ContactNote.organisation_id)
    rows = db.session.execute(
        select(ContactNote.organisation_id, ContactNote.noted_at, Person.name, ContactNote.words)
        .join(Person, Person.id == ContactNote.noted_by_id)
        .where(ContactNote.id.in_(newest))
        .order_by(ContactNote.noted_at, ContactNote.id)
    )
    return {body_ids.get(row[0], row[0]): LastNote(*row[1:]) for row in rows}

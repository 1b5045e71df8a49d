"""What the pages about moving and handing over read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Organisation, Person
from app.bookings.models import Booking, CancelReason
from app.bookings.queries import is_managed_by
from app.bookings.rules import EventFacts, Opening, opening
from app.catalogue.event_lines import EventLine, event_line, lines_statement
from app.catalogue.models import Event, EventMode, EventState
from app.kernel.db import db
from app.kernel.london import short_date_words

MOST_CHOICES = 50
WITH_PLACES = {Opening.OPEN, Opening.OPEN_TO_ALL}
# Somebody whom staff move may come before booking opens and after it has closed.
WITH_PLACES_FOR_STAFF = WITH_PLACES | {Opening.NOT_YET_OPEN, Opening.CLOSED}


@dataclass(frozen=True, slots=True)
class Choice:
    """Another event of the offer: whether one can move there, or else wait there."""

    line: EventLine
    has_place: bool
    can_wait: bool


def choices(event: Event, *, by_staff: bool = False, now: datetime) -> list[Choice]:
    """The other events of the offer that are still to come, the soonest first."""
    rows = db.session.execute(
        lines_statement()
        .where(
            Event.offer_id == event.offer_id,
            Event.id != event.id,
            Event.state == EventState.PUBLISHED,
            Event.starts_at > now,
            Event.booking_url == "",
            Event.in_house_for_id.is_not_distinct_from(event.in_house_for_id),
            Event.is_history.is_(False),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_CHOICES)
    )
    found = []
    for row in rows:
        facts = EventFacts(
            is_published=True,
            is_cancelled=False,
            capacity=row.capacity,
            places_taken=row.places_taken,
            waiting_count=row.waiting_count,
            opens_at=row.booking_opens_at,
            closes_at=row.booking_closes_at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        state = opening(facts, now)
        is_full = row.capacity is not None and row.places_taken >= row.capacity
        has_place = state in (WITH_PLACES_FOR_STAFF if by_staff else WITH_PLACES) and not is_full
        found.append(Choice(event_line(row, now=now), has_place, state is Opening.FULL))
    return found


def own_to_hand_over(reference: str, person: Person) -> tuple[int, str] | None:
    """The booking that a sent form is about, if it is theirs, and where its sender works."""
    workplace = select(Organisation.name).where(Organisation.id == person.organisation_id)
    row = db.session.execute(
        select(Booking.id, workplace.scalar_subquery()).where(*_is_theirs(reference, person))
    ).one_or_none()
    return (row[0], row[1] or "") if row else None


@dataclass(frozen=True, slots=True)
class AskedMove:
    """What a sent form is about: the booking, and the event to move it to."""

    booking_id: int
    to_event_id: int
    to_mode: EventMode
    to_starts_at: datetime


def own_move(reference: str, to_reference: str, person: Person) -> AskedMove | None:
    """The move that somebody asks for, in one statement; None if it is not theirs to ask."""
    return _asked_move(to_reference, *_is_theirs(reference, person))


def staff_move(event_reference: str, reference: str, to_reference: str) -> AskedMove | None:
    """The same for a booking of this event, whoever's it is."""
    event_id = select(Event.id).where(Event.reference == event_reference).scalar_subquery()
    return _asked_move(to_reference, Booking.reference == reference, Booking.event_id == event_id)


def _asked_move(to_reference: str, *conditions: ColumnElement[bool]) -> AskedMove | None:
    row = db.session.execute(
        select(Booking.id, Event.id, Event.mode, Event.starts_at)
        .join(Event, Event.reference == to_reference)
        .where(*conditions)
    ).one_or_none()
    return AskedMove(*row) if row else None


def _is_theirs(reference: str, person: Person) -> tuple[ColumnElement[bool], ...]:
    return Booking.reference == reference, is_managed_by(person.id)


def replacement(booking: Booking) -> Booking | None:
    """The booking that this one was moved or handed over to, with its event."""
    return db.session.scalar(
        select(Booking)
        .where(Booking.replaces_id == booking.id)
        .options(joinedload(Booking.event).joinedload(Event.offer))
    )


def exchanges(event_id: int, references: Sequence[str]) -> dict[str, str]:
    """By reference of a booking: whose place it was before, or what became of it, in words."""
    old, new = aliased(Booking), aliased(Booking)
    old_event, new_event = aliased(Event), aliased(Event)
    old_person, new_person = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(
            old.reference.label("old"),
            new.reference.label("new"),
            old.cancelled_because,
            old_event.starts_at.label("was_at"),
            new_event.starts_at.label("is_at"),
            old_person.name.label("old_name"),
            new_person.name.label("new_name"),
        )
        .join(new, new.replaces_id == old.id)
        .join(old_event, old_event.id == old.event_id)
        .join(new_event, new_event.id == new.event_id)
        .join(old_person, old_person.id == old.person_id)
        .join(new_person, new_person.id == new.person_id)
        .where(
            or_(old.event_id == event_id, new.event_id == event_id),
            or_(old.reference.in_(references), new.reference.in_(references)),
        )
    )
    words: dict[str, str] = {}
    for row in rows:
        is_moved = row.cancelled_because is CancelReason.MOVED
        gone = short_date_words(row.is_at) if is_moved else row.new_name
        come = short_date_words(row.was_at) if is_moved else row.old_name
        words[row.old] = f"{'Moved to' if is_moved else 'Handed over to'} {gone}"
        # Whoever was handed over and then moved stands twice: what happened last is said.
        words.setdefault(row.new, f"{'Moved from' if is_moved else 'In place of'} {come}")
    return words

"""What a record is made of, and the sessions that renew something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.accounts.models import Person
from app.bookings.models import Attendance, Booking, BookingState, BookingTerms
from app.bookings.places import terms_from
from app.bookings.terms import applicant_of
from app.bookings.terms_rules import Terms, bar
from app.catalogue.event_lines import is_in_programme
from app.catalogue.models import Event, EventDate, EventState, Offer, OfferState
from app.catalogue.rules import event_title
from app.kernel.db import db
from app.kernel.london import date_words, day_start, london_date
from app.partnership import queries as partnership
from app.partnership.models import Refresher
from app.record import rules
from app.record.models import LearningElsewhere, RefresherNudge, RefresherStop
from app.record.rules import Entry, Learned, RefresherDue, RegisterRow, Rule

# Rules about posts or organisations may bar somebody from the first ones.
MOST_CANDIDATES = 60
SECONDS_A_MINUTE = 60
# Stands for terms that look at everything, so that a person is read once for all offers.
ALL_OF_A_PERSON = Terms(sectors=frozenset({"any"}), posts=frozenset({"any"}))


@dataclass(frozen=True, slots=True)
class Record:
    """All that somebody's record holds."""

    lines: list[Learned]
    refreshers: list[RefresherDue]
    names: dict[int, str]  # of refreshers, by id


def record_of(person_id: int, *, now: datetime) -> Record:
    """Somebody's record as registers, their own entries and the rules say now."""
    return records_of([person_id], now=now)[person_id]


def records_of(person_ids: Collection[int], *, now: datetime) -> dict[int, Record]:
    """The records of several people, in as many statements as that of one."""
    registers, entries = registers_of(person_ids, now=now), entries_of(person_ids)
    known, today = refresher_rules(), london_date(now)
    names = {rule.id: rule.name for rule in known}
    records = {}
    for id_ in person_ids:
        register, own = registers.get(id_, []), entries.get(id_, [])
        due = rules.refreshers_due(known, rules.last_done(register, own), today=today)
        records[id_] = Record(rules.record_lines(register, own), due, names)
    return records


def refreshers_of(person_id: int, *, now: datetime) -> list[RefresherDue]:
    """What somebody must renew and when, the most urgent first."""
    return record_of(person_id, now=now).refreshers


def registers_of(
    person_ids: Collection[int] | Select[int], *, now: datetime, renewing: bool = False
) -> dict[int, list[RegisterRow]]:
    """What registers say of people, or only of what renews something; not of cancelled bookings."""
    own_name = partnership.current().name
    where = [Booking.person_id.in_(person_ids), Booking.state != BookingState.CANCELLED]
    if renewing:
        where.append(Offer.refresher_id.is_not(None))
    found: defaultdict[int, list[RegisterRow]] = defaultdict(list)
    for row in db.session.execute(_registers().where(*where)):
        found[row.person_id].append(
            RegisterRow(
                booking_reference=row.reference,
                state=row.state,
                outcome=row.outcome,
                learned_on=london_date(row.starts_at),
                minutes=minutes_of(row.starts_at, row.ends_at),
                title=event_title(row.title, row.subtitle),
                provider=row.provider or own_name,
                is_over=row.event_ends_at <= now,
                refresher_id=row.refresher_id,
            )
        )
    return found


def _registers() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Booking.person_id,
            Booking.reference,
            Booking.state,
            Attendance.outcome,
            EventDate.starts_at,
            EventDate.ends_at,
            Offer.title,
            Event.subtitle,
            Offer.provider,
            Event.ends_at.label("event_ends_at"),
            Offer.refresher_id,
        )
        .join(Attendance.booking)
        .join(Attendance.event_date)
        .join(EventDate.event)
        .join(Event.offer)
    )


def minutes_of(starts_at: datetime, ends_at: datetime) -> int:
    """How long a date lasts, in whole minutes."""
    return round((ends_at - starts_at).total_seconds() / SECONDS_A_MINUTE)


def entries_of(
    person_ids: Collection[int] | Select[int], *, renewing: bool = False
) -> dict[int, list[Entry]]:
    """What people learned elsewhere, or only what renews something."""
    where = [LearningElsewhere.person_id.in_(person_ids)]
    if renewing:
        where.append(LearningElsewhere.refresher_id.is_not(None))
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for row in db.session.scalars(select(LearningElsewhere).where(*where)):
        found[row.person_id].append(
            Entry(
                reference=row.reference,
                learned_on=row.learned_on,
                minutes=row.minutes,
                title=row.title,
                provider=row.provider,
                refresher_id=row.refresher_id,
            )
        )
    return found


def own_entry(reference: str, person_id: int) -> LearningElsewhere | None:
    """One entry, if it is theirs; anybody else's is as absent as one that never was."""
    return db.session.scalar(
        select(LearningElsewhere).where(
            LearningElsewhere.reference == reference, LearningElsewhere.person_id == person_id
        )
    )


def refresher_rules() -> list[Rule]:
    """Everything that must be renewed."""
    columns = (Refresher.id, Refresher.slug, Refresher.name, Refresher.months, Refresher.why)
    return [Rule(*row) for row in db.session.execute(select(*columns).order_by(Refresher.name))]


def has_stopped(person_id: int) -> bool:
    """Whether somebody wants no reminders."""
    return db.session.get(RefresherStop, person_id) is not None


@dataclass(frozen=True, slots=True)
class Session:
    """A session that renews something."""

    title: str
    when_words: str
    address: str


@dataclass(frozen=True, slots=True)
class WayOn:
    """How somebody can renew something: what they have booked, or else what they could book."""

    booked: Session | None = None
    next: Session | None = None


def ways_on(refresher_ids: Collection[int], person: Person, *, now: datetime) -> dict[int, WayOn]:
    """For each refresher the session that somebody has booked, or the next that they may book."""
    if not refresher_ids:
        return {}
    booked = _booked(refresher_ids, person.id, now=now)
    open_ids = [id_ for id_ in refresher_ids if id_ not in booked]
    coming = _bookable(open_ids, person, now=now) if open_ids else {}
    return {id_: WayOn(booked.get(id_), coming.get(id_)) for id_ in refresher_ids}


_SESSION = (Offer.refresher_id, Offer.title, Event.subtitle, Event.starts_at)


def _booked(refresher_ids: Collection[int], person_id: int, *, now: datetime) -> dict[int, Session]:
    """The first coming session of each that somebody has a booking for, with a place or without."""
    found = db.session.execute(
        select(*_SESSION, Booking.reference)
        .join(Event.offer)
        .join(Booking, Booking.event_id == Event.id)
        .where(
            Booking.person_id == person_id,
            Booking.state != BookingState.CANCELLED,
            Offer.refresher_id.in_(refresher_ids),
            Event.state == EventState.PUBLISHED,
            Event.ends_at > now,
        )
        .order_by(Event.starts_at)
    )
    booked: dict[int, Session] = {}
    for row in found:
        booked.setdefault(row.refresher_id, _session(row, f"/bookings/{row.reference}"))
    return booked


def _bookable(
    refresher_ids: Collection[int], person: Person, *, now: datetime
) -> dict[int, Session]:
    """The first coming session of each with a free place that this person may book."""
    found = db.session.execute(
        select(*_SESSION, Event.reference, BookingTerms)
        .join(Event.offer)
        .outerjoin(BookingTerms, BookingTerms.offer_id == Offer.id)
        .where(Offer.refresher_id.in_(refresher_ids), *_is_open(now))
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_CANDIDATES)
    ).all()
    applicant = None
    if any(row.BookingTerms is not None for row in found):
        applicant = applicant_of(person, ALL_OF_A_PERSON)
    coming: dict[int, Session] = {}
    for row in found:
        if applicant is None or bar(terms_from(row.BookingTerms), applicant) is None:
            coming.setdefault(row.refresher_id, _session(row, f"/events/{row.reference}"))
    return coming


def _is_open(now: datetime) -> Sequence[ColumnElement[bool]]:
    return (
        Offer.state == OfferState.PUBLISHED,
        Event.state == EventState.PUBLISHED,
        Event.booking_url == "",
        is_in_programme(),
        Event.starts_at > now,
        Event.booking_opens_at <= now,
        Event.booking_closes_at > now,
        or_(
            Event.capacity.is_(None),
            and_(Event.places_taken < Event.capacity, Event.waiting_count == 0),
        ),
    )


def _session(row: Any, address: str) -> Session:
    return Session(event_title(row.title, row.subtitle), date_words(row.starts_at), address)


def people_to_nudge(*, now: datetime) -> list[int]:
    """People who did something so long ago that a reminder may be timely today."""
    today = london_date(now)
    found: set[int] = set()
    for rule in refresher_rules():
        told = set(_told_lately(rule.id, now=now))
        for first, last in rules.days_to_look_at(rule.months, today=today):
            found.update(set(_who_did(rule.id, first, last)) - told)
    return sorted(found)


def _told_lately(refresher_id: int, *, now: datetime) -> list[int]:
    """Who was reminded while the same reminder would still be timely."""
    since = now - rules.STILL_TIMELY - timedelta(days=1)
    return list(
        db.session.scalars(
            select(RefresherNudge.person_id).where(
                RefresherNudge.refresher_id == refresher_id, RefresherNudge.sent_at > since
            )
        )
    )


def _who_did(refresher_id: int, first: date, last: date) -> list[int]:
    attended = (
        select(Booking.person_id)
        .join(Booking.event)
        .join(Event.offer)
        .where(
            Offer.refresher_id == refresher_id,
            Event.ends_at >= day_start(first),
            Event.ends_at < day_start(last),
            Booking.state.in_(rules.PLACES_ON_REGISTER),
        )
    )
    elsewhere = select(LearningElsewhere.person_id).where(
        LearningElsewhere.refresher_id == refresher_id,
        LearningElsewhere.learned_on.between(first, last),
    )
    return list(db.session.scalars(attended.union(elsewhere)))

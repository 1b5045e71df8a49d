"""The places of an event: its write lock, what is known inside it, and its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Table,
    Update,
    bindparam,
    case,
    func,
    select,
    true,
    update,
)
from sqlalchemy.orm import joinedload, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.bookings.models import TAKES_NO_PLACE, Booking, BookingState, BookingTerms
from app.bookings.rules import EventFacts, way_given
from app.bookings.terms_rules import FOR_EVERYBODY, Taken, Terms
from app.catalogue.models import Event, EventMode, EventState, Offer
from app.kernel.db import db
from app.kernel.errors import Refused

# Somebody who came without booking was in the room, but took nobody's place.
TAKES_A_PLACE = (
    Booking.state.in_((BookingState.CONFIRMED, BookingState.HELD)),
    Booking.origin.not_in(TAKES_NO_PLACE),
)


# Built once: others wait for the lock while a statement is put together.
_IS_THEIRS = (Booking.person_id == bindparam("person_id")) & (
    Booking.state != BookingState.CANCELLED
)
_IS_OF_FORM = Booking.form_key == bindparam("form_key")
_IS_BARRED = (Booking.state == BookingState.WAITING) & (Booking.passed_over_reason != "")
_BOOKED = select(
    func.sum(case((_IS_THEIRS, 1), else_=0)).label("theirs"),
    func.sum(case((_IS_BARRED, 1), else_=0)).label("barred"),
    func.max(Booking.joined_waiting_at).label("last_joined_at"),
    func.max(case((_IS_OF_FORM, Booking.id))).label("of_form_id"),
).where(Booking.event_id == bindparam("event_id"))


@dataclass(frozen=True)
class BookingFacts:
    """What is known when somebody asks for a place."""

    event: EventFacts
    already_booked: bool
    waiting_barred: int
    last_joined_at: datetime | None
    booking_of_form_id: int | None


def lock_event(event_id: int) -> Event:
    """The event, which nobody else can change until the transaction ends; LookupError if none."""
    return _locked(_BY_ID, event_id)


def lock_event_of(booking_id: int) -> tuple[Event, Terms]:
    """The event of a booking, locked likewise; LookupError if there is no such booking."""
    return _locked_with_terms(_BY_BOOKING, booking_id)


def lock_event_and_terms(event_id: int) -> tuple[Event, Terms]:
    """The event, locked likewise, with who may book it; LookupError if none."""
    return _locked_with_terms(_BY_ID, event_id)


def lock_event_called(reference: str) -> tuple[Event, Terms]:
    """The event with this reference, locked likewise; LookupError if none."""
    return _locked_with_terms(_BY_REFERENCE, reference)


def lock_to_book(
    event_id: int, person_id: int, form_key: str | None
) -> tuple[Event, Person, Terms, BookingFacts]:
    """The event, locked likewise, and all that a decision about a place for this person rests on.

    In one statement after the lock: others wait for it meanwhile.
    """
    asked = {"event_id": event_id, "person_id": person_id, "form_key": form_key}
    return _found_to_book(_lock_then_look(_TO_BOOK, {**asked, "wanted": event_id}))


def lock_to_book_called(
    reference: str, person_id: int, form_key: str | None
) -> tuple[Event, Person, Terms, BookingFacts]:
    """The same of the event with this reference: the lock says which one that is."""
    event_id = db.session.connection().scalar(_LOCK_CALLED, {"wanted": reference})
    if event_id is None:
        raise LookupError("no such event")
    asked = {"event_id": event_id, "person_id": person_id, "form_key": form_key}
    return _found_to_book(_look(_TO_BOOK[1], {**asked, "wanted": event_id}))


def lock_events(event_ids: Iterable[int]) -> dict[int, tuple[Event, Terms]]:
    """Several events by id, locked in one order by everybody, so that none wait for each other."""
    return lock_events_where(Event.id.in_(set(event_ids)))


def lock_events_where(*conditions: ColumnElement[bool]) -> dict[int, tuple[Event, Terms]]:
    """The events for which this is true, locked likewise, in as many statements as two."""
    in_order = select(Event.id).where(*conditions).order_by(Event.id).with_for_update()
    event_ids = list(db.session.scalars(in_order))
    lock, look = _lock_and_look(Event.id.in_(event_ids))
    db.session.connection().execute(lock)
    found = db.session.execute(look.order_by(Event.id)).unique()
    return {event.id: (event, terms_from(row)) for event, row in found}


def _lock_and_look(which: ColumnElement[bool]) -> tuple[Update, Any]:
    events = cast(Table, Event.__table__)  # the table's is done in half the time of the class's
    lock = update(events).where(which).values(revision=events.c.revision + 1)
    look = (
        select(Event, BookingTerms)
        .outerjoin(BookingTerms, BookingTerms.offer_id == Event.offer_id)
        .where(which)
        .options(joinedload(Event.offer), joinedload(Event.dates))
    )
    return lock, look.execution_options(populate_existing=True)


_WANTED = bindparam("wanted", type_=Integer)
_BY_ID = _lock_and_look(Event.id == _WANTED)
_BY_REFERENCE = _lock_and_look(Event.reference == bindparam("wanted", type_=String))
_BY_BOOKING = _lock_and_look(
    Event.id == select(Booking.event_id).where(Booking.id == _WANTED).scalar_subquery()
)


def _to_book() -> tuple[Update, Any]:
    lock, look = _BY_ID
    counted = _BOOKED.subquery()
    look = (
        look.join(Person, Person.id == bindparam("person_id"))
        .join(counted, true())
        .add_columns(Person, counted)
        .options(
            joinedload(Event.offer).load_only(Offer.title),
            joinedload(Person.organisation),
            lazyload(Person.role_grants),
        )
    )
    return lock, look


_TO_BOOK = _to_book()
_LOCK_CALLED = _BY_REFERENCE[0].returning(cast(Table, Event.__table__).c.id)


def _found_to_book(row: Any) -> tuple[Event, Person, Terms, BookingFacts]:
    event, of_terms, person, *counted = row
    return event, person, terms_from(of_terms), _facts(event, *counted)


def _locked(statements: tuple[Update, Any], wanted: int) -> Event:
    return _locked_with_terms(statements, wanted)[0]


def _locked_with_terms(statements: tuple[Update, Any], wanted: int | str) -> tuple[Event, Terms]:
    event, row = _lock_then_look(statements, {"wanted": wanted})
    return event, terms_from(row)


def _lock_then_look(statements: tuple[Update, Any], wanted: dict[str, Any]) -> Any:
    lock, look = statements
    db.session.connection().execute(lock, {"wanted": wanted["wanted"]})
    return _look(look, wanted)


def _look(look: Any, wanted: dict[str, Any]) -> Any:
    found = db.session.execute(look, wanted).unique().one_or_none()
    if found is None:
        raise LookupError("no such event")
    return found


def terms_from(row: BookingTerms | None) -> Terms:
    """The terms as the rules see them; without a row everybody may book."""
    if row is None:
        return FOR_EVERYBODY
    return Terms(
        sectors=frozenset(row.sectors),
        establishments=frozenset(row.establishments),
        posts=frozenset(row.posts),
        most_per_organisation=row.most_per_organisation,
        most_per_sector=row.most_per_sector,
        approved_by=row.approved_by,
        promotion=row.promotion,
        hold_hours=row.hold_hours,
    )


def terms_of(offer_id: int) -> Terms:
    """Who may book an offer's events, and how their places are given."""
    return terms_from(db.session.get(BookingTerms, offer_id))


def taken_by_limits(event_id: int, terms: Terms) -> Taken:
    """Places taken by organisation and sector; nothing is counted where the terms have no limit."""
    if not terms.have_limits:
        return Taken()
    rows = db.session.execute(
        select(Booking.organisation_id, Booking.sector_id, func.count())
        .where(Booking.event_id == event_id, *TAKES_A_PLACE)
        .group_by(Booking.organisation_id, Booking.sector_id)
    ).all()
    taken = Taken(Counter(), Counter())
    for organisation_id, sector_id, count in rows:
        taken.by_sector[sector_id] += count
        if organisation_id is not None:
            taken.by_organisation[organisation_id] += count
    return taken


class Ways:
    """How the places of a hybrid event are shared between the room and online.

    Right only inside the event's lock. Of any other event, people take part as they asked.
    """

    def __init__(self, event: Event) -> None:
        """Count what is taken, in one statement and only where places are told apart."""
        self.event = event
        self.taken: Counter[EventMode] = Counter()
        if event.online_capacity is not None:
            rows = db.session.execute(
                select(Booking.mode, func.count())
                .where(Booking.event_id == event.id, *TAKES_A_PLACE)
                .group_by(Booking.mode)
            )
            self.taken.update({row[0]: row[1] for row in rows})

    def given(self, wanted: EventMode) -> EventMode:
        """The way with room for one more, the one wanted if it has."""
        capacity, online = self.event.capacity, self.event.online_capacity
        if capacity is None or online is None or wanted is EventMode.HYBRID:
            return wanted
        return way_given(wanted, self.taken, capacity=capacity, online_capacity=online)

    def take(self, booking: Booking) -> None:
        """Let the booking take up its place in a way that has room, and count it."""
        booking.mode = self.given(booking.mode)
        self.taken[booking.mode] += 1

    def full_words(self) -> dict[str, str]:
        """What a form says beside the way that has no room, while the other has."""
        both = (EventMode.ONLINE, EventMode.FACE_TO_FACE)
        return {way.value: "No places left" for way in both if self.given(way) is not way}

    def check(self, wanted: EventMode) -> None:
        """Refused, with the other way to take part, if there is no room in the one chosen."""
        if self.given(wanted) is wanted:
            return
        if wanted is EventMode.ONLINE:
            raise Refused("There are no places online any more: choose to come in person")
        raise Refused("There are no places in the room any more: choose to take part online")


def facts_of(event: Event) -> EventFacts:
    """The event as the rules see it."""
    return EventFacts(
        is_published=event.state is EventState.PUBLISHED,
        is_cancelled=event.state is EventState.CANCELLED,
        capacity=event.capacity,
        places_taken=event.places_taken,
        waiting_count=event.waiting_count,
        opens_at=event.booking_opens_at,
        closes_at=event.booking_closes_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        is_elsewhere=bool(event.booking_url),
    )


def gather_facts(event_id: int, person_id: int, form_key: str | None = None) -> BookingFacts:
    """What a decision about a place rests on; true for as long as the event's lock is held."""
    event = db.session.get(Event, event_id)
    if event is None:
        raise LookupError(f"no event {event_id}")
    asked = {"event_id": event_id, "person_id": person_id, "form_key": form_key}
    return _facts(event, *db.session.execute(_BOOKED, asked).one())


def _facts(
    event: Event,
    theirs: int | None,
    barred: int | None,
    last_joined_at: datetime | None,
    of_form_id: int | None,
) -> BookingFacts:
    return BookingFacts(facts_of(event), bool(theirs), barred or 0, last_joined_at, of_form_id)


_events = cast(Table, Event.__table__)
_COUNT = (
    update(_events)
    .where(_events.c.id == bindparam("event_id"))
    .values(
        places_taken=_events.c.places_taken + bindparam("taken"),
        waiting_count=_events.c.waiting_count + bindparam("waiting"),
    )
)


def count_places(event: Event, *, taken: int = 0, waiting: int = 0) -> None:
    """Add to the event's counts, written at once; to be called inside its lock."""
    counted = {"event_id": event.id, "taken": taken, "waiting": waiting}
    db.session.connection().execute(_COUNT, counted)
    set_committed_value(event, "places_taken", event.places_taken + taken)
    set_committed_value(event, "waiting_count", event.waiting_count + waiting)


def recount_places(event: Event) -> None:
    """Set the event's counts from its bookings; to be called inside its lock."""
    db.session.flush()
    taken, waiting = db.session.execute(
        select(
            func.count().filter(*TAKES_A_PLACE),
            func.count().filter(Booking.state == BookingState.WAITING),
        ).where(Booking.event_id == event.id)
    ).one()
    event.places_taken, event.waiting_count = taken, waiting

"""How a place is asked for and given: one person, one event, one booking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.accounts.models import Capacity, Person
from app.accounts.people import id_of, read_again
from app.audit import operations as audit
from app.bookings import emails, terms
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingState
from app.bookings.places import (
    BookingFacts,
    Ways,
    count_places,
    lock_to_book,
    lock_to_book_called,
    taken_by_limits,
    terms_of,
)
from app.bookings.requests import Manager as Manager
from app.bookings.requests import ask_for_approval
from app.bookings.rules import Outcome, check_may_book, decide, joining_time
from app.bookings.terms_rules import FOR_EVERYBODY, Limit, Terms, limit_reached
from app.bookings.waiting_letters import tell_waiting
from app.catalogue.models import Event, EventMode
from app.kernel.db import Base, db, insert_now, insert_together
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference
from app.partnership import queries as partnership

USED_FORM = "This form was used already: start again from the session's page"


@dataclass(frozen=True)
class Asked:
    """What somebody asks for, and who asks."""

    booked_by: Person
    origin: BookingOrigin
    mode: EventMode
    form_key: str | None = None
    adjustments: str = ""
    name_given: str = ""
    manager: Manager | None = None
    past_the_rules: bool = False  # staff book somebody whom a rule or limit would bar
    trail: Mapping[str, str] = field(default_factory=dict)  # what the audit trail says besides
    chooses_way: bool = True  # they can choose again if there is no room in the way they chose

    @property
    def by_staff(self) -> bool:
        """Whether the partnership books, which needs nobody's yes."""
        return self.origin is BookingOrigin.STAFF


def book(
    event_id: int,
    person: Person,
    *,
    booked_by: Person,
    origin: BookingOrigin,
    mode: EventMode,
    form_key: str | None,
    adjustments: str = "",
    manager: Manager | None = None,
    past_the_rules: bool = False,
    now: datetime,
) -> Booking:
    """Book one place, ask for it or join the waiting list; Refused if the rules say no.

    The same form sent twice gives the booking it made the first time.
    """
    found = lock_to_book(event_id, id_of(person), form_key)
    asked = Asked(
        booked_by=read_again(booked_by),
        origin=origin,
        mode=mode,
        form_key=form_key,
        adjustments=adjustments,
        manager=manager,
        past_the_rules=past_the_rules,
    )
    return _write_once(found, asked, now=now)


def book_own(
    reference: str,
    person: Person,
    *,
    mode: EventMode,
    form_key: str | None,
    adjustments: str = "",
    manager: Manager | None = None,
    now: datetime,
) -> Booking:
    """Book a place for oneself at the event with this reference, likewise; LookupError if none."""
    found = lock_to_book_called(reference, id_of(person), form_key)
    asked = Asked(
        booked_by=found[1],
        origin=BookingOrigin.SELF,
        mode=mode,
        form_key=form_key,
        adjustments=adjustments,
        manager=manager,
    )
    return _write_once(found, asked, now=now)


def _write_once(
    found: tuple[Event, Person, Terms, BookingFacts], asked: Asked, *, now: datetime
) -> Booking:
    event, person, rules_of_offer, facts = found
    if facts.booking_of_form_id:
        earlier = db.session.get_one(Booking, facts.booking_of_form_id)
        if earlier.person_id != person.id:
            raise Refused(USED_FORM)
        return earlier
    return write_booking(event.id, person, facts, asked, rules_of_offer, now=now)


def write_booking(
    event_id: int,
    person: Person,
    facts: BookingFacts,
    asked: Asked,
    rules_of_offer: Terms = FOR_EVERYBODY,
    *,
    now: datetime,
) -> Booking:
    """Decide from facts and write what follows; right only if they were gathered in the lock."""
    by_staff = asked.by_staff
    check_may_book(facts.event, already_booked=facts.already_booked, by_staff=by_staff, now=now)
    event = db.session.get_one(Event, event_id)
    booking = new_booking(event, person, asked, now=now)
    if not asked.past_the_rules:
        terms.check_may_book(rules_of_offer, person)
    needs_yes = rules_of_offer.approved_by is not ApprovedBy.NOBODY and not by_staff
    if needs_yes:
        booking.state = BookingState.REQUESTED
    else:
        give(event, booking, facts, asked, rules_of_offer, now=now)
    _add(booking)
    by = asked.booked_by.reference
    rows: list[Base] = [
        audit.line(by, "booked", "booking", booking.reference, now=now, **asked.trail)
    ]
    if needs_yes:
        ask_for_approval(booking, event, rules_of_offer, asked.manager, now=now, into=rows)
    else:
        tell_given(booking, event, rules_of_offer, now=now, into=rows)
    insert_together(rows)
    return booking


def give(
    event: Event,
    booking: Booking,
    facts: BookingFacts,
    asked: Asked,
    rules_of_offer: Terms,
    *,
    now: datetime,
) -> None:
    """Confirm the booking or let it wait, and count it; whoever calls tells the person."""
    limit = None if asked.past_the_rules else _limit(event, booking, rules_of_offer)
    outcome = decide(
        facts.event,
        waiting_barred=facts.waiting_barred,
        is_over_limit=limit is not None,
        needs_yes=False,
    )
    if outcome is Outcome.CONFIRMED:
        ways = Ways(event)
        if asked.chooses_way:
            ways.check(booking.mode)
        ways.take(booking)
        booking.state, booking.confirmed_at = BookingState.CONFIRMED, now
        count_places(event, taken=1)
        return
    booking.state = BookingState.WAITING
    booking.joined_waiting_at = joining_time(now, facts.last_joined_at)
    booking.passed_over_reason = terms.limit_words(limit, rules_of_offer) if limit else ""
    count_places(event, waiting=1)


def _limit(event: Event, booking: Booking, rules_of_offer: Terms) -> Limit | None:
    taken = taken_by_limits(event.id, rules_of_offer)
    return limit_reached(rules_of_offer, taken, booking.organisation_id, booking.sector_id)


def tell_given(
    booking: Booking,
    event: Event,
    rules_of_offer: Terms | None = None,
    *,
    approver: str = "",
    now: datetime,
    into: list[Base],
) -> None:
    """Tell the person what became of the booking: a place, or a place in the waiting list.

    The rules are looked up if whoever calls does not have them at hand.
    """
    if booking.state is BookingState.CONFIRMED:
        emails.tell_confirmed(booking, event, promoted=False, approver=approver, now=now, into=into)
        return
    rules_of_offer = rules_of_offer or terms_of(event.offer_id)
    position = event.waiting_count
    tell_waiting(
        booking, event, rules_of_offer, position=position, approver=approver, now=now, into=into
    )


def new_booking(event: Event, person: Person, asked: Asked, *, now: datetime) -> Booking:
    """The booking with everything but its state; not written yet."""
    _check_is_for(event, person, asked)
    return Booking(
        **person_as_of_today(person),
        event_id=event.id,
        reference=new_reference(10),
        booked_by_id=asked.booked_by.id,
        origin=asked.origin,
        mode=mode_of_booking(event, asked.mode),
        adjustments=asked.adjustments,
        form_key=asked.form_key,
        name_given=asked.name_given,
        booked_at=now,
        passed_over_reason="",
    )


def _check_is_for(event: Event, person: Person, asked: Asked) -> None:
    """Refused if the event is for the staff of an organisation that is not the person's."""
    is_theirs = event.in_house_for_id in {None, person.organisation_id}
    if not is_theirs and not asked.by_staff:
        raise Refused("This session is only for the staff of the organisation that asked for it")


def person_as_of_today(person: Person) -> dict[str, Any]:
    """Who the person is that day: a change of job later does not rewrite it (R31)."""
    organisation = person.organisation
    return {
        "person_id": person.id,
        "sector_id": _sector_id(person),
        "organisation_id": person.organisation_id,
        "organisation_name": organisation.name if organisation else "",
        "capacity": person.capacity or Capacity.EMPLOYEE,
    }


def _sector_id(person: Person) -> int:
    if person.sector_id:
        return person.sector_id
    if person.organisation:
        return person.organisation.sector_id
    return partnership.fallback_sector_id()


def mode_of_booking(event: Event, asked: EventMode) -> EventMode:
    """How somebody takes part; Refused if they must say and did not."""
    if event.mode is not EventMode.HYBRID:
        return event.mode
    if asked is EventMode.HYBRID:
        raise Refused("Say whether you will come in person or join online")
    return asked


def _add(booking: Booking) -> None:
    """Write the booking; a constraint that was not foreseen is a refusal, never a failure page."""
    try:
        insert_now(booking)
    except IntegrityError as error:
        raise Refused(USED_FORM) from error

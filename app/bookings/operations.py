"""Taking a place, giving it back, and being there without one. Verbs about an event as a whole
stand in event_changes; they are named here too, so that callers know one module."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.accounts.models import Capacity, Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import emails
from app.bookings.event_changes import (
    DateChange as DateChange,
)
from app.bookings.event_changes import (
    EventChange as EventChange,
)
from app.bookings.event_changes import (
    cancel_event as cancel_event,
)
from app.bookings.event_changes import (
    change_event as change_event,
)
from app.bookings.event_changes import (
    publish_event as publish_event,
)
from app.bookings.models import Booking, BookingOrigin, BookingState, CancelReason
from app.bookings.places import BookingFacts, gather_facts, lock_event, lock_event_of
from app.bookings.places import recount_places as recount_places
from app.bookings.rules import Outcome, decide, is_late_cancellation, joining_time
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event, EventMode, EventState
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.partnership import queries as partnership

USED_FORM = "This form was used already: start again from the session's page"


def book(
    event_id: int,
    person: Person,
    *,
    booked_by: Person,
    origin: BookingOrigin,
    mode: EventMode,
    form_key: str | None,
    adjustments: str = "",
    now: datetime,
) -> Booking:
    """Book one place, or join the waiting list; Refused if the rules say no.

    The same form sent twice gives the booking it made the first time.
    """
    lock_event(event_id)
    person, booked_by = read_again(person), read_again(booked_by)
    facts = gather_facts(event_id, person.id, form_key)
    if facts.booking_of_form_id:
        earlier = db.session.get_one(Booking, facts.booking_of_form_id)
        if earlier.person_id != person.id:
            raise Refused(USED_FORM)
        return earlier
    return write_booking(
        event_id,
        person,
        facts,
        booked_by=booked_by,
        origin=origin,
        mode=mode,
        form_key=form_key,
        adjustments=adjustments,
        now=now,
    )


def write_booking(
    event_id: int,
    person: Person,
    facts: BookingFacts,
    *,
    booked_by: Person,
    origin: BookingOrigin,
    mode: EventMode,
    form_key: str | None,
    adjustments: str = "",
    now: datetime,
) -> Booking:
    """Decide from facts and write what follows; right only if they were gathered in the lock."""
    outcome = decide(
        facts.event,
        already_booked=facts.already_booked,
        by_staff=origin is BookingOrigin.STAFF,
        now=now,
    )
    event = db.session.get_one(Event, event_id)
    booking = Booking(
        **_person_as_of_today(person),
        event_id=event.id,
        reference=new_reference(10),
        booked_by_id=booked_by.id,
        state=BookingState(outcome),
        origin=origin,
        mode=_mode_of_booking(event, mode),
        adjustments=adjustments,
        form_key=form_key,
        booked_at=now,
    )
    if outcome is Outcome.CONFIRMED:
        booking.confirmed_at = now
        event.places_taken += 1
    else:
        booking.joined_waiting_at = joining_time(now, facts.last_joined_at)
        event.waiting_count += 1
    _add(booking)
    _tell_booked(booking, event, booked_by, now=now)
    return booking


def _tell_booked(booking: Booking, event: Event, booked_by: Person, *, now: datetime) -> None:
    rows: list[Base] = [
        audit.line(booked_by.reference, "booked", "booking", booking.reference, now=now)
    ]
    if booking.state is BookingState.CONFIRMED:
        emails.tell_confirmed(booking, event, promoted=False, now=now, into=rows)
    else:
        emails.tell_waiting(booking, event, position=event.waiting_count, now=now, into=rows)
    insert_together(rows)


def _person_as_of_today(person: Person) -> dict[str, Any]:
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


def _mode_of_booking(event: Event, asked: EventMode) -> EventMode:
    if event.mode is not EventMode.HYBRID:
        return event.mode
    if asked is EventMode.HYBRID:
        raise Refused("Say whether you will come in person or join online")
    return asked


def _add(booking: Booking) -> None:
    """Write the booking; a constraint that was not foreseen is a refusal, never a failure page."""
    db.session.add(booking)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Refused(USED_FORM) from error


def cancel_booking(booking_id: int, *, actor: Person, now: datetime) -> Booking:
    """Cancel, tell the person and promote; once it is cancelled, cancelling again does nothing."""
    event = lock_event_of(booking_id)
    booking = _with_people_and_entries(booking_id)
    if booking.state is BookingState.CANCELLED:
        return booking
    from_register = booking.origin is BookingOrigin.REGISTER
    if now >= event.starts_at and not from_register:
        raise Refused("This session has started, so the place can no longer be cancelled")
    had_place = booking.state is not BookingState.WAITING
    booking.cancelled_late = had_place and is_late_cancellation(
        london_date(now),
        london_date(event.starts_at),
        partnership.current().cancellation_notice_days,
    )
    actor = read_again(actor)
    rows: list[Base] = [
        audit.line(actor.reference, "cancelled", "booking", booking.reference, now=now)
    ]
    with db.session.no_autoflush:  # everything is written at the end, with few statements
        _free_place(event, booking)
        booking.state, booking.held_until = BookingState.CANCELLED, None
        booking.cancelled_at = now
        by = actor if _is_theirs(booking, actor) else None
        booking.cancelled_because = CancelReason.PERSON if by else CancelReason.STAFF
        if not from_register:
            emails.tell_cancelled(booking, event, by=by, now=now, into=rows)
        if had_place:
            promote_waiting(event, now=now, into=rows)
    insert_together(rows)
    return booking


def _is_theirs(booking: Booking, actor: Person) -> bool:
    """Whether somebody acts for themselves or their colleague, and not for the partnership."""
    booked_for_them = booking.origin is BookingOrigin.COLLEAGUE
    return actor.id == booking.person_id or (booked_for_them and actor.id == booking.booked_by_id)


def _with_people_and_entries(booking_id: int) -> Booking:
    found = db.session.scalars(
        select(Booking)
        .where(Booking.id == booking_id)
        .options(
            joinedload(Booking.person),
            joinedload(Booking.booked_by),
            joinedload(Booking.calendar_entries),
        )
        .execution_options(populate_existing=True)
    )
    return found.unique().one()


def _free_place(event: Event, booking: Booking) -> None:
    """Count the place or waiting-list place back."""
    if booking.state is BookingState.WAITING:
        event.waiting_count -= 1
    elif booking.origin is not BookingOrigin.REGISTER:
        event.places_taken -= 1


def attend_without_booking(
    event_id: int, person: Person, *, actor: Person, now: datetime
) -> Booking:
    """A booking for somebody who simply came; it takes no place and sends no message."""
    event, actor = lock_event(event_id), read_again(actor)
    is_theirs = (
        Booking.event_id == event_id,
        Booking.person_id == person.id,
        Booking.state != BookingState.CANCELLED,
    )
    live = db.session.scalar(select(Booking).where(*is_theirs))
    rows: list[Base] = []
    admit(event, person, live, actor=actor, now=now, into=rows)
    insert_together(rows)
    return live or db.session.scalars(select(Booking).where(*is_theirs)).one()


def admit(
    event: Event,
    person: Person,
    live: Booking | None,
    *,
    organisation_name: str = "",
    actor: Person,
    now: datetime,
    into: list[Base],
) -> Booking:
    """Note inside the lock that somebody came, given their live booking if any.

    A new booking is not written yet: it is added to the list `into`, as the audit line is.
    """
    if event.state is not EventState.PUBLISHED:
        raise Refused("Nobody can have come to a session that did not take place")
    verb = "came while waiting"
    if live is None:
        verb, live = "came without booking", _unbooked(event, person, organisation_name, now)
        into.append(live)
    elif live.state is BookingState.WAITING:
        live.state, live.origin = BookingState.CONFIRMED, BookingOrigin.REGISTER
        live.confirmed_at = now
        event.waiting_count -= 1
    else:
        return live
    into.append(audit.line(actor.reference, verb, "booking", live.reference, now=now))
    return live


def _unbooked(event: Event, person: Person, organisation_name: str, now: datetime) -> Booking:
    facts = _person_as_of_today(person)
    facts["organisation_name"] = facts["organisation_name"] or organisation_name
    is_online = event.mode is EventMode.ONLINE
    return Booking(
        **facts,
        event_id=event.id,
        reference=new_reference(10),
        booked_by_id=person.id,
        state=BookingState.CONFIRMED,
        origin=BookingOrigin.REGISTER,
        mode=EventMode.ONLINE if is_online else EventMode.FACE_TO_FACE,
        booked_at=now,
        confirmed_at=now,
    )

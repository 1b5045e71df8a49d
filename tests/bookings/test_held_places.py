"""A place kept for somebody who waited: taken, given up, lost, and who is next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.audit.models import AuditLine
from app.bookings import held_places, operations
from app.bookings.models import (
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
    CancelReason,
    Promotion,
)
from app.bookings.removing import remove
from app.bookings.waiting_list import events_to_promote, promote_in
from app.catalogue.models import Event, EventMode
from app.kernel.db import db
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.bookings.test_operations import change_of
from tests.support.factories import (
    NOW,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
)

pytestmark = pytest.mark.usefixtures("app")

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
HELD, WAITING, CONFIRMED = BookingState.HELD, BookingState.WAITING, BookingState.CONFIRMED
CANCELLED = BookingState.CANCELLED


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def keep_places(event: Event, **terms: Any) -> None:
    """Free places of this event are kept for the next person, with these terms."""
    facts = {"promotion": Promotion.HELD, "updated_at": NOW, "offer_id": event.offer_id}
    db.session.add(BookingTerms(**facts | terms))
    db.session.flush()


def book(event: Event, person: Person | None = None, *, now: datetime = NOW) -> Booking:
    person = person or make_person()
    return operations.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=now,
    )


def cancel(booking: Booking, *, now: datetime = NOW) -> None:
    operations.cancel_booking(booking.id, actor=booking.person, now=now)


def full_with_waiting(count: int, *, capacity: int = 1, **event: Any) -> list[Booking]:
    """Bookings of a full event that keeps places; as many wait, in order, after those with one."""
    made = make_event(capacity=capacity, **event)
    keep_places(made)
    return [book(made) for _ in range(capacity + count)]


def states(bookings: list[Booking]) -> list[BookingState]:
    db.session.flush()
    return [booking.state for booking in bookings]


def kinds(booking: Booking) -> list[tuple[str, str | None]]:
    """What was written about a booking, oldest first: kind and calendar method."""
    db.session.flush()
    return [
        (found.kind.removeprefix("booking_"), found.calendar_method)
        for found in db.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.about_reference == booking.reference)
            .order_by(OutboxMessage.id)
        )
    ]


def counts(event: Event) -> tuple[int, int]:
    return event.places_taken, event.waiting_count


def deadline(booking: Booking) -> datetime:
    assert booking.held_until
    return booking.held_until


def test_a_free_place_is_kept_for_the_next_person_and_counts_as_taken() -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    assert states([first, second, third]) == [CANCELLED, HELD, WAITING]
    assert deadline(second) == NOW + DAY
    assert counts(second.event) == (1, 1)
    assert kinds(second) == [("waiting", None), ("held", None)]
    assert not second.calendar_entries


def test_whoever_takes_the_place_is_confirmed_with_an_invite_and_only_once() -> None:
    first, second = full_with_waiting(1)
    cancel(first)
    for _ in range(2):
        held_places.accept(second.id, actor=None, now=NOW + HOUR)
    assert second.state is CONFIRMED
    assert (second.held_until, second.confirmed_at) == (None, NOW + HOUR)
    assert kinds(second) == [("waiting", None), ("held", None), ("confirmed", "REQUEST")]
    assert counts(second.event) == (1, 0)


def test_whoever_declines_gives_the_place_to_the_next_and_only_once() -> None:
    first, second, third, fourth = full_with_waiting(3)
    cancel(first)
    for _ in range(2):
        held_places.decline(second.id, actor=second.person, now=NOW + HOUR)
    assert states([second, third, fourth]) == [CANCELLED, HELD, WAITING]
    assert second.cancelled_because is CancelReason.DECLINED
    assert kinds(second)[-1] == ("off_the_list", None)
    assert kinds(third)[-1] == ("held", None)
    assert counts(third.event) == (1, 1)


def test_a_place_that_nobody_takes_goes_to_the_next_when_its_time_is_over() -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    event = second.event
    until = deadline(second)
    assert held_places.events_with_ended_holds(now=until - SECOND) == []
    assert held_places.expire(event.id, now=until - SECOND) == 0
    assert held_places.events_with_ended_holds(now=until) == [event.id]
    assert [held_places.expire(event.id, now=until) for _ in range(2)] == [1, 0]
    assert states([second, third]) == [CANCELLED, HELD]
    assert second.cancelled_because is CancelReason.EXPIRED
    assert kinds(second)[-1] == ("off_the_list", None)
    assert deadline(third) > until


@pytest.mark.parametrize("job_first", [True, False])
@pytest.mark.parametrize(
    ("seconds", "taken"), [(-1, True), (0, False), (1, False)], ids=["before", "at", "after"]
)
def test_at_the_deadline_either_the_person_or_the_job_wins(
    seconds: int, taken: bool, job_first: bool
) -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    now = deadline(second) + seconds * SECOND

    def accept() -> None:
        if taken:
            held_places.accept(second.id, actor=None, now=now)
            return
        with pytest.raises(Refused, match="over"):
            held_places.accept(second.id, actor=None, now=now)

    def job() -> None:
        assert held_places.expire(second.event_id, now=now) == (0 if taken else 1)

    for act in (job, accept) if job_first else (accept, job):
        act()
    assert states([second, third]) == ([CONFIRMED, WAITING] if taken else [CANCELLED, HELD])
    assert counts(second.event) == ((1, 1) if taken else (1, 0))


@pytest.mark.parametrize("act", [held_places.accept, held_places.decline])
def test_a_place_that_is_gone_says_why(act: Callable[..., Booking]) -> None:
    first, second = full_with_waiting(1)
    with pytest.raises(Refused, match="No place is kept yet"):
        act(second.id, actor=None, now=NOW)
    cancel(first)
    held_places.expire(second.event_id, now=NOW + 2 * DAY)
    with pytest.raises(Refused, match="time to take this place is over"):
        act(second.id, actor=None, now=NOW)


def test_a_place_taken_is_no_longer_declined() -> None:
    first, second = full_with_waiting(1)
    cancel(first)
    held_places.accept(second.id, actor=None, now=NOW)
    with pytest.raises(Refused, match="booked already: cancel"):
        held_places.decline(second.id, actor=None, now=NOW)
    assert second.state is CONFIRMED


def test_near_the_event_less_time_is_given_and_after_the_close_none() -> None:
    bookings = full_with_waiting(3, booking_closes_at=NOW + 20 * HOUR)
    cancel(bookings[0])
    assert deadline(bookings[1]) == NOW + 5 * HOUR
    held_places.decline(bookings[1].id, actor=None, now=NOW + HOUR)
    assert deadline(bookings[2]) == NOW + HOUR + timedelta(hours=4.75)
    late = NOW + 21 * HOUR
    assert held_places.expire(bookings[2].event_id, now=late) == 1
    assert bookings[3].state is CONFIRMED
    assert kinds(bookings[3])[-1] == ("promoted", "REQUEST")


def test_after_the_start_a_kept_place_ends_in_silence_and_goes_to_nobody() -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    held_places.expire(second.event_id, now=second.event.starts_at + DAY)
    assert states([second, third]) == [CANCELLED, WAITING]
    assert kinds(second)[-1] == ("held", None)


def test_when_an_event_opens_to_all_nobody_has_to_take_a_place() -> None:
    bookings = full_with_waiting(2)
    event = bookings[0].event
    operations.change_event(event.id, change_of(event, capacity=None), actor=make_person(), now=NOW)
    assert states(bookings) == [CONFIRMED] * 3


def test_a_raised_capacity_keeps_a_place_for_each_of_the_next() -> None:
    bookings = full_with_waiting(3)
    event = bookings[0].event
    operations.change_event(event.id, change_of(event, capacity=3), actor=make_person(), now=NOW)
    assert states(bookings) == [CONFIRMED, HELD, HELD, WAITING]
    assert counts(event) == (3, 1)


def moved(event: Event, by: timedelta) -> tuple[operations.DateChange, ...]:
    return tuple(
        operations.DateChange(date.id, date.starts_at + by, date.ends_at + by)
        for date in event.dates
    )


def test_a_change_is_told_to_whom_a_place_is_kept_and_brings_the_deadline_forward() -> None:
    first, second = full_with_waiting(1)
    cancel(first)
    event = second.event
    by = NOW + 10 * HOUR - event.starts_at
    change = change_of(event, dates=moved(event, by), booking_closes_at=NOW + 9 * HOUR)
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    assert deadline(second) == NOW + 9 * HOUR
    assert kinds(second)[-1] == ("changed", None)
    letter = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "booking_changed")
    ).one()
    assert "The place is kept for you until" in letter.text_body
    assert "Kept until" in letter.text_body
    assert "waiting list" not in letter.text_body


def test_a_deadline_that_comes_forward_is_told_though_nothing_else_changed() -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    event = second.event
    change = change_of(event, booking_closes_at=NOW + 2 * HOUR)
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    assert deadline(second) == NOW + 2 * HOUR
    assert kinds(second)[-1] == ("changed", None)
    assert kinds(third) == [("waiting", None)]


def test_whoever_gets_a_kept_place_by_a_change_is_told_once() -> None:
    bookings = full_with_waiting(1)
    event = bookings[0].event
    change = change_of(event, dates=moved(event, DAY), capacity=2)
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    assert kinds(bookings[1]) == [("waiting", None), ("held", None)]


def test_a_cancelled_event_ends_kept_places_without_a_calendar_message() -> None:
    first, second = full_with_waiting(1)
    cancel(first)
    operations.cancel_event(second.event_id, reason="Snow", actor=make_person(), now=NOW)
    assert (second.state, second.held_until) == (CANCELLED, None)
    assert kinds(second)[-1] == ("cancelled_by_us", None)
    with pytest.raises(Refused, match="session was cancelled"):
        held_places.accept(second.id, actor=None, now=NOW)


def test_staff_remove_somebody_with_a_reason_that_is_kept_and_told() -> None:
    first, second, third = full_with_waiting(2)
    cancel(first)
    staff = make_person()
    for _ in range(2):
        remove(second.id, reason="You asked us by telephone.", actor=staff, now=NOW)
    assert states([second, third]) == [CANCELLED, HELD]
    assert second.cancelled_because is CancelReason.STAFF
    assert kinds(second)[-1] == ("off_the_list", None)
    [line] = db.session.scalars(select(AuditLine).where(AuditLine.verb == "removed"))
    assert line.facts["reason"] == "You asked us by telephone."
    held_places.accept(third.id, actor=None, now=NOW)
    with pytest.raises(Refused, match="has a place by now"):
        remove(third.id, reason="Too late", actor=staff, now=NOW)


# Limits


def of(organisation: Organisation) -> Person:
    return make_person(organisation=organisation, sector=organisation.sector)


def limited(most: int, capacity: int, **terms: Any) -> Event:
    """An event with so many places, of which one organisation may have so many."""
    event = make_event(capacity=capacity)
    keep_places(event, promotion=Promotion.AT_ONCE, most_per_organisation=most, **terms)
    return event


def passed_over_lines() -> list[str]:
    db.session.flush()
    found = select(AuditLine.subject_reference).where(AuditLine.verb == "passed over")
    return list(db.session.scalars(found.order_by(AuditLine.id)))


def test_whom_a_limit_bars_is_passed_over_and_both_reason_and_fact_are_kept() -> None:
    event, school = limited(1, capacity=2), make_organisation()
    book(event, of(school))
    other = book(event)
    barred, next_one = book(event, of(school)), book(event)
    assert barred.passed_over_reason == "One organisation may have 1 place"
    cancel(other)
    assert states([barred, next_one]) == [WAITING, CONFIRMED]
    assert passed_over_lines() == [barred.reference]


def test_a_limit_that_no_longer_bars_is_not_said_to_though_somebody_else_is_next() -> None:
    event, school = limited(1, capacity=1), make_organisation()
    theirs = book(event, of(school))
    ahead, barred = book(event), book(event, of(school))
    assert barred.passed_over_reason
    cancel(theirs)
    assert states([ahead, barred]) == [CONFIRMED, WAITING]
    assert barred.passed_over_reason == ""
    assert passed_over_lines() == []


def test_a_limit_lifts_though_no_place_is_free() -> None:
    event, school = limited(1, capacity=2), make_organisation()
    theirs, _other = book(event, of(school)), book(event)
    barred = book(event, of(school))
    event.capacity = 1  # lowered: nobody loses a place
    db.session.flush()
    cancel(theirs)
    assert (barred.state, barred.passed_over_reason) == (WAITING, "")


def test_the_job_finds_a_free_place_that_was_forgotten_and_nothing_else() -> None:
    first, second = full_with_waiting(1)
    event = first.event
    assert events_to_promote(now=NOW) == []
    event.capacity = 2
    db.session.flush()
    assert events_to_promote(now=NOW) == [event.id]
    assert events_to_promote(now=event.starts_at) == []
    assert [promote_in(event.id, now=NOW) for _ in range(2)] == [1, 0]
    assert second.state is HELD


def test_the_job_leaves_alone_whom_a_limit_bars() -> None:
    event, school = limited(1, capacity=2), make_organisation()
    book(event, of(school))
    barred = book(event, of(school))
    assert barred.state is WAITING
    assert events_to_promote(now=NOW) == []

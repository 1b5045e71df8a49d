"""Booking, cancelling and the waiting list on a real database: rows, not calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.bookings import operations
from app.bookings.event_changes import PLAIN_FIELDS
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.terms_rules import FOR_EVERYBODY
from app.bookings.waiting_list import promote_waiting, waiting_position
from app.catalogue.models import Event, EventMode, EventState, OfferState
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_attendance,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def booked(event: Event, person: Person | None = None, **changes: Any) -> Booking:
    """One booking by the person for themselves."""
    person = person or make_person()
    facts: dict[str, Any] = {
        "booked_by": person,
        "origin": BookingOrigin.SELF,
        "mode": EventMode.ONLINE,
        "form_key": None,
        "adjustments": "",
        "now": NOW,
    }
    return operations.book(event.id, person, **facts | changes)


def messages(booking: Booking | None = None) -> list[tuple[str, str | None]]:
    """Kind and calendar method of what is in the outbox, oldest first."""
    db.session.flush()
    wanted = select(OutboxMessage).order_by(OutboxMessage.id)
    if booking:
        wanted = wanted.where(OutboxMessage.about_reference == booking.reference)
    return [
        (m.kind.removeprefix("booking_"), m.calendar_method) for m in db.session.scalars(wanted)
    ]


def test_a_booking_takes_a_place_and_is_confirmed_with_an_invite() -> None:
    event = make_event(capacity=2)
    booking = booked(event)
    assert booking.state is BookingState.CONFIRMED
    assert (event.places_taken, event.waiting_count) == (1, 0)
    assert messages() == [("confirmed", "REQUEST")]
    assert [line.verb for line in db.session.scalars(select(AuditLine))] == ["booked"]


def test_a_full_event_has_a_waiting_list_without_calendar_entries() -> None:
    event = make_event(capacity=1)
    booked(event)
    second, third = booked(event), booked(event)
    assert [b.state for b in (second, third)] == [BookingState.WAITING] * 2
    assert (event.places_taken, event.waiting_count) == (1, 2)
    assert messages(third) == [("waiting", None)]
    assert not third.calendar_entries
    assert second.joined_waiting_at
    assert third.joined_waiting_at
    assert second.joined_waiting_at < third.joined_waiting_at


def change_of(event: Event, **changes: Any) -> operations.EventChange:
    """The event as it is, with these differences."""
    facts: dict[str, Any] = {
        "dates": tuple(
            operations.DateChange(date.id, date.starts_at, date.ends_at) for date in event.dates
        ),
        **{name: getattr(event, name) for name in PLAIN_FIELDS},
    }
    return operations.EventChange(**facts | changes)


def change(event: Event, *, now: datetime = NOW, **changes: Any) -> None:
    """Change the event; what was in the outbox before is forgotten."""
    clear_outbox()
    operations.change_event(event.id, change_of(event, **changes), actor=make_person(), now=now)


def clear_outbox() -> None:
    db.session.flush()
    db.session.execute(delete(OutboxMessage))


def cancel(booking: Booking, *, now: datetime = NOW) -> None:
    clear_outbox()
    operations.cancel_booking(booking.id, actor=booking.person, now=now)


def calendar_lines(booking: Booking, name: str) -> list[str]:
    """One property of the calendar parts queued for this booking, oldest first."""
    db.session.flush()
    rows = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.about_reference == booking.reference)
        .order_by(OutboxMessage.id)
    )
    parts = [row.calendar_text for row in rows if row.calendar_text]
    return [
        line.partition(":")[2]
        for part in parts
        for line in part.split("\r\n")
        if line.startswith(f"{name}:")
    ]


def test_what_is_kept_of_the_person_is_as_it_was_that_day() -> None:
    person = make_person()
    organisation, sector_id = person.organisation, person.sector_id
    assert organisation
    booking = booked(make_event(), person)
    person.organisation, organisation.name = None, "Renamed"
    db.session.flush()
    assert booking.organisation_id == organisation.id
    assert booking.organisation_name.startswith("Organisation ")
    assert (booking.sector_id, booking.capacity) == (sector_id, person.capacity)


def test_nobody_books_twice_but_may_again_after_cancelling() -> None:
    event, person = make_event(), make_person()
    first = booked(event, person)
    with pytest.raises(Refused, match="already"):
        booked(event, person)
    cancel(first)
    second = booked(event, person)
    assert second.state is BookingState.CONFIRMED
    assert second.calendar_entries[0].uid != first.calendar_entries[0].uid
    assert event.places_taken == 1


def test_the_same_form_sent_twice_books_once() -> None:
    event, person = make_event(), make_person()
    first = booked(event, person, form_key="k" * 20)
    again = booked(event, person, form_key="k" * 20, adjustments="something else")
    assert again is first
    assert (event.places_taken, messages()) == (1, [("confirmed", "REQUEST")])


def test_a_form_used_for_somebody_or_something_else_is_refused() -> None:
    event = make_event()
    booked(event, form_key="k" * 20)
    with pytest.raises(Refused, match="used already"):
        booked(event, form_key="k" * 20)
    other = make_event()
    with pytest.raises(Refused, match="used already"), db.session.begin_nested():
        booked(other, form_key="k" * 20)


def test_a_refused_booking_writes_nothing(app: Flask) -> None:
    event = make_event(booking_closes_at=NOW, starts_at=NOW + timedelta(days=1))
    person = make_person()
    db.session.commit()
    with pytest.raises(Refused), transaction():
        booked(event, person)
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 0
    assert db.session.get_one(Event, event.id).places_taken == 0
    assert messages() == []


def test_at_a_hybrid_event_one_says_how_one_takes_part() -> None:
    event = make_event(mode=EventMode.HYBRID, venue="Town Hall")
    with pytest.raises(Refused, match="in person or join online"):
        booked(event, mode=EventMode.HYBRID)
    assert booked(event, mode=EventMode.FACE_TO_FACE).mode is EventMode.FACE_TO_FACE
    only_online = make_event()
    assert booked(only_online, mode=EventMode.FACE_TO_FACE).mode is EventMode.ONLINE


def test_cancelling_promotes_the_longest_waiting_person_and_tells_both() -> None:
    event = make_event(capacity=1)
    confirmed, first, second = booked(event), booked(event), booked(event)
    cancel(confirmed)
    assert [b.state.value for b in (confirmed, first, second)] == [
        "cancelled",
        "confirmed",
        "waiting",
    ]
    assert (event.places_taken, event.waiting_count) == (1, 1)
    assert messages(confirmed) == [("cancelled", "CANCEL")]
    assert messages(first) == [("promoted", "REQUEST")]
    assert messages(second) == []


def test_leaving_the_waiting_list_moves_nobody_up() -> None:
    event = make_event(capacity=1)
    booked(event)
    first, second = booked(event), booked(event)
    assert waiting_position(second) == 2
    cancel(first)
    assert second.state is BookingState.WAITING
    assert waiting_position(second) == 1
    assert messages(first) == [("cancelled", None)]


def test_cancelling_twice_does_nothing_more() -> None:
    event = make_event(capacity=1)
    confirmed, first, second = booked(event), booked(event), booked(event)
    cancel(confirmed)
    cancel(confirmed)
    assert (first.state, second.state) == (BookingState.CONFIRMED, BookingState.WAITING)
    assert messages() == []


@pytest.mark.parametrize(("days_before", "late"), [(14, False), (4, False), (3, True), (1, True)])
def test_a_late_cancellation_is_noted(days_before: int, late: bool) -> None:
    monday = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    booking = booked(make_event(starts_at=monday))
    cancel(booking, now=monday - timedelta(days=days_before))
    assert booking.cancelled_late is late


def test_leaving_the_waiting_list_is_never_late() -> None:
    event = make_event(capacity=1, starts_at=NOW + timedelta(hours=5))
    booked(event)
    waiting = booked(event)
    cancel(waiting)
    assert not waiting.cancelled_late


def test_nothing_is_cancelled_or_promoted_after_the_start() -> None:
    event = make_event(capacity=1)
    confirmed, waiting = booked(event), booked(event)
    with pytest.raises(Refused, match="started"):
        cancel(confirmed, now=event.starts_at)
    event.capacity = 5
    assert promote_waiting(event, FOR_EVERYBODY, now=event.starts_at) == []
    assert waiting.state is BookingState.WAITING


def test_a_cancelled_place_is_told_by_us_when_staff_did_it() -> None:
    booking = booked(make_event())
    clear_outbox()
    operations.cancel_booking(booking.id, actor=make_person(Role.DELIVERY), now=NOW)
    assert messages() == [("cancelled_by_us", "CANCEL")]


def test_staff_who_booked_by_telephone_cancel_as_the_partnership() -> None:
    staff = make_person(Role.DELIVERY)
    booking = booked(make_event(), booked_by=staff, origin=BookingOrigin.STAFF)
    clear_outbox()
    operations.cancel_booking(booking.id, actor=staff, now=NOW)
    assert messages() == [("cancelled_by_us", "CANCEL")]


def test_a_colleague_is_told_who_asked_for_the_cancellation() -> None:
    office = make_person(name="Jo Office")
    booking = booked(make_event(), booked_by=office, origin=BookingOrigin.COLLEAGUE)
    clear_outbox()
    operations.cancel_booking(booking.id, actor=office, now=NOW)
    [text] = db.session.scalars(select(OutboxMessage.text_body))
    assert "Your booking is cancelled, as Jo Office asked." in text


def test_a_colleague_without_address_is_reached_through_the_one_who_booked() -> None:
    booker = make_person(name="Office Manager")
    colleague = make_person(email=None, name="No Address")
    booking = booked(make_event(), colleague, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    db.session.flush()
    message = db.session.scalars(select(OutboxMessage)).one()
    assert (message.to_email, message.person_reference) == (booker.email, booker.reference)
    assert "No Address has a place" in message.text_body
    assert calendar_lines(booking, "SUMMARY") == [f"{booking.event.title} (for No Address)"]


def test_several_dates_make_one_confirmation_and_a_short_message_for_each_other() -> None:
    booking = booked(make_event(days=3))
    assert messages() == [("confirmed", "REQUEST"), ("date", "REQUEST"), ("date", "REQUEST")]
    uids = calendar_lines(booking, "UID")
    assert len(set(uids)) == 3
    assert calendar_lines(booking, "SEQUENCE") == ["0", "0", "0"]
    cancel(booking)
    assert messages() == [("cancelled", "CANCEL"), *[("date_cancelled", "CANCEL")] * 2]
    assert calendar_lines(booking, "UID") == uids
    assert calendar_lines(booking, "SEQUENCE") == ["1", "1", "1"]


def test_a_raised_capacity_promotes_in_order_and_a_lowered_one_removes_nobody() -> None:
    event = make_event(capacity=1)
    people = [booked(event) for _ in range(5)]
    change(event, capacity=3)
    assert [b.state.value for b in people] == ["confirmed"] * 3 + ["waiting"] * 2
    assert messages() == [("promoted", "REQUEST")] * 2
    change(event, capacity=1)
    assert [b.state.value for b in people] == ["confirmed"] * 3 + ["waiting"] * 2
    assert messages() == []
    cancel(people[0])
    cancel(people[1])
    assert people[3].state is BookingState.WAITING
    cancel(people[2])
    assert people[3].state is BookingState.CONFIRMED
    change(event, capacity=None)
    assert people[4].state is BookingState.CONFIRMED
    assert (event.places_taken, event.waiting_count) == (2, 0)


def test_a_moved_date_sends_one_update_with_the_same_uid_and_a_higher_sequence() -> None:
    event = make_event(capacity=1)
    confirmed, waiting = booked(event), booked(event)
    uids = calendar_lines(confirmed, "UID")
    later = moved(event, 0, timedelta(hours=2))
    change(event, dates=later)
    assert messages(confirmed) == [("changed", "REQUEST")]
    assert messages(waiting) == [("changed", None)]
    assert calendar_lines(confirmed, "UID") == uids
    assert calendar_lines(confirmed, "SEQUENCE") == ["1"]
    assert (event.starts_at, event.ends_at) == (later[0].starts_at, later[0].ends_at)
    change(event, venue="Town Hall", mode=EventMode.FACE_TO_FACE)
    assert calendar_lines(confirmed, "SEQUENCE") == ["2"]
    assert calendar_lines(confirmed, "LOCATION") == ["Town Hall"]
    cancel(confirmed)
    assert calendar_lines(confirmed, "SEQUENCE") == ["3"]
    assert calendar_lines(confirmed, "UID") == uids


def moved(event: Event, which: int, by: timedelta) -> tuple[operations.DateChange, ...]:
    """The event's dates with one of them moved."""
    return tuple(
        operations.DateChange(date.id, date.starts_at + by, date.ends_at + by)
        if number == which
        else operations.DateChange(date.id, date.starts_at, date.ends_at)
        for number, date in enumerate(event.dates)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"joining_url": "https://meet.example.org/another-room"},
        {"joining_notes": "Bring a case to talk about."},
        {"booking_closes_at": NOW + timedelta(days=10)},
        {},
    ],
    ids=["the meeting link", "what to bring", "the booking window", "nothing"],
)
def test_what_no_calendar_shows_is_changed_without_a_message(changes: dict[str, Any]) -> None:
    event = make_event(capacity=1)
    booked(event)
    booked(event)
    change(event, **changes)
    assert messages() == []


def test_only_the_date_that_moved_is_told() -> None:
    event = make_event(days=3)
    booking = booked(event)
    uids = calendar_lines(booking, "UID")
    change(event, dates=moved(event, 1, timedelta(hours=1)))
    assert messages() == [("changed", "REQUEST")]
    assert calendar_lines(booking, "UID") == [uids[1]]


def test_a_date_taken_out_is_cancelled_and_a_new_one_invited() -> None:
    event = make_event(days=2)
    booking = booked(event)
    uids = calendar_lines(booking, "UID")
    first, second = change_of(event).dates
    new = operations.DateChange(
        None, second.starts_at + timedelta(days=7), second.ends_at + timedelta(days=7)
    )
    change(event, dates=(first, new))
    assert messages() == [("date_removed", "CANCEL"), ("date", "REQUEST")]
    told = calendar_lines(booking, "UID")
    assert told[0] == uids[1]
    assert told[1] not in uids
    assert calendar_lines(booking, "SEQUENCE") == ["1", "0"]
    assert len(event.dates) == 2
    change(event, subtitle="Spring")
    assert messages() == [("changed", "REQUEST")] * 2


def test_two_dates_can_swap_their_times() -> None:
    event = make_event(days=2)
    booked(event)
    first, second = change_of(event).dates
    swapped = (
        operations.DateChange(first.id, second.starts_at, second.ends_at),
        operations.DateChange(second.id, first.starts_at, first.ends_at),
    )
    change(event, dates=swapped)
    assert {date.id: date.starts_at for date in event.dates} == {
        first.id: second.starts_at,
        second.id: first.starts_at,
    }


WEEK = timedelta(weeks=1)


def test_weekly_dates_can_be_put_off_by_a_week() -> None:
    event = make_event(days=3)
    booked(event)
    old = change_of(event).dates
    later = [operations.DateChange(d.id, d.starts_at + WEEK, d.ends_at + WEEK) for d in old]
    change(event, dates=tuple(later))
    assert [date.starts_at for date in event.dates] == [date.starts_at for date in later]
    assert messages() == [("changed", "REQUEST")] * 3


def test_a_new_date_can_stand_where_another_was_moved_away_or_taken_out() -> None:
    event = make_event(days=1)
    (first,) = change_of(event).dates
    new = operations.DateChange(None, first.starts_at, first.ends_at)
    moved = operations.DateChange(first.id, first.starts_at + WEEK, first.ends_at + WEEK)
    change(event, dates=(moved, new))
    assert [date.starts_at for date in event.dates] == [first.starts_at, moved.starts_at]
    change(event, dates=(new, moved))
    assert [date.starts_at for date in event.dates] == [first.starts_at, moved.starts_at]


def test_a_date_with_a_register_stays() -> None:
    event = make_event(days=2)
    make_attendance(booked(event))
    with pytest.raises(Refused, match="register"):
        change(event, dates=change_of(event).dates[:1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dates": ()}, "at least one date"),
        ({"dates": (operations.DateChange(None, NOW + timedelta(1), NOW),)}, "end after"),
        (
            {"dates": (operations.DateChange(None, NOW - timedelta(2), NOW - timedelta(1)),)},
            "future",
        ),
        ({"booking_closes_at": NOW - timedelta(days=90)}, "close after"),
        (
            {"dates": (operations.DateChange(987654, NOW + timedelta(1), NOW + timedelta(2)),)},
            "removed meanwhile",
        ),
    ],
    ids=["no date", "ends before it starts", "in the past", "closes before", "foreign date"],
)
def test_a_change_that_makes_no_sense_is_refused(changes: dict[str, Any], words: str) -> None:
    event = make_event()
    with pytest.raises(Refused, match=words):
        change(event, **changes)


def test_when_an_event_goes_online_everybody_does() -> None:
    event = make_event(mode=EventMode.HYBRID, venue="Town Hall")
    booking = booked(event, mode=EventMode.FACE_TO_FACE)
    change(event, mode=EventMode.ONLINE, venue="")
    assert booking.mode is EventMode.ONLINE
    assert "/join" in calendar_lines(booking, "LOCATION")[0]


def test_a_promoted_person_hears_of_a_change_once() -> None:
    event = make_event(capacity=1)
    booked(event)
    waiting = booked(event)
    change(event, capacity=2, dates=moved(event, 0, timedelta(hours=1)))
    assert messages(waiting) == [("promoted", "REQUEST")]


def test_a_cancelled_event_cancels_every_booking_and_tells_everybody() -> None:
    event = make_event(capacity=1)
    confirmed, waiting = booked(event), booked(event)
    clear_outbox()
    operations.cancel_event(event.id, reason="The trainer is ill.", actor=make_person(), now=NOW)
    assert event.state is EventState.CANCELLED
    assert {b.state for b in (confirmed, waiting)} == {BookingState.CANCELLED}
    assert (event.places_taken, event.waiting_count) == (0, 0)
    assert messages(confirmed) == [("cancelled_by_us", "CANCEL")]
    assert messages(waiting) == [("cancelled_by_us", None)]
    text = db.session.scalars(select(OutboxMessage.text_body)).first()
    assert text
    assert "The trainer is ill." in text
    with pytest.raises(Refused, match="cannot be changed"):
        change(event, capacity=4)
    with pytest.raises(Refused, match="cancelled"):
        booked(event)


def test_an_event_under_way_is_not_called_off() -> None:
    event = make_event(days=2)
    with pytest.raises(Refused, match="started"):
        operations.cancel_event(
            event.id, reason="-", actor=make_person(), now=event.starts_at + timedelta(days=1)
        )


def test_publishing_makes_a_draft_bookable() -> None:
    event = make_event(state=EventState.DRAFT, published_at=None)
    with pytest.raises(Refused, match="not been announced"):
        booked(event)
    operations.publish_event(event.id, actor=make_person(), now=NOW)
    assert booked(event).state is BookingState.CONFIRMED
    with pytest.raises(Refused, match="Only a draft"):
        operations.publish_event(event.id, actor=make_person(), now=NOW)


@pytest.mark.parametrize(
    ("changes", "offer_state", "words"),
    [
        ({}, OfferState.IN_DEVELOPMENT, "offer first"),
        ({"starts_at": NOW - timedelta(days=1)}, OfferState.PUBLISHED, "has passed"),
        ({"mode": EventMode.FACE_TO_FACE}, OfferState.PUBLISHED, "where"),
    ],
    ids=["offer not published", "in the past", "no venue"],
)
def test_a_draft_that_is_not_ready_stays_one(
    changes: dict[str, Any], offer_state: OfferState, words: str
) -> None:
    event = make_event(make_offer(state=offer_state), state=EventState.DRAFT, **changes)
    with pytest.raises(Refused, match=words):
        operations.publish_event(event.id, actor=make_person(), now=NOW)
    assert event.state is EventState.DRAFT


def test_somebody_who_simply_came_takes_no_place_and_gets_no_mail() -> None:
    event, staff = make_event(capacity=1), make_person(Role.DELIVERY)
    booked(event)
    waiting = booked(event)
    clear_outbox()
    stranger = make_person(organisation=None, sector_id=None, capacity=None)
    came = operations.attend_without_booking(event.id, stranger, actor=staff, now=NOW)
    assert (came.state, came.origin) == (BookingState.CONFIRMED, BookingOrigin.REGISTER)
    assert operations.attend_without_booking(event.id, stranger, actor=staff, now=NOW) is came
    operations.attend_without_booking(event.id, waiting.person, actor=staff, now=NOW)
    assert (waiting.state, waiting.origin) == (BookingState.CONFIRMED, BookingOrigin.REGISTER)
    assert (event.places_taken, event.waiting_count) == (1, 0)
    assert messages() == []
    operations.cancel_booking(came.id, actor=staff, now=event.ends_at)
    assert came.state is BookingState.CANCELLED
    assert messages() == []

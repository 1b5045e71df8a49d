"""The letters about a booking, word by word, and the calendar part as three programs read it.

The letters stand in letters/*.txt, to be read. RIPPLE_WRITE_LETTERS=1 writes them anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import icalendar
import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import NamedPerson
from app.bookings import approvals, held_places, moving, operations
from app.bookings.colleague_rules import Line
from app.bookings.colleagues import book_colleagues
from app.bookings.event_changes import PLAIN_FIELDS
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingTerms, Promotion
from app.bookings.removing import remove
from app.bookings.requests import Manager
from app.catalogue.models import Event, EventMode
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import from_london
from app.outbox.mime import build_message
from app.outbox.models import CalendarMethod, OutboxMessage
from tests.support.calendar_readers import instants_by_every_reader
from tests.support.factories import (
    NOW,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_terms,
)

# The wording of letters: their verbs run on both databases in the tests of each verb.
pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.one_database]
LETTERS = Path(__file__).parent / "letters"
_numbers = count(1)
FIRST_DATE = from_london(date(2026, 12, 1), time(9, 30))


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def make_neglect(**changes: Any) -> Event:
    offer = make_offer(title="Multi-Agency Neglect", slug="multi-agency-neglect")
    return make_event(offer, starts_at=FIRST_DATE, **{"reference": "neglect-1"} | changes)


def book(event: Event, person: Person | None = None, **changes: Any) -> Booking:
    """One booking through the operation."""
    person = person or make_person(name="Sam Ali", email=f"sam{next(_numbers)}@example.org")
    facts: dict[str, Any] = {
        "booked_by": person,
        "origin": BookingOrigin.SELF,
        "mode": event.mode,
        "form_key": None,
        "now": NOW,
    }
    return operations.book(event.id, person, **facts | changes)


def messages(booking: Booking) -> list[OutboxMessage]:
    """What was queued about this booking, in order."""
    return list(
        db.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.about_reference == booking.reference)
            .order_by(OutboxMessage.id)
        )
    )


def change_of(event: Event, **changes: Any) -> operations.EventChange:
    dates = tuple(operations.DateChange(d.id, d.starts_at, d.ends_at) for d in event.dates)
    plain = {name: getattr(event, name) for name in PLAIN_FIELDS}
    return operations.EventChange(**{"dates": dates, **plain} | changes)


def a_confirmation() -> list[OutboxMessage]:
    return messages(book(make_neglect(joining_notes="Please have a case ready.")))


def a_confirmation_of_several_dates() -> list[OutboxMessage]:
    where = {"mode": EventMode.FACE_TO_FACE, "venue": "Castleford Hub", "venue_address": "WF10 1DP"}
    return messages(book(make_neglect(days=3, **where)))


def a_confirmation_for_a_colleague() -> list[OutboxMessage]:
    booker = make_person(name="Jo Office", email="office@example.org")
    colleague = make_person(name="Sam Ali", email=None)
    return messages(
        book(make_neglect(), colleague, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    )


def _booked_by_a_colleague(event: Event, manager: Manager | None = None) -> list[OutboxMessage]:
    office = make_organisation(name="Park Lane School")
    address = f"office{next(_numbers)}@example.org"
    booker = make_person(name="Jo Office", email=address, organisation=office)
    [made] = book_colleagues(
        event.id,
        [Line("Sam Ali", f"sam{next(_numbers)}@example.org")],
        booked_by=booker,
        form_key="k" * 20,
        mode=event.mode,
        manager=manager,
        now=NOW,
    )
    wanted = select(Booking).where(Booking.reference == made.reference)
    return messages(db.session.scalars(wanted).one())


def a_confirmation_of_a_place_a_colleague_booked() -> list[OutboxMessage]:
    return _booked_by_a_colleague(make_neglect())


def a_waiting_place_a_colleague_booked() -> list[OutboxMessage]:
    event = make_neglect(capacity=1)
    book(event)
    return _booked_by_a_colleague(event)


def a_request_a_colleague_made() -> list[OutboxMessage]:
    event = make_neglect()
    make_terms(event.offer, approved_by=ApprovedBy.MANAGER)
    return _booked_by_a_colleague(event, Manager("The Head", "head@example.org"))


def a_waiting_place() -> list[OutboxMessage]:
    event = make_neglect(capacity=1)
    book(event)
    return messages(book(event))


def a_promotion() -> list[OutboxMessage]:
    event = make_neglect(capacity=1)
    first, second = book(event), book(event)
    operations.cancel_booking(first.id, actor=first.person, now=NOW)
    return messages(second)[1:]


def _full_and_kept() -> tuple[Booking, Booking]:
    """Somebody with the only place of an event that keeps places, and somebody who waits."""
    event = make_neglect(capacity=1)
    terms = {"promotion": Promotion.HELD, "most_per_organisation": 2, "updated_at": NOW}
    db.session.add(BookingTerms(offer_id=event.offer_id, **terms))
    first, second = book(event), book(event)
    return first, second


def a_waiting_place_with_rules() -> list[OutboxMessage]:
    return messages(_full_and_kept()[1])


def a_held_place() -> list[OutboxMessage]:
    first, second = _full_and_kept()
    operations.cancel_booking(first.id, actor=first.person, now=NOW)
    return messages(second)[1:]


def a_held_place_of_an_event_that_moves() -> list[OutboxMessage]:
    first, second = _full_and_kept()
    operations.cancel_booking(first.id, actor=first.person, now=NOW)
    change = change_of(second.event, subtitle="Winter", booking_closes_at=NOW + timedelta(hours=3))
    operations.change_event(second.event_id, change, actor=make_person(), now=NOW)
    return messages(second)[2:]


def a_held_place_given_up() -> list[OutboxMessage]:
    first, second = _full_and_kept()
    operations.cancel_booking(first.id, actor=first.person, now=NOW)
    held_places.decline(second.id, actor=None, now=NOW)
    return messages(second)[2:]


def a_held_place_not_taken_in_time() -> list[OutboxMessage]:
    first, second = _full_and_kept()
    operations.cancel_booking(first.id, actor=first.person, now=NOW)
    held_places.expire(second.event_id, now=NOW + timedelta(days=2))
    return messages(second)[2:]


def somebody_taken_off_the_list() -> list[OutboxMessage]:
    _, second = _full_and_kept()
    reason = "You told us that you have left your post."
    remove(second.id, reason=reason, actor=make_person(), now=NOW)
    return messages(second)[1:]


def _asked(approved_by: ApprovedBy = ApprovedBy.MANAGER) -> Booking:
    event = make_neglect()
    make_terms(event.offer, approved_by=approved_by)
    manager = Manager("Max Head", "max.head@example.org")
    body = make_organisation(name="Calder Family Trust")
    person = make_person(name="Sam Ali", organisation=body, sector=body.sector)
    return book(event, person, manager=manager)


def a_request_to_a_line_manager() -> list[OutboxMessage]:
    return messages(_asked())


def a_request_to_us() -> list[OutboxMessage]:
    return messages(_asked(ApprovedBy.DELIVERY))


def a_request_approved() -> list[OutboxMessage]:
    booking = _asked()
    approvals.approve(booking.id, actor=None, now=NOW)
    return messages(booking)[2:]


def a_request_approved_by_us() -> list[OutboxMessage]:
    booking = _asked(ApprovedBy.DELIVERY)
    approvals.approve(booking.id, actor=make_person(), now=NOW)
    return messages(booking)[1:]


def a_request_approved_when_it_is_full() -> list[OutboxMessage]:
    booking = _asked()
    booking.event.capacity = 1
    book(booking.event, origin=BookingOrigin.STAFF)
    approvals.approve(booking.id, actor=None, now=NOW)
    return messages(booking)[2:]


def a_request_declined() -> list[OutboxMessage]:
    booking = _asked()
    reason = "We cannot spare you that day."
    approvals.decline(booking.id, reason=reason, actor=None, now=NOW)
    return messages(booking)[2:]


def a_request_that_lapsed() -> list[OutboxMessage]:
    booking = _asked()
    approvals.lapse(booking.id, now=NOW + timedelta(days=14))
    return messages(booking)[2:]


def a_request_to_us_that_lapsed() -> list[OutboxMessage]:
    booking = _asked(ApprovedBy.DELIVERY)
    approvals.lapse(booking.id, now=NOW + timedelta(days=14))
    return messages(booking)[1:]


def a_change() -> list[OutboxMessage]:
    event = make_neglect()
    booking = book(event)
    [d] = event.dates
    later = operations.DateChange(
        d.id, d.starts_at + timedelta(hours=4), d.ends_at + timedelta(hours=4)
    )
    change = change_of(event, dates=(later,), mode=EventMode.FACE_TO_FACE, venue="Castleford Hub")
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    return messages(booking)[1:]


def a_change_for_somebody_waiting() -> list[OutboxMessage]:
    event = make_neglect(capacity=1)
    book(event)
    waiting = book(event)
    change = change_of(event, subtitle="Spring")
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    return messages(waiting)[1:]


def a_second_date_moved_for_somebody_waiting() -> list[OutboxMessage]:
    event = make_neglect(capacity=1, days=2)
    book(event)
    waiting = book(event)
    first, second = change_of(event).dates
    moved = operations.DateChange(
        second.id, second.starts_at + timedelta(days=1), second.ends_at + timedelta(days=1)
    )
    change = change_of(event, dates=(first, moved))
    operations.change_event(event.id, change, actor=make_person(), now=NOW)
    return messages(waiting)[1:]


def a_confirmation_after_joining_instructions() -> list[OutboxMessage]:
    notes = "Please have a case ready."
    event = make_neglect(joining_notes=notes, joining_sent_at=NOW - timedelta(hours=1))
    return messages(book(event))


def a_date_removed_and_one_added() -> list[OutboxMessage]:
    event = make_neglect(days=2)
    booking = book(event)
    first, second = change_of(event).dates
    new = operations.DateChange(
        None, second.starts_at + timedelta(days=7), second.ends_at + timedelta(days=7)
    )
    operations.change_event(
        event.id, change_of(event, dates=(first, new)), actor=make_person(), now=NOW
    )
    return messages(booking)[2:]


def a_cancellation() -> list[OutboxMessage]:
    booking = book(make_neglect(days=2))
    operations.cancel_booking(booking.id, actor=booking.person, now=NOW)
    return messages(booking)[2:]


def a_place_declined_that_somebody_else_booked() -> list[OutboxMessage]:
    booker = make_person(name="Jo Office", email="office@example.org")
    booking = book(make_neglect(), booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    booking.name_given = "S. Ali"
    operations.cancel_booking(booking.id, actor=booking.person, now=NOW)
    return [message for message in messages(booking) if message.kind == "booking_declined"]


def a_cancellation_by_us() -> list[OutboxMessage]:
    booking = book(make_neglect())
    operations.cancel_booking(booking.id, actor=make_person(Role.DELIVERY), now=NOW)
    return messages(booking)[1:]


def an_event_called_off() -> list[OutboxMessage]:
    event = make_neglect()
    booking = book(event)
    reason = "The trainer is ill. A new date follows in January."
    operations.cancel_event(event.id, reason=reason, actor=make_person(), now=NOW)
    return messages(booking)[1:]


def a_move() -> list[OutboxMessage]:
    here = make_neglect(days=2)
    there = make_event(here.offer, starts_at=FIRST_DATE + timedelta(days=63), reference="neglect-2")
    old = book(here)
    new = moving.move_booking(old.id, there.id, actor=old.person, mode=there.mode, now=NOW)
    return messages(new) + messages(old)[2:]


def a_move_by_us() -> list[OutboxMessage]:
    here = make_neglect()
    there = make_event(here.offer, starts_at=FIRST_DATE + timedelta(days=63), reference="neglect-2")
    old, officer = book(here), make_person(Role.DELIVERY)
    return messages(moving.move_booking(old.id, there.id, actor=officer, mode=there.mode, now=NOW))


def a_hand_over() -> list[OutboxMessage]:
    old = book(make_neglect(days=2))
    named = NamedPerson("Kim Lee", f"kim{next(_numbers)}@example.org")
    new = moving.hand_over(old.id, named, actor=old.person, now=NOW)
    return messages(old)[2:] + messages(new)


Occasion = Callable[[], list[OutboxMessage]]
OCCASIONS: list[Occasion] = [
    a_confirmation,
    a_confirmation_of_several_dates,
    a_confirmation_for_a_colleague,
    a_confirmation_of_a_place_a_colleague_booked,
    a_waiting_place_a_colleague_booked,
    a_request_a_colleague_made,
    a_waiting_place,
    a_promotion,
    a_waiting_place_with_rules,
    a_held_place,
    a_held_place_of_an_event_that_moves,
    a_held_place_given_up,
    a_held_place_not_taken_in_time,
    somebody_taken_off_the_list,
    a_request_to_a_line_manager,
    a_request_to_us,
    a_request_approved,
    a_request_approved_by_us,
    a_request_approved_when_it_is_full,
    a_request_declined,
    a_request_that_lapsed,
    a_request_to_us_that_lapsed,
    a_change,
    a_change_for_somebody_waiting,
    a_second_date_moved_for_somebody_waiting,
    a_confirmation_after_joining_instructions,
    a_date_removed_and_one_added,
    a_cancellation,
    a_place_declined_that_somebody_else_booked,
    a_cancellation_by_us,
    an_event_called_off,
    a_move,
    a_move_by_us,
    a_hand_over,
]
occasions = pytest.mark.parametrize("occasion", OCCASIONS, ids=lambda occasion: occasion.__name__)


def as_read(message: OutboxMessage) -> str:
    """Subject, calendar method and words; the random reference and link have names instead."""
    method = f"Calendar: {message.calendar_method or 'none'}"
    text = f"Subject: {message.subject}\n{method}\n\n{message.text_body}"
    return re.sub(
        r"\b[0-9a-f]{64}\b", "TOKEN", text.replace(message.about_reference, "BOOKING-REF")
    )


@occasions
def test_the_letters_read_as_they_are_written_down(occasion: Occasion) -> None:
    text = ("-" * 72 + "\n").join(as_read(message) for message in occasion())
    file = LETTERS / f"{occasion.__name__}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@occasions
def test_every_message_is_to_one_person_and_names_no_other(occasion: Occasion) -> None:
    for message in occasion():
        others = db.session.scalars(
            select(Person.email).where(Person.email.is_not(None), Person.email != message.to_email)
        ).all()
        whole = message.text_body + message.html_body + (message.calendar_text or "")
        assert not [address for address in others if address and address in whole]
        if message.calendar_text:
            unfolded = message.calendar_text.replace("\r\n ", "")
            attendees = re.findall(r"^ATTENDEE.*:mailto:(.*?)\r?$", unfolded, re.MULTILINE)
            assert attendees == [message.to_email]
            assert unfolded.count("BEGIN:VEVENT") == 1
            assert f"METHOD:{message.calendar_method}" in unfolded


@occasions
def test_every_message_can_be_mailed_and_says_who_it_is_from(occasion: Occasion) -> None:
    for message in occasion():
        made = build_message(
            to_name=message.to_name,
            to_email=message.to_email,
            from_name="Wakefield learning",
            from_email="learning@example.org",
            reply_to=None,
            subject=message.subject,
            text=message.text_body,
            html=message.html_body,
            message_id=message.message_id,
            sent_at=NOW,
            calendar_text=message.calendar_text,
            calendar_method=message.calendar_method,
        )
        parts = [part.get_content_type() for part in made.walk()]
        assert ("text/calendar" in parts) == (message.calendar_text is not None)
        assert "01924 000000" in message.text_body
        assert "None" not in message.text_body


@occasions
def test_the_meeting_link_itself_is_never_mailed(occasion: Occasion) -> None:
    for message in occasion():
        assert "secret-room" not in message.text_body + message.html_body
        assert "secret-room" not in (message.calendar_text or "")


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 3, 26),
        date(2027, 3, 29),
        date(2027, 10, 29),
        date(2027, 11, 1),
    ],
    ids=["before spring", "after spring", "before autumn", "after autumn"],
)
@pytest.mark.parametrize("clock", [time(0, 30), time(9, 30), time(23, 0)], ids=str)
def test_all_readers_agree_on_the_instant_on_both_sides_of_a_clock_change(
    day: date, clock: time
) -> None:
    start = from_london(day, clock)
    booking = book(make_event(starts_at=start, booking_opens_at=NOW, booking_closes_at=start))
    [message] = messages(booking)
    assert message.calendar_text
    assert instants_by_every_reader(message.calendar_text) == {(start, start + timedelta(hours=3))}


def test_an_update_and_a_cancellation_keep_the_uid_and_raise_the_sequence() -> None:
    event = make_neglect()
    booking = book(event)
    for number in (1, 2):
        change = change_of(event, subtitle=f"Number {number}")
        operations.change_event(event.id, change, actor=make_person(), now=NOW)
    operations.cancel_booking(booking.id, actor=booking.person, now=NOW)
    read = [
        icalendar.Calendar.from_ical(message.calendar_text or "") for message in messages(booking)
    ]
    events: list[Any] = [calendar.walk("VEVENT")[0] for calendar in read]
    assert [str(calendar["METHOD"]) for calendar in read] == ["REQUEST"] * 3 + ["CANCEL"]
    assert len({str(vevent["UID"]) for vevent in events}) == 1
    assert [int(vevent["SEQUENCE"]) for vevent in events] == [0, 1, 2, 3]
    assert len({str(vevent["ORGANIZER"]) for vevent in events}) == 1
    assert str(events[0]["ORGANIZER"]) == "mailto:learning@example.org"


def test_hostile_names_stay_words_in_letter_and_calendar() -> None:
    hostile = 'Eve "<b>\r\nATTENDEE:mailto:x@evil.example'
    person = make_person(name=hostile, email="eve@example.org")
    offer = make_offer(title="Neglect;\\, <script>alert(1)</script>\nBEGIN:VEVENT")
    [message] = messages(book(make_event(offer), person))
    assert "<script>" not in message.html_body
    assert message.calendar_text
    [vevent] = icalendar.Calendar.from_ical(message.calendar_text).walk("VEVENT")
    assert str(vevent["ATTENDEE"]) == "mailto:eve@example.org"
    assert "\nATTENDEE:mailto:x@evil" not in message.calendar_text


def test_a_person_nobody_can_reach_is_booked_without_a_message() -> None:
    person = make_person(email=None)
    booking = book(make_neglect(), person, origin=BookingOrigin.STAFF)
    assert booking.confirmed_at
    assert messages(booking) == []


def test_a_waiting_place_has_no_calendar_part() -> None:
    assert [message.calendar_method for message in a_waiting_place()] == [None]


def test_a_promotion_has_one() -> None:
    assert [message.calendar_method for message in a_promotion()] == [CalendarMethod.REQUEST]

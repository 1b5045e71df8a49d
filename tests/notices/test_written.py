"""Writing to the people of an event: whom, one message each, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState
from app.catalogue.models import Event, EventState
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.notices import written, written_rules
from app.notices.written_models import WhomTo, WrittenLetter
from app.outbox.models import OutboxMessage
from app.outbox.wording_rules import Words
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

WORDS = Words("About {session}", "Please bring a pen.\n\nSee https://example.org/pens.")


@pytest.fixture
def dee(app: Flask) -> Person:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    return make_person(Role.DELIVERY, name="Dee Park")


@pytest.fixture
def event(dee: Person, now: datetime) -> Event:
    """Two came, one did not, one holds a place, one waits, one cancelled, one has no address."""
    event = make_event(starts_at=now - timedelta(days=1), reference="pens")
    for name in ("Ana", "Ben"):
        make_attendance(make_booking(event, make_person(name=name)))
    absent = make_booking(event, make_person(name="Cas"))
    make_attendance(absent, outcome=AttendanceOutcome.DID_NOT_ATTEND)
    held = {"state": BookingState.HELD, "held_until": now + timedelta(days=1)}
    make_booking(event, make_person(name="Dot"), **held, joined_waiting_at=now)
    waits = {"state": BookingState.WAITING, "confirmed_at": None, "joined_waiting_at": now}
    make_booking(event, make_person(name="Eli"), **waits)
    make_booking(
        event,
        make_person(name="Fay"),
        state=BookingState.CANCELLED,
        cancelled_at=now,
    )
    rung = make_person(name="Gus", email=None)
    make_booking(event, rung, origin=BookingOrigin.STAFF, booked_by=dee)
    db.session.commit()
    return event


@pytest.mark.parametrize(
    ("whom_to", "names", "without"),
    [
        (WhomTo.BOOKED, ["Ana", "Ben", "Cas", "Dot"], ["Gus"]),
        (WhomTo.WAITING, ["Eli"], []),
        (WhomTo.ATTENDED, ["Ana", "Ben"], []),
        (WhomTo.DID_NOT_ATTEND, ["Cas"], []),
    ],
)
def test_whom_a_letter_is_for(
    event: Event, whom_to: WhomTo, names: list[str], without: list[str]
) -> None:
    found = written.recipients(event, whom_to)
    assert [booking.person.name for booking in found.reached] == names
    assert [booking.person.name for booking in found.without_address] == without


def test_each_gets_a_message_of_their_own_and_a_page_sent_twice_sends_once(
    event: Event, dee: Person, now: datetime
) -> None:
    for _ in range(2):
        sent = written.send(event, WhomTo.BOOKED, WORDS, form_key="once", actor=dee, now=now)
        db.session.commit()
    assert (sent.sent_count, sent.no_address_count) == (4, 1)
    messages = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [message.to_name for message in messages] == ["Ana", "Ben", "Cas", "Dot"]
    assert {message.subject for message in messages} == {f"About {event.title}"}
    text = messages[0].text_body or ""
    assert "Dear Ana," in text
    assert "Please bring a pen." in text
    assert all(other.to_email not in text for other in messages[1:])
    assert 'href="https://example.org/pens"' in (messages[0].html_body or "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (Words("", "Hello"), "Enter a subject"),
        (Words("Hello", "  "), "Enter the words of the message"),
        (Words("Hello", "x" * 3001), "3,000 characters or fewer"),
        (Words("Hello {booking_link}", "Hello"), "cannot be used in the subject"),
        (Words("Hello", "Hello {password}"), "cannot be used in this message"),
        (Words("Hello", "Hello {"), "only around a placeholder"),
    ],
)
def test_words_that_cannot_be_sent_say_what_to_mend(words: Words, says: str) -> None:
    with pytest.raises(Refused, match=says):
        written_rules.check_words(words)


def test_a_letter_to_nobody_is_refused(dee: Person, now: datetime) -> None:
    event = make_event()
    with pytest.raises(Refused, match="There is nobody to write to"):
        written.send(event, WhomTo.WAITING, WORDS, form_key="none", actor=dee, now=now)
    make_booking(event, make_person(email=None), origin=BookingOrigin.STAFF, booked_by=dee)
    with pytest.raises(Refused, match="ring them"):
        written.send(event, WhomTo.BOOKED, WORDS, form_key="none", actor=dee, now=now)
    assert db.session.scalar(select(func.count(WrittenLetter.id))) == 0


def test_it_is_shown_before_it_leaves_and_its_words_can_be_used_again(
    client: PageClient, event: Event, dee: Person
) -> None:
    sign_in(client, dee)
    page = client.get("/manage/events/pens/write")
    key = page.page.one("input", name="form_key")["value"]
    form = {"whom_to": "booked", "subject": WORDS.subject, "body": WORDS.body, "form_key": key}
    check = client.post("/manage/events/pens/write", data={**form, "step": "check"})
    assert check.h1 == "Send 4 messages?"
    assert "1 person has no e-mail address. Ring them:" in check.words
    assert "Dear Ana, Please bring a pen." in check.words
    assert db.session.scalar(select(func.count(OutboxMessage.id))) == 0
    back = client.post("/manage/events/pens/write", data={**form, "step": "change"})
    assert "Please bring a pen." in back.text
    sent = client.post("/manage/events/pens/write", data={**form, "step": "send"})
    assert sent.location == "/manage/events/pens/messages"
    assert "4 messages are on the way." in client.get(sent.location).words
    letter = db.session.scalars(select(WrittenLetter)).one()
    again = client.get(f"/manage/events/pens/write?like={letter.reference}")
    assert "Please bring a pen." in again.text


def test_nobody_is_written_to_about_a_draft(client: PageClient, dee: Person) -> None:
    make_event(reference="draft", state=EventState.DRAFT, published_at=None)
    db.session.commit()
    sign_in(client, dee)
    assert client.get("/manage/events/draft/write").status_code == 404

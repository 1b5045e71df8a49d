"""What somebody needs to take part: asked by mode, changed until the start, seen by few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.people import NamedPerson
from app.audit.models import AuditLine
from app.bookings import operations
from app.bookings.adjustments import FOOD, WHO_SEES_IT, change_adjustments, hint
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.bookings.moving import hand_over, move_booking
from app.catalogue.models import EventMode
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.errors import Refused
from tests.support.factories import NOW, make_booking, make_event, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

DAY = timedelta(days=1)
LOOP = "A hearing loop"


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.mark.parametrize(
    ("mode", "has_catering", "said", "not_said"),
    [
        (EventMode.ONLINE, False, "captions", "hearing loop"),
        (EventMode.ONLINE, True, "slides beforehand", FOOD),
        (EventMode.FACE_TO_FACE, False, "step-free access", FOOD),
        (EventMode.FACE_TO_FACE, True, FOOD, "captions"),
        (EventMode.HYBRID, True, FOOD, "nothing is left out"),
        (EventMode.HYBRID, False, "captions", FOOD),
    ],
)
def test_the_question_is_worded_for_how_one_takes_part(
    mode: EventMode, has_catering: bool, said: str, not_said: str
) -> None:
    words = hint(mode, has_catering=has_catering)
    assert said in words
    assert not_said not in words
    assert words.endswith(WHO_SEES_IT)


def test_a_person_says_what_they_need_changes_it_and_takes_it_back(client: PageClient) -> None:
    person = make_person()
    event = make_event(starts_at=clock.now() + 9 * DAY, mode=EventMode.FACE_TO_FACE, venue="Hall")
    booking = make_booking(event, person, mode=EventMode.FACE_TO_FACE)
    path, booking_id = f"/bookings/{booking.reference}", booking.id
    sign_in(client, person)
    asked = client.click(client.get(path), "Tell us what you need to take part")
    assert "step-free access" in asked.words
    noted = client.submit(asked, {"adjustments": LOOP}, button="Save")
    assert "What you need A hearing loop Change" in noted.words
    asked = client.click(noted, "Change what you need to take part")
    gone = client.submit(asked, {"adjustments": ""}, button="Save")
    assert "What you need Nothing noted" in gone.words
    assert db.session.get_one(Booking, booking_id).adjustments == ""
    lines = list(db.session.scalars(select(AuditLine)))
    assert [line.verb for line in lines] == ["changed adjustments"] * 2
    assert all(line.facts == {} for line in lines)


def test_only_the_person_themselves_sees_or_changes_what_they_need(client: PageClient) -> None:
    booker, colleague = make_person(), make_person()
    booking = make_booking(
        make_event(starts_at=clock.now() + 9 * DAY),
        colleague,
        booked_by=booker,
        origin=BookingOrigin.COLLEAGUE,
        adjustments=LOOP,
    )
    path = f"/bookings/{booking.reference}"
    sign_in(client, booker)
    assert LOOP not in client.get(path).words
    assert client.get(f"{path}/adjustments").status_code == 404
    sign_in(client, make_person())
    assert client.get(f"{path}/adjustments").status_code == 404


def test_once_it_has_started_or_is_cancelled_nothing_is_noted(client: PageClient) -> None:
    person = make_person()
    running = make_booking(make_event(starts_at=clock.now() - timedelta(minutes=1)), person)
    ended = make_booking(
        make_event(), person, state=BookingState.CANCELLED, cancelled_at=clock.now()
    )
    for booking in (running, ended):
        with pytest.raises(Refused):
            change_adjustments(booking.id, LOOP, actor=person, now=clock.now())
    path = f"/bookings/{running.reference}"
    sign_in(client, person)
    assert "What you need" not in client.get(path).words
    assert client.get(f"{path}/adjustments").location == path


def test_until_the_start_it_can_be_changed() -> None:
    booking = make_booking(make_event(starts_at=NOW + DAY))
    change_adjustments(booking.id, LOOP, actor=booking.person, now=NOW + DAY - timedelta(seconds=1))
    assert booking.adjustments == LOOP
    with pytest.raises(Refused, match="has started"):
        change_adjustments(booking.id, "", actor=booking.person, now=NOW + DAY)


def test_a_move_takes_what_is_needed_along() -> None:
    old = make_booking(make_event(), adjustments=LOOP)
    other = make_event(old.event.offer, starts_at=NOW + 30 * DAY)
    new = move_booking(old.id, other.id, actor=old.person, mode=EventMode.ONLINE, now=NOW)
    assert (old.adjustments, new.adjustments) == ("", LOOP)


def test_a_hand_over_tells_the_colleague_nothing_of_it() -> None:
    old = make_booking(make_event(), adjustments=LOOP)
    named = NamedPerson("Dee Park", "dee.park@example.org")
    new = hand_over(old.id, named, actor=old.person, now=NOW)
    assert (old.adjustments, new.adjustments) == ("", "")


def test_a_cancelled_booking_keeps_no_word_of_it() -> None:
    booking = make_booking(make_event(), adjustments=LOOP)
    operations.cancel_booking(booking.id, actor=booking.person, now=NOW)
    assert booking.adjustments == ""


def test_staff_see_it_on_the_bookings_and_on_the_register(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() + 9 * DAY)
    make_booking(event, adjustments=LOOP)
    make_booking(event)
    path = f"/manage/events/{event.reference}"
    sign_in(client, make_person(Role.DELIVERY))
    assert LOOP in client.get(f"{path}/bookings").words
    register = client.get(f"{path}/register").words
    assert LOOP in register
    assert "1 person has said what they need to take part" in register

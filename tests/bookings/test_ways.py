"""Hybrid events whose places in the room and online are told apart."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.accounts.models import Person
from app.bookings import operations
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.catalogue.models import Event, EventMode
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import make_event, make_partnership, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

ROOM, ONLINE = EventMode.FACE_TO_FACE, EventMode.ONLINE


@pytest.fixture
def event(app: Flask, now: datetime) -> Event:
    """One place in the room and one online."""
    make_partnership()
    made = make_event(
        starts_at=now + timedelta(days=14),
        mode=EventMode.HYBRID,
        venue="Town Hall",
        capacity=2,
        online_capacity=1,
        joining_notes="Ring at the side door",
        online_notes="Mute yourself",
    )
    db.session.commit()
    return made


def book(event: Event, mode: EventMode, now: datetime, person: Person | None = None) -> Booking:
    person = person or make_person()
    db.session.commit()
    with transaction():
        return operations.book(
            event.id,
            person,
            booked_by=person,
            origin=BookingOrigin.SELF,
            mode=mode,
            form_key=None,
            now=now,
        )


def test_a_full_room_is_refused_with_the_other_way(event: Event, now: datetime) -> None:
    book(event, ROOM, now)

    with pytest.raises(Refused, match="choose to take part online"):
        book(event, ROOM, now)

    second = book(event, ONLINE, now)
    assert (second.state, second.mode) == (BookingState.CONFIRMED, ONLINE)


def test_no_places_online_are_refused_with_the_room(event: Event, now: datetime) -> None:
    book(event, ONLINE, now)

    with pytest.raises(Refused, match="choose to come in person"):
        book(event, ONLINE, now)


def test_a_full_event_lets_wait_whatever_way_was_chosen(event: Event, now: datetime) -> None:
    book(event, ROOM, now)
    book(event, ONLINE, now)

    assert book(event, ROOM, now).state is BookingState.WAITING


def test_who_moves_up_takes_part_where_there_is_room(event: Event, now: datetime) -> None:
    book(event, ROOM, now)
    online = book(event, ONLINE, now)
    waits = book(event, ROOM, now)
    waits_id = waits.id

    with transaction():
        operations.cancel_booking(online.id, actor=make_person(), now=now)

    moved_up = db.session.get_one(Booking, waits_id, populate_existing=True)
    assert (moved_up.state, moved_up.mode) == (BookingState.CONFIRMED, ONLINE)


def test_the_form_says_which_way_is_full(client: PageClient, event: Event, now: datetime) -> None:
    book(event, ROOM, now)
    sign_in(client, make_person())

    page = client.get(f"/events/{event.reference}/book")

    assert page.words.count("No places left") == 1
    page = client.post_form(page, {"mode": "face_to_face"}, button="Book this place")
    assert page.errors == ["There are no places in the room any more: choose to take part online"]
    page = client.submit(page, {"mode": "online"}, button="Book this place")
    assert page.h1 == "Your place is booked"
    assert "Mute yourself" in page.words
    assert "Ring at the side door" not in page.words


@pytest.mark.parametrize(
    ("mode", "told", "not_told"),
    [
        (ROOM, "Ring at the side door", "Mute yourself"),
        (ONLINE, "Mute yourself", "Ring at the side door"),
    ],
)
def test_letters_tell_what_concerns_the_way_somebody_takes_part(
    event: Event, now: datetime, mode: EventMode, told: str, not_told: str
) -> None:
    book(event, mode, now)

    [letter] = db.session.query(OutboxMessage).all()
    assert told in letter.text_body
    assert not_told not in letter.text_body


def test_without_instructions_of_their_own_those_online_read_the_others(
    event: Event, now: datetime
) -> None:
    with transaction():
        db.session.merge(event).online_notes = ""

    book(event, ONLINE, now)

    [letter] = db.session.query(OutboxMessage).all()
    assert "Ring at the side door" in letter.text_body


def test_where_ways_are_not_told_apart_anybody_takes_any_place(event: Event, now: datetime) -> None:
    with transaction():
        db.session.merge(event).online_capacity = None

    assert [book(event, ROOM, now).mode for _ in range(2)] == [ROOM, ROOM]

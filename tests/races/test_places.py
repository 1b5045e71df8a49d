"""Races for places, by people in several processes, on a database that they share."""

from __future__ import annotations

import pytest
from flask import current_app
from sqlalchemy import func, select

from app.bookings.models import Booking
from app.checks import stage
from app.checks.crowd import Crowd, Errand, open_form, through_the_pages, without_the_lock
from app.checks.race_drill import cancel_at_once, messages_count, race
from app.kernel.db import db, transaction

pytestmark = pytest.mark.slow

CLIENTS, PLACES, ROUNDS = 60, 5, 3


def test_sixty_people_race_for_five_places_and_nobody_is_lost(crowd: Crowd) -> None:
    with transaction():
        people = stage.make_people(CLIENTS)
    for seed in range(ROUNDS):
        found = race(crowd, people, places=PLACES, seed=seed)
        print(found)
        assert found.violations == []
        assert (found.confirmed_count, found.waiting_count) == (PLACES, CLIENTS - PLACES)
        assert found.ordered_pairs > 0, "nobody was late enough for the order to be seen"


def test_the_same_race_oversells_when_looking_and_writing_are_apart(crowd: Crowd) -> None:
    with transaction():
        people = stage.make_people(CLIENTS)
    for seed in range(ROUNDS):
        found = race(crowd, people, places=PLACES, seed=seed, way=without_the_lock)
        print(found.confirmed_count)
        assert found.confirmed_count > PLACES
        assert f"{found.confirmed_count} confirmed for {PLACES} places" in found.violations


def test_the_same_form_sent_twenty_times_at_once_books_once(crowd: Crowd) -> None:
    with transaction():
        ((person_id, token),) = stage.make_people(1)
        event = stage.make_event(PLACES)
        event_id, path = event.id, f"/events/{event.reference}/book"
    form, cookie = _open_form(token, path)
    errand = Errand(person_id, event_id, token, path, form=form, cookie=cookie)
    answers = crowd.run([errand] * 20)
    assert {answer.status for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    booked = db.session.scalar(
        select(func.count()).select_from(Booking).where(Booking.event_id == event_id)
    )
    db.session.rollback()
    assert booked == 1
    assert messages_count(event_id) == 1


def _open_form(token: str, path: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """A form as one browser has it open: its fields and the browser's cookie."""
    client = current_app.test_client()
    fields = open_form(client, token, path)
    db.session.rollback()
    cookie = client.get_cookie(current_app.config["SESSION_COOKIE_NAME"])
    assert cookie
    return tuple(fields.items()), cookie.value


def test_twenty_cancellations_at_once_move_up_the_first_twenty_of_forty(crowd: Crowd) -> None:
    found = cancel_at_once(crowd, places=20, waiting=40)
    assert found.violations == []
    assert found.confirmed_count == 20


def test_the_harness_sees_who_was_told_something_untrue(crowd: Crowd) -> None:
    with transaction():
        ((person_id, token),) = stage.make_people(1)
        event = stage.make_event(1)
        event_id = event.id
    gone = Errand(person_id, event_id, token, "/events/nowhere/book", form=(("a", "b"),))
    (answer,) = crowd.run([gone], through_the_pages)
    assert answer.status == 400

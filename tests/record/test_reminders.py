"""Reminders of what must be renewed: each once, never stale, never to whoever has booked it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.bookings.models import AttendanceOutcome, BookingState
from app.catalogue.models import Event, EventState, Offer
from app.jobs import remind_of_refreshers
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from app.record.emails import KIND, stop_address
from app.record.models import RefresherNudge, RefresherStop
from app.record.operations import stop_reminders
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_partnership,
    make_person,
    make_refresher,
)
from tests.support.page_client import PageClient

DONE = datetime(2025, 2, 10, 9, 0, tzinfo=UTC)  # due again by 10 February 2027
DUE_ON = date(2027, 2, 10)
THREE_MONTHS_BEFORE = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
A_MONTH_BEFORE = datetime(2027, 1, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
IN_PART = AttendanceOutcome.ATTENDED_IN_PART


def the_offer() -> Offer:
    return db.session.scalars(select(Offer).where(Offer.refresher_id.is_not(None))).one()


def a_lead(outcome: AttendanceOutcome = AttendanceOutcome.ATTENDED) -> Person:
    """Somebody who came to training in February 2025."""
    make_partnership()
    offer = make_offer(title="Lead training", refresher=make_refresher(name="Lead training"))
    booking = make_booking(make_event(offer, starts_at=DONE), make_person(name="Ana Osei"))
    make_attendance(booking, outcome)
    db.session.commit()
    return booking.person


def remind(now: datetime) -> int:
    count = sum(remind_of_refreshers(now))
    db.session.expire_all()
    return count


def letters() -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == KIND).order_by(OutboxMessage.id)
    return list(db.session.scalars(found))


def coming(now: datetime, **changes: object) -> Event:
    event = make_event(
        the_offer(),
        starts_at=now + 20 * DAY,
        **{"booking_opens_at": now - DAY, **changes},  # type: ignore[arg-type]
    )
    db.session.commit()
    return event


def test_one_reminder_three_months_before_and_one_a_month_before(app: Flask) -> None:
    a_lead()
    sent = {
        day: count
        for number in range(200)
        if (count := remind(day := THREE_MONTHS_BEFORE + (number - 60) * DAY))
    }
    assert sent == {THREE_MONTHS_BEFORE: 1, A_MONTH_BEFORE: 1}
    nudges = db.session.scalars(select(RefresherNudge).order_by(RefresherNudge.id)).all()
    assert [(n.due_on, n.months_before) for n in nudges] == [(DUE_ON, 3), (DUE_ON, 1)]


@pytest.mark.parametrize(
    ("late", "count"), [(timedelta(), 1), (7 * DAY, 1), (8 * DAY, 0), (365 * DAY, 0)]
)
def test_a_reminder_goes_within_a_week_or_never(app: Flask, late: timedelta, count: int) -> None:
    a_lead()
    assert remind(THREE_MONTHS_BEFORE + late) == count


def test_what_the_letter_says(app: Flask) -> None:
    person = a_lead()
    coming(THREE_MONTHS_BEFORE, capacity=1, places_taken=1)  # full
    event = coming(THREE_MONTHS_BEFORE + DAY)
    remind(THREE_MONTHS_BEFORE)
    [letter] = letters()
    assert letter.subject == "Lead training: due again by 10 February 2027"
    assert "you last did this on 10 February 2025" in letter.text_body
    assert f"http://localhost/events/{event.reference}" in letter.text_body
    assert stop_address(person.reference) in letter.text_body
    assert letter.not_after == THREE_MONTHS_BEFORE + 7 * DAY
    assert letter.erase_when_sent


Change = Callable[[Person], object]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: make_booking(coming(THREE_MONTHS_BEFORE), p), id="booked"),
        pytest.param(
            lambda p: make_booking(coming(THREE_MONTHS_BEFORE), p, state=BookingState.WAITING),
            id="waiting",
        ),
        pytest.param(
            lambda p: make_learning_elsewhere(p, refresher_id=the_offer().refresher_id),
            id="done elsewhere since",
        ),
        pytest.param(lambda p: stop_reminders(p.id, now=DONE), id="stopped"),
        pytest.param(lambda p: setattr(p, "deactivated_at", DONE), id="left"),
        pytest.param(lambda p: setattr(p, "email", None), id="no address"),
    ],
)
def test_who_is_not_reminded(app: Flask, change: Change) -> None:
    person = a_lead()
    change(person)
    db.session.commit()
    assert (remind(THREE_MONTHS_BEFORE), letters()) == (0, [])


def test_coming_in_part_renewed_nothing_and_is_not_reminded_of(app: Flask) -> None:
    a_lead(IN_PART)
    assert remind(THREE_MONTHS_BEFORE) == 0


def test_a_booking_cancelled_in_time_lets_the_reminder_go(app: Flask) -> None:
    person = a_lead()
    booking = make_booking(coming(THREE_MONTHS_BEFORE), person)
    db.session.commit()
    assert remind(THREE_MONTHS_BEFORE) == 0
    booking.event.state, booking.event.cancelled_at = EventState.CANCELLED, THREE_MONTHS_BEFORE
    db.session.commit()
    assert remind(THREE_MONTHS_BEFORE + DAY) == 1


def test_the_link_stops_only_after_a_button_and_for_nobody_else(
    client: PageClient, now: datetime
) -> None:
    person = a_lead()
    other = make_person()
    db.session.commit()
    page = client.get(stop_address(person.reference))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert db.session.get(RefresherStop, person.id) is None
    answer = client.post_form(page, button="Stop these reminders")
    assert answer.status_code == 303
    assert client.get(answer.location).h1 == "You get no more reminders"
    assert db.session.get(RefresherStop, person.id) is not None
    token = stop_address(person.reference).rpartition("/")[2]
    assert client.get(f"/reminders/{other.reference}/{token}").status_code == 404

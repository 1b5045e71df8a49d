"""What somebody is warned of before they book; they may book all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.bookings.models import AttendanceOutcome, Booking, BookingState
from app.bookings.warning_queries import warnings_of
from app.bookings.warning_rules import CameBefore, OtherDate, came_before, overlaps
from app.catalogue.models import Event, OfferKind
from app.kernel import clock
from app.kernel.db import db
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MORNING = (NOW, NOW + 3 * HOUR)


def other(starts_at: datetime = NOW, hours: float = 3, **changes: Any) -> OtherDate:
    facts: dict[str, Any] = {
        "event_id": 1,
        "offer_id": 1,
        "title": "Neglect",
        "starts_at": starts_at,
        "ends_at": starts_at + hours * HOUR,
        "state": BookingState.CONFIRMED,
    }
    return OtherDate(**facts | changes)


@pytest.mark.parametrize(
    ("dates", "others", "expected"),
    [
        ([MORNING], [other()], [1]),
        ([MORNING], [other(NOW + 2 * HOUR, 10)], [1]),
        ([MORNING], [other(NOW - HOUR, 1)], []),
        ([MORNING], [other(NOW + 3 * HOUR, 1)], []),
        ([MORNING], [other(NOW + HOUR, 0.5)], [1]),
        ([MORNING], [other(NOW + DAY)], []),
        ([MORNING, (NOW + 7 * DAY, NOW + 7 * DAY + HOUR)], [other(NOW + 7 * DAY)], [1]),
        ([MORNING, (NOW + 7 * DAY, NOW + 7 * DAY + HOUR)], [other(), other(NOW + 7 * DAY)], [1]),
        ([MORNING], [other(NOW + HOUR, event_id=2), other(event_id=3)], [3, 2]),
        ([MORNING], [], []),
    ],
    ids=[
        "the same time",
        "begins before it ends",
        "ends as it begins",
        "begins as it ends",
        "lies within",
        "another day",
        "a later date of several",
        "two dates of one event are one warning",
        "two events, the soonest first",
        "nothing else",
    ],
)
def test_overlaps(
    dates: Sequence[tuple[datetime, datetime]], others: list[OtherDate], expected: list[int]
) -> None:
    assert [one.event_id for one in overlaps(dates, others)] == expected


def came(year: int, month: int, day: int, **changes: Any) -> OtherDate:
    return other(datetime(year, month, day, 10, tzinfo=NOW.tzinfo), came=True, **changes)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([came(2026, 8, 2)], CameBefore(date(2026, 8, 2), 3)),
        ([came(2026, 8, 3)], CameBefore(date(2026, 8, 3), 2)),
        ([came(2026, 10, 31)], CameBefore(date(2026, 10, 31), 0)),
        ([came(2025, 11, 2)], CameBefore(date(2025, 11, 2), 12)),
        ([came(2025, 11, 1)], None),
        ([came(2026, 3, 1), came(2026, 5, 1)], CameBefore(date(2026, 5, 1), 6)),
        ([came(2026, 8, 2, offer_id=2)], None),
        ([other(NOW - 40 * DAY)], None),
    ],
    ids=[
        "three months to the day",
        "a day less than three",
        "two days ago",
        "a year to the day",
        "a day more than a year",
        "the last time counts",
        "something else",
        "booked and did not come",
    ],
)
def test_who_came_not_long_ago(others: list[OtherDate], expected: CameBefore | None) -> None:
    assert came_before(1, others, today=date(2026, 11, 2)) == expected


@pytest.fixture
def with_partnership(app: Flask) -> None:
    make_partnership()


def said(event: Event, person_id: int, **more: Any) -> list[str]:
    return warnings_of(event, person_id, now=NOW, **more)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (BookingState.CONFIRMED, "You already have a booking at this time"),
        (BookingState.WAITING, "You are on a waiting list for a session at this time"),
        (BookingState.REQUESTED, "You have asked for a place at this time"),
    ],
)
def test_a_booking_at_the_same_time_is_named_with_its_date(
    app: Flask, state: BookingState, words: str
) -> None:
    wanted, also = make_event(days=2), make_event(make_offer(title="Safer Sleep"), hours=1)
    me = make_person()
    make_booking(also, me, state=state)
    make_booking(also)
    [sentence] = said(wanted, me.id)
    assert sentence == f"{words}: Safer Sleep, Monday 16 November 2026, 10am to 11am."
    assert said(also, me.id) == []  # the event itself


def test_cancelled_bookings_and_other_people_warn_of_nothing(app: Flask) -> None:
    wanted, also, me = make_event(), make_event(), make_person()
    make_booking(also, me, state=BookingState.CANCELLED, cancelled_at=NOW)
    make_booking(also)
    assert said(wanted, me.id) == []


@pytest.mark.parametrize(
    ("outcome", "kind", "is_told"),
    [
        (AttendanceOutcome.ATTENDED, OfferKind.COURSE, True),
        (AttendanceOutcome.ATTENDED_IN_PART, OfferKind.COURSE, True),
        (AttendanceOutcome.DID_NOT_ATTEND, OfferKind.COURSE, False),
        (AttendanceOutcome.ATTENDED, OfferKind.DSL_FORUM, False),
        (AttendanceOutcome.ATTENDED, OfferKind.PEER_SUPPORT, False),
    ],
)
def test_whoever_came_to_the_same_not_long_ago_is_told(
    app: Flask, outcome: AttendanceOutcome, kind: OfferKind, is_told: bool
) -> None:
    offer = make_offer(title="Neglect", kind=kind)
    me = make_person()
    make_attendance(make_booking(make_event(offer, starts_at=NOW - 95 * DAY), me), outcome)
    sentence = "They came to Neglect on Thursday 30 July 2026 (3 months ago)."
    assert said(make_event(offer), me.id, is_own=False) == ([sentence] if is_told else [])


@pytest.mark.usefixtures("with_partnership")
def test_the_page_warns_and_books_all_the_same(client: PageClient) -> None:
    start, me = clock.now() + 9 * DAY, make_person()
    make_booking(make_event(make_offer(title="Safer Sleep"), starts_at=start), me)
    path = f"/events/{make_event(starts_at=start).reference}/book"
    sign_in(client, me)
    page = client.get(path)
    assert "You already have a booking at this time: Safer Sleep" in page.words
    assert "You can book all the same" in page.words
    client.submit(page, button="Book this place")
    assert len(list(db.session.scalars(select(Booking)))) == 2


@pytest.mark.usefixtures("with_partnership")
def test_the_post_that_books_asks_for_no_warnings(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/events/{make_event(starts_at=clock.now() + DAY).reference}/book"
    sign_in(client, make_person())
    page = client.get(path)
    monkeypatch.setattr("app.bookings.views.warnings_of", None)
    assert client.submit(page, button="Book this place").h1 == "Your place is booked"

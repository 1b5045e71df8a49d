"""The worker comes back after a year: nothing that is no longer true leaves it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.bookings.models import (
    ApprovedBy,
    AttendanceOutcome,
    Booking,
    BookingState,
    NewDatesWish,
)
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from app.worker import run_once
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_partnership,
    make_person,
    make_refresher,
    make_request,
    make_terms,
)

DAY = timedelta(days=1)
A_YEAR_AND_MORE = 420 * DAY  # past the last survey too


@pytest.fixture
def now(app: Flask) -> datetime:
    """An instant at which everything the worker does is under way."""
    now = NOW
    make_partnership()
    over = make_event(starts_at=now - 2 * DAY)
    make_attendance(make_booking(over))
    make_attendance(make_booking(over), AttendanceOutcome.DID_NOT_ATTEND)
    refresher = make_refresher(months=24)
    asked = make_offer(refresher=refresher)
    make_terms(asked, approved_by=ApprovedBy.DELIVERY)
    for days in (1, 9):
        event = make_event(asked, starts_at=now + days * DAY, capacity=2, booking_opens_at=now)
        make_booking(event)
        make_booking(event, state=BookingState.HELD, held_until=now + DAY)
        make_booking(event, state=BookingState.WAITING)
        make_request(event)
    lead = make_person()
    make_learning_elsewhere(lead, learned_on=date(2025, 2, 4), refresher_id=refresher.id)
    wanted = make_offer()
    make_event(wanted, starts_at=now + 30 * DAY, booking_opens_at=now + DAY)
    db.session.add(NewDatesWish(offer_id=wanted.id, person_id=lead.id, asked_at=now))
    db.session.commit()
    return now


def kinds() -> Counter[str]:
    found = Counter(db.session.scalars(select(OutboxMessage.kind)))
    db.session.rollback()
    return found


def test_after_a_year_of_downtime_nothing_stale_is_sent(now: datetime) -> None:
    run_once(now)
    before = kinds()
    assert before == {"survey_invitation": 1, "notice_missed_you": 1}
    run_once(now + A_YEAR_AND_MORE)
    assert kinds() == before
    open_states = (BookingState.REQUESTED, BookingState.HELD)
    left_open = select(Booking.id).where(Booking.state.in_(open_states))
    assert db.session.scalars(left_open).all() == []


def test_after_two_days_of_downtime_everything_is_sent(now: datetime) -> None:
    """So that the silence above is not for want of anything to say."""
    run_once(now)
    before = kinds()
    run_once(now + 2 * DAY)
    assert set(kinds() - before) == {
        "booking_lapsed",
        "booking_off_the_list",
        "booking_promoted",
        "new_dates",
        "notice_reminder",
        "refresher_nudge",
    }

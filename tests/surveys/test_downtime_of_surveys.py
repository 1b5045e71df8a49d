"""A month without a worker: every survey is asked exactly once, or marked missed with a reason.

Random years with both clock changes and month ends, events that move or are cancelled, people who
are erased, and a gap of 31 days, against a model of a few lines.
"""

from __future__ import annotations

import calendar
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.surveys import operations, rules
from app.surveys.models import InvitationState, MissedBecause, SurveyInvitation
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.surveys import links_in, messages, round_of_work

LONDON = ZoneInfo("Europe/London")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINS = datetime(2027, 8, 1, 8, 30, tzinfo=UTC)  # so that no look falls on a limit
GAP = 31 * DAY
# Month ends of a leap year, and the days on which London's clocks change.
TELLING_DAYS = [
    date(2027, 8, 30),
    date(2027, 8, 31),
    date(2027, 9, 30),
    date(2027, 10, 30),
    date(2027, 10, 31),
    date(2027, 11, 29),
    date(2027, 11, 30),
    date(2027, 12, 25),
    date(2027, 12, 31),
    date(2028, 2, 29),
    date(2028, 3, 25),
    date(2028, 3, 26),
]
WAVES = {0: 7, 3: 28, 12: 28}  # months later, and within how many days it may be asked


@dataclass
class Play:
    """What happens, and when the worker runs."""

    seed: int
    runs: list[datetime] = field(default_factory=list)
    gap: tuple[datetime, datetime] = (BEGINS, BEGINS)
    moved: dict[int, date] = field(default_factory=dict)  # event -> its new day
    cancelled: dict[int, datetime] = field(default_factory=dict)
    erased: dict[int, datetime] = field(default_factory=dict)  # person -> when


def later(day: date, months: int) -> date:
    """So many months later; where that month is too short, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=LONDON).astimezone(UTC)


def plan(seed: int) -> Play:
    """Runs every few days, some of them in the hour of a clock change, but for the gap."""
    dice = random.Random(seed)
    gap_begins = BEGINS + dice.randint(20, 400) * DAY
    play = Play(seed, gap=(gap_begins, gap_begins + GAP))
    now = BEGINS
    while now < datetime(2029, 4, 20, tzinfo=UTC):
        if not gap_begins <= now < gap_begins + GAP:
            play.runs.append(now)
        now += dice.randint(3, 14) * DAY + dice.randint(-6, 6) * HOUR
    return play


def act(play: Play) -> list[Event]:
    """Play it; the events as they were in the end."""
    dice = random.Random(play.seed + 1)
    make_partnership()
    offer = make_offer(title="Multi-Agency Neglect")
    operations.ensure_default_evaluations(now=BEGINS)
    events, sector = [], make_sector()
    for day in dice.sample(TELLING_DAYS, 4):
        starts_at = datetime(day.year, day.month, day.day, 10, tzinfo=LONDON).astimezone(UTC)
        event = make_event(offer, starts_at=starts_at)
        events.append(event)
        for _ in range(2):
            make_booking(event, make_person(sector=sector, organisation=None))
    play.moved[events[0].id] = later(events[0].starts_at.date(), 1) + 3 * DAY
    play.cancelled[events[1].id] = events[1].starts_at - 2 * DAY
    somebody = db.session.scalars(
        select(Booking.person_id).where(Booking.event_id == events[2].id)
    ).first()
    assert somebody
    play.erased[somebody] = events[2].ends_at + 60 * DAY
    db.session.commit()
    for now in play.runs:
        for event in events:
            happen(play, event, now)
        round_of_work(now)
    return events


def happen(play: Play, event: Event, now: datetime) -> None:
    """What people have done by then."""
    if event.id in play.moved and now > event.starts_at - 10 * DAY:
        day = play.moved.pop(event.id)
        length = event.ends_at - event.starts_at
        event.starts_at = datetime(day.year, day.month, day.day, 10, tzinfo=LONDON).astimezone(UTC)
        event.ends_at = event.starts_at + length
    if event.id in play.cancelled and now > play.cancelled[event.id]:
        event.state, event.cancelled_at = EventState.CANCELLED, play.cancelled[event.id]
    bookings = db.session.scalars(select(Booking).where(Booking.event_id == event.id)).all()
    for booking in bookings:
        took_place = event.ends_at < now and event.state is not EventState.CANCELLED
        if took_place and not booking.attendances:
            make_attendance(booking)
        if now > play.erased.get(booking.person_id, now):
            booking.person.email, booking.person.deactivated_at = None, now
    db.session.commit()


def expected(play: Play, event: Event, person_id: int, months: int) -> str:
    """What the model says of one survey: asked, late, or nothing of it."""
    if event.state is EventState.CANCELLED:
        return "nothing"
    last_day = event.ends_at.astimezone(LONDON).date()
    due = nine(last_day + DAY if months == 0 else later(last_day, months))
    until = due + WAVES[months] * DAY
    looks = [now for now in play.runs if due <= now and now > event.ends_at]
    gone_at = play.erased.get(person_id)
    if gone_at and (not looks or looks[0] > gone_at):
        return "gone"
    return "asked" if looks and looks[0] <= until else "late"


def faults(play: Play, events: list[Event]) -> list[str]:
    """Where what was asked is not what the model says."""
    links = Counter(link for message in messages("survey_invitation") for link in links_in(message))
    found = [f"{link} was sent {count} times" for link, count in links.items() if count > 1]
    asked = {
        (one.booking_id, one.wave.months_later): one
        for one in db.session.scalars(select(SurveyInvitation))
    }
    for event in events:
        for booking in db.session.scalars(select(Booking).where(Booking.event_id == event.id)):
            for months in WAVES:
                one = asked.get((booking.id, months))
                words = expected(play, event, booking.person_id, months)
                if words != told(one):
                    place = f"{event.ends_at:%d %b %Y}, {months} months"
                    found.append(f"{place}: {told(one)}, not {words}")
    return found


def told(one: SurveyInvitation | None) -> str:
    if one is None:
        return "nothing"
    if one.state is not InvitationState.MISSED:
        return "asked" if one.sent_at else f"left {one.state}"
    if one.missed_because is MissedBecause.UNREACHABLE:
        return "gone"
    return "late" if one.missed_because is MissedBecause.LATE else f"missed: {one.missed_because}"


def as_nothing(found: list[str]) -> list[str]:
    """Of somebody who is gone it is as well that nothing was planned at all."""
    return [fault for fault in found if not fault.endswith("nothing, not gone")]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_every_survey_is_asked_once_or_missed_with_a_reason(app: Flask, seed: int) -> None:
    play = plan(seed)
    events = act(play)
    assert as_nothing(faults(play, events)) == []
    outcomes = Counter(told(one) for one in db.session.scalars(select(SurveyInvitation)))
    assert outcomes["asked"] >= 10


@pytest.mark.slow
def test_a_planner_that_counts_months_in_days_is_found_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_days(day: date, months: int) -> date:
        return day + timedelta(days=40 * months)

    monkeypatch.setattr(rules, "add_months", in_days)
    play = plan(0)
    assert as_nothing(faults(play, act(play))) != []

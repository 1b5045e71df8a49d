"""Whatever happens, in whatever order: one impact survey a month at most, and nobody is lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.surveys import operations, personal, plan_changes, rules
from app.surveys.models import InvitationState, SurveyInvitation, SurveyStop, Wave
from app.surveys.plan_models import SurveyAddressee
from tests.support.factories import make_offer, make_partnership, make_person, make_sector
from tests.support.surveys import a_list, attended, default_evaluation, past_event, round_of_work

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)  # the clocks change on the 29th, and in October
DAY = timedelta(days=1)
STEPS = (timedelta(hours=1), DAY, DAY, 3 * DAY, 9 * DAY, 9 * DAY, 31 * DAY)


class Programme:
    """Some events and lists of the same few people, and what may happen to them."""

    def __init__(self, seed: int) -> None:
        """Everything is drawn from the seed."""
        self.chance = Random(seed)
        make_partnership()
        sector = make_sector()
        self.people = [make_person(sector=sector, organisation=None) for _ in range(4)]
        self.staff = make_person()
        self.events = [self._event() for _ in range(5)]
        operations.ensure_default_evaluations(now=START - 200 * DAY)
        for number in range(3):
            on_list = self.chance.sample(self.people, 3)
            day = london_date(START) + timedelta(days=self.chance.randrange(90))
            months = tuple(sorted(self.chance.sample(range(5), 2)))
            a_list(*on_list, now=START, months=months, counted_from=day, slug=f"list-{number}")
        db.session.commit()

    def _event(self) -> Event:
        ended_at = START + timedelta(days=self.chance.randrange(-20, 90), hours=3)
        event = past_event(make_offer(), ended_at=ended_at)
        for person in self.chance.sample(self.people, 3):
            attended(event, person)
        return event

    def something_happens(self, now: datetime) -> None:
        """One act of staff or of fate; what is refused changes nothing."""
        act = self.chance.choice((self._move, self._move, self._skip, self._undo, self._postpone))
        try:
            act(now)
            db.session.commit()
        except Refused:
            db.session.rollback()
        if self.chance.random() < 0.03:
            operations.stop_asking(self.chance.choice(self.people).id, now=now)
        if self.chance.random() < 0.02:
            person = self.chance.choice(self.people)
            personal.erase(person.id, now=now)
            person.email, person.deactivated_at = None, now
        if self.chance.random() < 0.02:
            event = self.chance.choice(self.events)
            event.state, event.cancelled_at = EventState.CANCELLED, now
        db.session.commit()

    def _line(self) -> tuple[int, int | None]:
        lines = select(SurveyInvitation.wave_id, SurveyInvitation.event_id).distinct()
        found = sorted(db.session.execute(lines).all(), key=str)
        if not found:
            raise Refused("Nobody is planned yet")
        wave_id, event_id = self.chance.choice(found)
        return wave_id, event_id

    def _move(self, now: datetime) -> None:
        to = london_date(now) + timedelta(days=self.chance.randrange(60))
        plan_changes.move_line(*self._line(), to=to, reason="x", actor=self.staff, now=now)

    def _skip(self, now: datetime) -> None:
        plan_changes.skip_line(*self._line(), reason="x", actor=self.staff, now=now)

    def _undo(self, now: datetime) -> None:
        plan_changes.undo_change(*self._line(), actor=self.staff, now=now)

    def _postpone(self, now: datetime) -> None:
        event = self.chance.choice(self.events)
        if event.ends_at > now:
            event.starts_at += 5 * DAY
            event.ends_at += 5 * DAY


def impact_messages() -> dict[int, set[datetime]]:
    """When each person was sent impact surveys; several in one message are one time."""
    found: dict[int, set[datetime]] = defaultdict(set)
    rows = select(SurveyInvitation, Wave.months_later).join(
        Wave, Wave.id == SurveyInvitation.wave_id
    )
    for one, months_later in db.session.execute(rows):
        is_impact = rules.is_about_impact(months_later, of_event=one.event_id is not None)
        if one.sent_at and is_impact:
            found[one.person_id].add(one.sent_at)
    return found


def nobody_is_lost(programme: Programme) -> None:
    """Every wave of everybody who came or is on a list has a row, unless they asked us to stop."""
    rows = {
        (one.wave_id, one.person_id, one.event_id)
        for one in db.session.scalars(select(SurveyInvitation))
    }
    stopped = set(db.session.scalars(select(SurveyStop.person_id)))
    for event in programme.events:
        if event.state is EventState.CANCELLED:
            continue
        came = db.session.scalars(select(Booking.person_id).where(Booking.event_id == event.id))
        waves = default_evaluation(event.offer).waves
        for person_id in set(came) - stopped:
            assert {(wave.id, person_id, event.id) for wave in waves} <= rows
    listed = select(Wave.id, SurveyAddressee.person_id).join(
        SurveyAddressee, SurveyAddressee.evaluation_id == Wave.evaluation_id
    )
    for wave_id, person_id in db.session.execute(listed):
        assert person_id in stopped or (wave_id, person_id, None) in rows


@pytest.mark.parametrize("seed", range(3))
def test_at_most_one_impact_survey_a_month_and_nobody_is_lost(app: Flask, seed: int) -> None:
    programme = Programme(seed)
    now = START
    sent: dict[int, datetime] = {}
    was_due: set[int] = set()
    while now < START + 220 * DAY:
        programme.something_happens(now)
        round_of_work(now)
        for one in db.session.scalars(
            select(SurveyInvitation).where(SurveyInvitation.sent_at.is_not(None))
        ):
            # Once sent, it is never planned or sent again, and nothing is sent long before its day.
            assert sent.setdefault(one.id, one.sent_at or now) == one.sent_at
            assert one.state is not InvitationState.PLANNED
            assert one.due_at <= (one.sent_at or now) + rules.ASKED_TOGETHER
        late = (SurveyInvitation.state == InvitationState.PLANNED, SurveyInvitation.due_at <= now)
        was_due |= set(db.session.scalars(select(SurveyInvitation.id).where(*late)))
        now += programme.chance.choice(STEPS)
    assert len(sent) > 10
    # Whatever has fallen due is sent, or says why it was not: it never goes by itself.
    assert was_due | set(sent) <= set(db.session.scalars(select(SurveyInvitation.id)))
    for times in impact_messages().values():
        days = [london_date(time) for time in sorted(times)]
        assert all((later - day).days >= rules.REST_DAYS for day, later in pairwise(days))
    left = select(SurveyInvitation).where(
        SurveyInvitation.state.in_((InvitationState.PLANNED, InvitationState.SENT)),
        SurveyInvitation.closes_at < now - 31 * DAY,
    )
    assert db.session.scalars(left).all() == []
    nobody_is_lost(programme)

"""What the jobs do with what is due, one transaction per item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import jobs
from app.accounts.models import Person
from app.bookings.models import Booking
from app.kernel import clock
from app.kernel.db import db, transaction
from app.outbox.models import OutboxMessage
from app.surveys import operations as surveys
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation
from app.worker import run_once
from tests.support.factories import make_attendance, make_booking, make_event, make_partnership

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _two_people_came(app: Flask) -> None:
    """An event two days ago with two people on its register."""
    make_partnership()
    event = make_event(starts_at=clock.now() - 2 * DAY)
    for _ in range(2):
        make_attendance(make_booking(event, adjustments="Step-free access"))
    db.session.commit()


def states() -> list[InvitationState]:
    found = db.session.scalars(
        select(SurveyInvitation.state).where(SurveyInvitation.due_at <= clock.now())
    ).all()
    db.session.rollback()
    return list(found)


def messages_count(kind: str) -> int:
    found = db.session.scalar(
        select(func.count()).select_from(OutboxMessage).where(OutboxMessage.kind == kind)
    )
    db.session.rollback()
    return found or 0


def test_one_round_leads_from_the_register_to_a_survey_in_the_post(app: Flask) -> None:
    now = clock.now().replace(hour=12)
    done = run_once(now)
    assert done["plan surveys"] >= 2
    assert done["send surveys"] == 2
    assert done["deliver mail"] == 2
    assert messages_count("survey_invitation") == 2
    again = run_once(now)
    assert not any(again.values()), again


def test_planning_twice_plans_nothing_more(app: Flask) -> None:
    now = clock.now()
    assert sum(jobs.plan_surveys(now)) > 0
    assert sum(jobs.plan_surveys(now)) == 0
    assert db.session.scalar(select(func.count()).select_from(Evaluation)) == 1


def test_a_person_who_cannot_be_written_to_does_not_stop_the_others(app: Flask) -> None:
    now = clock.now().replace(hour=12)
    sum(jobs.plan_surveys(now))
    with transaction():
        first = db.session.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id)).all()[0]
        # What the outbox will find there already: this person's message cannot be added.
        key = f"survey_invitation:0:{first.reference}"
        taken = db.session.scalars(select(Booking).limit(1)).one()
        db.session.add(_message(key, taken.reference))
    assert sorted(jobs.send_surveys(now)) == [0, 1]
    assert sorted(states()) == [InvitationState.PLANNED, InvitationState.SENT]


def _message(dedupe_key: str, about: str) -> OutboxMessage:
    now = clock.real_now()
    return OutboxMessage(
        dedupe_key=dedupe_key,
        kind="survey_invitation",
        about_kind="booking",
        about_reference=about,
        to_name="",
        to_email="somebody@example.org",
        subject="",
        text_body="",
        html_body="",
        message_id=f"<{about}@example.org>",
        priority=9,
        queued_at=now,
        next_attempt_at=now + DAY,
        state="queued",
    )


def test_reminders_go_to_who_has_not_answered(app: Flask) -> None:
    now = clock.now().replace(hour=12)
    run_once(now)
    assert sum(jobs.remind_of_surveys(now + 8 * DAY)) == 2
    assert sum(jobs.remind_of_surveys(now + 8 * DAY)) == 0
    assert messages_count("survey_reminder") == 2


def test_surveys_close_when_their_time_is_over(app: Flask) -> None:
    now = clock.now().replace(hour=12)
    run_once(now)
    assert sum(jobs.close_surveys(now + 27 * DAY)) == 0
    assert sum(jobs.close_surveys(now + 29 * DAY)) == 2
    assert set(states()) == {InvitationState.CLOSED}


def test_wishes_are_erased_in_their_time(app: Flask) -> None:
    sum(jobs.erase_what_has_served(clock.now() + 20 * DAY))
    assert db.session.scalars(select(Booking.adjustments).distinct()).all() == ["Step-free access"]
    db.session.rollback()
    sum(jobs.erase_what_has_served(clock.now() + 40 * DAY))
    assert db.session.scalars(select(Booking.adjustments).distinct()).all() == [""]


def test_tables_are_written_anew_once_a_night(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rewritten: list[datetime] = []

    def blur_order(*, now: datetime) -> int:
        rewritten.append(now)
        return 1

    monkeypatch.setattr(surveys, "blur_order", blur_order)
    monkeypatch.setattr(jobs, "_nights_done", set())
    evening = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)  # 9pm in London
    for hours in (0, 1, 4, 7, 8, 24):  # 3am in London is 2am by this clock
        sum(jobs.blur_orders(evening + timedelta(hours=hours)))
    assert [(when - evening) // timedelta(hours=1) for when in rewritten] == [0, 7]


def test_somebody_who_left_is_not_asked(app: Flask) -> None:
    with transaction():
        db.session.execute(update(Person).values(deactivated_at=clock.now()))
    done = run_once(clock.now().replace(hour=12))
    assert (done["plan surveys"], done["send surveys"]) == (0, 0)

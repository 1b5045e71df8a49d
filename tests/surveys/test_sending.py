"""Asking, reminding and closing: each thing once, never late, never to somebody who said stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.accounts.models import Person
from app.catalogue.models import EventState
from app.kernel.db import db
from app.outbox.models import MessageState
from app.surveys import evaluations, operations
from app.surveys.models import InvitationState, MissedBecause, SurveyDraft
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.surveys import (
    a_course_attended,
    attended,
    default_evaluation,
    invitations,
    links_in,
    messages,
    past_event,
    round_of_work,
)

ENDED = datetime(2026, 11, 10, 12, 30, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
IN_FEBRUARY = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def state(months_later: int) -> InvitationState:
    [found] = invitations(months_later)
    return found.state


def test_a_survey_is_sent_when_it_falls_due_and_not_before(app: Flask) -> None:
    a_course_attended(ENDED)
    round_of_work(NEXT_MORNING - timedelta(minutes=1))
    assert messages() == []
    assert round_of_work(NEXT_MORNING) == 1
    [message] = messages()
    assert message.kind == "survey_invitation"
    assert message.subject == "How was Multi-Agency Neglect? A two-minute survey"
    assert len(links_in(message)) == 1
    assert "Wednesday 9 December 2026" in message.text_body
    assert "confidential" in message.text_body
    assert "anonymous" not in message.text_body
    assert "/stop" in message.text_body
    assert message.erase_when_sent
    assert message.not_after == invitations(0)[0].closes_at


def test_each_due_survey_is_asked_once_however_often_the_worker_looks(app: Flask) -> None:
    a_course_attended(ENDED, people=3)
    at = ENDED
    while at < ENDED + timedelta(days=400):
        round_of_work(at)
        round_of_work(at)
        at += timedelta(hours=121)
    sent = [m.subject for m in messages("survey_invitation")]
    assert len(sent) == 9
    assert len(messages("survey_reminder")) == 3 * 3 * 2
    assert {one.state for one in invitations()} == {InvitationState.CLOSED}


@pytest.mark.parametrize(
    ("away_for", "expected"),
    [
        (HOUR, InvitationState.SENT),
        (3 * DAY, InvitationState.SENT),
        (7 * DAY, InvitationState.SENT),
        (7 * DAY + HOUR, InvitationState.MISSED),
        (30 * DAY, InvitationState.MISSED),
        (300 * DAY, InvitationState.MISSED),
    ],
)
def test_a_worker_that_was_away_asks_what_is_timely_and_nothing_else(
    app: Flask, away_for: timedelta, expected: InvitationState
) -> None:
    a_course_attended(ENDED)
    round_of_work(ENDED + HOUR)
    round_of_work(NEXT_MORNING + away_for)
    assert state(0) is expected
    assert len([m for m in messages() if m.subject.startswith("How was")]) == (
        1 if expected is InvitationState.SENT else 0
    )


@pytest.mark.parametrize(
    ("away_for", "expected"),
    [(28 * DAY, InvitationState.SENT), (28 * DAY + HOUR, InvitationState.MISSED)],
)
def test_months_later_four_weeks_late_is_the_last_moment(
    app: Flask, away_for: timedelta, expected: InvitationState
) -> None:
    a_course_attended(ENDED)
    round_of_work(ENDED + HOUR)
    round_of_work(IN_FEBRUARY + away_for)
    assert state(3) is expected


def test_two_reminders_and_then_silence_until_it_closes(app: Flask) -> None:
    a_course_attended(ENDED)
    for hours in range(0, 24 * 40, 13):
        round_of_work(NEXT_MORNING + timedelta(hours=hours))
    told = [(m.kind, m.subject.startswith("Reminder:")) for m in messages()]
    assert told == [
        ("survey_invitation", False),
        ("survey_reminder", True),
        ("survey_reminder", True),
    ]
    first, second = messages("survey_reminder")
    assert "We will remind you once more" in first.text_body
    assert "We will not remind you again" in second.text_body
    assert state(0) is InvitationState.CLOSED


def test_an_event_cancelled_before_sending_asks_nobody(app: Flask) -> None:
    event = a_course_attended(ENDED)
    round_of_work(ENDED + HOUR)
    event.state, event.cancelled_at = EventState.CANCELLED, ENDED + HOUR
    db.session.commit()
    operations.send_due(now=NEXT_MORNING)
    assert messages() == []
    round_of_work(NEXT_MORNING)
    assert messages() == []
    [missed] = invitations()
    assert (missed.wave.months_later, missed.missed_because) == (0, MissedBecause.EVENT_CANCELLED)


def test_a_date_put_right_moves_what_is_planned_and_resends_nothing(app: Flask) -> None:
    event = a_course_attended(ENDED)
    round_of_work(NEXT_MORNING)
    event.starts_at, event.ends_at = event.starts_at + 5 * DAY, event.ends_at + 5 * DAY
    db.session.commit()
    round_of_work(NEXT_MORNING + 6 * DAY)
    assert len(messages()) == 1
    assert invitations(3)[0].due_at == IN_FEBRUARY + 5 * DAY


def test_offers_due_together_are_asked_in_one_message(app: Flask) -> None:
    make_partnership()
    person = make_person()
    for days in (0, 3):
        attended(past_event(make_offer(), ended_at=ENDED + days * DAY), person)
    operations.ensure_default_evaluations(now=ENDED - 30 * DAY)
    round_of_work(ENDED + 20 * DAY)
    before = len(messages())
    assert round_of_work(IN_FEBRUARY) == 2
    [message] = messages()[before:]
    assert message.subject == "2 short surveys about your learning"
    assert len(set(links_in(message))) == 2
    assert round_of_work(IN_FEBRUARY + 3 * DAY) == 0


def test_nobody_gets_two_impact_surveys_within_four_weeks(app: Flask) -> None:
    make_partnership()
    person = make_person()
    for days in (0, 10, 20):
        attended(past_event(make_offer(), ended_at=ENDED + days * DAY), person)
    operations.ensure_default_evaluations(now=ENDED - 30 * DAY)
    for day in range(70):
        round_of_work(IN_FEBRUARY + day * DAY)
    sent = sorted(one.sent_at for one in invitations(3) if one.sent_at)
    assert sent == [IN_FEBRUARY, IN_FEBRUARY + 28 * DAY, IN_FEBRUARY + 28 * DAY]


def test_somebody_asked_about_another_offer_yesterday_is_still_asked_in_time(app: Flask) -> None:
    make_partnership()
    person = make_person()
    for days in (0, 8):
        attended(past_event(make_offer(), ended_at=ENDED + days * DAY), person)
    operations.ensure_default_evaluations(now=ENDED - 30 * DAY)
    for day in range(60):
        round_of_work(IN_FEBRUARY + day * DAY)
    sent = sorted(one.sent_at for one in invitations(3) if one.sent_at)
    assert sent == [IN_FEBRUARY, IN_FEBRUARY + 28 * DAY]
    # What falls due stays what the event says: responses are dated by it.
    assert [one.due_at for one in invitations(3)] == [IN_FEBRUARY, IN_FEBRUARY + 8 * DAY]


def test_stop_is_honoured_at_once_and_for_good(app: Flask) -> None:
    event = a_course_attended(ENDED)
    round_of_work(NEXT_MORNING)
    person_id = invitations()[0].person_id
    operations.stop_asking(person_id, now=NEXT_MORNING)
    operations.stop_asking(person_id, now=NEXT_MORNING)
    db.session.commit()
    assert messages()[0].state is MessageState.WITHHELD
    attended(past_event(event.offer, ended_at=ENDED + DAY), db.session.get_one(Person, person_id))
    for day in range(1, 400, 5):
        round_of_work(NEXT_MORNING + day * DAY)
    assert len(messages()) == 1
    assert {one.state for one in invitations()} == {InvitationState.STOPPED}


@pytest.mark.parametrize("change", ["deactivated_at", "email"])
def test_nobody_who_has_left_is_written_to(app: Flask, change: str) -> None:
    a_course_attended(ENDED)
    round_of_work(ENDED + HOUR)
    person = db.session.get_one(Person, invitations()[0].person_id)
    setattr(person, change, NEXT_MORNING if change == "deactivated_at" else None)
    db.session.commit()
    assert operations.send_due(now=NEXT_MORNING) == 0
    for day in range(0, 400, 5):
        round_of_work(NEXT_MORNING + day * DAY)
    assert messages() == []


def test_a_message_that_was_refused_leaves_the_rate_and_is_not_repeated(app: Flask) -> None:
    a_course_attended(ENDED)
    round_of_work(NEXT_MORNING)
    messages()[0].state = MessageState.FAILED
    messages()[0].queued_at = NEXT_MORNING
    db.session.commit()
    assert operations.note_undelivered(now=NEXT_MORNING + DAY) == 1
    assert operations.note_undelivered(now=NEXT_MORNING + DAY) == 0
    db.session.expire_all()
    assert invitations(0)[0].bounced_at == NEXT_MORNING + DAY
    round_of_work(NEXT_MORNING + 8 * DAY)
    assert len(messages()) == 1


def test_nothing_is_sent_around_the_change_of_clocks(app: Flask) -> None:
    a_course_attended(ENDED)
    round_of_work(ENDED + HOUR)
    night = datetime(2026, 11, 12, 1, 30, tzinfo=UTC)
    assert operations.people_due(now=night) == []
    assert operations.people_to_remind(now=night) == []
    assert len(operations.people_due(now=night + HOUR)) == 1


def test_asking_before_an_event_ends_with_its_start(app: Flask) -> None:
    make_partnership()
    offer = make_offer()
    event = make_event(offer, starts_at=ENDED + 3 * DAY)
    operations.ensure_default_evaluations(now=ENDED)
    evaluations.add_wave(default_evaluation(offer), -1)
    make_booking(event)
    db.session.commit()
    assert round_of_work(ENDED) == 1
    assert invitations()[0].closes_at == event.starts_at
    assert messages()[0].subject.startswith("Before ")
    round_of_work(event.starts_at)
    assert state(-1) is InvitationState.CLOSED


def test_half_answered_forms_are_erased_after_five_weeks(app: Flask) -> None:
    db.session.add(SurveyDraft(draft_hash="x", answers="{}", saved_on=ENDED.date()))
    db.session.commit()
    operations.close_due(now=ENDED + 35 * DAY)
    assert db.session.get(SurveyDraft, "x")
    operations.close_due(now=ENDED + 36 * DAY)
    db.session.expire_all()
    assert db.session.get(SurveyDraft, "x") is None

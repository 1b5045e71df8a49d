"""Reminders leave at the hour people answer, and nothing is kept of who answered when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.db import db
from app.surveys import answering_hours, operations
from app.surveys.answering_hour_models import AnsweringHour
from app.surveys.answering_hour_rules import (
    MOST_OF_AN_HOUR,
    hour_counted,
    is_time_to_remind,
    reminder_hour,
)
from tests.support.page_client import PageClient
from tests.support.surveys import (
    a_course_attended,
    answer_from,
    links_in,
    messages,
    round_of_work,
)

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
ASKED = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("counts", "hour"),
    [
        ({}, 9),
        ({16: 99}, 9),  # too few to say
        ({16: 100}, 16),
        ({9: 100, 16: 149}, 9),  # not clear: whoever is written to at nine answers at nine
        ({9: 100, 16: 150}, 16),
        ({9: 20, 12: 60, 16: 60}, 12),  # the earlier of two
        ({9: 0, 17: 200}, 17),
    ],
)
def test_the_hour_at_which_most_answers_came(counts: dict[int, int], hour: int) -> None:
    assert reminder_hour(counts) == hour


def test_the_hour_is_londons_in_summer_too() -> None:
    noon_in_july = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
    assert hour_counted(noon_in_july) == 12
    assert is_time_to_remind({12: 200}, noon_in_july)
    assert not is_time_to_remind({12: 200}, noon_in_july - timedelta(minutes=1))
    for night in (8, 18, 23, 0, 3):
        assert hour_counted(datetime(2026, 12, 1, night, 0, tzinfo=UTC)) is None


def counts() -> dict[int, int]:
    found = select(AnsweringHour.hour, AnsweringHour.answers_count)
    return {row.hour: row.answers_count for row in db.session.execute(found)}


def test_reminders_wait_for_the_hour_and_go_to_those_who_have_not_answered(app: Flask) -> None:
    a_course_attended(ENDED)
    db.session.add(AnsweringHour(hour=15, answers_count=300))
    db.session.commit()
    assert round_of_work(ASKED) == 1  # asking itself keeps to 9am
    for hour in (9, 12, 14):
        assert operations.people_to_remind(now=ASKED.replace(hour=hour) + WEEK) == []
    assert round_of_work(ASKED.replace(hour=15) + WEEK) == 1
    assert [one.kind for one in messages()] == ["survey_invitation", "survey_reminder"]


def test_an_answer_by_a_personal_link_counts_under_its_hour_alone(
    client: PageClient, app: Flask, now: datetime
) -> None:
    a_course_attended(ENDED)
    round_of_work(now)
    given = {"quality": "good", "relevance": "very", "expectations": "yes", "skills": "no"}
    given |= {"knowledge_before": "3", "knowledge": "7", "confidence": "confident"}
    given |= {"intention": "yes", "good": "All", "change": "No"}
    page = answer_from(client, client.get(links_in(messages()[0])[0]), given)
    assert page.h1 == "Thank you, you have answered"
    assert counts() == {now.hour: 1}
    assert [column.name for column in AnsweringHour.__table__.columns] == ["hour", "answers_count"]


def test_old_habits_fade(app: Flask, now: datetime) -> None:
    at = now.replace(hour=10)
    db.session.add(AnsweringHour(hour=10, answers_count=MOST_OF_AN_HOUR - 1))
    db.session.add(AnsweringHour(hour=16, answers_count=100))
    db.session.flush()
    answering_hours.count_answer(now=at)
    db.session.expire_all()
    assert counts() == {10: MOST_OF_AN_HOUR // 2, 16: 50}

"""A wave of a plan: which questionnaire it asks, when it reminds, how long it stays open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import building, operations
from app.surveys.models import Wave
from app.surveys.schedule_rules import check_settings
from tests.support.factories import make_offer, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in
from tests.support.surveys import (
    a_course_attended,
    a_draft,
    attended,
    invitations,
    links_in,
    messages,
    past_event,
    round_of_work,
)

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
IN_FEBRUARY = datetime(2027, 2, 9, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def slug(app: Flask, client: PageClient, now: datetime) -> str:
    """A course that somebody attended yesterday; delivery staff are signed in."""
    event = a_course_attended(ENDED)
    round_of_work(now)
    slug = event.offer.slug
    sign_in(client, make_person(Role.DELIVERY))
    return slug


def wave(months: int) -> Wave:
    db.session.expire_all()
    return db.session.scalars(select(Wave).where(Wave.months_later == months)).one()


SETTINGS = {
    "as by default": (3, 28, (7, 14), None),
    "no reminders": (3, 7, (), None),
    "one": (3, 7, (6,), None),
    "the longest": (0, 42, (36, 41), None),
    "before": (-1, 28, (1, 6), None),
    "open too shortly": (3, 6, (), "7 to 42 days"),
    "open too long": (3, 43, (), "7 to 42 days"),
    "at once": (3, 28, (0,), "at least a day after asking"),
    "when it closes": (3, 14, (14,), "before the survey closes"),
    "when it begins": (-1, 28, (7,), "before the session begins"),
    "too near each other": (3, 28, (7, 11), "at least 5 days between"),
    "the wrong way round": (3, 28, (14, 7), "at least 5 days between"),
}


@pytest.mark.parametrize(
    ("months", "open_days", "reminders", "refusal"), SETTINGS.values(), ids=SETTINGS
)
def test_what_a_wave_may_be_set_to(
    months: int, open_days: int, reminders: tuple[int, ...], refusal: str | None
) -> None:
    if refusal is None:
        check_settings(months, open_days, reminders)
        return
    with pytest.raises(Refused, match=refusal):
        check_settings(months, open_days, reminders)


def test_a_wave_reminds_when_it_is_told_to_and_closes_then(client: PageClient, slug: str) -> None:
    page = client.get(f"/manage/evaluations/{slug}/plan/3/change")
    values = {"open_days": "14", "first_reminder": "3", "second_reminder": ""}
    page = client.submit(page, values)
    assert "Open 14 days, reminds after 3 days" in page.words
    for days in range(20):
        round_of_work(IN_FEBRUARY + days * DAY)
    [asked] = invitations(3)
    assert (asked.reminders_count, asked.reminded_at) == (1, IN_FEBRUARY + 3 * DAY)
    assert asked.closes_at == IN_FEBRUARY + 14 * DAY
    assert "We will not remind you again" in messages("survey_reminder")[-1].text_body


def test_a_wave_that_reminds_nobody_reminds_nobody(client: PageClient, slug: str) -> None:
    page = client.get(f"/manage/evaluations/{slug}/plan/3/change")
    page = client.submit(page, {"first_reminder": "", "second_reminder": ""})
    assert "reminds nobody" in page.words
    for days in range(0, 30, 3):
        round_of_work(IN_FEBRUARY + days * DAY)
    assert [one.kind for one in messages()].count("survey_reminder") == 0


def test_each_survey_reminds_in_its_own_time(client: PageClient, slug: str) -> None:
    """Two surveys fall due together; one reminds after 3 days, the other after 7 and 14."""
    person = make_person()
    slugs = []
    for title in ("First", "Second"):
        event = past_event(make_offer(title=title), ended_at=ENDED)
        attended(event, person)
        slugs.append(event.offer.slug)
    operations.ensure_default_evaluations(now=ENDED)
    db.session.commit()
    page = client.get(f"/manage/evaluations/{slugs[0]}/plan/3/change")
    client.submit(page, {"first_reminder": "3", "second_reminder": ""})
    reminded = []
    for days in range(30):
        before = len(messages("survey_reminder"))
        round_of_work(IN_FEBRUARY + days * DAY)
        theirs = [one for one in messages("survey_reminder")[before:] if one.to_name == person.name]
        reminded += [(days, len(set(links_in(one)))) for one in theirs]
    assert reminded == [(3, 1), (7, 1), (14, 1)]


def test_the_questionnaire_is_changed_until_somebody_was_asked(
    client: PageClient, slug: str, now: datetime
) -> None:
    draft = a_draft(make_person(Role.DELIVERY), now=now)
    building.publish(draft.id, moves_plans=False, actor=make_person(Role.DELIVERY), now=now)
    db.session.commit()
    page = client.get(f"/manage/evaluations/{slug}/plan/12/change")
    page = client.submit(page, {"questionnaire": draft.slug})
    assert "In your school" in page.words
    assert wave(12).version.questionnaire.slug == draft.slug
    page = client.get(f"/manage/evaluations/{slug}/plan/0/change")
    assert "so it keeps its questionnaire" in page.words
    assert not page.select("select")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"open_days": ""}, "Enter how many days it stays open"),
        ({"open_days": "x"}, "must be a number of days"),
        ({"open_days": "-7"}, "must be a number of days"),
        ({"open_days": "９"}, "must be a number of days"),
        ({"open_days": "2800"}, "must be a number of days"),
        ({"open_days": "6"}, "7 to 42 days"),
        ({"first_reminder": "", "second_reminder": "9"}, "Enter the first reminder"),
        ({"first_reminder": "7", "second_reminder": "8"}, "at least 5 days between"),
        ({"questionnaire": "before"}, "Choose from the list"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    client: PageClient, slug: str, values: dict[str, str], error: str
) -> None:
    page = client.get(f"/manage/evaluations/{slug}/plan/12/change")
    page = client.post_form(page, values)
    assert error in page.errors[0]
    unchanged = wave(12)
    assert (unchanged.open_days, unchanged.reminder_days) == (28, (7, 14))


def test_a_wave_that_is_not_there_is_not_found(client: PageClient, slug: str) -> None:
    assert client.get(f"/manage/evaluations/{slug}/plan/9/change").status_code == 404
    assert client.get("/manage/evaluations/none/plan/3/change").status_code == 404


def test_a_survey_before_has_no_days_of_its_own(client: PageClient, slug: str) -> None:
    client.submit(client.get(f"/manage/offers/{slug}/surveys"), {"months": "-1"})
    page = client.get(f"/manage/evaluations/{slug}/plan/-1/change")
    assert "How many days" not in page.words
    page = client.submit(page, {"first_reminder": "4", "second_reminder": ""})
    assert "Open until the session begins, reminds after 4 days" in page.words

"""Answers by links for sessions and organisations stand at the open link's door, by the month."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.impact import queries
from app.impact.disclosure import Audience
from app.kernel.db import db
from app.surveys.models import Evaluation, QuestionnaireKind
from app.surveys.open_link_models import OpenLink
from app.surveys.questionnaires import current_version
from tests.support.answers import add_responses, make_evaluation
from tests.support.factories import NOW, make_organisation

pytestmark = pytest.mark.usefixtures("app")


def with_a_made_link(evaluation: Evaluation, until: datetime) -> None:
    link = OpenLink(slug="abcde-fghjk", evaluation_id=evaluation.id, created_at=NOW)
    link.version_id = current_version(QuestionnaireKind.IMPACT).id
    link.organisation_id = make_organisation().id
    link.open_from, link.open_until = until - timedelta(days=5), until
    db.session.add(link)
    db.session.flush()


def in_figures(evaluation: Evaluation, now: datetime) -> int:
    found = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=now)
    assert found
    assert found.open_door
    assert found.open_door.answered == 20
    return found.open_door.in_figures


def test_a_month_is_shown_when_it_is_over_though_every_link_has_ended() -> None:
    evaluation = make_evaluation(open_link=True, open_until=NOW - timedelta(days=2))
    with_a_made_link(evaluation, NOW - timedelta(days=1))
    add_responses(evaluation, [{"aware": "yes"}] * 20, answered_on=NOW.date().replace(day=1))
    assert in_figures(evaluation, NOW) == 0  # another link may be made any day
    first_of_next = date(NOW.year + NOW.month // 12, NOW.month % 12 + 1, 1)
    next_month = NOW.replace(year=first_of_next.year, month=first_of_next.month, day=2)
    assert in_figures(evaluation, next_month) == 20


def test_an_evaluation_with_such_links_alone_has_that_door() -> None:
    evaluation = make_evaluation(0)
    with_a_made_link(evaluation, NOW + timedelta(days=1))
    found = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert found
    assert found.open_door
    assert found.open_door.is_open
    later = NOW + timedelta(days=2)
    found = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=later)
    assert found
    assert found.open_door
    assert not found.open_door.is_open


def test_without_such_links_the_end_of_the_open_link_is_enough() -> None:
    evaluation = make_evaluation(open_link=True, open_until=NOW - timedelta(days=1))
    add_responses(evaluation, [{"aware": "yes"}] * 20, answered_on=NOW.date().replace(day=1))
    assert in_figures(evaluation, NOW) == 20

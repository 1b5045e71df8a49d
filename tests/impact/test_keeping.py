"""Counts kept of large evaluations: the same figures, in few statements, and never old ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.checks.moment import Moment
from app.checks.verify_impact import kept_wrongly
from app.impact import answers_counted, keeping, kept_sessions, queries
from app.impact.disclosure import Audience
from app.impact.group_queries import group_summary
from app.impact.groups import GroupKind
from app.impact.models import KeptAnswers, KeptCounts
from app.impact.summaries import EvaluationSummary, GroupSummary
from app.kernel.db import db
from app.surveys import operations, responses
from app.surveys import queries as surveys
from app.surveys.planning import link_token
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import make_event, make_offer
from tests.support.surveys import a_course_attended, default_evaluation, invitations, round_of_work

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
CLOSED = datetime(2026, 12, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def slug(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """A course of 24 people, 20 of whom answered straight after; that counts as large."""
    monkeypatch.setattr(keeping, "LARGE", 20)
    event = a_course_attended(ENDED, people=24)
    round_of_work(NEXT_MORNING)
    for number, invitation in enumerate(invitations(0)[:20]):
        answer(invitation, NEXT_MORNING, score=number % 11)
    db.session.commit()
    round_of_work(CLOSED)
    return default_evaluation(event.offer).slug


def answer(invitation: Any, now: datetime, *, score: int) -> None:
    asked = surveys.asked_questions(invitation.wave.version_id, "it")
    given: dict[str, list[str]] = {}
    for question in asked:
        if question.kind == "score":
            given[question.key] = [str(score)]
        elif question.options:
            given[question.key] = [question.options[score % len(question.options)].value]
    draft = responses.hash_of_draft(link_token(invitation.reference))
    operations.submit_response(invitation.id, asked, given, draft_hash=draft, now=now)


def summary(slug: str, now: datetime, audience: Audience = Audience.ELSEWHERE) -> EvaluationSummary:
    answers_counted.forget_all()
    found = queries.evaluation_summary(slug, audience=audience, now=now)
    assert found is not None
    return found


def keep(now: datetime) -> list[int]:
    kept = keeping.large_evaluations()
    for evaluation_id in kept:
        keeping.keep_counts(evaluation_id, now=now)
    db.session.commit()
    return kept


@pytest.mark.parametrize("audience", Audience)
def test_what_is_kept_says_the_same_as_what_is_counted(slug: str, audience: Audience) -> None:
    counted = summary(slug, CLOSED, audience)
    assert counted.counted_at is None
    assert counted.measures, "there must be something to keep"
    assert len(keep(CLOSED)) == 1
    kept = summary(slug, CLOSED + timedelta(minutes=14), audience)
    assert kept.counted_at == CLOSED
    assert replace(kept, counted_at=None, made_on=counted.made_on) == counted


def test_kept_counts_are_used_for_a_quarter_of_an_hour(slug: str) -> None:
    keep(CLOSED)
    for minutes, is_kept in ((-1, False), (0, True), (14, True), (15, False)):
        found = summary(slug, CLOSED + timedelta(minutes=minutes))
        assert (found.counted_at is not None) is is_kept, minutes
    assert "9am" in summary(slug, CLOSED).counted_words


def test_answers_are_counted_again_only_when_others_are_in_the_figures(slug: str) -> None:
    keep(CLOSED)
    before = set(db.session.scalars(select(KeptAnswers.fingerprint)))
    keep(CLOSED + timedelta(minutes=5))
    assert set(db.session.scalars(select(KeptAnswers.fingerprint))) == before
    db.session.expire_all()
    assert db.session.scalars(select(KeptCounts.counted_at)).one() == CLOSED + timedelta(minutes=5)


@pytest.mark.parametrize("audience", Audience)
def test_sessions_that_were_kept_say_the_same_as_their_answers(
    app: Flask, monkeypatch: pytest.MonkeyPatch, audience: Audience
) -> None:
    monkeypatch.setattr(keeping, "LARGE", 20)
    offer = make_offer()
    evaluation = make_evaluation(3, offers=[offer])
    events = [
        make_event(offer, starts_at=datetime(2025, month, 3, 9, tzinfo=UTC)) for month in (2, 5)
    ]
    used = {"used": "yes", "recommend": "likely", "informed": "much_more"}
    for event, place in zip(events, range(2), strict=True):
        forms = [used] * (14 + place) + [{"used": "no", "informed": "same"}] * (11 - place)
        add_responses(evaluation, forms, wave=wave_of(evaluation, 3), event=event)
    db.session.commit()
    pages = (
        (GroupKind.EVENT, events[0].reference),
        (GroupKind.PERIOD, "2024-25"),
        (GroupKind.PERIOD, "2025-26-q1"),
    )

    def look(kind: GroupKind, slug: str) -> GroupSummary:
        answers_counted.forget_all()
        found = group_summary(kind, slug, audience=audience, now=CLOSED)
        assert found
        return replace(found, counted_at=None)

    counted = [look(*page) for page in pages]
    bases = {m.key: [one.base for one in m.figures] for m in counted[0].measures}
    assert bases == {"access": [25], "informed": [25], "recommend": [14]}
    keep(CLOSED)
    monkeypatch.setattr(kept_sessions, "read_sessions", lambda found, _: refuse(found))
    assert [look(*page) for page in pages] == counted


def refuse(found: Collection[object]) -> dict[Any, Any]:
    """Nothing is to be read again of what was kept."""
    assert not found
    return {}


def test_small_evaluations_are_not_kept(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGE", 2_000)
    assert keep(CLOSED) == []


def test_verify_finds_kept_answers_that_are_not_what_was_answered(slug: str) -> None:
    keep(CLOSED)
    moment = Moment(now=CLOSED, real_now=CLOSED, example_made_at=None)
    assert list(kept_wrongly(moment)) == []
    kept = next(one for one in db.session.scalars(select(KeptAnswers)) if "answers" in one.rows)
    answers = [list(row) for row in kept.rows["answers"]]
    answers[0][-1] += 1
    kept.rows = {**kept.rows, "answers": answers}
    db.session.commit()
    assert list(kept_wrongly(moment)) == [slug]

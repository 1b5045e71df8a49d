"""The same people at two times: growth and decay, and what may stand beside what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.impact import queries
from app.impact.disclosure import Audience
from app.impact.summaries import BeforeAfter
from app.kernel.db import db
from app.surveys import responses
from app.surveys.models import Evaluation
from app.surveys.response_models import Pairing
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def asked(evaluation: Evaluation, scores: dict[int, list[int]]) -> None:
    """Everyone with the same place in the lists is the same person."""
    for months, given in scores.items():
        add_responses(
            evaluation,
            [{"knowledge": score} for score in given],
            wave=wave_of(evaluation, months),
            pairing_keys=[f"key{number}" for number in range(len(given))],
        )


def changes(evaluation: Evaluation) -> dict[str, BeforeAfter]:
    found = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert found
    return {change.heading: change for change in found.knowledge}


def counted(change: BeforeAfter) -> tuple[int, int, int] | None:
    found = change.change
    return (found.better, found.same, found.worse) if found else None


def test_later_times_are_compared_with_before_and_with_straight_after() -> None:
    evaluation = make_evaluation(-1, 0, 3, 12)
    asked(evaluation, {-1: [4] * 30, 0: [8] * 30, 3: [7] * 20 + [8] * 10, 12: [9] * 12})
    found = changes(evaluation)
    assert list(found) == [
        "Before and straight after",
        "Before and 3 months later",
        "Before and 12 months later",
        "Straight after and 3 months later",
        "Straight after and 12 months later",
    ]
    assert counted(found["Before and straight after"]) == (30, 0, 0)
    assert counted(found["Straight after and 3 months later"]) == (0, 10, 20)
    assert counted(found["Straight after and 12 months later"]) == (12, 0, 0)


def test_scores_at_one_time_are_told_of_one_set_of_pairs_only() -> None:
    # 28 of the 30: their scores before, beside those of all 30, would tell those of the other two.
    evaluation = make_evaluation(-1, 0, 3)
    asked(evaluation, {-1: [4] * 30, 0: [8] * 30, 3: [7] * 28})
    found = changes(evaluation)
    assert found["Before and straight after"].before is not None
    for heading in ("Before and 3 months later", "Straight after and 3 months later"):
        assert found[heading].before is None
        assert found[heading].after is None
        assert counted(found[heading]) is not None


def test_fewer_than_ten_of_the_same_people_are_withheld() -> None:
    evaluation = make_evaluation(0, 3)
    asked(evaluation, {0: [8] * 20, 3: [7] * 9})
    add_responses(evaluation, [{"knowledge": 6}] * 5, wave=wave_of(evaluation, 3))
    assert counted(changes(evaluation)["Straight after and 3 months later"]) is None


def test_change_of_the_same_people_outlives_the_erasing_of_who_they_were() -> None:
    evaluation = make_evaluation(0, 3)
    asked(evaluation, {0: [8] * 20, 3: [7] * 15})
    db.session.add_all(
        Pairing(pairing_key=f"key{n}", evaluation_id=evaluation.id, addressee_key=f"booking:{n}")
        for n in range(20)
    )
    db.session.flush()
    assert responses.erase_pairings(now=NOW + timedelta(days=4000)) == 20
    assert db.session.scalars(select(Pairing)).all() == []
    assert counted(changes(evaluation)["Straight after and 3 months later"]) == (0, 0, 15)

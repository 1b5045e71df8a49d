"""Sentences as the partnership's annual report printed them, made from records."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.impact import queries
from app.impact.disclosure import Audience
from app.impact.reports.pieces import pieces_of
from app.kernel.db import db
from app.surveys.models import Evaluation
from tests.support.answers import (
    add_responses,
    exploitation_forms,
    make_evaluation,
    neglect_forms,
    wave_of,
)
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_person,
    make_sector,
)

pytestmark = pytest.mark.usefixtures("app")
PERCENT = re.compile(r"\d+(\.\d)?%")
WITH_BASE = re.compile(r"\d+(\.\d)?% \(\d+ of \d+\)")
RANGE = re.compile(r"the likely range \(95%\) is [\d.]+% to [\d.]+%")


def said_of(evaluation: Evaluation) -> dict[str, list[str]]:
    """The sentences of each figure."""
    summary = queries.evaluation_summary(evaluation.slug, audience=Audience.ELSEWHERE, now=NOW)
    assert summary
    return {key: piece["sentences"] for key, piece in pieces_of(summary).items()}


def by_link(forms: list[dict[str, Any]], subject: str) -> dict[str, list[str]]:
    evaluation = make_evaluation(open_link=True, subject_words=subject)
    add_responses(evaluation, forms)
    return said_of(evaluation)


def test_neglect_2024_25_is_said_as_it_was_printed() -> None:  # F3
    said = by_link(neglect_forms(), "the Neglect Toolkit")
    assert said["open-awareness"][0] == "90% (94 of 104) are aware of the Neglect Toolkit."
    assert said["open-attendance"][0] == (
        "93% (97 of 104) are aware of the training or attended it."
    )
    assert said["open-use"][0] == (
        "61% (63 of 104) reported using the Neglect Toolkit at least occasionally."
    )
    assert said["open-informed"][0] == (
        "96% (100 of 104) shared feeling more informed and confident."
    )


def test_the_exploitation_hub_is_said_of_those_who_were_asked() -> None:  # F6, F7
    said = by_link(exploitation_forms(), "the hub")
    assert said["open-access"][0] == "70% (63 of 90) have used or accessed the hub."
    users = "Of the 63 who have used or accessed it, "
    assert said["open-use"][1] == (
        f"{users}52% (33 of 63) reported using the hub very frequently or frequently "
        "and 44% (28 of 63) occasionally."
    )
    assert said["open-informed"][0] == (
        f"{users}94% (59 of 63) shared feeling more informed and confident."
    )
    assert said["open-knowledge_change"][0] == (
        f"{users}40% (25 of 63) reported an increase in knowledge."
    )
    assert said["open-recommend"][1] == (
        f"{users}84% (53 of 63) are very likely to recommend the hub to others "
        "and 16% (10 of 63) likely."
    )


def test_a_workshop_that_all_rated_very_good_is_said_so() -> None:  # F15, F1
    offer = make_offer(title="Working with men")
    sector, event = make_sector("Health"), make_event(offer)
    for _ in range(18):
        make_attendance(make_booking(event, make_person(sector=sector, organisation=None)))
    evaluation = make_evaluation(0, offers=[offer], subject_words="this session")
    add_responses(evaluation, [{"quality": "very_good"}] * 18, wave=wave_of(evaluation, 0))
    said = said_of(evaluation)
    assert said["personal-quality"][:2] == [
        "Straight after, 100% (18 of 18) rated this session good or very good.",
        "Straight after, 100% (18 of 18) rated this session very good.",
    ]
    assert said["reach"] == ["18 practitioners attended 1 session."]


def test_no_percentage_stands_without_its_base_and_none_claims_a_cause() -> None:
    evaluation = make_evaluation(0, 3, open_link=True, subject_words="the course")
    after = {"quality": "good", "knowledge_before": 4, "knowledge": 7, "skills": "slightly"}
    add_responses(evaluation, [after] * 11, wave=wave_of(evaluation, 0))
    months = {"used": "yes", "frequency": "rarely", "changes": ["supervision"], "knowledge": 6}
    add_responses(evaluation, [months] * 12, wave=wave_of(evaluation, 3))
    add_responses(evaluation, exploitation_forms())
    db.session.commit()
    said = [words for found in said_of(evaluation).values() for words in found]
    assert len(said) > 20
    for words in said:
        bare = RANGE.sub("", WITH_BASE.sub("", words))
        assert not PERCENT.search(bare), words
        assert not re.search(r"\b(because|caused|led to|thanks to|due to|made them)\b", words)
        assert words[0].isupper() or words[0].isdigit(), words
        assert words.endswith("."), words


def test_what_is_withheld_is_not_said() -> None:
    evaluation = make_evaluation(0)
    add_responses(evaluation, [{"quality": "good"}] * 9, wave=wave_of(evaluation, 0))
    assert said_of(evaluation) == {}

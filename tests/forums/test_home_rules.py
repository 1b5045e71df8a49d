"""The checklists of the Advisor's first page: what is to do, by when, and what is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.forums.home_rules import (
    ComingFacts,
    LastFacts,
    coming_steps,
    countdown_words,
    last_steps,
)

THE_DAY = date(2027, 1, 20)
ALL_DONE = ComingFacts(
    reference="forum",
    day=THE_DAY,
    is_draft=False,
    is_online=True,
    has_link=True,
    half_term="Spring 1 2026/27",
    topics=3,
    topics_with_speaker=2,
    topics_with_slides=2,
    is_invited=True,
    rounds=1,
    answers_unreleased=0,
    answers_released=2,
)


def to_do(facts: ComingFacts, days_before: int = 0) -> dict[str, bool]:
    """What is not done yet, and whether it is late, so many days before the forum."""
    steps = coming_steps(facts, THE_DAY - timedelta(days=days_before))
    return {step.words: step.is_late for step in steps if not step.is_done}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, {}),
        ({"is_draft": True}, {"Published": 42}),
        ({"topics": 0, "topics_with_speaker": 0, "topics_with_slides": 0}, {"Topics": 28}),
        ({"is_invited": False}, {"Invitation": 21}),
        ({"rounds": 0}, {"Opinion round": 14}),
        ({"answers_unreleased": 1}, {"Answers of the Executive": 7}),
        ({"has_link": False}, {"Joining link": 7}),
        ({"has_link": False, "is_online": False}, {}),
        ({"topics_with_slides": 1}, {"Slides": 2}),
        ({"half_term": ""}, {"Half term": 42}),
    ],
)
def test_each_step_is_late_from_the_day_after_it_was_due(
    changes: dict[str, object], missing: dict[str, int]
) -> None:
    facts = replace(ALL_DONE, **changes)  # type: ignore[arg-type]  # any of its fields
    assert to_do(facts).keys() == missing.keys()
    for words, days in missing.items():
        assert to_do(facts, days)[words] is False
        assert to_do(facts, days - 1)[words] is True


@pytest.mark.parametrize(
    ("marked", "unmarked", "recording", "waits"),
    [
        (40, 0, True, []),
        (0, 0, False, ["Register", "Recording"]),
        (39, 1, True, ["Register"]),
    ],
)
def test_what_the_last_forum_leaves_to_do(
    marked: int, unmarked: int, recording: bool, waits: list[str]
) -> None:
    facts = LastFacts("forum", THE_DAY, unmarked, marked, recording)
    steps = list(last_steps(facts, THE_DAY + timedelta(days=4)))
    assert [step.words for step in steps if not step.is_done] == waits
    assert [step.words for step in steps if step.is_late] == [w for w in waits if w == "Register"]


@pytest.mark.parametrize(
    ("days", "words"), [(0, "today"), (1, "tomorrow"), (2, "in 2 days"), (-1, "1 day ago")]
)
def test_the_countdown_in_words(days: int, words: str) -> None:
    assert countdown_words(THE_DAY, THE_DAY - timedelta(days=days)) == words

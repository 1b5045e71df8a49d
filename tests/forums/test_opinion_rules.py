"""When schools are asked, what may be told of who answered, which themes are the same."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.forums.opinion_rules import (
    Answers,
    Asked,
    GroupResponse,
    by_two,
    last_day,
    may_be_read_now,
    reminder_at,
    span,
)
from app.forums.theme_rules import change_words, similar_titles
from app.kernel.refusals import Refused

pytestmark = pytest.mark.one_database
NOW = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
KNOWN = [
    "Early help thresholds",
    "Response times from the front door",
    "Good communication with social workers",
]


def asked(phase: str, type_: str, count: int, answered: int = 0) -> list[Asked]:
    return [Asked(phase, type_, number < answered) for number in range(count)]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 12), date(2026, 11, 11), "on or after the first day"),
        (date(2026, 11, 9), date(2026, 11, 9), "after today"),
        (date(2026, 11, 8), date(2026, 11, 30), "today or later"),
        (date(2026, 11, 9), date(2027, 1, 18), "less than 70 days"),
    ],
)
def test_days_that_cannot_be_are_refused(first: date, last: date, words: str) -> None:
    with pytest.raises(Refused, match=words):
        span(first, last, now=NOW)


def test_a_round_lasts_from_9am_to_the_end_of_its_last_day() -> None:
    found = span(date(2026, 11, 9), date(2026, 11, 30), now=NOW)
    assert found.opens_at == datetime(2026, 11, 9, 9, tzinfo=UTC)
    assert found.closes_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert last_day(found.closes_at) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("opened", "reminder"),
    [
        (datetime(2026, 11, 9, 10, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 21, 10, tzinfo=UTC), None),
    ],
)
def test_the_reminder_comes_a_week_before_the_last_day(
    opened: datetime, reminder: datetime | None
) -> None:
    assert reminder_at(opened, datetime(2026, 12, 1, tzinfo=UTC)) == reminder


def test_what_waits_is_shown_when_ten_further_schools_answered() -> None:
    assert [may_be_read_now(count, shown=0) for count in (9, 10)] == [False, True]
    assert [may_be_read_now(count, shown=10) for count in (10, 19, 20)] == [False, False, True]


@pytest.mark.parametrize(
    ("answers", "may_name", "may_count"),
    [
        (Answers(schools=1, named_schools=0, opinions=10, unnamed_opinions=10), False, False),
        (Answers(schools=9, named_schools=0, opinions=9, unnamed_opinions=9), False, False),
        (Answers(schools=10, named_schools=0, opinions=10, unnamed_opinions=10), True, True),
        (Answers(schools=12, named_schools=3, opinions=12, unnamed_opinions=9), False, False),
        (Answers(schools=13, named_schools=3, opinions=13, unnamed_opinions=10), True, True),
        (Answers(schools=3, named_schools=3, opinions=3, unnamed_opinions=0), True, False),
        # One school, that is named beside one answer of two.
        (Answers(schools=1, named_schools=1, opinions=2, unnamed_opinions=1), False, False),
    ],
)
def test_ten_are_schools_and_never_answers(
    answers: Answers, may_name: bool, may_count: bool
) -> None:
    assert (answers.may_name_who_answered, answers.may_be_counted) == (may_name, may_count)


def test_large_groups_are_shown_as_they_are_of_those_that_were_asked() -> None:
    phases, types = by_two(
        [*asked("Primary", "Academies", 30, 20), *asked("Secondary", "Maintained", 12, 3)]
    )
    assert phases == [GroupResponse("Primary", 30, 20), GroupResponse("Secondary", 12, 3)]
    assert types == [GroupResponse("Academies", 30, 20), GroupResponse("Maintained", 12, 3)]


def test_a_small_group_stands_with_others_and_no_difference_leads_to_it() -> None:
    schools = [
        *asked("Primary", "Academies", 40, 20),
        *asked("Secondary", "Maintained", 12, 3),
        *asked("Colleges", "Colleges", 2, 2),
    ]
    phases, types = by_two(schools)
    assert {one.label for one in phases} == {"Primary", "Colleges and Secondary together"} or {
        one.label for one in phases
    } == {"Primary", "Secondary and Colleges together"}
    assert all(one.asked >= 10 for one in [*phases, *types])
    assert sum(one.asked for one in phases) == len(schools)


def test_two_breakdowns_are_not_both_shown_where_one_taken_from_the_other_is_small() -> None:
    # The 15 secondary schools without the 12 independent ones would be 3 maintained ones.
    schools = [
        *asked("Primary", "Maintained", 40),
        *asked("Secondary", "Maintained", 3, 3),
        *asked("Secondary", "Independent", 12),
    ]
    phases, types = by_two(schools)
    assert {one.asked for one in phases} == {40, 15}
    assert types == []


def test_nothing_is_broken_down_in_a_round_of_a_few() -> None:
    assert by_two(asked("Primary", "Academies", 9, 9)) == ([], [])
    assert by_two([]) == ([], [])


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("early help threshold", ["Early help thresholds"]),
        ("Thresholds", ["Early help thresholds"]),
        ("Response from the front door", ["Response times from the front door"]),
        ("Early  help THRESHOLDS", []),  # the same, not one like it
        ("Bed poverty", []),
        ("The", []),
    ],
)
def test_titles_that_may_mean_the_same(title: str, found: list[str]) -> None:
    assert similar_titles(title, KNOWN) == found


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (4, None, "nothing to compare with"),
        (4, 0, "new since the half term before"),
        (0, 0, "not mentioned"),
        (4, 4, "the same as the half term before"),
        (7, 4, "3 more than the half term before"),
        (1, 4, "3 fewer than the half term before"),
    ],
)
def test_change_in_words(now: int, before: int | None, words: str) -> None:
    assert change_words(now, before) == words

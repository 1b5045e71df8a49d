"""On which days a run can take place, by a table of named cases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.catalogue.run_rules import (
    Avoided,
    MoveBy,
    Pattern,
    TermPart,
    looked_at,
    monthly_words,
    moved,
    run_of,
)
from app.partnership.bank_holidays import BANK_HOLIDAYS, are_known_for

TERMS = (
    TermPart("2025/26", 3, date(2026, 1, 5), date(2026, 2, 13)),
    TermPart("2025/26", 4, date(2026, 2, 23), date(2026, 3, 27)),
    TermPart("2026/27", 3, date(2027, 1, 4), date(2027, 2, 12)),
    TermPart("2026/27", 4, date(2027, 2, 22), date(2027, 3, 25)),
    TermPart("2026/27", 5, date(2027, 4, 12), date(2027, 5, 28)),
)
TODAY = date(2026, 11, 10)
ALL = Avoided(TERMS, holidays=True, bank_holidays=True, today=TODAY)


def kept(pattern: Pattern, first: date, count: int) -> list[date]:
    return [one.day for one in run_of(pattern, first, count, ALL) if not one.left_out_because]


def test_six_weeks_step_over_the_half_term_holiday() -> None:
    run = run_of(Pattern.WEEKLY, date(2027, 1, 19), 6, ALL)

    assert [one.left_out_because for one in run] == ["", "", "", "", "School holidays", "", ""]
    assert run[-1].day == date(2027, 3, 2)


def test_every_two_weeks() -> None:
    assert kept(Pattern.FORTNIGHTLY, date(2027, 1, 5), 3) == [
        date(2027, 1, 5),
        date(2027, 1, 19),
        date(2027, 2, 2),
    ]


@pytest.mark.parametrize(
    ("first", "words", "third"),
    [
        (date(2027, 1, 12), "the second Tuesday of each month", date(2027, 3, 9)),
        (date(2027, 1, 29), "the last Friday of each month", date(2027, 3, 26)),
        (date(2027, 1, 4), "the first Monday of each month", date(2027, 3, 1)),
    ],
)
def test_a_monthly_run_keeps_the_weekday_of_the_month(first: date, words: str, third: date) -> None:
    nothing = Avoided((), holidays=False, bank_holidays=False, today=TODAY)

    assert monthly_words(first) == words
    assert run_of(Pattern.MONTHLY, first, 3, nothing)[2].day == third


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2027, 3, 26), "Bank holiday: Good Friday"),
        (date(2027, 5, 3), "Bank holiday: Early May bank holiday"),
        (date(2027, 2, 16), "School holidays"),
        (date(2026, 11, 9), "It has passed"),
        (date(2027, 2, 22), ""),
        (date(2027, 2, 12), ""),
    ],
)
def test_a_day_says_what_speaks_against_it(day: date, reason: str) -> None:
    assert looked_at(day, ALL).left_out_because == reason


def test_what_is_not_known_is_said_and_leaves_nothing_out() -> None:
    found = looked_at(date(2031, 3, 4), ALL)

    assert not found.left_out_because
    assert found.unknown == (
        "The bank holidays of 2031 are not known here yet. "
        "The school terms around 4 March 2031 are not known here"
    )


def test_a_run_that_never_finds_its_days_ends() -> None:
    long_ago = run_of(Pattern.WEEKLY, date(2020, 1, 7), 6, ALL)

    assert {one.left_out_because for one in long_ago} == {"It has passed"}


@pytest.mark.parametrize(
    ("day", "by", "new"),
    [
        (date(2026, 1, 13), MoveBy.WEEKS, date(2027, 1, 12)),
        (date(2026, 1, 13), MoveBy.TERM, date(2027, 1, 12)),
        (date(2026, 3, 3), MoveBy.TERM, date(2027, 3, 2)),
        (date(2026, 2, 18), MoveBy.TERM, date(2027, 2, 17)),  # in holidays: by weeks
        (date(2027, 4, 13), MoveBy.TERM, date(2028, 4, 11)),  # the next year is not known: by weeks
    ],
)
def test_last_years_day_moves_and_keeps_its_weekday(day: date, by: MoveBy, new: date) -> None:
    assert moved(day, by, TERMS) == new
    assert new.weekday() == day.weekday()


def test_a_term_that_begins_a_week_later_moves_its_weeks_with_it() -> None:
    terms = (
        TermPart("2025/26", 1, date(2025, 9, 1), date(2025, 10, 24)),
        TermPart("2026/27", 1, date(2026, 9, 7), date(2026, 10, 23)),
    )

    assert moved(date(2025, 9, 9), MoveBy.TERM, terms) == date(2026, 9, 15)
    assert moved(date(2025, 9, 9), MoveBy.WEEKS, terms) == date(2026, 9, 8)


def easter(year: int) -> date:
    """By the rule of the Gregorian calendar as Gauss and others put it."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=last.weekday())


def working_days_from(day: date, how_many: int) -> list[date]:
    found: list[date] = []
    while len(found) < how_many:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027, 2028])
def test_the_bank_holidays_are_those_of_the_rule(year: int) -> None:
    christmas = date(year, 12, 25)
    expected = {
        *working_days_from(date(year, 1, 1), 1),
        easter(year) - timedelta(days=2),
        easter(year) + timedelta(days=1),
        first_monday(year, 5),
        last_monday(year, 5),
        last_monday(year, 8),
        # Where one of the two falls on a weekend, the other keeps its own day.
        *working_days_from(christmas, 2),
    }

    assert are_known_for(year)
    assert {day for day in BANK_HOLIDAYS if day.year == year} == expected

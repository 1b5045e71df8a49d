"""On which day a forum is: the wish, moved where it cannot be, and said in words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.forums.year_rules import LAST_WEEK, day_in, looked_at, outside_words
from app.partnership.half_term_rules import half_term
from app.partnership.rules import HalfTermFacts

WEDNESDAY, MONDAY, FRIDAY = 2, 0, 4


def summer_1(first: date = date(2027, 4, 12), last: date = date(2027, 5, 28)) -> HalfTermFacts:
    return half_term("2026/27", 5, first, last)


@pytest.mark.parametrize(
    ("part", "weekday", "week", "day", "said"),
    [
        (summer_1(), WEDNESDAY, 2, date(2027, 4, 21), ""),
        (summer_1(), FRIDAY, LAST_WEEK, date(2027, 5, 28), ""),
        # A half term that begins on a Thursday has no Wednesday in its first week.
        (summer_1(date(2027, 4, 15)), WEDNESDAY, 1, date(2027, 4, 21), "A week later"),
        (summer_1(date(2027, 4, 10)), MONDAY, 1, date(2027, 4, 12), ""),  # begins on a Saturday
        (summer_1(last=date(2027, 5, 7)), WEDNESDAY, 6, date(2027, 5, 5), "The last Wednesday"),
        (summer_1(), MONDAY, 4, date(2027, 5, 10), "bank holiday: Early May bank holiday"),
        # No room for a week later: a week earlier.
        (summer_1(last=date(2027, 5, 7)), MONDAY, 4, date(2027, 4, 26), "Early May"),
        # Nor for that: the next day of the week.
        (
            summer_1(date(2027, 5, 3), date(2027, 5, 7)),
            MONDAY,
            1,
            date(2027, 5, 4),
            "Moved from Monday 3 May 2027",
        ),
        (
            half_term("2029/30", 1, date(2029, 9, 3), date(2029, 10, 19)),
            MONDAY,
            1,
            date(2029, 9, 3),
            "bank holidays of 2029 are not known",
        ),
    ],
)
def test_the_day_in_a_half_term(
    part: HalfTermFacts, weekday: int, week: int, day: date, said: str
) -> None:
    chosen = day_in(part, weekday, week)
    assert chosen.day == day
    assert said in " ".join(chosen.said)
    assert bool(said) == bool(chosen.said)


@pytest.mark.parametrize(
    ("day", "against"),
    [
        (date(2027, 4, 21), ""),
        (date(2027, 5, 3), "Bank holiday: Early May bank holiday"),
        (date(2027, 6, 2), "outside of Summer 1 2026/27, 12 April 2027 to 28 May 2027"),
        (date(2027, 4, 13), "It has passed"),
    ],
)
def test_what_speaks_against_a_day(day: date, against: str) -> None:
    found = looked_at(day, summer_1(), date(2027, 4, 14)).left_out_because
    assert against in found
    assert bool(against) == bool(found)


def test_a_date_outside_of_its_half_term_is_said() -> None:
    # 23:30 in UTC is the next day in London's summer: the first day of the half term.
    assert outside_words(datetime(2027, 4, 11, 23, 30, tzinfo=UTC), summer_1()) == ""
    words = outside_words(datetime(2027, 4, 8, 14, 0, tzinfo=UTC), summer_1())
    assert words.startswith("Thursday 8 April 2027 is outside of Summer 1 2026/27")

"""Half terms of a school year: in order, clear of each other, and moved to the next year."""

from __future__ import annotations

from datetime import date

import pytest

from app.partnership.half_term_rules import (
    half_term,
    next_year_like,
    school_year_in_address,
    school_year_of,
    wrong_with,
)
from app.partnership.rules import HalfTermFacts
from tests.support.forums import SPANS


def parts(**changes: tuple[date, date]) -> list[HalfTermFacts]:
    """The half terms of 2026/27; changes by name, as autumn_2."""
    spans = {name: (first, last) for name, first, last in SPANS}
    spans |= {name.replace("_", " ").capitalize(): span for name, span in changes.items()}
    return [half_term("2026/27", number, *span) for number, span in enumerate(spans.values(), 1)]


@pytest.mark.parametrize(
    ("given", "number", "words"),
    [
        (parts(), None, ""),
        (
            parts(autumn_2=(date(2026, 10, 20), date(2026, 12, 18))),
            2,
            "Autumn 1 2026/27 (1 September 2026 to 23 October 2026) and Autumn 2 2026/27 "
            "(20 October 2026 to 18 December 2026) overlap: change one of them",
        ),
        (parts(spring_1=(date(2027, 2, 12), date(2027, 1, 4))), 3, "Spring 1 must end after"),
        (
            parts(spring_1=(date(2026, 10, 25), date(2026, 10, 30))),
            3,
            "Spring 1 must come after Autumn 2",
        ),
        (
            parts(autumn_1=(date(2025, 9, 1), date(2025, 10, 24))),
            1,
            "Autumn 1 must lie between 1 August 2026 and 31 August 2027",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_half_term(
    given: list[HalfTermFacts], number: int | None, words: str
) -> None:
    wrong = wrong_with(given)
    assert [one.number for one in wrong] == ([number] if number else [])
    assert all(words in one.words for one in wrong)


def test_half_terms_of_two_school_years_do_not_overlap() -> None:
    before = half_term("2025/26", 6, date(2026, 6, 1), date(2026, 9, 2))
    [wrong] = wrong_with(parts(), [before])
    assert wrong.number == 1
    assert "Summer 2 2025/26" in wrong.words
    assert "Autumn 1 2026/27" in wrong.words


def test_next_years_half_terms_begin_on_the_same_weekday() -> None:
    moved = next_year_like(parts())
    assert {part.school_year for part in moved} == {"2027/28"}
    assert moved[1].starts_on == date(2027, 11, 1)  # a Monday, as 2 November 2026
    assert wrong_with(moved, parts()) == []


@pytest.mark.parametrize(
    ("text", "year"),
    [("2026-27", "2026/27"), ("2099-00", "2099/00"), ("2026-28", None), ("26-27", None)],
)
def test_a_school_year_in_an_address(text: str, year: str | None) -> None:
    assert school_year_in_address(text) == year


def test_in_august_the_school_year_that_begins_is_meant() -> None:
    assert school_year_of(date(2026, 7, 31)) == "2025/26"
    assert school_year_of(date(2026, 8, 1)) == "2026/27"

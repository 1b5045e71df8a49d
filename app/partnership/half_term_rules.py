"""School years and their half terms: values in, values and sentences out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.kernel.london import short_date_words
from app.partnership.rules import HALF_TERM_NAMES, HalfTermFacts

FIRST_MONTH = 8  # in August people look to the school year that begins
A_YEAR = timedelta(weeks=52)  # so that a Monday stays a Monday
NUMBERS = range(1, len(HALF_TERM_NAMES) + 1)


def school_year_of(day: date) -> str:
    """The school year of a day, as 2026/27."""
    return _named(day.year if day.month >= FIRST_MONTH else day.year - 1)


def school_year_in_address(text: str) -> str | None:
    """The school year that an address names as 2026-27; None if it names none."""
    if not re.fullmatch(r"20\d\d-\d\d", text):
        return None
    year = _named(int(text[:4]))
    return year if year == text.replace("-", "/") else None


def year_after(school_year: str) -> str:
    """The school year that follows one."""
    return _named(int(school_year[:4]) + 1)


def year_before(school_year: str) -> str:
    """The school year before one."""
    return _named(int(school_year[:4]) - 1)


def days_of(school_year: str) -> tuple[date, date]:
    """First and last day of a school year with its summer holidays."""
    first = int(school_year[:4])
    return date(first, FIRST_MONTH, 1), date(first + 1, FIRST_MONTH, 31)


def _named(first: int) -> str:
    return f"{first}/{(first + 1) % 100:02}"


def half_term(school_year: str, number: int, starts_on: date, ends_on: date) -> HalfTermFacts:
    """One half term with its name."""
    name = HALF_TERM_NAMES[number - 1]
    return HalfTermFacts(school_year, number, name, starts_on, ends_on)


def next_year_like(parts: Iterable[HalfTermFacts]) -> list[HalfTermFacts]:
    """The half terms of the school year that follows, 52 weeks later."""
    return [
        half_term(
            year_after(part.school_year),
            part.number,
            part.starts_on + A_YEAR,
            part.ends_on + A_YEAR,
        )
        for part in parts
    ]


class Wrong(NamedTuple):
    """What must be mended: the number of the half term, and a sentence."""

    number: int
    words: str


def wrong_with(
    parts: Sequence[HalfTermFacts], neighbours: Sequence[HalfTermFacts] = ()
) -> list[Wrong]:
    """What cannot be about the half terms of one school year, beside those of other years."""
    in_order = sorted(parts, key=lambda part: part.number)
    impossible = [wrong for part in in_order if (wrong := _impossible(part))]
    return impossible or [*_out_of_order(in_order), *_across(in_order, neighbours)]


def _impossible(part: HalfTermFacts) -> Wrong | None:
    first, last = days_of(part.school_year)
    if part.ends_on <= part.starts_on:
        return Wrong(part.number, f"{part.name} must end after it starts")
    if part.starts_on < first or part.ends_on > last:
        between = f"{short_date_words(first)} and {short_date_words(last)}"
        return Wrong(part.number, f"{part.name} must lie between {between}")
    return None


def _out_of_order(in_order: Sequence[HalfTermFacts]) -> Iterator[Wrong]:
    for before, after in zip(in_order, in_order[1:], strict=False):
        if after.ends_on < before.starts_on:
            yield Wrong(after.number, f"{after.name} must come after {before.name}")
        elif after.starts_on <= before.ends_on:
            yield Wrong(after.number, overlap_words(before, after))


def _across(parts: Sequence[HalfTermFacts], others: Sequence[HalfTermFacts]) -> Iterator[Wrong]:
    for part in parts:
        for other in others:
            if other.starts_on <= part.ends_on and part.starts_on <= other.ends_on:
                yield Wrong(part.number, overlap_words(other, part))


def overlap_words(one: HalfTermFacts, other: HalfTermFacts) -> str:
    """That two half terms overlap, naming both and their days."""
    return f"{_with_days(one)} and {_with_days(other)} overlap: change one of them"


def _with_days(part: HalfTermFacts) -> str:
    span = f"{short_date_words(part.starts_on)} to {short_date_words(part.ends_on)}"
    return f"{part.name} {part.school_year} ({span})"

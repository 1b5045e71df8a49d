"""Quarters, financial years and school years, by the last part of an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.london import add_months, day_start, london_date

ADDRESS = re.compile(
    r"(?:(?P<school>school-year)-)?(?P<year>20\d\d)-(?P<next>\d\d)(?:-q(?P<quarter>[1-4]))?"
)
APRIL, SEPTEMBER = 4, 9


@dataclass(frozen=True, slots=True)
class Period:
    """A time from its first day up to the day after its last."""

    slug: str
    title: str
    first_on: date
    ends_before: date

    @property
    def since(self) -> datetime:
        """The instant at which it begins."""
        return day_start(self.first_on)

    @property
    def until(self) -> datetime:
        """The instant at which it is over."""
        return day_start(self.ends_before)


def find(slug: str) -> Period | None:
    """The period of this address, as 2024-25, 2024-25-q1 or school-year-2024-25; else None."""
    found = ADDRESS.fullmatch(slug)
    if not found or int(found["next"]) != (int(found["year"]) + 1) % 100:
        return None
    year, quarter = int(found["year"]), found["quarter"]
    if found["school"]:
        return None if quarter else _period(slug, "School year, ", date(year, SEPTEMBER, 1), 12)
    if not quarter:
        return _period(slug, "", date(year, APRIL, 1), 12)
    first = add_months(date(year, APRIL, 1), 3 * (int(quarter) - 1))
    return _period(slug, f"Quarter {quarter} of {slug[:7]}, ", first, 3)


def between(first: date, last: date) -> tuple[Period, ...]:
    """Every financial year, quarter and school year with one of these days in it, latest first."""
    slugs: list[str] = []
    for year in range(last.year, first.year - 2, -1):
        name = f"{year}-{(year + 1) % 100:02}"
        slugs += [name, *(f"{name}-q{quarter}" for quarter in (4, 3, 2, 1)), f"school-year-{name}"]
    found = [period for slug in slugs if (period := find(slug))]
    return tuple(one for one in found if one.first_on <= last and one.ends_before > first)


def financial_year_of(moment: datetime) -> str:
    """The slug of the financial year in which something is."""
    day = london_date(moment)
    year = day.year if day.month >= APRIL else day.year - 1
    return f"{year}-{(year + 1) % 100:02}"


def _period(slug: str, before: str, first: date, months: int) -> Period:
    ends_before = add_months(first, months)
    last = add_months(first, months - 1)
    same_year = first.year == last.year
    words = f"{first:%B} to {last:%B %Y}" if same_year else f"{first:%B %Y} to {last:%B %Y}"
    return Period(slug, before + words, first, ends_before)

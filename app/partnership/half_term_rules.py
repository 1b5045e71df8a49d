"""School years and their half terms: values in, values and sentences out."""

from __future__ import annotations

from datetime import date

FIRST_MONTH = 8  # in August people look to the school year that begins


def school_year_of(day: date) -> str:
    """The school year of a day, as 2026/27."""
    return _named(day.year if day.month >= FIRST_MONTH else day.year - 1)


def year_after(school_year: str) -> str:
    """The school year that follows one."""
    return _named(int(school_year[:4]) + 1)


def _named(first: int) -> str:
    return f"{first}/{(first + 1) % 100:02}"

"""On which days a run of events can take place: values in, values out."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from app.kernel.london import add_months
from app.partnership.bank_holidays import are_known_for, bank_holiday

A_WEEK = timedelta(weeks=1)
A_YEAR = timedelta(weeks=52)  # so that a Tuesday stays a Tuesday
SATURDAY = 5
MOST_CANDIDATES = 60
ORDINALS = ("first", "second", "third", "fourth", "last")


class Pattern(enum.StrEnum):
    """How the days of a run follow each other."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    PICKED = "picked"


class MoveBy(enum.StrEnum):
    """How last year's days become this year's."""

    WEEKS = "weeks"
    TERM = "term"


class TermPart(NamedTuple):
    """One half term: its school year as 2026/27, its number from 1 to 6, first and last day."""

    school_year: str
    number: int
    starts_on: date
    ends_on: date


class Avoided(NamedTuple):
    """What a run keeps clear of, and what is known of it."""

    terms: Sequence[TermPart]
    holidays: bool
    bank_holidays: bool
    today: date


class Day(NamedTuple):
    """One day of a run: why it should be left out, or what is not known about it."""

    day: date
    left_out_because: str = ""
    unknown: str = ""


def monthly_words(day: date) -> str:
    """What a monthly run that begins on this day means: the second Tuesday of each month."""
    return f"the {ORDINALS[_nth(day)]} {day:%A} of each month"


def _nth(day: date) -> int:
    """Which of its weekday in the month it is, from 0; a fifth is the last."""
    return (day.day - 1) // 7


def days_of(pattern: Pattern, first: date) -> Iterator[date]:
    """The days of a pattern from its first, without end."""
    month = first.replace(day=1)
    day = first
    while True:
        yield day
        if pattern is Pattern.MONTHLY:
            month = add_months(month, 1)
            day = _nth_weekday(month, first.weekday(), _nth(first))
        else:
            day += A_WEEK * (2 if pattern is Pattern.FORTNIGHTLY else 1)


def _nth_weekday(month: date, weekday: int, nth: int) -> date:
    day = month + timedelta(days=(weekday - month.weekday()) % 7) + nth * A_WEEK
    return day if day.month == month.month else day - A_WEEK


def run_of(pattern: Pattern, first: date, count: int, avoided: Avoided) -> list[Day]:
    """So many days that can be, and between them those that are left out, with the reason."""
    run: list[Day] = []
    for day in islice(days_of(pattern, first), MOST_CANDIDATES):
        run.append(looked_at(day, avoided))
        if sum(not one.left_out_because for one in run) == count:
            return run
    return run


def looked_at(day: date, avoided: Avoided) -> Day:
    """A day with what speaks against it."""
    unknown = []
    reason = "It has passed" if day < avoided.today else ""
    if avoided.bank_holidays and not reason:
        name = bank_holiday(day)
        reason = f"Bank holiday: {name}" if name else ""
        if not are_known_for(day.year):
            unknown.append(f"The bank holidays of {day.year} are not known here yet")
    if avoided.holidays and not reason:
        reason, not_known = _in_holidays(day, avoided.terms)
        unknown += [not_known] if not_known else []
    return Day(day, reason, ". ".join(unknown))


def _in_holidays(day: date, terms: Sequence[TermPart]) -> tuple[str, str]:
    """Whether a day is outside every half term; and whether the terms around it are not known."""
    if any(part.starts_on <= day <= part.ends_on for part in terms):
        return "", ""
    before = max((part.ends_on for part in terms if part.ends_on < day), default=None)
    after = min((part.starts_on for part in terms if part.starts_on > day), default=None)
    if before is None or after is None:
        return "", f"The school terms around {day.day} {day:%B} {day.year} are not known here"
    return "School holidays", ""


def moved(day: date, by: MoveBy, terms: Sequence[TermPart]) -> date:
    """Last year's day this year: 52 weeks later, or in the same week of the same half term."""
    new = _same_week_of_term(day, terms) if by is MoveBy.TERM else None
    return new or day + A_YEAR


def _same_week_of_term(day: date, terms: Sequence[TermPart]) -> date | None:
    old = next((part for part in terms if part.starts_on <= day <= part.ends_on), None)
    if old is None:
        return None
    year = int(old.school_year[:4]) + 1
    new = next(
        (p for p in terms if p.number == old.number and p.school_year.startswith(str(year))), None
    )
    if new is None:
        return None
    return day + (_monday(new.starts_on) - _monday(old.starts_on))


def _monday(day: date) -> date:
    """The Monday of the week in which lessons begin: a term that begins on a weekend, the next."""
    monday = day - timedelta(days=day.weekday())
    return monday + A_WEEK if day.weekday() >= SATURDAY else monday

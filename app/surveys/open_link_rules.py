"""Addresses of open links, and the time in which they can be answered by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kernel.london import add_months, day_start, london_date

SLUG_LENGTH = 10  # of 31 characters: nobody guesses one of 49 bits
SLUG = re.compile(r"[2-9a-hjkmnp-z]{5}-[2-9a-hjkmnp-z]{5}")
DAYS_AFTER_THE_DAY = 7
DAYS_LATER_ON = 28
LONGEST_MONTHS = 12


@dataclass(frozen=True)
class OpenTime:
    """From when and until when a link can be answered by."""

    from_at: datetime
    until_at: datetime


def slug_of(letters: str) -> str:
    """Ten random letters and digits as an address: in two halves, so that people can copy it."""
    return f"{letters[:5]}-{letters[5:]}"


def typed_slug(text: str) -> str:
    """The address that somebody typed from a poster: capitals, spaces and hyphens do not matter."""
    letters = re.sub(r"[\s-]+", "", text).lower()
    halves = slug_of(letters)
    return halves if SLUG.fullmatch(halves) else text


def on_the_day(starts_at: datetime, ends_at: datetime) -> OpenTime:
    """A link for the day: from that morning to the end of the seventh day after the last date."""
    last = london_date(ends_at) + timedelta(days=DAYS_AFTER_THE_DAY + 1)
    return OpenTime(day_start(london_date(starts_at)), day_start(last))


def months_on(now: datetime) -> OpenTime:
    """A link that a contact passes on: four weeks from now, to the end of the day."""
    return OpenTime(now, day_start(london_date(now) + timedelta(days=DAYS_LATER_ON + 1)))


def between(first: date | None, last: date, *, now: datetime) -> OpenTime:
    """From the start of a London day, or from now, to the end of another."""
    from_at = day_start(first) if first else now
    return OpenTime(from_at, day_start(last + timedelta(days=1)))


def last_day(until: datetime) -> date:
    """The last day on which a link can be answered by: it mostly ends at midnight."""
    return london_date(until - timedelta(seconds=1))


def results_are_out(own_until: datetime | None, *, now: datetime) -> bool:
    """Whether an evaluation's own link ended this month, so that the month's answers are shown."""
    if own_until is None or own_until > now:
        return False
    ended, today = london_date(own_until), london_date(now)
    return (ended.year, ended.month) == (today.year, today.month)


def problem_with(first: date | None, last: date, *, today: date) -> str | None:
    """Why a link cannot be open in that time; None if it can."""
    if last < today:
        return "The last day is over: enter today or a later day"
    if first and last < first:
        return "The last day must not be before the first day"
    if last > add_months(max(first or today, today), LONGEST_MONTHS):
        return f"The last day must be within {LONGEST_MONTHS} months of the first"
    return None

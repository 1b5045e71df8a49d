"""Which time a report is of, and the time before it with which it is compared."""

from __future__ import annotations

import re
from datetime import date, timedelta

from app.impact import periods
from app.impact.periods import Period
from app.kernel.london import add_months, short_date_words

YEARS_BACK = 6
MOST_DAYS = 1100  # three years
DAY = timedelta(days=1)
QUARTER, YEAR = 3, 12
DAYS = re.compile(r"(20\d\d-\d\d-\d\d)-to-(20\d\d-\d\d-\d\d)")


def find(slug: str) -> Period | None:
    """The time of this address: a quarter, a year, or 2026-04-01-to-2026-05-15; else None."""
    typed = DAYS.fullmatch(slug)
    if not typed:
        return periods.find(slug)
    try:
        first_on, last_on = (date.fromisoformat(day) for day in typed.groups())
    except ValueError:
        return None
    return of_days(first_on, last_on) if fault(first_on, last_on) is None else None


def fault(first_on: date, last_on: date) -> str | None:
    """What is wrong with these two days, if anything."""
    if last_on < first_on:
        return "The last day must not be before the first day"
    if last_on - first_on > MOST_DAYS * DAY:
        return "Choose at most three years"
    return None


def of_days(first_on: date, last_on: date) -> Period:
    """Any time, by its first and its last day."""
    title = f"{short_date_words(first_on)} to {short_date_words(last_on)}"
    return Period(f"{first_on}-to-{last_on}", title, first_on, last_on + DAY)


def before(period: Period) -> Period:
    """The time of the same length just before: a quarter before a quarter, a year before a year."""
    for months in (QUARTER, YEAR):
        if period.first_on.day == 1 and add_months(period.first_on, months) == period.ends_before:
            first_on = add_months(period.first_on, -months)
            return of_days(first_on, period.first_on - DAY)
    first_on = period.first_on - (period.ends_before - period.first_on)
    return of_days(first_on, period.first_on - DAY)


def choices(today: date) -> tuple[Period, ...]:
    """Quarters, financial years and school years to choose from, the latest first."""
    first = date(today.year - YEARS_BACK, periods.APRIL, 1)
    return periods.between(first, today)


def last_quarter(today: date) -> Period:
    """The latest quarter that is over: the one to report on."""
    quarters = [one for one in choices(today) if one.slug[-3:-1] == "-q"]
    return next(one for one in quarters if one.ends_before <= today)


def last_day(period: Period) -> date:
    """The last day of a time."""
    return period.ends_before - DAY

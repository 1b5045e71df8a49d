"""Which time a report is of, and the time before it with which it is compared."""

from __future__ import annotations

from datetime import date, timedelta

from app.impact import periods
from app.impact.periods import Period
from app.kernel.london import add_months, short_date_words

YEARS_BACK = 6
MOST_DAYS = 1100  # three years
DAY = timedelta(days=1)
QUARTER, YEAR = 3, 12


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

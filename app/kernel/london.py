"""London time at the edges: what people type and read. Inside, everything is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
SURVEY_HOUR = time(9, 0)


def to_london(instant: datetime) -> datetime:
    """The same instant on a London clock."""
    return instant.astimezone(LONDON)


def london_date(instant: datetime) -> date:
    """The London date of an instant."""
    return instant.astimezone(LONDON).date()


def from_london(day: date, clock: time) -> datetime:
    """The UTC instant of a London wall-clock time; the first of the two in October."""
    return datetime.combine(day, clock, LONDON).astimezone(UTC)


def is_real_time(day: date, clock: time) -> bool:
    """False for the hour that London's clocks skip in March."""
    return from_london(day, clock).astimezone(LONDON).replace(tzinfo=None) == datetime.combine(
        day, clock
    )


def add_months(day: date, months: int) -> date:
    """Same day of the month later, or that month's last day if it is shorter."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last_day))


@lru_cache(maxsize=1024)
def day_start(day: date) -> datetime:
    """The UTC instant at which a London day begins."""
    return from_london(day, time(0, 0))


def month_span(year: int, month: int) -> tuple[datetime, datetime]:
    """The UTC instants at which a London month and the month after it begin."""
    first = date(year, month, 1)
    return day_start(first), day_start(add_months(first, 1))


def clock_words(moment: datetime) -> str:
    """A time as people read it: 9:30am, 1pm, midday, midnight."""
    local = to_london(moment)
    if (local.hour, local.minute) == (12, 0):
        return "midday"
    if (local.hour, local.minute) == (0, 0):
        return "midnight"
    hour = local.hour % 12 or 12
    minutes = f":{local.minute:02}" if local.minute else ""
    return f"{hour}{minutes}{'am' if local.hour < 12 else 'pm'}"


def date_words(day: date | datetime) -> str:
    """A date as people read it: Tuesday 10 November 2026."""
    local = to_london(day).date() if isinstance(day, datetime) else day
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def short_date_words(day: date | datetime) -> str:
    """A date where room is short: 10 November 2026."""
    local = to_london(day).date() if isinstance(day, datetime) else day
    return f"{local.day} {local:%B} {local.year}"


def period_words(starts_at: datetime, ends_at: datetime) -> str:
    """When something is: Tuesday 10 November 2026, 9:30am to 12:30pm."""
    if london_date(starts_at) == london_date(ends_at):
        return f"{date_words(starts_at)}, {time_span_words(starts_at, ends_at)}"
    return (
        f"{date_words(starts_at)}, {clock_words(starts_at)} "
        f"to {date_words(ends_at)}, {clock_words(ends_at)}"
    )


def time_span_words(starts_at: datetime, ends_at: datetime) -> str:
    """From when to when on one day: 9:30am to 12:30pm."""
    return f"{clock_words(starts_at)} to {clock_words(ends_at)}"

"""How far the example's time is to be moved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from app.kernel.london import add_months, from_london, london_date, to_london
from app.kernel.refusals import Refused

MOST_MONTHS = 36
HALF_PAST_NINE = time(9, 30)
WORDS = "Write how far as 10d, 2w or 4m: days, weeks or months, up to 3 years"


def days_between(since: datetime, now: datetime) -> Iterator[datetime]:
    """Half past nine in London on each day in between: all surveys of a day fall due at nine."""
    day = london_date(since)
    while (instant := from_london(day, HALF_PAST_NINE)) < now:
        if instant > since:
            yield instant
        day += timedelta(days=1)


def moved_on(now: datetime, distance: str) -> datetime:
    """The instant so many days (d), weeks (w) or months (m) later, by London clocks."""
    found = re.fullmatch(r"([1-9]\d{0,3})([dwm])", distance.strip().lower(), re.ASCII)
    if found is None:
        raise Refused(WORDS)
    count, unit = int(found[1]), found[2]
    local = to_london(now)
    if unit == "m":
        day = add_months(local.date(), min(count, MOST_MONTHS + 1))
    else:
        day = local.date().fromordinal(local.date().toordinal() + count * (7 if unit == "w" else 1))
    if day > add_months(london_date(now), MOST_MONTHS):
        raise Refused(WORDS)
    return from_london(day, local.time())

"""When schools that were not represented are reminded of the next forum; values in, values out."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from app.kernel.london import from_london, london_date

DAYS_BEFORE = 7
AT = time(9, 0)
# A worker that was away for a long weekend still reminds; later it is too short a notice.
GRACE = timedelta(days=3)


def due_at(starts_at: datetime) -> datetime:
    """9am in London, a week before a forum."""
    return from_london(london_date(starts_at) - timedelta(days=DAYS_BEFORE), AT)


def is_due(starts_at: datetime, *, now: datetime) -> bool:
    """Whether reminders of a forum are sent now."""
    return due_at(starts_at) <= now < min(due_at(starts_at) + GRACE, starts_at)

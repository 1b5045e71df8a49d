"""Until when answers by a personal link can be linked to the person: what the first screen says."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.london import add_months, london_date
from app.surveys import rules

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def linkable_until(due_at: datetime, *, months_later: int, last_months: int) -> str:
    """The month by whose end the key that links a person's answers is erased, as March 2027.

    The last survey may be sent four weeks late and stays open for up to six.
    """
    to_come = max(last_months, 0) - max(months_later, 0)
    last_due = add_months(london_date(due_at), max(to_come, 0))
    last_day = last_due + rules.LIMIT + timedelta(days=rules.MOST_OPEN_DAYS)
    return f"{MONTHS[last_day.month - 1]} {last_day.year}"

"""What somebody should know before they book, and may book all the same: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.bookings.models import BookingState
from app.kernel.london import add_months, london_date

# Whoever came to the same within so many months is told so.
RECENT_MONTHS = 12


@dataclass(frozen=True)
class OtherDate:
    """One date of another event that somebody has booked, and whether they came to it."""

    event_id: int
    offer_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    came: bool = False


@dataclass(frozen=True)
class CameBefore:
    """When somebody last came to the same offer, and how many whole months ago."""

    on: date
    months_ago: int


def overlaps(
    dates: Sequence[tuple[datetime, datetime]], others: Sequence[OtherDate]
) -> list[OtherDate]:
    """The first date of each other event that lies across one of these dates, soonest first.

    What ends at the instant at which another begins is no overlap.
    """
    found: dict[int, OtherDate] = {}
    for other in sorted(others, key=lambda one: (one.starts_at, one.event_id)):
        if any(
            other.starts_at < ends_at and starts_at < other.ends_at for starts_at, ends_at in dates
        ):
            found.setdefault(other.event_id, other)
    return list(found.values())


def came_before(offer_id: int, others: Sequence[OtherDate], *, today: date) -> CameBefore | None:
    """The last time somebody came to this offer, if that was within the last 12 months."""
    days = [
        london_date(other.starts_at)
        for other in others
        if other.came and other.offer_id == offer_id
    ]
    recent = [day for day in days if add_months(day, RECENT_MONTHS) >= today]
    if not recent:
        return None
    on = max(recent)
    months = (today.year - on.year) * 12 + today.month - on.month
    return CameBefore(on, months if add_months(on, months) <= today else months - 1)

"""The notice that the partnership asks for: until when one may cancel in good time (R14)."""

from __future__ import annotations

from datetime import date, datetime

from app.bookings.rules import is_late_cancellation, last_day_of_notice
from app.catalogue.models import Event
from app.kernel.london import london_date
from app.partnership import queries as partnership


def last_day(event: Event) -> date:
    """The last day to give a place of this event up in good time."""
    return last_day_of_notice(london_date(event.starts_at), _days())


def is_late(event: Event, now: datetime) -> bool:
    """Whether whoever gives a place up now gives less notice than is asked for."""
    return is_late_cancellation(london_date(now), london_date(event.starts_at), _days())


def _days() -> int:
    return partnership.current().cancellation_notice_days

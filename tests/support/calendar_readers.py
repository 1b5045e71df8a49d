"""A calendar text as three independent programs read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream


def instants_by_every_reader(text: str) -> set[tuple[datetime, datetime]]:
    """Start and end in UTC as three independent programs read them."""
    by_icalendar: Any = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    by_ical: Any = IcsCalendarStream.calendar_from_ics(text).events[0]
    by_vobject = vobject.readOne(text).vevent
    read = (
        (by_icalendar["DTSTART"].dt, by_icalendar["DTEND"].dt),
        (by_ical.dtstart, by_ical.dtend),
        (by_vobject.dtstart.value, by_vobject.dtend.value),
    )
    return {(start.astimezone(UTC), end.astimezone(UTC)) for start, end in read}

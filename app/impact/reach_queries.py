"""Who came: people, attendances and sessions, in all and by sector, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    DateTime,
    Integer,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingOrigin, BookingState
from app.catalogue.models import Event
from app.impact.counts import Reach
from app.kernel.db import rows_of
from app.kernel.london import london_date
from app.partnership.models import Sector

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)

_TO_WHICH = {
    "offer_ids": Event.offer_id.in_(bindparam("offer_ids", expanding=True)),
    "since": Event.starts_at >= bindparam("since"),
    "until": Event.starts_at < bindparam("until"),
    "event_id": Event.id == bindparam("event_id"),
}
_OF_SECTOR = Booking.sector_id == bindparam("sector_id")
_SESSIONS, _PEOPLE = -2, -1  # the first rows, before the sectors in their order


def reach_of(
    offer_ids: Collection[int] | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    event_id: int | None = None,
    sector_id: int | None = None,
) -> Reach:
    """Who came to these offers' events; a person counts once, a booking once per event."""
    given = {
        "offer_ids": None if offer_ids is None else sorted(offer_ids),
        "since": since,
        "until": until,
        "event_id": event_id,
        "sector_id": sector_id,
    }
    values = {name: value for name, value in given.items() if value is not None}
    rows = rows_of(_statement(frozenset(values)), values)
    sessions, people, *by_sector = rows
    if not sessions.people:
        return Reach()
    return Reach(
        sessions.people,
        people.people,
        people.attendances,
        people.without_booking,
        first_on=london_date(sessions.first_at),
        last_on=london_date(sessions.last_at),
        people_by_sector={row.name: row.people for row in by_sector},
        attendances_by_sector={row.name: row.attendances for row in by_sector},
    )


@cache
def _statement(filters: frozenset[str]) -> Any:
    """Sessions, everyone, and each sector; nobody counts twice among everyone."""
    to_which = [condition for name, condition in _TO_WHICH.items() if name in filters]
    attended = select(Attendance.id).where(
        Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME)
    )
    came = [
        Booking.state != BookingState.CANCELLED,
        attended.exists(),
        *([_OF_SECTOR] if "sector_id" in filters else []),
    ]
    was_there = select(Booking.id).where(Booking.event_id == Event.id, *came).exists()
    sessions = select(
        cast(null(), String).label("name"),
        literal(_SESSIONS, Integer).label("position"),
        func.count().label("people"),
        cast(null(), Integer).label("attendances"),
        cast(null(), Integer).label("without_booking"),
        func.min(Event.starts_at).label("first_at"),
        func.max(Event.starts_at).label("last_at"),
    ).where(*to_which, was_there)
    people = _people(to_which, came)
    return union_all(sessions, *people).order_by("position")


def _people(to_which: list[Any], came: list[Any]) -> tuple[Any, Any]:
    """Everyone, and each sector: once through the bookings, to a row for each person.

    Counting distinct people among all rows would sort these, for the total and for the sectors.
    """
    own = (
        select(
            Booking.person_id,
            Booking.sector_id,
            func.count().label("times"),
            func.sum(case((Booking.origin == BookingOrigin.REGISTER, 1), else_=0)).label("walked"),
        )
        .join(Event, Event.id == Booking.event_id)
        .where(*to_which, *came)
        .group_by(Booking.person_id, Booking.sector_id)
        .cte("came")
    )
    each = select(func.sum(own.c.times).label("times"), func.sum(own.c.walked).label("walked"))
    everyone = each.group_by(own.c.person_id).subquery()
    total = select(cast(null(), String), literal(_PEOPLE, Integer), *_counted(everyone))
    of_sectors = select(Sector.name, Sector.position, *_counted(own))
    by_sector = of_sectors.join(own, own.c.sector_id == Sector.id)
    return total, by_sector.group_by(Sector.name, Sector.position)


def _counted(rows: Any) -> tuple[Any, ...]:
    no_time = cast(null(), DateTime(timezone=True))
    sums = (cast(func.sum(column), Integer) for column in (rows.c.times, rows.c.walked))
    return func.count(), *sums, no_time, no_time

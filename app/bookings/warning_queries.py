"""What somebody is warned of before they book: another booking at the time, the same not long ago.

Nobody is refused for it. The facts are one statement, asked for by the pages alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select

from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.bookings.warning_rules import (
    RECENT_MONTHS,
    CameBefore,
    OtherDate,
    came_before,
    overlaps,
)
from app.catalogue.models import Event, EventDate, Offer, OfferKind
from app.catalogue.rules import event_title
from app.kernel.db import rows_of
from app.kernel.london import add_months, date_words, day_start, london_date, period_words

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)
# One comes to these again and again.
RECURRING = {OfferKind.DSL_FORUM, OfferKind.PEER_SUPPORT}
THERE_IS = {
    BookingState.CONFIRMED: "already have a booking",
    BookingState.HELD: "have a place kept",
    BookingState.WAITING: "are on a waiting list for a session",
    BookingState.REQUESTED: "have asked for a place",
}

_OTHER_DATES = (
    select(
        Event.id,
        Event.offer_id,
        Offer.title,
        Event.subtitle,
        EventDate.starts_at,
        EventDate.ends_at,
        Booking.state,
        Attendance.outcome,
    )
    .join(Booking.event)
    .join(Event.offer)
    .join(EventDate, EventDate.event_id == Event.id)
    .outerjoin(
        Attendance,
        and_(Attendance.booking_id == Booking.id, Attendance.event_date_id == EventDate.id),
    )
    .where(
        Booking.person_id == bindparam("person_id"),
        Booking.state != BookingState.CANCELLED,
        Event.id != bindparam("event_id"),
        or_(
            and_(
                EventDate.starts_at < bindparam("ends_at"),
                EventDate.ends_at > bindparam("starts_at"),
            ),
            and_(
                Event.offer_id == bindparam("offer_id"),
                EventDate.starts_at >= bindparam("since"),
                Attendance.outcome.in_(CAME),
            ),
        ),
    )
)


def warnings_of(event: Event, person_id: int, *, is_own: bool = True, now: datetime) -> list[str]:
    """What the person should know before they book this event, a sentence each."""
    today = london_date(now)
    others = _other_dates(event, person_id, since=day_start(add_months(today, -RECENT_MONTHS)))
    who = "You" if is_own else "They"
    said = [
        f"{who} {THERE_IS[other.state]} at this time: {other.title}, "
        f"{period_words(other.starts_at, other.ends_at)}."
        for other in overlaps([(date.starts_at, date.ends_at) for date in event.dates], others)
    ]
    last = came_before(event.offer_id, others, today=today)
    if last and event.offer.kind not in RECURRING:
        said.append(
            f"{who} came to {event.offer.title} on {date_words(last.on)} ({_ago_in_words(last)})."
        )
    return said


def _other_dates(event: Event, person_id: int, *, since: datetime) -> list[OtherDate]:
    asked = {
        "person_id": person_id,
        "event_id": event.id,
        "offer_id": event.offer_id,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "since": since,
    }
    return [
        OtherDate(
            event_id=row.id,
            offer_id=row.offer_id,
            title=event_title(row.title, row.subtitle),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            state=row.state,
            came=row.outcome in CAME,
        )
        for row in rows_of(_OTHER_DATES, asked)
    ]


def _ago_in_words(last: CameBefore) -> str:
    if last.months_ago == 0:
        return "less than a month ago"
    return "1 month ago" if last.months_ago == 1 else f"{last.months_ago} months ago"

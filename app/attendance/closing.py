"""Closing an event once its registers are taken, and opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.attendance.meeting_queries import HAS_PLACE
from app.attendance.models import Closing, MeetingFile
from app.attendance.rules import DateFacts
from app.audit import operations as audit
from app.bookings.models import Attendance, Booking, HeadCount
from app.bookings.places import lock_event
from app.catalogue.models import EventDate, EventState
from app.kernel.db import db
from app.kernel.errors import Refused


def facts_of_dates(event_id: int) -> list[DateFacts]:
    """Each date of an event with what its register says, in order; one statement."""
    answered = (
        select(func.count(Attendance.id))
        .join(Booking, Booking.id == Attendance.booking_id)
        .where(Attendance.event_date_id == EventDate.id, Booking.state.in_(HAS_PLACE))
        .correlate(EventDate)
        .scalar_subquery()
    )
    waiting = (
        select(func.count(MeetingFile.id))
        .where(MeetingFile.event_date_id == EventDate.id, MeetingFile.register_id.is_(None))
        .correlate(EventDate)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(EventDate.starts_at, EventDate.ends_at, answered, HeadCount.head_count, waiting)
        .outerjoin(HeadCount, HeadCount.event_date_id == EventDate.id)
        .where(EventDate.event_id == event_id)
        .order_by(EventDate.starts_at)
    )
    return [DateFacts(*row) for row in rows]


def find_closing(event_id: int) -> tuple[datetime, str] | None:
    """When an event was closed, and by whom; None while it is not."""
    row = db.session.execute(
        select(Closing.closed_at, Person.name)
        .join(Person, Person.id == Closing.closed_by_id)
        .where(Closing.event_id == event_id)
    ).first()
    return (row.closed_at, row.name) if row else None


def expected_count(event_id: int) -> int:
    """How many people a register of the event lists."""
    listed = select(func.count(Booking.id)).where(
        Booking.event_id == event_id, or_(*(Booking.state == state for state in HAS_PLACE))
    )
    return db.session.scalar(listed) or 0


def close_event(event_id: int, *, actor: Person, now: datetime) -> None:
    """Note that nothing is left to do; Refused while a register is missing."""
    event, actor = lock_event(event_id), read_again(actor)
    if event.state is not EventState.PUBLISHED:
        raise Refused("A session that does not take place has nothing to close")
    dates = facts_of_dates(event_id)
    _check_registers(dates, now)
    if db.session.get(Closing, event_id) is not None:
        return
    db.session.add(Closing(event_id=event_id, closed_at=now, closed_by_id=actor.id))
    facts = {"unanswered": expected_count(event_id) - min(date.answered for date in dates)}
    line = audit.line(actor.reference, "closed", "event", event.reference, now=now, **facts)
    db.session.add(line)


def _check_registers(dates: Sequence[DateFacts], now: datetime) -> None:
    if any(now < date.ends_at for date in dates):
        raise Refused("This session is not over yet: close it after its last date")
    if not all(date.is_taken for date in dates):
        raise Refused("Take the register of each date first, or count heads")
    if any(date.files_waiting for date in dates):
        raise Refused("Look through the meeting files that wait, or remove them")


def reopen_event(event_id: int, *, actor: Person, now: datetime) -> None:
    """Take back that an event was closed."""
    event, actor = lock_event(event_id), read_again(actor)
    closing = db.session.get(Closing, event_id)
    if closing is None:
        return
    db.session.delete(closing)
    db.session.add(audit.line(actor.reference, "reopened", "event", event.reference, now=now))

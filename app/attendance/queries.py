"""What registers read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.attendance.rules import register_order
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingOrigin, BookingState
from app.catalogue.models import EventMode
from app.kernel.db import db

ON_REGISTER = (BookingState.CONFIRMED, BookingState.HELD)


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One person on the register of one date."""

    booking_id: int
    reference: str
    name: str
    organisation_name: str
    mode: EventMode
    adjustments: str
    came_without_booking: bool
    outcome: AttendanceOutcome | None


def register_lines(event_id: int, event_date_id: int) -> list[RegisterLine]:
    """Everybody expected or added, with what the register says of them, by surname."""
    rows = db.session.execute(
        select(
            Booking.id,
            Booking.reference,
            Person.name,
            Person.email,
            Booking.organisation_name,
            Booking.mode,
            Booking.adjustments,
            Booking.origin,
            Attendance.outcome,
        )
        .join(Booking.person)
        .outerjoin(
            Attendance,
            and_(Attendance.booking_id == Booking.id, Attendance.event_date_id == event_date_id),
        )
        .where(Booking.event_id == event_id, Booking.state.in_(ON_REGISTER))
    )
    lines = [
        RegisterLine(
            booking_id=row.id,
            reference=row.reference,
            name=row.name or row.email or "",
            organisation_name=row.organisation_name,
            mode=row.mode,
            adjustments=row.adjustments,
            came_without_booking=row.origin is BookingOrigin.REGISTER,
            outcome=row.outcome,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: (*register_order(line.name), line.booking_id))


def recorded_counts(event_id: int) -> dict[int, dict[AttendanceOutcome, int]]:
    """For each date of the event that has a register: how many came, in part, did not."""
    rows = db.session.execute(
        select(Attendance.event_date_id, Attendance.outcome, func.count())
        .join(Attendance.booking)
        .where(Booking.event_id == event_id, Booking.state.in_(ON_REGISTER))
        .group_by(Attendance.event_date_id, Attendance.outcome)
    )
    counts: dict[int, dict[AttendanceOutcome, int]] = {}
    for date_id, outcome, count in rows:
        counts.setdefault(date_id, {})[outcome] = count
    return counts

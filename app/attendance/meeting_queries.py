"""What the pages of meeting files read: the files, who is on the list, whose a name is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import defer, undefer

from app.accounts.models import Person
from app.attendance.matching_rules import Booked
from app.attendance.models import MeetingFile, MeetingName, MeetingRegister
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.kernel.db import db

HAS_PLACE = (BookingState.CONFIRMED, BookingState.HELD)


@dataclass(frozen=True, slots=True)
class OnList:
    """Somebody with a live booking, and what the register of the date says of them already."""

    booked: Booked
    organisation_name: str
    outcome: AttendanceOutcome | None
    minutes: int | None


def files_of(event_date_id: int, *, with_content: bool = False) -> list[MeetingFile]:
    """The meeting files of one date, in the order in which they were added."""
    load = undefer if with_content else defer
    found = db.session.scalars(
        select(MeetingFile)
        .where(MeetingFile.event_date_id == event_date_id)
        .order_by(MeetingFile.id)
        .options(load(MeetingFile.content))
    )
    return list(found)


def latest_register(event_date_id: int) -> tuple[MeetingRegister, str] | None:
    """The register last written from files, if it still stands, and by whom."""
    row = db.session.execute(
        select(MeetingRegister, Person.name)
        .join(Person, Person.id == MeetingRegister.saved_by_id)
        .where(MeetingRegister.event_date_id == event_date_id, MeetingRegister.undone_at.is_(None))
        .order_by(MeetingRegister.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def on_list(event_id: int, event_date_id: int) -> list[OnList]:
    """Everybody with a live booking of the event, waiting or asked for ones too."""
    rows = db.session.execute(
        select(
            Booking.reference,
            Booking.person_id,
            Booking.state,
            Booking.name_given,
            Booking.organisation_name,
            Person.name,
            Person.email,
            Attendance.outcome,
            Attendance.minutes,
        )
        .join(Person, Person.id == Booking.person_id)
        .outerjoin(
            Attendance,
            and_(Attendance.booking_id == Booking.id, Attendance.event_date_id == event_date_id),
        )
        .where(Booking.event_id == event_id, Booking.state != BookingState.CANCELLED)
        .order_by(Booking.id)
    )
    return [
        OnList(
            Booked(
                row.reference,
                row.person_id,
                row.name or row.email or "",
                row.email or "",
                (row.name_given,) if row.name_given else (),
                has_place=row.state in HAS_PLACE,
            ),
            row.organisation_name,
            row.outcome,
            row.minutes,
        )
        for row in rows
    ]


def confirmed_words(words: Iterable[str]) -> Sequence[tuple[str, int, str]]:
    """The words staff have confirmed to be a person's: each with the person and their address."""
    wanted = sorted({word for word in words if word})
    if not wanted:
        return []
    rows = db.session.execute(
        select(MeetingName.said, MeetingName.person_id, Person.email)
        .join(MeetingName.person)
        .where(MeetingName.said.in_(wanted), Person.deactivated_at.is_(None))
        .order_by(MeetingName.id)
    )
    return [(said, person_id, email or "") for said, person_id, email in rows]

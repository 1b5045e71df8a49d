"""What registers from meetings hold about a person: names they appear under, files with theirs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from app.attendance.models import MeetingFile, MeetingName
from app.bookings.models import Booking
from app.catalogue.models import EventDate
from app.kernel.db import db, rows_changed


def export(person_id: int) -> dict[str, Any]:
    """The names and addresses under which somebody is known in meetings."""
    found = db.session.execute(
        select(MeetingName.said, MeetingName.confirmed_at)
        .where(MeetingName.person_id == person_id)
        .order_by(MeetingName.id)
    )
    return {"names_in_meetings": [row._asdict() for row in found]}


def merge(from_id: int, into_id: int) -> int:
    """Give the names of one person to another; how many. Those both have stay once."""
    known = select(MeetingName.said).where(MeetingName.person_id == into_id)
    twice = MeetingName.said.in_(db.session.scalars(known).all())
    db.session.execute(delete(MeetingName).where(MeetingName.person_id == from_id, twice))
    moved = db.session.execute(
        update(MeetingName).where(MeetingName.person_id == from_id).values(person_id=into_id)
    )
    return rows_changed(moved)


def erase(person_id: int) -> None:
    """Erase the names, and the files of sessions they had a booking for: theirs may be in them."""
    db.session.execute(delete(MeetingName).where(MeetingName.person_id == person_id))
    theirs = (
        select(EventDate.id)
        .join(Booking, Booking.event_id == EventDate.event_id)
        .where(Booking.person_id == person_id)
    )
    db.session.execute(
        update(MeetingFile).where(MeetingFile.event_date_id.in_(theirs)).values(content=None),
        execution_options={"synchronize_session": False},
    )

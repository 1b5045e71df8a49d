"""Counting heads: how many were there on one date, where nobody is written down by name (R25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.attendance.operations import date_of
from app.audit import operations as audit
from app.bookings.models import Attendance, HeadCount
from app.bookings.places import lock_event
from app.kernel.db import db
from app.kernel.refusals import Refused


@dataclass(frozen=True)
class Counted:
    """How many were there, how many of them from another area (R27), and a word about it."""

    head_count: int
    out_of_area_count: int = 0
    note: str = ""


def count_heads(
    event_id: int, event_date_id: int, counted: Counted, *, actor: Person, now: datetime
) -> HeadCount:
    """Note how many were there; counted again, the later count stands. Refused beside a register.

    People by name and heads are different units: of one date there is one of the two.
    """
    event, actor = lock_event(event_id), read_again(actor)
    date = date_of(event, event_date_id, now)
    if counted.out_of_area_count > counted.head_count:
        raise Refused("More people are from another area than were there: correct one of the two")
    named = select(Attendance.id).where(Attendance.event_date_id == date.id).limit(1)
    if db.session.scalar(named) is not None:
        raise Refused("The register of this date says who came by name: it counts, not heads")
    known = head_count_of(date.id)
    if known is None:
        known = HeadCount(event_date_id=date.id)
        db.session.add(known)
    known.head_count, known.out_of_area_count = counted.head_count, counted.out_of_area_count
    known.note, known.recorded_by_id, known.recorded_at = counted.note, actor.id, now
    number = event.dates.index(date) + 1
    facts = {"heads": counted.head_count, "date_number": number}
    audit.record(actor.reference, "counted heads", "event", event.reference, now=now, **facts)
    db.session.flush()
    return known


def forget_count(event_id: int, event_date_id: int, *, actor: Person, now: datetime) -> None:
    """Take a head count back, so that a register can be taken instead."""
    event, actor = lock_event(event_id), read_again(actor)
    known = head_count_of(event_date_id)
    if known is None:
        raise Refused("Nobody has counted heads on this date")
    db.session.delete(known)
    audit.record(actor.reference, "took back heads", "event", event.reference, now=now)


def head_count_of(event_date_id: int) -> HeadCount | None:
    """How many heads were counted on a date; None if nobody counted."""
    return db.session.scalars(
        select(HeadCount).where(HeadCount.event_date_id == event_date_id)
    ).one_or_none()

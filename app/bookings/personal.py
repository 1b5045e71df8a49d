"""What bookings hold about a person is erased when it has served, or when the person asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.bookings import emails
from app.bookings.ending import end, with_people_and_entries
from app.bookings.models import (
    Approval,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
    NewDatesWish,
)
from app.bookings.places import lock_events
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together, rows_changed

ADJUSTMENTS_KEPT = timedelta(days=30)


def erase_adjustments(*, now: datetime) -> int:
    """Erase access and dietary wishes 30 days after their event; how many."""
    over = select(Event.id).where(Event.ends_at < now - ADJUSTMENTS_KEPT)
    result = db.session.execute(
        update(Booking)
        .where(Booking.adjustments != "", Booking.event_id.in_(over))
        .values(adjustments=""),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(result)


JOB, NOBODY = "erasure", "erased"


def erase(person_id: int, *, now: datetime) -> int:
    """End a person's bookings to come, erase what all their bookings say of them; how many ended.

    Whoever has a calendar entry is sent its cancellation: it is written here, with the address as
    it still is, and must leave before accounts erase that. Places go to whoever waits. What is over
    stays as a fact about an organisation and a sector, without a name.
    """
    ended = _end_bookings_to_come(person_id, now)
    _forget_those_booked_by(person_id)
    _forget_questions(person_id)
    db.session.execute(delete(NewDatesWish).where(NewDatesWish.person_id == person_id))
    db.session.execute(
        update(Booking)
        .where(Booking.person_id == person_id)
        .values(adjustments="", name_given="", form_key=None)
        .execution_options(synchronize_session="fetch")
    )
    return ended


def _end_bookings_to_come(person_id: int, now: datetime) -> int:
    to_come = (
        Booking.person_id == person_id,
        Booking.state != BookingState.CANCELLED,
        Event.starts_at > now,
    )
    wanted = select(Booking.id, Booking.event_id).join(Booking.event)
    found = db.session.execute(wanted.where(*to_come)).all()
    if not found:
        return 0
    events = lock_events(event_id for _, event_id in found)
    in_lock = wanted.where(*to_come, Booking.event_id.in_(events)).order_by(Booking.event_id)
    found = db.session.execute(in_lock).all()
    rows: list[Base] = []
    for booking_id, event_id in found:
        event, terms = events[event_id]
        booking = with_people_and_entries(booking_id)
        rows.append(audit.line(JOB, "ended", "booking", booking.reference, now=now))
        with db.session.no_autoflush:
            end(event, booking, CancelReason.ERASED, now=now)
            if booking.calendar_entries:
                emails.tell_cancelled(booking, event, by=booking.person, now=now, into=rows)
        db.session.flush()  # or the list would still show them
        promote_waiting(event, terms, now=now, into=rows)
    insert_together(rows)
    return len(found)


def _forget_those_booked_by(person_id: int) -> None:
    """Bookings made for others are their own from now on; nobody else manages them."""
    db.session.execute(
        update(Booking)
        .where(Booking.booked_by_id == person_id, Booking.person_id != person_id)
        .where(Booking.origin == BookingOrigin.COLLEAGUE)
        .values(booked_by_id=Booking.person_id)
        .execution_options(synchronize_session="fetch")
    )


def _forget_questions(person_id: int) -> None:
    """Why somebody was refused, whom they named, and the person as a line manager of others."""
    theirs = select(Booking.id).where(Booking.person_id == person_id)
    address = select(func.lower(Person.email)).where(Person.id == person_id).scalar_subquery()
    is_about = or_(Approval.booking_id.in_(theirs), Approval.manager_email == address)
    db.session.execute(
        update(Approval)
        .where(is_about)
        .values(manager_name="", reason="")
        .execution_options(synchronize_session="fetch")
    )
    db.session.execute(
        update(Approval)
        .where(is_about, Approval.manager_email.is_not(None))
        .values(manager_email=NOBODY)
        .execution_options(synchronize_session="fetch")
    )

"""What bookings hold about a person: taken out whole; erased when served, or when they ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.audit import operations as audit
from app.bookings import emails
from app.bookings.ending import end, with_people_and_entries
from app.bookings.in_house_models import InHouseRequest
from app.bookings.models import (
    Approval,
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CalendarEntry,
    CancelReason,
    NewDatesWish,
)
from app.bookings.places import lock_events
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event, EventDate, Offer
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


def export(person_id: int) -> dict[str, Any]:
    """Somebody's bookings, who came, requests, wishes, and the places they booked for others."""
    return {
        "bookings": _own_bookings(person_id),
        "attendance": _attendance(person_id),
        "requests": _requests(Booking.person_id == person_id),
        "requests_to_them_as_manager": _requests(Approval.manager_email == _address(person_id)),
        "places_booked_for_others": _booked_for_others(person_id),
        "wishes_for_new_dates": _wishes(person_id),
        "asked_in_house": _asked_in_house(person_id),
    }


def _own_bookings(person_id: int) -> list[dict[str, Any]]:
    found = db.session.scalars(
        select(Booking)
        .where(Booking.person_id == person_id)
        .order_by(Booking.booked_at, Booking.id)
        .options(joinedload(Booking.event).joinedload(Event.offer), joinedload(Booking.sector))
    )
    columns = [column.key for column in Booking.__table__.columns if column.key not in NOT_TOLD]
    return [
        {
            "session": booking.event.title,
            "starts_at": booking.event.starts_at,
            "sector": booking.sector.name,
            **{name: getattr(booking, name) for name in columns},
        }
        for booking in found
    ]


def _attendance(person_id: int) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(
            Booking.reference.label("booking"),
            EventDate.starts_at,
            Attendance.outcome,
            Attendance.minutes,
            Attendance.recorded_at,
        )
        .join(Attendance.booking)
        .join(Attendance.event_date)
        .where(Booking.person_id == person_id)
        .order_by(EventDate.starts_at, Attendance.id)
    )
    return [row._asdict() for row in found]


def _requests(which: ColumnElement[bool]) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(
            Booking.reference.label("booking"),
            Approval.approved_by,
            Approval.manager_name,
            Approval.manager_email,
            Approval.asked_at,
            Approval.decision,
            Approval.decided_at,
            Approval.reason,
        )
        .join(Approval.booking)
        .where(which)
        .order_by(Approval.booking_id)
    )
    return [row._asdict() for row in found]


def _booked_for_others(person_id: int) -> list[dict[str, Any]]:
    """What whoever booked is shown of those they booked for: the name as they wrote it."""
    found = db.session.execute(
        select(Booking.reference.label("booking"), Booking.name_given, Booking.booked_at)
        .where(Booking.booked_by_id == person_id, Booking.person_id != person_id)
        .order_by(Booking.id)
    )
    return [row._asdict() for row in found]


def _wishes(person_id: int) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(Offer.title, NewDatesWish.asked_at, NewDatesWish.told_at)
        .join(Offer, Offer.id == NewDatesWish.offer_id)
        .where(NewDatesWish.person_id == person_id)
        .order_by(NewDatesWish.id)
    )
    return [row._asdict() for row in found]


def _asked_in_house(person_id: int) -> list[dict[str, Any]]:
    found = db.session.execute(
        select(
            Offer.title,
            InHouseRequest.people_count,
            InHouseRequest.when_words,
            InHouseRequest.place,
            InHouseRequest.phone,
            InHouseRequest.more,
            InHouseRequest.state,
            InHouseRequest.answer,
            InHouseRequest.asked_at,
        )
        .join(InHouseRequest.offer)
        .where(InHouseRequest.person_id == person_id)
        .order_by(InHouseRequest.id)
    )
    return [row._asdict() for row in found]


def references_of(person_id: int) -> list[str]:
    """The references of somebody's own bookings, which messages about them carry."""
    found = select(Booking.reference).where(Booking.person_id == person_id)
    return list(db.session.scalars(found))


JOB, NOBODY = "erasure", "erased"
# Numbers that only join tables, and the one-use key of a form.
NOT_TOLD = {
    *("id", "event_id", "person_id", "booked_by_id", "sector_id", "organisation_id"),
    *("replaces_id", "form_key"),
}


def erase(person_id: int, *, now: datetime) -> int:
    """End a person's bookings to come, erase what all their bookings say of them; how many ended.

    Whoever has a calendar entry is sent its cancellation: it is written here, with the address as
    it still is, and must leave before accounts erase that. Places go to whoever waits. What is over
    stays as a fact about an organisation and a sector, without a name.
    """
    ended = _end_bookings_to_come(person_id, now)
    _forget_those_booked_by(person_id)
    _forget_questions(person_id)
    _forget_names_in_entries(person_id)
    db.session.execute(delete(NewDatesWish).where(NewDatesWish.person_id == person_id))
    db.session.execute(
        update(InHouseRequest)
        .where(InHouseRequest.person_id == person_id)
        .values(phone="", more="")
        .execution_options(synchronize_session="fetch")
    )
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
    address = _address(person_id)
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


def _forget_names_in_entries(person_id: int) -> None:
    """An entry in the calendar of whoever booked says for whom it is."""
    name = db.session.scalar(select(Person.name).where(Person.id == person_id))
    theirs = select(Booking.id).where(Booking.person_id == person_id)
    if name:
        without = func.replace(CalendarEntry.summary, f" (for {name})", "")
        db.session.execute(
            update(CalendarEntry)
            .where(CalendarEntry.booking_id.in_(theirs))
            .values(summary=without)
            .execution_options(synchronize_session="fetch")
        )


def _address(person_id: int) -> ScalarSelect[str]:
    return select(func.lower(Person.email)).where(Person.id == person_id).scalar_subquery()

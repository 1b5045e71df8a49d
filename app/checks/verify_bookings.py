"""What must be true of events, places, waiting lists, calendars and registers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.bookings.models import (
    Approval,
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CalendarEntry,
    CancelReason,
)
from app.bookings.personal import ADJUSTMENTS_KEPT
from app.bookings.places import TAKES_A_PLACE
from app.catalogue.models import Event, EventDate, EventState
from app.checks.moment import Find, Moment
from app.outbox.models import OutboxMessage

A_DAY = timedelta(days=1)
LAPSES_WITHIN = timedelta(minutes=15)
WITHOUT_MESSAGES = (BookingOrigin.REGISTER, BookingOrigin.HISTORY, BookingOrigin.IMPORT)
EXPECTED_MESSAGES = (
    (
        BookingState.CONFIRMED,
        (
            "booking_confirmed",
            "booking_promoted",
            "booking_moved",
            "booking_handed_over_to_you",
        ),
    ),
    (BookingState.WAITING, ("booking_waiting",)),
    (BookingState.HELD, ("booking_held",)),
    (BookingState.REQUESTED, ("booking_requested",)),
    (
        BookingState.CANCELLED,
        (
            "booking_cancelled",
            "booking_cancelled_by_us",
            "booking_handed_over",
            "booking_off_the_list",
            "booking_not_approved",
            "booking_lapsed",
        ),
    ),
)

Found = Select[Any]


def events_counted_wrongly(_moment: Moment) -> Found:
    """Events whose kept counts differ from a recount."""
    counted = (
        select(
            Booking.event_id,
            func.count().filter(*TAKES_A_PLACE).label("taken"),
            func.count().filter(Booking.state == BookingState.WAITING).label("waiting"),
        )
        .group_by(Booking.event_id)
        .subquery()
    )
    return (
        select(Event.reference)
        .join(counted, counted.c.event_id == Event.id, isouter=True)
        .where(
            or_(
                Event.places_taken != func.coalesce(counted.c.taken, 0),
                Event.waiting_count != func.coalesce(counted.c.waiting, 0),
            )
        )
    )


def events_oversold(_moment: Moment) -> Found:
    """Events with more places taken than there are, unless their capacity was lowered since.

    Lowering it takes no place away; nobody is confirmed from then on, so that a confirmation after
    the last change of the event is one too many.
    """
    last_confirmed = (
        select(func.max(Booking.confirmed_at))
        .where(Booking.event_id == Event.id, *TAKES_A_PLACE)
        .scalar_subquery()
    )
    last_changed = (
        select(func.max(AuditLine.at))
        .where(
            AuditLine.subject_kind == "event",
            AuditLine.subject_reference == Event.reference,
            AuditLine.verb == "changed",
        )
        .scalar_subquery()
    )
    taken = select(func.count(Booking.id)).where(Booking.event_id == Event.id, *TAKES_A_PLACE)
    return select(Event.reference).where(
        Event.capacity.is_not(None),
        taken.scalar_subquery() > Event.capacity,
        or_(last_changed.is_(None), last_confirmed > last_changed),
    )


def events_booked_twice(_moment: Moment) -> Found:
    """Events where one person has two live bookings."""
    twice = (
        select(Booking.event_id)
        .where(Booking.state != BookingState.CANCELLED)
        .group_by(Booking.event_id, Booking.person_id)
        .having(func.count() > 1)
    )
    return select(Event.reference).where(Event.id.in_(twice))


def bookings_never_told(moment: Moment) -> Found:
    """Bookings of events to come, whose person was not told what became of them."""
    booked_by, new = aliased(Person), aliased(Booking)
    told_of_state = or_(
        *(
            and_(Booking.state == state, OutboxMessage.kind.in_(kinds))
            for state, kinds in EXPECTED_MESSAGES
        )
    )
    told = select(OutboxMessage.id).where(
        OutboxMessage.about_kind == "booking",
        OutboxMessage.about_reference == Booking.reference,
        told_of_state,
    )
    told_of_move = (
        select(OutboxMessage.id)
        .join(new, new.reference == OutboxMessage.about_reference)
        .where(new.replaces_id == Booking.id, OutboxMessage.kind == "booking_moved")
    )
    return (
        select(Booking.reference)
        .join(Event, Event.id == Booking.event_id)
        .join(Person, Person.id == Booking.person_id)
        .join(booked_by, booked_by.id == Booking.booked_by_id)
        .where(
            Event.starts_at > moment.now,
            Event.published_at.is_not(None),
            or_(
                Person.email.is_not(None),
                and_(booked_by.email.is_not(None), Booking.origin != BookingOrigin.STAFF),
            ),
            Booking.state.in_([state for state, _ in EXPECTED_MESSAGES]),
            or_(
                Booking.cancelled_because.is_(None),
                Booking.cancelled_because.not_in((CancelReason.ERASED, CancelReason.MERGED)),
            ),
            _with_messages(moment),
            not_(or_(told.exists(), told_of_move.exists())),
        )
    )


def _with_messages(moment: Moment) -> ColumnElement[bool]:
    """Whether a booking was made by a person here, neither as history nor with the example."""
    made_here = Booking.origin.not_in(WITHOUT_MESSAGES)
    if moment.told_since is None:
        return made_here
    return and_(made_here, Booking.booked_at > moment.told_since)


def events_unlike_their_dates(_moment: Moment) -> Found:
    """Events whose start and end are not those of their first and last dates, or without dates."""
    dates = (
        select(
            EventDate.event_id,
            func.min(EventDate.starts_at).label("starts_at"),
            func.max(EventDate.ends_at).label("ends_at"),
        )
        .group_by(EventDate.event_id)
        .subquery()
    )
    return (
        select(Event.reference)
        .join(dates, dates.c.event_id == Event.id, isouter=True)
        .where(
            or_(
                dates.c.event_id.is_(None),
                dates.c.starts_at != Event.starts_at,
                dates.c.ends_at != Event.ends_at,
            )
        )
    )


def bookings_missing_in_a_calendar(moment: Moment) -> Found:
    """Confirmed bookings with a date to come that the calendar does not show, or shows wrongly."""
    entry = select(CalendarEntry.id).where(
        CalendarEntry.booking_id == Booking.id,
        CalendarEntry.event_date_id == EventDate.id,
        CalendarEntry.cancelled_at.is_(None),
        CalendarEntry.starts_at == EventDate.starts_at,
        CalendarEntry.ends_at == EventDate.ends_at,
    )
    return (
        select(Booking.reference)
        .join(Event, Event.id == Booking.event_id)
        .join(EventDate, EventDate.event_id == Event.id)
        .where(
            Event.state == EventState.PUBLISHED,
            Booking.state == BookingState.CONFIRMED,
            EventDate.starts_at > moment.now,
            _with_messages(moment),
            not_(entry.exists()),
        )
    )


def bookings_left_in_a_calendar(_moment: Moment) -> Found:
    """Bookings without a place whose calendar entry was still to come and was not cancelled."""
    without_place = or_(
        and_(
            Booking.state == BookingState.CANCELLED,
            CalendarEntry.ends_at > Booking.cancelled_at,
        ),
        Booking.state.in_((BookingState.WAITING, BookingState.HELD)),
    )
    cancelled_silently = and_(CalendarEntry.cancelled_at.is_not(None), CalendarEntry.sequence == 0)
    return (
        select(Booking.reference)
        .join(CalendarEntry, CalendarEntry.booking_id == Booking.id)
        .where(or_(and_(without_place, CalendarEntry.cancelled_at.is_(None)), cancelled_silently))
    )


def attendances_without_a_place(_moment: Moment) -> Found:
    """Bookings marked in a register without being confirmed, or on another event's date."""
    return (
        select(Booking.reference)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .join(EventDate, EventDate.id == Attendance.event_date_id)
        .where(or_(Booking.state != BookingState.CONFIRMED, EventDate.event_id != Booking.event_id))
    )


def bookings_with_old_wishes(moment: Moment) -> Found:
    """Bookings that still hold access or dietary wishes a day after they were to be erased."""
    return (
        select(Booking.reference)
        .join(Event, Event.id == Booking.event_id)
        .where(
            Booking.adjustments != "",
            Event.ends_at < moment.now - ADJUSTMENTS_KEPT - A_DAY,
        )
    )


def requests_that_nobody_decides(_moment: Moment) -> Found:
    """Bookings that wait for a yes which nobody was asked for, or which was answered already."""
    open_question = select(Approval.booking_id).where(
        Approval.booking_id == Booking.id, Approval.decision.is_(None)
    )
    return select(Booking.reference).where(
        Booking.state == BookingState.REQUESTED, not_(open_question.exists())
    )


def requests_that_did_not_lapse(moment: Moment) -> Found:
    """Requests that still wait although their time was over a quarter of an hour ago."""
    return (
        select(Booking.reference)
        .join(Approval, Approval.booking_id == Booking.id)
        .where(
            Booking.state == BookingState.REQUESTED,
            Approval.expires_at < moment.now - LAPSES_WITHIN,
        )
    )


def bookings_of_nobody(_moment: Moment) -> Found:
    """Bookings of somebody who was merged into another: they came while that happened."""
    return (
        select(Booking.reference)
        .join(Person, Person.id == Booking.person_id)
        .where(Person.merged_into_id.is_not(None))
    )


INVARIANTS: dict[str, Find] = {
    "whoever was merged into another has no booking left": bookings_of_nobody,
    "places taken and waiting are counted right": events_counted_wrongly,
    "no more people have a place than there are places": events_oversold,
    "nobody has two live bookings for one event": events_booked_twice,
    "everybody was told what became of their booking": bookings_never_told,
    "every request waits for somebody's answer": requests_that_nobody_decides,
    "requests lapse when their time is over": requests_that_did_not_lapse,
    "an event starts and ends with its dates": events_unlike_their_dates,
    "calendars show every date to come": bookings_missing_in_a_calendar,
    "calendars show nothing that was cancelled": bookings_left_in_a_calendar,
    "only people with a confirmed booking are in a register": attendances_without_a_place,
    "wishes are erased 30 days after the event": bookings_with_old_wishes,
}

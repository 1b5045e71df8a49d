"""Planned events and bookings become rows, with the counts and calendar entries they imply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from app.bookings.calendar_invites import ONLINE_WORDS
from app.bookings.models import (
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CalendarEntry,
    CancelReason,
)
from app.bookings.rules import is_late_cancellation
from app.catalogue.models import Event, EventDate, EventMode, EventState
from app.demo.making.plan import PlannedBooking, PlannedEvent
from app.demo.making.rows import Chance, add_all, add_all_for_ids
from app.kernel.london import london_date
from app.outbox.operations import mail_host
from app.partnership import queries as partnership

TOWN = "Wakefield district (an example address)"
NOTICE_DAYS = 2


def write_events(
    events: Sequence[PlannedEvent], offer_ids: dict[str, int], chance: Chance, *, now: datetime
) -> None:
    """Insert the events with their dates; each planned event learns its ids."""
    for event in events:
        event.reference = chance.reference()
    rows = [_event_row(event, offer_ids[event.offer], now) for event in events]
    for event, id_ in zip(events, add_all_for_ids(Event, rows, "reference"), strict=True):
        event.id = id_
    dates = [
        {"event_id": event.id, "starts_at": starts_at, "ends_at": ends_at}
        for event in events
        for starts_at, ends_at in event.dates
    ]
    ids = iter(add_all_for_ids(EventDate, dates, "event_id", "starts_at"))
    for event in events:
        event.date_ids = [next(ids) for _ in event.dates]


def _event_row(event: PlannedEvent, offer_id: int, now: datetime) -> dict[str, Any]:
    is_online = event.mode is EventMode.ONLINE
    is_draft = event.state is EventState.DRAFT
    changed = [booking.booked_at for booking in event.bookings]
    return {
        "reference": event.reference,
        "offer_id": offer_id,
        "subtitle": event.subtitle,
        "state": event.state,
        "mode": event.mode,
        "venue": "" if is_online else event.venue,
        "venue_address": "" if is_online else TOWN,
        "joining_url": ""
        if event.mode is EventMode.FACE_TO_FACE
        else f"https://meet.example.org/{event.reference}",
        "joining_notes": event.notes,
        "capacity": event.capacity,
        "booking_url": event.booking_url,
        "booking_opens_at": event.opens_at,
        "booking_closes_at": event.closes_at,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "places_taken": event.places_taken,
        "waiting_count": event.waiting_count,
        "revision": len(event.bookings),
        "half_term_id": event.half_term_id,
        "created_at": event.announced_at,
        "updated_at": min(now, max([event.announced_at, *changed])),
        "published_at": None if is_draft else event.announced_at,
    }


def write_bookings(
    events: Sequence[PlannedEvent], titles: dict[str, str], chance: Chance, *, by_id: int
) -> None:
    """Insert bookings in the order of booking, calendar entries and registers taken by somebody."""
    for event in events:
        event.bookings.sort(key=lambda booking: booking.booked_at)
    pairs = [(event, booking) for event in events for booking in event.bookings]
    for _, booking in pairs:
        booking.reference = chance.reference(10)
    rows = [_booking_row(event, booking) for event, booking in pairs]
    for (_, booking), id_ in zip(pairs, add_all_for_ids(Booking, rows, "reference"), strict=True):
        booking.id = id_
    host = mail_host()
    entries = [
        entry
        for event, booking in pairs
        if _is_in_a_calendar(booking)
        for entry in _entry_rows(event, booking, titles[event.offer], chance, host)
    ]
    add_all(CalendarEntry, entries)
    registers = [
        {
            "booking_id": booking.id,
            "event_date_id": date_id,
            "outcome": outcome,
            "recorded_at": ends_at + event.register_taken_later,
            "recorded_by_id": by_id,
        }
        for event, booking in pairs
        if booking.outcomes
        for date_id, (_, ends_at), outcome in zip(
            event.date_ids, event.dates, booking.outcomes, strict=True
        )
    ]
    add_all(Attendance, registers)


def _booking_row(event: PlannedEvent, booking: PlannedBooking) -> dict[str, Any]:
    person = booking.person
    is_confirmed = booking.state is BookingState.CONFIRMED
    has_been = is_confirmed or (
        booking.state is BookingState.CANCELLED and booking.joined_waiting_at is None
    )
    late = booking.cancelled_at is not None and is_late_cancellation(
        london_date(booking.cancelled_at), london_date(event.starts_at), NOTICE_DAYS
    )
    return {
        "reference": booking.reference,
        "event_id": event.id,
        "person_id": person.id,
        "booked_by_id": person.id,
        "state": booking.state,
        "origin": booking.origin,
        "mode": booking.mode,
        "sector_id": person.sector_id,
        "organisation_id": person.body.id,
        "organisation_name": person.body.name,
        "capacity": person.capacity,
        "adjustments": booking.adjustments,
        "booked_at": booking.booked_at,
        "joined_waiting_at": booking.joined_waiting_at,
        "confirmed_at": booking.booked_at if has_been else None,
        "cancelled_at": booking.cancelled_at,
        "cancelled_because": CancelReason.PERSON if booking.cancelled_at else None,
        "cancelled_late": late,
    }


def _is_in_a_calendar(booking: PlannedBooking) -> bool:
    """Whoever ever had a place got an entry; history and people who just came got none."""
    return booking.origin is BookingOrigin.SELF and booking.joined_waiting_at is None


def _entry_rows(
    event: PlannedEvent, booking: PlannedBooking, title: str, chance: Chance, host: str
) -> list[dict[str, Any]]:
    is_cancelled = booking.state is BookingState.CANCELLED
    full_title = f"{title}, {event.subtitle}" if event.subtitle else title
    place = f"{event.venue}, {TOWN}"
    if booking.mode is EventMode.ONLINE:
        base_url = current_app.config["BASE_URL"]
        place = f"{ONLINE_WORDS} {base_url}/bookings/{booking.reference}/join"
    return [
        {
            "booking_id": booking.id,
            "event_date_id": date_id,
            "uid": chance.uid(host),
            "sequence": 1 if is_cancelled else 0,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "summary": full_title,
            "location": place,
            "organiser_email": partnership.current().organiser_email,
            "sent_at": booking.cancelled_at or booking.booked_at,
            "cancelled_at": booking.cancelled_at,
        }
        for date_id, (starts_at, ends_at) in zip(event.date_ids, event.dates, strict=True)
    ]

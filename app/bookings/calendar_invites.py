"""The entry in somebody's calendar for each event date: what it says, and which version it is."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy.orm.attributes import flag_modified

from app.accounts.models import Person
from app.bookings import links
from app.bookings.models import Booking, BookingOrigin, CalendarEntry
from app.bookings.rules import CalendarFacts, needs_calendar_update
from app.catalogue.models import Event, EventDate, EventMode
from app.kernel import clock, ical
from app.kernel.calendar_links import CalendarLinks, calendar_links
from app.kernel.ical import CalendarItem
from app.outbox.models import CalendarMethod
from app.outbox.operations import mail_host
from app.partnership import queries as partnership

ONLINE_WORDS = "Online, join at"


def booking_url(booking: Booking) -> str:
    """The page of one booking, for messages."""
    return f"{current_app.config['BASE_URL']}/bookings/{booking.reference}"


def joining_url(booking: Booking) -> str:
    """The permanent personal joining page; the real meeting link stands there alone."""
    return f"{booking_url(booking)}/join"


def reached(booking: Booking) -> Person:
    """Who messages about this booking go to: the person, or else the colleague who booked for them.

    Staff who booked for somebody without an address told them on the telephone.
    """
    by_phone = booking.origin is BookingOrigin.STAFF
    return booking.person if booking.person.email or by_phone else booking.booked_by


def place_of(booking: Booking, event: Event) -> str:
    """Where this person goes: the joining page, or the venue with its address."""
    if booking.mode is EventMode.ONLINE:
        return f"{ONLINE_WORDS} {joining_url(booking)}"
    return ", ".join(part for part in (event.venue, event.venue_address) if part)


def facts_for(booking: Booking, event: Event, date: EventDate) -> CalendarFacts:
    """What the person's calendar should say of this date now."""
    whose = "" if reached(booking) is booking.person else f" (for {booking.person.name})"
    return CalendarFacts(
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        summary=event.title + whose,
        location=place_of(booking, event),
    )


def open_entries(booking: Booking, event: Event, *, now: datetime) -> list[CalendarEntry]:
    """A new entry for each date of the event, with UIDs that stay for life; not written yet."""
    return [_new_entry(booking, event, date, now=now) for date in event.dates]


def _new_entry(booking: Booking, event: Event, date: EventDate, *, now: datetime) -> CalendarEntry:
    facts = facts_for(booking, event, date)
    return CalendarEntry(
        booking_id=booking.id,
        event_date_id=date.id,
        uid=ical.new_uid(mail_host()),
        sequence=0,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        summary=facts.summary,
        location=facts.location,
        organiser_email=partnership.current().organiser_email,
        sent_at=now,
    )


def add_missing_entries(booking: Booking, event: Event, *, now: datetime) -> list[CalendarEntry]:
    """New entries for dates added to the event since; not written yet."""
    known = {entry.event_date_id for entry in booking.calendar_entries}
    return [
        _new_entry(booking, event, date, now=now)
        for date in event.dates
        if date.id not in known and date.ends_at > now
    ]


def raise_changed_entries(
    booking: Booking, event: Event, *, now: datetime
) -> list[tuple[CalendarFacts, CalendarEntry]]:
    """Bring entries up to date, SEQUENCE raised: what each said before, and the entry."""
    dates = {date.id: date for date in event.dates}
    changed = []
    for entry in booking.calendar_entries:
        date = dates.get(entry.event_date_id or 0)
        if date is None or entry.cancelled_at or max(entry.ends_at, date.ends_at) <= now:
            continue
        old, new = _last_told(entry), facts_for(booking, event, date)
        if needs_calendar_update(old, new):
            entry.starts_at, entry.ends_at = new.starts_at, new.ends_at
            entry.summary, entry.location = new.summary, new.location
            entry.sequence += 1
            entry.sent_at = now
            _write_alike(entry)
            changed.append((old, entry))
    return changed


def _write_alike(entry: CalendarEntry) -> None:
    """Let the update of every entry name the same columns, so that all go in one statement."""
    for name in ("starts_at", "ends_at", "summary", "location"):
        flag_modified(entry, name)


def cancel_entries(
    booking: Booking, *, now: datetime, only_removed: bool = False
) -> list[CalendarEntry]:
    """Mark entries still to come as cancelled, SEQUENCE raised; or those whose date was removed."""
    cancelled = [
        entry
        for entry in booking.calendar_entries
        if entry.cancelled_at is None
        and entry.ends_at > now
        and not (only_removed and entry.event_date_id)
    ]
    for entry in cancelled:
        entry.sequence += 1
        entry.cancelled_at = entry.sent_at = now
        _write_alike(entry)
    return cancelled


def _last_told(entry: CalendarEntry) -> CalendarFacts:
    return CalendarFacts(entry.starts_at, entry.ends_at, entry.summary, entry.location)


def calendar_part(
    booking: Booking, entry: CalendarEntry, *, now: datetime
) -> tuple[CalendarMethod, str]:
    """The method and text that the mail about this entry carries."""
    item = item_of(booking, entry, now=now, is_addressed=True)
    if entry.cancelled_at:
        return CalendarMethod.CANCEL, ical.cancellation(item)
    return CalendarMethod.REQUEST, ical.invite(item)


def item_of(
    booking: Booking, entry: CalendarEntry, *, now: datetime, is_addressed: bool
) -> CalendarItem:
    """The entry as the calendar writer takes it; addressed only in a mail to one person."""
    facts, person = partnership.current(), reached(booking)
    is_online = booking.mode is EventMode.ONLINE
    return CalendarItem(
        uid=entry.uid,
        sequence=entry.sequence,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        summary=entry.summary,
        description=_description(booking, is_online),
        location=entry.location,
        url=joining_url(booking) if is_online else booking_url(booking),
        organiser_name=facts.organiser_name,
        organiser_email=entry.organiser_email,
        attendee_name=person.name if is_addressed else None,
        attendee_email=person.email if is_addressed else None,
        stamped_at=now,
        cancelled=entry.cancelled_at is not None,
    )


def links_by_date(booking: Booking, *, now: datetime) -> list[tuple[datetime, CalendarLinks]]:
    """Start of each date to come with its links into calendars on the web, for its owner alone."""
    return [
        (
            entry.starts_at,
            calendar_links(item_of(booking, entry, now=now, is_addressed=False)),
        )
        for entry in booking.calendar_entries
        if entry.cancelled_at is None and entry.ends_at > now
    ]


def _description(booking: Booking, is_online: bool) -> str:
    facts = partnership.current()
    lines = []
    if is_online:
        lines += [
            f"Join: {joining_url(booking)}",
            "The meeting link is shown there from 24 hours before the start.",
        ]
    lines += [
        f"Can't come? {links.link(booking, links.Purpose.CANT_COME)}",
        f"Questions: {facts.email} {facts.phone}".strip(),
        clock.example_words(),
    ]
    return "\n".join(filter(None, lines))

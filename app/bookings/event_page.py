"""What the public page of an event says in each state, its calendar file, its structured data."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from markupsafe import Markup
from sqlalchemy import bindparam, select

from app.bookings.rules import Opening
from app.catalogue import public_pages
from app.catalogue.models import Event, EventDate, EventMode, Offer, OfferKind
from app.catalogue.rules import BAR_UNITS
from app.catalogue.schema_org import in_script
from app.kernel import clock
from app.kernel.calendar_links import CalendarLinks, calendar_links
from app.kernel.db import read_alone
from app.kernel.ical import CalendarItem, download
from app.kernel.london import clock_words, date_words, to_london
from app.outbox.operations import mail_host
from app.partnership import queries as partnership

ATTENDANCE_MODES = {
    EventMode.ONLINE: ("online", "OnlineEventAttendanceMode"),
    EventMode.FACE_TO_FACE: ("onsite", "OfflineEventAttendanceMode"),
    EventMode.HYBRID: ("blended", "MixedEventAttendanceMode"),
}
COURSE_KINDS = {OfferKind.COURSE, OfferKind.MASTERCLASS, OfferKind.SAFER_SLEEP, OfferKind.WORKSHOP}
BOOKABLE = {Opening.OPEN, Opening.OPEN_TO_ALL, Opening.FULL}


@dataclass(frozen=True)
class OpeningWords:
    """How the page puts the state of booking: a heading, a sentence, a button if there is one."""

    heading: str
    sentence: str
    button: str = ""
    is_warm: bool = False
    bar_units: int | None = None


def opening_words(event: Event, state: Opening) -> OpeningWords:
    """The state of booking in words."""
    if state in BOOKABLE:
        return _bookable_words(event, state)
    match state:
        case Opening.CANCELLED:
            reason = event.cancellation_reason
            heading, sentence = "Cancelled", reason or "This session does not take place."
        case Opening.DRAFT:
            heading, sentence = "Draft", "Only staff can see this page until it is published."
        case Opening.PAST:
            heading, sentence = "This session is over", "See when it runs again."
        case Opening.STARTED:
            heading, sentence = "Under way", "It can no longer be booked."
        case Opening.NOT_YET_OPEN:
            heading = "Booking is not open yet"
            sentence = f"It opens on {_moment(event.booking_opens_at)}."
        case Opening.ELSEWHERE:
            heading = "Booked elsewhere"
            sentence = f"{event_runner(event)} runs this session and takes the bookings."
        case _:
            heading = "Booking has closed"
            sentence = f"It closed on {_moment(event.booking_closes_at)}. Ask us about late places."
    return OpeningWords(heading, sentence, is_warm=state is Opening.CANCELLED)


def event_runner(event: Event) -> str:
    """Who takes the bookings of an event that is booked elsewhere, by name or by address."""
    return event.offer.provider or urlsplit(event.booking_url).hostname or "Another organisation"


def _bookable_words(event: Event, state: Opening) -> OpeningWords:
    closes = f"Booking closes on {_moment(event.booking_closes_at)}."
    if event.capacity is None:
        return OpeningWords("Open to all", closes, "Book a place")
    bar = min(BAR_UNITS, round(BAR_UNITS * event.places_taken / event.capacity))
    if state is Opening.FULL:
        waiting = event.waiting_count
        words = f"Full, {waiting} waiting" if waiting else "Full"
        sentence = (
            "Places that become free go to whoever joined the waiting list first. "
            "You are told at once if one is yours."
        )
        return OpeningWords(words, sentence, "Join the waiting list", is_warm=True, bar_units=bar)
    left = event.places_left or 0
    words = f"{left} place{'s' if left != 1 else ''} left"
    return OpeningWords(words, closes, "Book a place", bar_units=bar)


def _moment(instant: datetime) -> str:
    return f"{date_words(instant)}, {clock_words(instant)}"


_VERSION = (
    select(Event.revision, Offer.revision, Event.updated_at)
    .join(Event.offer)
    .where(Event.reference == bindparam("reference"))
)


def version(reference: str) -> Hashable | None:
    """What changes whenever the event, its places or its offer do; None if there is no event."""
    rows = read_alone(_VERSION, {"reference": reference})
    return tuple(rows[0]) if rows else None


def next_change_at(event: Event, now: datetime) -> datetime:
    """The next instant at which the page says something else though nobody changed anything."""
    moments = (event.booking_opens_at, event.booking_closes_at, event.starts_at, event.ends_at)
    return min([now + public_pages.MOST_AGE, *(at for at in moments if at > now)])


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    last_two = number % 100
    if 10 < last_two < 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def event_url(event: Event) -> str:
    """The event's public page, for what leaves the site."""
    return f"{current_app.config['BASE_URL']}/events/{event.reference}"


def calendar_file(event: Event) -> str:
    """All dates of the event to add to a calendar; nobody's ATTENDEE, no meeting link."""
    return download([_public_item(event, date) for date in event.dates], event.title)


def links_by_date(event: Event, *, now: datetime) -> list[tuple[datetime, CalendarLinks]]:
    """Start of each date to come with its links into calendars on the web; nothing personal."""
    return [
        (date.starts_at, calendar_links(_public_item(event, date)))
        for date in event.dates
        if date.ends_at > now
    ]


def _public_item(event: Event, date: EventDate) -> CalendarItem:
    facts = partnership.current()
    location = ", ".join(part for part in (event.place_words, event.venue_address) if part)
    return CalendarItem(
        # As in the public feed, so that a calendar that has both shows the date once.
        uid=f"programme-{event.reference}-{date.id}@{mail_host()}",
        sequence=max(0, int((event.updated_at - event.created_at).total_seconds()) // 60),
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        summary=event.title,
        description="\n".join(
            filter(None, (event.offer.summary, event_url(event), clock.example_words()))
        ),
        location=location[:1].upper() + location[1:],
        url=event_url(event),
        organiser_name=facts.organiser_name,
        organiser_email=facts.organiser_email,
        attendee_name=None,
        attendee_email=None,
        stamped_at=event.updated_at,
        last_modified_at=event.updated_at,
        cancelled=event.cancelled_at is not None,
    )


def structured_data(event: Event) -> Markup:
    """The event for search engines (schema.org), safe inside a script element."""
    facts = partnership.current()
    course_mode, attendance_mode = ATTENDANCE_MODES[event.mode]
    status = "EventCancelled" if event.cancelled_at else "EventScheduled"
    is_course = event.offer.kind in COURSE_KINDS
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "CourseInstance" if is_course else "EducationEvent",
        "@id": event_url(event),
        "name": event.title,
        "description": event.offer.summary,
        "url": event_url(event),
        "startDate": to_london(event.starts_at).isoformat(),
        "endDate": to_london(event.ends_at).isoformat(),
        "eventStatus": f"https://schema.org/{status}",
        "eventAttendanceMode": f"https://schema.org/{attendance_mode}",
        "location": _location(event),
        "isAccessibleForFree": True,
        "organizer": {"@type": "Organization", "name": facts.name, "url": facts.website},
    }
    if is_course:
        data["courseMode"] = course_mode
    if event.capacity is not None:
        data["maximumAttendeeCapacity"] = event.capacity
        data["remainingAttendeeCapacity"] = event.places_left
    return in_script(data)


def _location(event: Event) -> Any:
    online = {"@type": "VirtualLocation", "url": event_url(event)}
    if event.mode is EventMode.ONLINE:
        return online
    place = {"@type": "Place", "name": event.venue, "address": event.venue_address}
    return place if event.mode is EventMode.FACE_TO_FACE else [place, online]

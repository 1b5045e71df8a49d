"""What may be booked, who is next, and what is told: values in, values out."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.catalogue.models import EventMode
from app.kernel.refusals import Refused

SATURDAY = 5
ONE_MICROSECOND = timedelta(microseconds=1)
# The real meeting link is shown from this long before the start until the end.
JOINING_OPENS = timedelta(hours=24)


class Opening(enum.StrEnum):
    """What an event's page can say about booking."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    PAST = "past"
    STARTED = "started"
    NOT_YET_OPEN = "not_yet_open"
    CLOSED = "closed"
    ELSEWHERE = "elsewhere"
    FULL = "full"
    OPEN = "open"
    OPEN_TO_ALL = "open_to_all"


class Outcome(enum.StrEnum):
    """What a new booking becomes."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    REQUESTED = "requested"


@dataclass(frozen=True)
class EventFacts:
    """What the decisions about an event's bookings rest on."""

    is_published: bool
    is_cancelled: bool
    capacity: int | None
    places_taken: int
    waiting_count: int
    opens_at: datetime
    closes_at: datetime
    starts_at: datetime
    ends_at: datetime
    is_elsewhere: bool = False  # it is another body's, and booked there (R15)


@dataclass(frozen=True)
class CalendarFacts:
    """What somebody's calendar shows of one event date."""

    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str


REFUSALS = {
    Opening.DRAFT: "This session has not been announced yet",
    Opening.CANCELLED: "This session has been cancelled",
    Opening.PAST: "This session is over",
    Opening.STARTED: "This session has started, so it can no longer be booked",
    Opening.NOT_YET_OPEN: "Booking for this session has not opened yet",
    Opening.CLOSED: "Booking for this session has closed",
    Opening.ELSEWHERE: "This session is booked with the organisation that runs it, not here",
}
# Somebody who rings may still get a place from staff.
STAFF_MAY_BOOK = {Opening.NOT_YET_OPEN, Opening.CLOSED}


def places_free(capacity: int | None, places_taken: int) -> int | None:
    """Free places, never below 0; None when open to all."""
    return None if capacity is None else max(0, capacity - places_taken)


def opening(facts: EventFacts, now: datetime) -> Opening:
    """What can be said about booking now; a window includes its opening and not its closing."""
    if facts.is_cancelled or not facts.is_published:
        return Opening.CANCELLED if facts.is_cancelled else Opening.DRAFT
    if now >= facts.ends_at:
        return Opening.PAST
    if now >= facts.starts_at:
        return Opening.STARTED
    if now >= facts.closes_at or facts.is_elsewhere:
        return Opening.ELSEWHERE if now < facts.closes_at else Opening.CLOSED
    if now < facts.opens_at:
        return Opening.NOT_YET_OPEN
    if facts.capacity is None:
        return Opening.OPEN_TO_ALL
    # Where places are free although people wait, limits bar those who do: a newcomer may get one.
    return Opening.OPEN if places_free(facts.capacity, facts.places_taken) else Opening.FULL


def way_given(
    wanted: EventMode, taken: Mapping[EventMode, int], *, capacity: int, online_capacity: int
) -> EventMode:
    """How a hybrid event's next place is taken up: as wanted, or the other way if that is full.

    Where nobody has room, which a smaller event may bring about, what was wanted stands.
    """
    room = {
        EventMode.ONLINE: online_capacity - taken.get(EventMode.ONLINE, 0),
        EventMode.FACE_TO_FACE: capacity - online_capacity - taken.get(EventMode.FACE_TO_FACE, 0),
    }
    other = EventMode.FACE_TO_FACE if wanted is EventMode.ONLINE else EventMode.ONLINE
    return other if room[wanted] <= 0 < room[other] else wanted


def check_may_book(
    facts: EventFacts, *, already_booked: bool, by_staff: bool = False, now: datetime
) -> None:
    """Refused with the reason to show if no booking may be made now."""
    if already_booked:
        raise Refused("This person has a booking already" if by_staff else "You are booked already")
    state = opening(facts, now)
    if state in REFUSALS and not (by_staff and state in STAFF_MAY_BOOK):
        raise Refused(REFUSALS[state])


def decide(
    facts: EventFacts, *, waiting_barred: int = 0, is_over_limit: bool = False, needs_yes: bool
) -> Outcome:
    """What a booking becomes that may be made: a newcomer never passes people who could have it.

    `waiting_barred` counts those whom a limit keeps from the next place: they hold up nobody.
    """
    if needs_yes:
        return Outcome.REQUESTED
    free = places_free(facts.capacity, facts.places_taken)
    has_room = free is None or (free > 0 and facts.waiting_count <= waiting_barred)
    return Outcome.CONFIRMED if has_room and not is_over_limit else Outcome.WAITING


def may_promote(facts: EventFacts, now: datetime) -> bool:
    """Whether places that get free still go to waiting people: until the start."""
    return facts.is_published and not facts.is_cancelled and now < facts.starts_at


def joining_time(now: datetime, last_joined_at: datetime | None) -> datetime:
    """When somebody joins the waiting list: always strictly after the one before, by any clock."""
    return now if last_joined_at is None else max(now, last_joined_at + ONE_MICROSECOND)


def last_day_of_notice(event_on: date, notice_days: int) -> date:
    """The last day to cancel in good time: so many working days (Monday to Friday) before."""
    day, left = event_on, notice_days
    while left > 0:
        day -= timedelta(days=1)
        if day.weekday() < SATURDAY:
            left -= 1
    return day


def is_late_cancellation(cancelled_on: date, event_on: date, notice_days: int) -> bool:
    """Whether less notice was given than is asked for; nobody is charged (R14)."""
    return cancelled_on > last_day_of_notice(event_on, notice_days)


def needs_calendar_update(old: CalendarFacts, new: CalendarFacts) -> bool:
    """Whether calendars must be told: time, title or place differs."""
    return old != new

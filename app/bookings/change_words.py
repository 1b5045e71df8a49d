"""An event as it should be, and what a change changes, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.catalogue.models import Event, EventMode
from app.catalogue.rules import MODE_WORDS, event_title, place_words
from app.kernel.london import clock_words, date_words, period_words


@dataclass(frozen=True)
class DateChange:
    """One date of the event as it should be; without an id it is new."""

    id: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class EventChange:
    """The event as it should be; a date that is not named is taken out."""

    dates: tuple[DateChange, ...]
    mode: EventMode
    venue: str
    venue_address: str
    joining_url: str
    joining_notes: str
    capacity: int | None
    booking_opens_at: datetime
    booking_closes_at: datetime
    subtitle: str = ""
    has_catering: bool = False
    half_term_id: int | None = None
    minimum: int | None = None
    online_capacity: int | None = None
    online_notes: str = ""
    booking_url: str = ""


def facts_in_words(event: Event, change: EventChange | None = None) -> tuple[tuple[str, str], ...]:
    """What people are told about when it changes: title, when, where; of the event or a change."""
    now: Event | EventChange = change or event
    dates = sorted((date.starts_at, date.ends_at) for date in now.dates)
    is_online = now.mode is EventMode.ONLINE
    place = (place_words(now.mode, now.venue), "" if is_online else now.venue_address)
    return (
        ("Title", event_title(event.offer.title, now.subtitle)),
        ("When", "; ".join(period_words(starts_at, ends_at) for starts_at, ends_at in dates)),
        ("Where", ", ".join(part for part in place if part)),
    )


def differences(event: Event, change: EventChange) -> list[tuple[str, str, str]]:
    """What a change changes: the fact, how it is, how it will be."""
    old, new = _all_in_words(event), _all_in_words(event, change)
    return [
        (what, before, after)
        for (what, before), (_, after) in zip(old, new, strict=True)
        if before != after
    ]


def _all_in_words(event: Event, change: EventChange | None = None) -> list[tuple[str, str]]:
    now: Event | EventChange = change or event
    return [
        *facts_in_words(event, change),
        ("How people take part", MODE_WORDS[now.mode]),
        ("Places", "Open to all" if now.capacity is None else str(now.capacity)),
        ("Booking opens", moment_words(now.booking_opens_at)),
        ("Booking closes", moment_words(now.booking_closes_at)),
        ("Meeting link", now.joining_url or "None yet"),
        ("Food", "Served" if now.has_catering else "Not served"),
        ("What people should know", now.joining_notes or "Nothing"),
        ("What those online should know", now.online_notes or "Nothing else"),
        ("Places online", str(now.online_capacity or "Not told apart")),
        ("Fewest people it runs with", str(now.minimum or "Any number")),
        ("Booked", now.booking_url or "Here"),
    ]


def moment_words(instant: datetime) -> str:
    """A day and a time of day."""
    return f"{date_words(instant)}, {clock_words(instant)}"


def closing_left_behind(event: Event, change: EventChange) -> str:
    """When booking closes, if the start is moved and that is not; empty if there is no need."""
    starts_at, closes_at = min(date.starts_at for date in change.dates), change.booking_closes_at
    is_left = starts_at != event.starts_at and closes_at == event.booking_closes_at < starts_at
    return moment_words(closes_at) if is_left else ""

"""What the catalogue says about an event: how many places, when, under which month."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from app.catalogue.models import (
    EventMode,
    EventState,
    Level,
    OfferKind,
    OfferState,
    SourceOfNeed,
)
from app.kernel import london

Item = TypeVar("Item")
BAR_UNITS = 120  # how wide the bar of places is drawn


class KindWords(NamedTuple):
    """What one kind of offer is called, one and many."""

    one: str
    many: str


KIND_WORDS = {
    OfferKind.COURSE: KindWords("Course", "Courses"),
    OfferKind.LEARNING_EXCHANGE: KindWords("Learning exchange", "Learning exchanges"),
    OfferKind.DSL_FORUM: KindWords("DSL forum", "DSL forums"),
    OfferKind.SAFER_SLEEP: KindWords("Safer Sleep", "Safer Sleep"),
    OfferKind.MASTERCLASS: KindWords("Masterclass", "Masterclasses"),
    OfferKind.CONFERENCE: KindWords("Conference", "Conferences"),
    OfferKind.BRIEFING: KindWords("Briefing", "Briefings"),
    OfferKind.WORKSHOP: KindWords("Workshop", "Workshops"),
    OfferKind.PEER_SUPPORT: KindWords("Peer support", "Peer support"),
    OfferKind.RESOURCE: KindWords("Resource", "Resources"),
}
STATE_WORDS = {
    OfferState.IN_DEVELOPMENT: "In development",
    OfferState.PUBLISHED: "Published",
    OfferState.ARCHIVED: "Archived",
}
LEVEL_WORDS = {Level.CORE: "Core", Level.SUBJECT_SPECIFIC: "Subject-specific"}
SOURCE_WORDS = {
    SourceOfNeed.PRACTICE_REVIEW: "Child Safeguarding Practice Review",
    SourceOfNeed.MULTI_AGENCY_AUDIT: "Multi-agency audit",
    SourceOfNeed.CHILD_DEATH_REVIEW: "Child death review (CDOP)",
    SourceOfNeed.NATIONAL_REPORT: "National report or research",
    SourceOfNeed.WORKFORCE_REQUEST: "Request from the workforce",
    SourceOfNeed.STATUTORY_GUIDANCE: "Statutory guidance",
}
MODE_WORDS = {
    EventMode.ONLINE: "Online",
    EventMode.FACE_TO_FACE: "Face to face",
    EventMode.HYBRID: "Face to face or online",
}


class PlacesState(enum.StrEnum):
    """What somebody who wants a place needs to know first."""

    CANCELLED = "cancelled"
    CLOSED = "closed"
    ELSEWHERE = "elsewhere"
    NOT_OPEN = "not_open"
    OPEN_TO_ALL = "open_to_all"
    FREE = "free"
    FULL = "full"


class PlacesFact(NamedTuple):
    """Places as a fact in words and, where there is a limit, a bar of 0 to 120 units."""

    state: PlacesState
    words: str
    bar_units: int | None = None

    @property
    def is_warm(self) -> bool:
        """Whether it asks for attention."""
        return self.state in {PlacesState.CANCELLED, PlacesState.FULL}

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to do about it now."""
        return self.state in {PlacesState.CLOSED, PlacesState.NOT_OPEN, PlacesState.ELSEWHERE}

    @property
    def can_be_booked(self) -> bool:
        """Whether a booking, or joining the waiting list, is possible now."""
        return self.state in {PlacesState.FREE, PlacesState.FULL, PlacesState.OPEN_TO_ALL}


def places_fact(
    *,
    state: EventState,
    capacity: int | None,
    places_taken: int,
    waiting_count: int,
    booking_opens_at: datetime,
    booking_closes_at: datetime,
    is_elsewhere: bool = False,
    now: datetime,
) -> PlacesFact:
    """What to say about the places of an event at this instant."""
    if state is EventState.CANCELLED:
        return PlacesFact(PlacesState.CANCELLED, "Cancelled")
    if now >= booking_closes_at:
        return PlacesFact(PlacesState.CLOSED, "Booking closed")
    if is_elsewhere:
        return PlacesFact(PlacesState.ELSEWHERE, "Booked elsewhere")
    if now < booking_opens_at:
        return PlacesFact(PlacesState.NOT_OPEN, f"Booking opens {opening_words(booking_opens_at)}")
    if capacity is None:
        return PlacesFact(PlacesState.OPEN_TO_ALL, "Open to all")
    bar = min(BAR_UNITS, round(BAR_UNITS * places_taken / capacity))
    left = capacity - places_taken
    if left > 0:
        return PlacesFact(PlacesState.FREE, f"{left} place{'s' * (left != 1)} left", bar)
    words = f"Full · {waiting_count} waiting" if waiting_count else "Full"
    return PlacesFact(PlacesState.FULL, words, bar)


def taken_words(capacity: int | None, places_taken: int, waiting_count: int) -> str:
    """How an event fills, as staff count it: 25 of 32 taken, 9 waiting."""
    taken = f"{places_taken} booked" if capacity is None else f"{places_taken} of {capacity} taken"
    return f"{taken}, {waiting_count} waiting" if waiting_count else taken


def opening_words(opens_at: datetime) -> str:
    """When booking opens, short enough for a list: 3 December, or 3 December, 9:30am."""
    local = london.to_london(opens_at)
    day = f"{local.day} {local:%B}"
    return day if (local.hour, local.minute) == (0, 0) else f"{day}, {london.clock_words(opens_at)}"


def place_words(mode: EventMode, venue: str) -> str:
    """Where an event is, in a word or two."""
    if mode is EventMode.ONLINE:
        return "online"
    venue = venue or "place to be announced"
    return f"{venue} or online" if mode is EventMode.HYBRID else venue


def event_title(offer_title: str, subtitle: str) -> str:
    """What an event is called: the offer's title and what tells it apart."""
    return f"{offer_title}, {subtitle}" if subtitle else offer_title


def session_time_words(starts_at: datetime, first_ends_at: datetime, dates_count: int) -> str:
    """From when to when, and how many dates: 9:30am to 12:30pm, first of 3 dates."""
    span = london.time_span_words(starts_at, first_ends_at)
    return f"{span}, first of {dates_count} dates" if dates_count > 1 else span


def sentence(*parts: str) -> str:
    """Short facts joined into sentences: Everyone who works with families. Half a day."""
    ended = (part.strip() for part in parts if part and part.strip())
    return " ".join(part if part[-1] in ".!?" else f"{part}." for part in ended)


def month_of(instant: datetime) -> str:
    """The London month of an instant as it stands in an address: 2026-12."""
    return f"{london.to_london(instant):%Y-%m}"


def month_words(month: str) -> str:
    """A month as people read it: December 2026."""
    return f"{date.fromisoformat(month + '-01'):%B %Y}"


def count_words(count: int, one: str = "session", many: str = "") -> str:
    """A number with its noun: No sessions, 1 session, 34 sessions."""
    if count == 1:
        return f"1 {one}"
    return f"{format(count, ',') if count else 'No'} {many or one + 's'}"


class Month(NamedTuple, Generic[Item]):
    """One month of a list, with how many sessions it has in all, on other pages too."""

    words: str
    count_words: str
    lines: list[Item]


def by_month(
    lines: Iterable[Item], *, month: Callable[[Item], str], counts: Mapping[str, int]
) -> list[Month[Item]]:
    """Lines in their order, under their months."""
    return [
        Month(month_words(key), count_words(counts[key]), list(group))
        for key, group in groupby(lines, key=month)
    ]


def outcome_lines(text: str) -> list[str]:
    """What people can do afterwards, as staff typed it: one to a line, bullets taken off."""
    typed = (line.strip().lstrip("-•*").strip() for line in text.splitlines())
    return [line for line in typed if line]

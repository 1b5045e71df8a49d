"""What is read for a report, as plain values: offers, sessions, bookings side by side, bodies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import compress
from typing import NamedTuple

from app.bookings.models import AttendanceOutcome
from app.home.report.rules import BookingFacts, Figure

NO_ORGANISATION = 0


class OfferFacts(NamedTuple):
    """An offer as the report groups it."""

    id: int
    slug: str
    title: str
    kind: str
    state: str
    provider: str | None
    series: str | None
    priority: tuple[str, int, str] | None  # plan, number, title


class EventFacts(NamedTuple):
    """A session as it stands in the database."""

    id: int
    offer_id: int
    state: str
    starts_at: datetime
    is_history: bool
    is_elsewhere: bool
    in_house_for: int | None


class OrganisationFacts(NamedTuple):
    """A body people come from; one that was succeeded counts as its successor."""

    id: int
    name: str
    kind: str
    sector_id: int
    phase: str | None
    opened_on: date | None
    closed_on: date | None
    successor_id: int | None
    contact_email: str | None
    is_proposed: bool


class Bookings(NamedTuple):
    """Bookings side by side, as columns: a hundred thousand are counted column by column."""

    events: Sequence[int]
    people: Sequence[int]
    sectors: Sequence[int]
    organisations: Sequence[int]
    hows: Sequence[str]  # what became of each, written as `facts_of` reads it

    def within(self, events: Container[int]) -> Bookings:
        """Those of some sessions."""
        chosen = [event in events for event in self.events]
        return Bookings(
            list(compress(self.events, chosen)),
            list(compress(self.people, chosen)),
            list(compress(self.sectors, chosen)),
            list(compress(self.organisations, chosen)),
            list(compress(self.hows, chosen)),
        )


def facts_of(how: str) -> BookingFacts:
    """What became of a booking, from its one word: "confirmed|self||0|1|0|attended"."""
    state, origin, because, late, confirmed, after_start, marks = how.split("|")
    dates = Counter(marks.split(","))
    return BookingFacts(
        state,
        origin,
        because or None,
        late == "1",
        confirmed == "1",
        after_start == "1",
        *(dates[outcome.value] for outcome in AttendanceOutcome),
    )


class HeadsRow(NamedTuple):
    """The heads counted on one date of a session."""

    event_id: int
    heads: int
    out_of_area: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for a report."""

    offers: Mapping[int, OfferFacts]
    events: Sequence[EventFacts]
    bookings: Bookings
    organisations: Mapping[int, OrganisationFacts]
    sectors: Mapping[int, str]  # in the partnership's order
    heads: Sequence[HeadsRow] = ()
    requests: Sequence[tuple[int, Figure, int]] = ()  # event, declined or lapsed, how many
    wishes: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # offer: asked, not told


def successors(organisations: Mapping[int, OrganisationFacts]) -> dict[int, int]:
    """Which organisation each one is now, at the end of its chain of successors."""
    found = {}
    for organisation_id in organisations:
        seen, now = {organisation_id}, organisation_id
        after = organisations[now].successor_id
        while after is not None and after in organisations and after not in seen:
            seen.add(after)
            now, after = after, organisations[after].successor_id
        found[organisation_id] = now
    return found

"""Counting: from sessions, bookings and organisations as plain values to the lines of a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from app.accounts.models import OrganisationKind
from app.bookings.models import BookingState
from app.home.report.rules import (
    ESTABLISHMENTS,
    BookingFacts,
    Figure,
    Line,
    SessionFacts,
    figures_of_booking,
    figures_of_session,
)
from app.kernel.london import london_date

Key = TypeVar("Key", bound=Hashable)
Tallies = dict[Key, Counter[Figure]]
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


class BookingRow(NamedTuple):
    """One booking: whose and where, then what BookingFacts holds."""

    event_id: int
    person_id: int
    sector_id: int
    organisation_id: int
    facts: BookingFacts


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
    bookings: Sequence[BookingRow]
    organisations: Mapping[int, OrganisationFacts]
    sectors: Mapping[int, str]  # in the partnership's order
    heads: Sequence[HeadsRow] = ()
    requests: Sequence[tuple[int, Figure, int]] = ()  # event, declined or lapsed, how many
    wishes: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # offer: asked, not told


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of one period."""

    total: Line
    offers: Mapping[int, Line]
    series: Sequence[Line]
    providers: Sequence[Line]
    priorities: Sequence[Line]
    sectors: Mapping[int, Line]
    organisations: Mapping[int, Line]  # by the organisation that it is now; 0 is none named
    months: Mapping[date, Line]  # by the first day of the month in which a session began


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


def count(facts: Facts, events: Iterable[EventFacts], *, now: datetime, own: str) -> Counted:
    """The figures of these sessions; `own` is who delivers what names nobody else."""
    return _Count(facts, {event.id: event for event in events}, now).counted(own)


class _Count:
    """The bookings of some sessions side by side, as columns: each figure counts over them once."""

    def __init__(self, facts: Facts, events: dict[int, EventFacts], now: datetime) -> None:
        self.facts, self.events, self.now = facts, events, now
        self.now_is = successors(facts.organisations)
        self.now_is[NO_ORGANISATION] = NO_ORGANISATION
        self.rows = [row for row in facts.bookings if row[0] in events]
        self.sessions = self._sessions()
        self.fates = self._fates()
        came = [
            row
            for row, fate in zip(self.rows, self.fates, strict=True)
            if Figure.ATTENDANCES in fate
        ]
        self.came_to = [row[0] for row in came]
        self.people = [row[1] for row in came]
        self.of_sectors = [row[2] for row in came]
        self.of_bodies = [self.now_is[row[3]] for row in came]

    def counted(self, own: str) -> Counted:
        """Every line of the report."""
        by_event = self._by_event()
        offers, offer_of = self.facts.offers, {e.id: e.offer_id for e in self.events.values()}

        def lines(of_offer: Callable[[OfferFacts], Hashable]) -> dict[Hashable, Line]:
            group_of = {event: of_offer(offers[offer]) for event, offer in offer_of.items()}
            found = self._rolled_up(by_event, group_of)
            for offer_id, (asked, not_told) in self.facts.wishes.items():
                wishes = found[of_offer(offers[offer_id])]
                wishes[Figure.WISHES] += asked
                wishes[Figure.WISHES_OPEN] += not_told
            return {key: Line(str(key), tally) for key, tally in found.items()}

        by_offer = lines(lambda offer: offer.id)
        total = lines(lambda offer: "All learning").get("All learning", Line("All learning", {}))
        return Counted(
            total=total,
            offers={
                offer.id: Line(offer.title, by_offer[offer.id].figures)
                for offer in offers.values()
                if offer.id in by_offer
            },
            series=_in_order(lines(lambda offer: offer.series or "In no series")),
            providers=_in_order(lines(lambda offer: offer.provider or own)),
            priorities=_in_order(lines(lambda offer: priority_words(offer.priority))),
            sectors=self._of_sectors(),
            organisations=self._of_organisations(),
            months=self._of_months(by_event),
        )

    def _sessions(self) -> dict[int, SessionFacts]:
        marked = {
            row[0]
            for row in self.rows
            if row.facts.dates_attended or row.facts.dates_in_part or row.facts.dates_missed
        }
        return {
            event.id: SessionFacts(
                state=event.state,
                has_begun=event.starts_at <= self.now,
                is_history=event.is_history,
                is_elsewhere=event.is_elsewhere,
                is_in_house=event.in_house_for is not None,
                has_register=event.id in marked,
            )
            for event in self.events.values()
        }

    def _fates(self) -> list[tuple[Figure, ...]]:
        """What each booking adds to; there are far fewer fates than bookings."""
        known: dict[tuple[BookingFacts, SessionFacts], tuple[Figure, ...]] = {}
        found = []
        for event_id, _, _, _, facts in self.rows:
            key = facts, self.sessions[event_id]
            fate = known.get(key)
            if fate is None:
                fate = known[key] = figures_of_booking(*key)
            found.append(fate)
        return found

    def _by_event(self) -> Tallies[int]:
        found = _expanded(Counter(zip((row[0] for row in self.rows), self.fates, strict=True)))
        heads = self._heads()
        booked = Counter(row[0] for row in self.rows if row.facts.state == BookingState.CONFIRMED)
        for event_id, session in self.sessions.items():
            tally = found[event_id]
            if session.is_counted and event_id in heads:
                tally[Figure.HEADS], tally[Figure.HEADS_OUT_OF_AREA] = heads[event_id]
            for figure in figures_of_session(
                session, booked=booked[event_id], has_heads=event_id in heads
            ):
                tally[figure] += 1
        for event_id, figure, number in self.facts.requests:
            if event_id in self.sessions and self.sessions[event_id].is_counted:
                found[event_id][figure] += number
        return found

    def _heads(self) -> dict[int, tuple[int, int]]:
        """Of several dates the largest count, with those from elsewhere among them."""
        found: dict[int, tuple[int, int]] = {}
        for event_id, heads, out_of_area in self.facts.heads:
            found[event_id] = max((heads, out_of_area), found.get(event_id, (0, 0)))
        return found

    def _in_house(self) -> list[tuple[int, int]]:
        """Sessions held for one organisation, and the organisation that it is now."""
        return [
            (event.id, self.now_is[event.in_house_for])
            for event in self.events.values()
            if event.in_house_for is not None
            and self.sessions[event.id].is_counted
            and self.sessions[event.id].has_begun
        ]

    def _rolled_up(self, by_event: Tallies[int], group_of: Mapping[int, Key]) -> Tallies[Key]:
        """Sums over sessions; people and bodies are counted anew, since one may be in several."""
        found: Tallies[Key] = defaultdict(Counter)
        for event_id, tally in by_event.items():
            found[group_of[event_id]].update(tally)
        groups = [group_of[event_id] for event_id in self.came_to]
        self._add_people(found, groups)
        bodies = set(zip(groups, self.of_bodies, strict=True))
        bodies |= {(group_of[event_id], body) for event_id, body in self._in_house()}
        for group, body in bodies:
            kind = self._kind(body)
            if kind in ESTABLISHMENTS:
                found[group][ESTABLISHMENTS[kind]] += 1
        return found

    def _add_people(self, found: Tallies[Key], groups: Sequence[Key]) -> None:
        for group, _ in set(zip(groups, self.people, strict=True)):
            found[group][Figure.PEOPLE] += 1
        far = OrganisationKind.OUT_OF_AREA
        from_far = {body for body in set(self.of_bodies) if self._kind(body) == far}
        if from_far:
            away = zip(groups, self.people, self.of_bodies, strict=True)
            for group, _ in {(group, who) for group, who, body in away if body in from_far}:
                found[group][Figure.PEOPLE_OUT_OF_AREA] += 1

    def _kind(self, body: int) -> OrganisationKind | None:
        known = self.facts.organisations.get(body)
        return OrganisationKind(known.kind) if known else None

    def _of_sectors(self) -> dict[int, Line]:
        found = _expanded(Counter(zip((row[2] for row in self.rows), self.fates, strict=True)))
        self._add_people(found, self.of_sectors)
        self._add_in_house(found, lambda body: self.facts.organisations[body].sector_id)
        return {
            sector_id: Line(name, found.get(sector_id, Counter()))
            for sector_id, name in self.facts.sectors.items()
        }

    def _of_organisations(self) -> dict[int, Line]:
        now_is = self.now_is
        bodies = (now_is[row[3]] for row in self.rows)
        found = _expanded(Counter(zip(bodies, self.fates, strict=True)))
        self._add_people(found, self.of_bodies)
        self._add_in_house(found, lambda body: body)
        for body, _ in set(zip(self.of_bodies, self.came_to, strict=True)) | {
            (body, event_id) for event_id, body in self._in_house()
        }:
            found[body][Figure.SESSIONS] += 1
        return {
            body: Line(self._name(body), tally)
            for body, tally in found.items()
            if any(tally.values())
        }

    def _of_months(self, by_event: Tallies[int]) -> dict[date, Line]:
        month_of = {
            event.id: london_date(event.starts_at).replace(day=1) for event in self.events.values()
        }
        found = self._rolled_up(by_event, month_of)
        return {month: Line(f"{month:%B %Y}", found[month]) for month in sorted(found)}

    def _add_in_house(self, found: Tallies[int], key_of: Callable[[int], int]) -> None:
        """Heads belong to the organisation whose staff were counted."""
        heads = self._heads()
        for event_id, body in self._in_house():
            tally = found[key_of(body)]
            tally[Figure.IN_HOUSE] += 1
            counted, out_of_area = heads.get(event_id, (0, 0))
            tally[Figure.HEADS] += counted
            tally[Figure.HEADS_OUT_OF_AREA] += out_of_area

    def _name(self, body: int) -> str:
        known = self.facts.organisations.get(body)
        return known.name if known else "No organisation from our list"


def priority_words(priority: tuple[str, int, str] | None) -> str:
    """A priority as a line names it."""
    return f"{priority[0]}, {priority[1]}. {priority[2]}" if priority else "Serves no one priority"


def _expanded(counted: Counter[tuple[int, tuple[Figure, ...]]]) -> Tallies[int]:
    found: Tallies[int] = defaultdict(Counter)
    for (key, fate), number in counted.items():
        tally = found[key]
        for figure in fate:
            tally[figure] += number
    return found


def _in_order(lines: Mapping[Hashable, Line]) -> list[Line]:
    """Those with something to say, most people first."""
    return sorted(
        (line for line in lines.values() if not line.is_empty),
        key=lambda line: (-line[Figure.PEOPLE], -line[Figure.SESSIONS], line.name),
    )

"""Counting: from sessions, bookings and organisations as plain values to the lines of a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import compress
from operator import itemgetter
from typing import TypeVar

from app.accounts.models import OrganisationKind
from app.bookings.models import BookingState
from app.home.report.facts_rules import (
    NO_ORGANISATION,
    EventFacts,
    Facts,
    HeadsRow,
    OfferFacts,
    facts_of,
    successors,
)
from app.home.report.rules import (
    ESTABLISHMENTS,
    Figure,
    Line,
    SessionFacts,
    figures_of_booking,
    figures_of_session,
)
from app.kernel.london import london_date

Key = TypeVar("Key", bound=Hashable)
Fate = tuple[Figure, ...]
Tallies = dict[Key, Counter[Figure]]


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
    # By the first day of the month in which a session began; people are not counted by month.
    months: Mapping[date, Line]


def count(facts: Facts, events: Iterable[EventFacts], *, now: datetime, own: str) -> Counted:
    """The figures of these sessions; `own` is who delivers what names nobody else."""
    return _Count(facts, {event.id: event for event in events}, now).counted(own)


@dataclass(slots=True)
class _Pile:
    """Some sessions together: what adds up, and who must not be counted twice."""

    figures: Counter[Figure] = field(default_factory=Counter)
    people: set[int] = field(default_factory=set)
    from_away: set[int] = field(default_factory=set)
    bodies: set[int] = field(default_factory=set)

    def add(self, other: _Pile) -> None:
        """Put another pile on this one."""
        self.figures.update(other.figures)
        self.people |= other.people
        self.from_away |= other.from_away
        self.bodies |= other.bodies


class _Count:
    """The sessions of one time and their bookings, being counted."""

    def __init__(self, facts: Facts, events: dict[int, EventFacts], now: datetime) -> None:
        self.facts, self.events, self.now = facts, events, now
        self.now_is = successors(facts.organisations)
        self.now_is[NO_ORGANISATION] = NO_ORGANISATION
        self.rows = facts.bookings.within(events)
        self.bodies = [self.now_is[body] for body in self.rows.organisations]
        self.how = {how: facts_of(how) for how in set(self.rows.hows)}
        self.heads = _largest(facts.heads)
        self.sessions = self._sessions()
        self.kinds_of_fate: list[Fate] = []
        self.fates = self._fates()
        has_come = [Figure.ATTENDANCES in fate for fate in self.kinds_of_fate]
        is_there = [has_come[fate] for fate in self.fates]
        self.came_to, self.came, self.came_of, self.came_from = (
            list(compress(column, is_there))
            for column in (self.rows.events, self.rows.people, self.rows.sectors, self.bodies)
        )
        self.figure_of = {
            body: ESTABLISHMENTS[kind]
            for body in facts.organisations
            if (kind := self._kind(body)) in ESTABLISHMENTS
        }
        far = OrganisationKind.OUT_OF_AREA
        from_far = {body: self._kind(body) == far for body in set(self.came_from)}
        self.is_far = [from_far[body] for body in self.came_from]

    def counted(self, own: str) -> Counted:
        """Every line of the report."""
        offers = self.facts.offers
        piles = self._piles({event.id: event.offer_id for event in self.events.values()})
        for offer_id, (asked, not_told) in self.facts.wishes.items():
            piles[offer_id].figures[Figure.WISHES] += asked
            piles[offer_id].figures[Figure.WISHES_OPEN] += not_told

        def lines(name_of: Callable[[OfferFacts], str]) -> list[Line]:
            found: dict[str, _Pile] = defaultdict(_Pile)
            for offer_id, pile in piles.items():
                found[name_of(offers[offer_id])].add(pile)
            return _in_order(self._line(name, pile) for name, pile in found.items())

        [total] = lines(lambda offer: "All learning") or [Line("All learning", {})]
        return Counted(
            total=total,
            offers={key: self._line(offers[key].title, pile) for key, pile in piles.items()},
            series=lines(lambda offer: offer.series or "In no series"),
            providers=lines(lambda offer: offer.provider or own),
            priorities=lines(lambda offer: priority_words(offer.priority)),
            sectors=self._of_sectors(),
            organisations=self._of_organisations(),
            months=self._of_months(),
        )

    def _sessions(self) -> dict[int, SessionFacts]:
        is_marked = {
            how: bool(one.dates_attended or one.dates_in_part or one.dates_missed)
            for how, one in self.how.items()
        }
        marked = set(compress(self.rows.events, map(is_marked.__getitem__, self.rows.hows)))
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

    def _fates(self) -> list[int]:
        """What each booking adds to, as its place among the few kinds of fate there are."""
        kinds = list(set(self.sessions.values()))
        number_of = {kind: number for number, kind in enumerate(kinds)}
        kind_of = {event: number_of[session] for event, session in self.sessions.items()}
        pairs = list(zip(self.rows.hows, map(kind_of.__getitem__, self.rows.events), strict=True))
        fates = {}
        for number, (how, kind) in enumerate(set(pairs)):
            fates[how, kind] = number
            self.kinds_of_fate.append(figures_of_booking(self.how[how], kinds[kind]))
        return [fates[pair] for pair in pairs]

    def _piles(self, group_of: Mapping[int, Key]) -> dict[Key, _Pile]:
        """Sessions put together by what each belongs to."""
        found: dict[Key, _Pile] = defaultdict(_Pile)
        for group, tally in self._tallies([group_of[e] for e in self.rows.events]).items():
            found[group].figures = tally
        self._add_sessions(found, group_of)
        for column, of in ((self.came, "people"), (self.came_from, "bodies")):
            for event_id, those in _by_key(self.came_to, column).items():
                getattr(found[group_of[event_id]], of).update(those)
        away = _by_key(compress(self.came_to, self.is_far), compress(self.came, self.is_far))
        for event_id, those in away.items():
            found[group_of[event_id]].from_away.update(those)
        return found

    def _add_sessions(self, found: dict[Key, _Pile], group_of: Mapping[int, Key]) -> None:
        """What sessions themselves add: that they were held, heads counted, requests refused."""
        booked = self._booked()
        for event_id, session in self.sessions.items():
            figures = found[group_of[event_id]].figures
            if session.is_counted and event_id in self.heads:
                heads, out_of_area = self.heads[event_id]
                figures[Figure.HEADS] += heads
                figures[Figure.HEADS_OUT_OF_AREA] += out_of_area
            for figure in figures_of_session(
                session, booked=booked[event_id], has_heads=event_id in self.heads
            ):
                figures[figure] += 1
        for event_id, figure, number in self.facts.requests:
            if event_id in self.sessions and self.sessions[event_id].is_counted:
                found[group_of[event_id]].figures[figure] += number
        for event_id, body in self._in_house():
            found[group_of[event_id]].bodies.add(body)

    def _booked(self) -> Counter[int]:
        confirmed = {how: one.state == BookingState.CONFIRMED for how, one in self.how.items()}
        return Counter(compress(self.rows.events, map(confirmed.__getitem__, self.rows.hows)))

    def _in_house(self) -> list[tuple[int, int]]:
        """Sessions held for one organisation, and the organisation that it is now."""
        return [
            (event.id, self.now_is[event.in_house_for])
            for event in self.events.values()
            if event.in_house_for is not None
            and self.sessions[event.id].is_counted
            and self.sessions[event.id].has_begun
        ]

    def _line(self, name: str, pile: _Pile) -> Line:
        figures = pile.figures.copy()
        figures[Figure.PEOPLE] = len(pile.people)
        figures[Figure.PEOPLE_OUT_OF_AREA] = len(pile.from_away)
        for body in pile.bodies & self.figure_of.keys():
            figures[self.figure_of[body]] += 1
        return Line(name, figures)

    def _kind(self, body: int) -> OrganisationKind | None:
        known = self.facts.organisations.get(body)
        return OrganisationKind(known.kind) if known else None

    def _tallies(self, keys: Sequence[Key]) -> Tallies[Key]:
        """What the bookings of each key add up to."""
        found: Tallies[Key] = defaultdict(Counter)
        for (key, fate), number in Counter(zip(keys, self.fates, strict=True)).items():
            tally = found[key]
            for figure in self.kinds_of_fate[fate]:
                tally[figure] += number
        return found

    def _of_people(self, keys: Sequence[int], came: Sequence[int]) -> Tallies[int]:
        """Like tallies, with people; `came` are the keys of those who came."""
        found = self._tallies(keys)
        away = zip(compress(came, self.is_far), compress(self.came, self.is_far), strict=True)
        for figure, pairs in (
            (Figure.PEOPLE, zip(came, self.came, strict=True)),
            (Figure.PEOPLE_OUT_OF_AREA, away),
        ):
            for key, number in Counter(map(itemgetter(0), set(pairs))).items():
                found[key][figure] = number
        return found

    def _of_sectors(self) -> dict[int, Line]:
        found = self._of_people(self.rows.sectors, self.came_of)
        self._add_in_house(found, lambda body: self.facts.organisations[body].sector_id)
        return {
            sector_id: Line(name, found.get(sector_id, Counter()))
            for sector_id, name in self.facts.sectors.items()
        }

    def _of_organisations(self) -> dict[int, Line]:
        found = self._of_people(self.bodies, self.came_from)
        self._add_in_house(found, lambda body: body)
        sessions = set(zip(self.came_from, self.came_to, strict=True))
        sessions |= {(body, event_id) for event_id, body in self._in_house()}
        for body, number in Counter(map(itemgetter(0), sessions)).items():
            found[body][Figure.SESSIONS] = number
        return {
            body: Line(self._name(body), tally)
            for body, tally in found.items()
            if any(tally.values())
        }

    def _of_months(self) -> dict[date, Line]:
        month_of = {
            event.id: london_date(event.starts_at).replace(day=1) for event in self.events.values()
        }
        found = {
            month: _Pile(tally)
            for month, tally in self._tallies([month_of[e] for e in self.rows.events]).items()
        }
        piles = defaultdict(_Pile, found)
        self._add_sessions(piles, month_of)
        return {m: Line(f"{m:%B %Y}", piles[m].figures) for m in sorted(piles)}

    def _add_in_house(self, found: Tallies[int], key_of: Callable[[int], int]) -> None:
        """Heads belong to the organisation whose staff were counted."""
        for event_id, body in self._in_house():
            tally = found[key_of(body)]
            tally[Figure.IN_HOUSE] += 1
            counted, out_of_area = self.heads.get(event_id, (0, 0))
            tally[Figure.HEADS] += counted
            tally[Figure.HEADS_OUT_OF_AREA] += out_of_area

    def _name(self, body: int) -> str:
        known = self.facts.organisations.get(body)
        return known.name if known else "No organisation from our list"


def priority_words(priority: tuple[str, int, str] | None) -> str:
    """A priority as a line names it."""
    return f"{priority[0]}, {priority[1]}. {priority[2]}" if priority else "Serves no one priority"


def _by_key(keys: Iterable[int], values: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for key, value in zip(keys, values, strict=True):
        found[key].append(value)
    return found


def _largest(rows: Iterable[HeadsRow]) -> dict[int, tuple[int, int]]:
    """The heads of each session: of several dates the largest count, with those from elsewhere."""
    found: dict[int, tuple[int, int]] = {}
    for event_id, heads, out_of_area in rows:
        found[event_id] = max((heads, out_of_area), found.get(event_id, (0, 0)))
    return found


def _in_order(lines: Iterable[Line]) -> list[Line]:
    """Those with something to say, most people first."""
    return sorted(
        (line for line in lines if not line.is_empty),
        key=lambda line: (-line[Figure.PEOPLE], -line[Figure.SESSIONS], line.name),
    )

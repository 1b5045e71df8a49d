"""The programme around today: every state a page can show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

from app.bookings.models import BookingOrigin, BookingState
from app.catalogue.models import EventMode, EventState
from app.demo.making.half_terms import HalfTerms
from app.demo.making.people import People, Somebody
from app.demo.making.plan import Facts, Outcome, PlannedBooking, PlannedEvent
from app.demo.making.rows import read
from app.kernel.london import from_london, london_date
from app.partnership.models import HalfTerm

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SATURDAY = 5
NEXT_TO_TODAY = {
    "next_working_day": timedelta(days=1),
    "previous_working_day": timedelta(days=-1),
}
OPENS_DAYS_BEFORE = 75
OPENS_AT, CLOSES_AT = time(9), time(17)
TO_THIRD_WEDNESDAY, IN_A_SHORT_HALF_TERM = timedelta(days=16), timedelta(days=9)
ADJUSTMENTS = ("Vegetarian lunch, please", "I use a wheelchair", "Captions, please: I am deaf")


def plan_this_year(people: People, half_terms: HalfTerms, *, now: datetime) -> list[PlannedEvent]:
    """The events of the data file, and one forum for each half term of this year and the last."""
    facts = read("this_year")
    planner = _Planner(people, half_terms, now)
    events = [planner.event(one) for one in facts["events"]]
    forums = ((facts["forums"], half_terms.this_year), (facts["forums_before"], half_terms.before))
    return events + [
        planner.forum(numbers, number, part)
        for numbers, parts in forums
        for number, part in enumerate(parts)
    ]


class _Planner:
    def __init__(self, people: People, half_terms: HalfTerms, now: datetime) -> None:
        self.half_terms = half_terms
        self.people = people
        self.chance = people.chance
        self.now = now
        self.today = london_date(now)

    def event(self, facts: Facts) -> PlannedEvent:
        """One event of the data file with its bookings."""
        event = self._frame(facts, self._days_of(facts))
        if facts.get("in_half_term"):
            first_day = london_date(event.dates[0][0])
            event.half_term_id, event.subtitle = self.half_terms.of(first_day)
        if "opens_in_days" in facts:
            event.opens_at = from_london(
                self.today + timedelta(days=facts["opens_in_days"]), OPENS_AT
            )
            return event
        if "closes_days_ago" in facts:
            last_day = self.today - timedelta(days=facts["closes_days_ago"])
            event.closes_at = from_london(last_day, CLOSES_AT)
        if "register_days_later" in facts:
            event.register_taken_later = timedelta(days=facts["register_days_later"])
        if facts.get("draft"):
            event.state = EventState.DRAFT
            return event
        self._book(event, facts)
        event.gives_up = facts.get("gives_up", 0)
        event.cancelled_because = facts.get("cancelled_because", "")
        return event

    def forum(self, facts: Facts, number: int, part: HalfTerm) -> PlannedEvent:
        """The forum of one half term: on a Wednesday in its third week, open to all."""
        day = part.starts_on - timedelta(days=part.starts_on.weekday()) + TO_THIRD_WEDNESDAY
        if not part.starts_on <= day <= part.ends_on:
            day = part.starts_on + IN_A_SHORT_HALF_TERM
        event = self._frame(facts, [day])
        event.capacity, event.half_term_id = None, part.id
        event.subtitle = f"{part.name} {part.school_year}"
        event.announced_at = min(event.announced_at, self.now - timedelta(days=30))
        event.opens_at = min(event.opens_at, event.announced_at)
        is_over = event.ends_at < self.now
        what = "came" if is_over else "taken"
        numbers = {what: facts[what][number]}
        personas = facts["personas_who_came"] if is_over else []
        self._book(event, {"pool": facts["pool"], "personas": personas, **numbers})
        return event

    def _frame(self, facts: Facts, days: list[date]) -> PlannedEvent:
        hours = timedelta(hours=facts.get("hours", 3))
        starts = [from_london(day, facts.get("at", time(9, 30))) for day in days]
        opens_at = min(starts[0] - timedelta(days=OPENS_DAYS_BEFORE), self.now)
        return PlannedEvent(
            offer=facts["offer"],
            dates=[(start, start + hours) for start in starts],
            mode=EventMode(facts.get("mode", EventMode.ONLINE)),
            venue=facts.get("venue", ""),
            capacity=facts.get("capacity"),
            booking_url=facts.get("booking_url", ""),
            opens_at=opens_at,
            closes_at=starts[0] - timedelta(hours=1),
            announced_at=min(opens_at, self.now - timedelta(days=14)) - timedelta(days=2),
        )

    def _days_of(self, facts: Facts) -> list[date]:
        for name, step in NEXT_TO_TODAY.items():
            if facts.get(name):
                day = self.today + step
                while day.weekday() >= SATURDAY:
                    day += step
                return [day]
        monday = self.today - timedelta(days=self.today.weekday())
        weeks = [facts["week"], *facts.get("further_weeks", [])]
        in_week = timedelta(days=WEEKDAYS.index(facts["weekday"]))
        return [monday + timedelta(weeks=week) + in_week for week in weeks]

    def _book(self, event: PlannedEvent, facts: Facts) -> None:
        came, absent, part = facts.get("came"), facts.get("absent", 0), facts.get("part", 0)
        taken = facts["taken"] if came is None else came + absent
        known = [self.people.personas[key] for key in facts.get("personas", ())]
        waiting = facts.get("waiting", 0)
        if event.starts_at > self.now:
            waiting_personas = [self.people.personas[key] for key in facts.get("waits", ())]
            event.booked_last = [(person, person) for person in known + waiting_personas]
            if facts.get("bookings_by_office"):
                office = self.people.personas["office"]
                event.booked_last += [
                    (colleague, office) for colleague in self.people.colleagues_of(office)
                ]
            waiting -= len(waiting_personas)
            taken -= len(event.booked_last) - len(waiting_personas)
            known = []
            for pool, count in facts.get("through_the_form", {}).items():
                others = [person for person, _ in event.booked_last]
                drawn = self.people.draw(count, pool=pool, without=others)
                event.booked_last += [(person, person) for person in drawn]
        gone, walk_ins = facts.get("cancelled_bookings", 0), facts.get("walk_ins", 0)
        drawn = self.people.draw(
            taken + waiting + gone + walk_ins - len(known),
            pool=facts.get("pool", "everybody"),
            distinct=facts.get("distinct"),
            without=[person for person, _ in event.booked_last],
        )
        everybody = iter([*known, *drawn])
        outcomes = None if came is None else _outcomes(came, absent, part)
        for number, person in enumerate(_first(everybody, taken)):
            booking = self._booking(event, person, BookingState.CONFIRMED)
            if outcomes is not None:
                booking.outcomes = self._on_each_date(event, outcomes[number])
            event.bookings.append(booking)
        for person in _first(everybody, gone):
            event.bookings.append(self._gone(event, person))
        for person in _first(everybody, walk_ins):
            event.bookings.append(self._walk_in(event, person))
        self._wait(event, list(everybody))

    def _booking(
        self, event: PlannedEvent, person: Somebody, state: BookingState
    ) -> PlannedBooking:
        until = min(event.closes_at, self.now)
        booked_at = event.opens_at + (until - event.opens_at) * self.chance.random()
        mode = event.mode
        if mode is EventMode.HYBRID:
            mode = self.chance.choice((EventMode.ONLINE, EventMode.FACE_TO_FACE))
        wishes = event.ends_at > self.now and self.chance.random() < 0.08
        return PlannedBooking(
            person=person,
            state=state,
            origin=BookingOrigin.SELF,
            booked_at=booked_at,
            mode=mode,
            adjustments=self.chance.choice(ADJUSTMENTS) if wishes else "",
        )

    def _on_each_date(self, event: PlannedEvent, outcome: Outcome) -> list[Outcome]:
        """In part, on several dates, is one of them missed."""
        count = len(event.dates)
        if outcome is Outcome.ATTENDED_IN_PART and count > 1:
            return [Outcome.ATTENDED] * (count - 1) + [Outcome.DID_NOT_ATTEND]
        return [outcome] * count

    def _gone(self, event: PlannedEvent, person: Somebody) -> PlannedBooking:
        booking = self._booking(event, person, BookingState.CANCELLED)
        until = min(event.closes_at, self.now)
        booking.cancelled_at = booking.booked_at + (until - booking.booked_at) / 2
        booking.adjustments = ""
        return booking

    def _walk_in(self, event: PlannedEvent, person: Somebody) -> PlannedBooking:
        return PlannedBooking(
            person=person,
            state=BookingState.CONFIRMED,
            origin=BookingOrigin.REGISTER,
            booked_at=event.ends_at,
            mode=event.mode,
            outcomes=self._on_each_date(event, Outcome.ATTENDED),
        )

    def _wait(self, event: PlannedEvent, people: list[Somebody]) -> None:
        """Those who wait joined after everybody who has a place, one after the other."""
        if not people:
            return
        step = (self.now - event.opens_at) / (4 * len(people))
        since = self.now - step * (len(people) + 1)
        for booking in event.bookings:
            booking.booked_at = min(booking.booked_at, since)
        for number, person in enumerate(people):
            booking = self._booking(event, person, BookingState.WAITING)
            booking.booked_at = booking.joined_waiting_at = since + step * (number + 1)
            event.bookings.append(booking)


def _outcomes(came: int, absent: int, part: int) -> list[Outcome]:
    return (
        [Outcome.ATTENDED] * (came - part)
        + [Outcome.ATTENDED_IN_PART] * part
        + [Outcome.DID_NOT_ATTEND] * absent
    )


def _first(people: Iterator[Somebody], count: int) -> list[Somebody]:
    return list(islice(people, count))

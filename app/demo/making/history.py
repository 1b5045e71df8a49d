"""The year 2024-25 as its annual report counts it."""

from __future__ import annotations

from datetime import date, timedelta

from app.bookings.models import BookingOrigin, BookingState
from app.catalogue.models import EventMode
from app.demo.making.half_terms import HalfTerms
from app.demo.making.people import People, Somebody
from app.demo.making.plan import Facts, Outcome, PlannedBooking, PlannedEvent
from app.demo.making.rows import read
from app.kernel.london import from_london

ABSENT_BY_DEFAULT = 2


def plan_history(people: People, half_terms: HalfTerms) -> list[PlannedEvent]:
    """Every event of the year, its register taken."""
    return [
        _event(facts, number, day, people, half_terms)
        for facts in read("history")["events"]
        for number, day in enumerate(facts["dates"])
    ]


def _event(
    facts: Facts, number: int, day: date, people: People, half_terms: HalfTerms
) -> PlannedEvent:
    starts_at = from_london(day, facts["at"])
    event = PlannedEvent(
        offer=facts["offer"],
        dates=[(starts_at, starts_at + timedelta(hours=facts["hours"]))],
        mode=EventMode(facts.get("mode", EventMode.ONLINE)),
        venue=facts.get("venue", ""),
        capacity=facts.get("capacity"),
        opens_at=starts_at - timedelta(days=60),
        closes_at=starts_at - timedelta(hours=1),
        announced_at=starts_at - timedelta(days=62),
        is_history=True,
    )
    if facts.get("half_terms"):
        event.half_term_id, event.subtitle = half_terms.of(day)
    came, absent = facts["came"][number], facts.get("absent", ABSENT_BY_DEFAULT)
    drawn = people.draw(
        came + absent, pool=facts.get("pool", "everybody"), distinct=facts.get("distinct")
    )
    outcomes = [Outcome.ATTENDED] * came + [Outcome.DID_NOT_ATTEND] * absent
    event.bookings = [
        _booking(event, person, outcome, people)
        for person, outcome in zip(drawn, outcomes, strict=True)
    ]
    return event


def _booking(
    event: PlannedEvent, person: Somebody, outcome: Outcome, people: People
) -> PlannedBooking:
    days_before = people.chance.randint(3, 55)
    return PlannedBooking(
        person=person,
        state=BookingState.CONFIRMED,
        origin=BookingOrigin.HISTORY,
        booked_at=event.starts_at - timedelta(days=days_before),
        mode=event.mode,
        outcomes=[outcome],
    )

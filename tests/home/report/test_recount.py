"""Every figure of a report, counted once more from the raw rows by other means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation, OrganisationKind, Person
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    ApprovedBy,
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
    HeadCount,
    NewDatesWish,
)
from app.catalogue.models import Event, EventState, Offer, Series
from app.home.report import period_rules
from app.home.report.composing import Report, make_report
from app.home.report.rules import Figure, Line
from app.impact import periods
from app.kernel.db import db
from app.partnership.models import Priority, Sector
from tests.support.factories import (
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)

QUARTER = periods.find("2026-27-q2")
NOW = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
FIRST = datetime(2026, 3, 25, 9, 0, tzinfo=UTC)
OWN = "The partnership"
KINDS = [*OrganisationKind]
PRESENT = {AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART}
OUTSIDE_THE_RATE = {BookingOrigin.REGISTER, BookingOrigin.HISTORY, BookingOrigin.IMPORT}
LEFT_BY_THEMSELVES = {
    CancelReason.PERSON,
    CancelReason.DECLINED,
    CancelReason.MOVED,
    CancelReason.STAFF,
}


NOT_BY_MONTH = {
    Figure.PEOPLE,
    Figure.PEOPLE_OUT_OF_AREA,
    Figure.SCHOOLS,
    Figure.COLLEGES,
    Figure.SETTINGS,
}


class Programme:
    """A small programme in which anything may happen."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        make_partnership()
        self.sectors = [make_sector(at_once=False) for _ in range(2)]
        self.bodies = self._bodies()
        self.people = [
            make_person(organisation=None, sector=self.chance.choice(self.sectors))
            for _ in range(25)
        ]
        self.offers = self._offers()
        for _ in range(30):
            self._event()
        for person in self.people[:15]:
            self._wish(person)
        db.session.flush()

    def _bodies(self) -> list[Organisation]:
        found = [
            make_organisation(self.chance.choice(self.sectors), kind=KINDS[n % len(KINDS)])
            for n in range(10)
        ]
        for old, new in ((0, 8), (8, 3)):
            found[old].closed_on, found[old].successor_id = FIRST.date(), found[new].id
        return found

    def _offers(self) -> list[Offer]:
        series = Series(slug="series", title="Exploitation", summary="")
        priority = Priority(plan="2025-28", number=1, title="Neglect", is_adopted=True)
        more: list[dict[str, Any]] = [
            {"series": series},
            {"series": series, "provider": "The charity"},
            {"priority": priority},
            {},
        ]
        return [make_offer(**changes) for changes in more]

    def _event(self) -> None:
        chance = self.chance
        state = chance.choice([EventState.PUBLISHED] * 7 + [EventState.CANCELLED, EventState.DRAFT])
        event = make_event(
            chance.choice(self.offers),
            starts_at=FIRST + timedelta(hours=chance.randrange(24 * 200)),
            days=chance.choice([1, 1, 2]),
            state=state,
            cancelled_at=NOW if state is EventState.CANCELLED else None,
            is_history=chance.random() < 0.15,
            booking_url="https://else.example.org" if chance.random() < 0.1 else "",
            in_house_for_id=chance.choice(self.bodies).id if chance.random() < 0.2 else None,
        )
        if chance.random() < 0.3:
            for date in event.dates:
                heads = chance.randrange(30)
                db.session.add(
                    HeadCount(
                        event_date=date,
                        head_count=heads,
                        out_of_area_count=chance.randrange(heads + 1),
                        recorded_at=NOW,
                        recorded_by_id=self.people[0].id,
                    )
                )
        for person in chance.sample(self.people, chance.randrange(14)):
            self._booking(event, person)

    def _booking(self, event: Event, person: Person) -> None:
        chance = self.chance
        state = chance.choice([BookingState.CONFIRMED] * 6 + [*BookingState])
        is_cancelled = state is BookingState.CANCELLED
        body = chance.choice([*self.bodies, None])
        leaves_after = timedelta(hours=chance.choice([-30, -1, 1]))
        booking = Booking(
            reference=f"b{event.id}p{person.id}",
            event_id=event.id,
            person_id=person.id,
            booked_by_id=person.id,
            state=state,
            origin=chance.choice([BookingOrigin.SELF] * 4 + [*BookingOrigin]),
            mode=event.mode,
            sector_id=chance.choice(self.sectors).id,
            organisation_id=body.id if body else None,
            capacity=person.capacity,
            booked_at=FIRST,
            joined_waiting_at=FIRST if state is BookingState.WAITING else None,
            held_until=NOW if state is BookingState.HELD else None,
            confirmed_at=FIRST
            if state is BookingState.CONFIRMED or (is_cancelled and chance.random() < 0.7)
            else None,
            cancelled_at=event.starts_at + leaves_after if is_cancelled else None,
            cancelled_because=chance.choice([*CancelReason]) if is_cancelled else None,
            cancelled_late=is_cancelled and chance.random() < 0.5,
        )
        db.session.add(booking)
        for date in event.dates:
            if event.starts_at < NOW and chance.random() < 0.6:
                db.session.add(
                    Attendance(
                        booking=booking,
                        event_date=date,
                        outcome=chance.choice([*AttendanceOutcome]),
                        recorded_at=NOW,
                        recorded_by_id=person.id,
                    )
                )
        if chance.random() < 0.2:
            db.session.add(
                Approval(
                    booking=booking,
                    approved_by=ApprovedBy.DELIVERY,
                    asked_at=FIRST,
                    expires_at=NOW,
                    decision=chance.choice([*ApprovalDecision]),
                    decided_at=NOW,
                )
            )

    def _wish(self, person: Person) -> None:
        chance = self.chance
        db.session.add(
            NewDatesWish(
                offer_id=chance.choice(self.offers).id,
                person_id=person.id,
                asked_at=FIRST + timedelta(days=chance.randrange(200)),
                told_at=chance.choice([None, NOW]),
            )
        )


class Recount:
    """The same figures from rows read one by one, with no figure's rule shared."""

    def __init__(self, period: periods.Period, *, with_wishes: bool) -> None:
        self.bodies = {one.id: one for one in db.session.scalars(select(Organisation))}
        self.events = [
            event
            for event in db.session.scalars(select(Event))
            if period.since <= event.starts_at < period.until
        ]
        self.bookings = list(db.session.scalars(select(Booking)))
        self.heads = list(db.session.scalars(select(HeadCount)))
        self.approvals = list(db.session.scalars(select(Approval)))
        wishes = db.session.scalars(select(NewDatesWish))
        self.wishes = [
            wish for wish in wishes if with_wishes and period.since <= wish.asked_at < period.until
        ]

    def body(self, number: int | None) -> Organisation | None:
        found = self.bodies.get(number or 0)
        while found is not None and found.successor_id:
            found = self.bodies[found.successor_id]
        return found

    def ours(self) -> list[Event]:
        return [
            event
            for event in self.events
            if event.state is EventState.PUBLISHED and not event.booking_url
        ]

    def of(self, event: Event) -> list[Booking]:
        return [booking for booking in self.bookings if booking.event_id == event.id]

    def has_register(self, event: Event) -> bool:
        return any(booking.attendances for booking in self.of(event))

    def figures(self, events: Iterable[Event], offers: Iterable[Offer]) -> dict[Figure, int]:
        """Of these sessions, and of the wishes for these offers."""
        events = list(events)
        ours = [event for event in self.ours() if event in events]
        begun = [event for event in ours if event.starts_at <= NOW]
        found: Counter[Figure] = Counter()
        found[Figure.SESSIONS] = len(begun)
        found[Figure.TO_COME] = len(ours) - len(begun)
        found[Figure.CALLED_OFF] = sum(event.state is EventState.CANCELLED for event in events)
        found[Figure.ELSEWHERE] = sum(
            event.state is EventState.PUBLISHED and event.booking_url != "" for event in events
        )
        found[Figure.IN_HOUSE] = sum(event.in_house_for_id is not None for event in begun)
        counted = {head.event_date.event_id for head in self.heads}
        found[Figure.NO_REGISTER] = sum(
            not event.is_history
            and not self.has_register(event)
            and event.id not in counted
            and (
                event.in_house_for_id is not None
                or any(booking.state is BookingState.CONFIRMED for booking in self.of(event))
            )
            for event in begun
        )
        bookings = [booking for event in ours for booking in self.of(event)]
        found.update(self.figures_of_bookings(bookings))
        self._add_heads(found, ours)
        self._add_establishments(found, begun, bookings)
        asked = [one for one in self.approvals if one.booking in bookings]
        for decision, figure in (
            (ApprovalDecision.DECLINED, Figure.DECLINED),
            (ApprovalDecision.LAPSED, Figure.LAPSED),
        ):
            found[figure] = sum(one.decision is decision for one in asked)
        ids = {offer.id for offer in offers}
        wishes = [wish for wish in self.wishes if wish.offer_id in ids]
        found[Figure.WISHES] = len(wishes)
        found[Figure.WISHES_OPEN] = sum(wish.told_at is None for wish in wishes)
        return _some(found)

    def figures_of_bookings(self, bookings: Sequence[Booking]) -> Counter[Figure]:
        found: Counter[Figure] = Counter()
        people, away = set(), set()
        for booking in bookings:
            event = booking.event
            has_begun = event.starts_at <= NOW
            outcomes = [mark.outcome for mark in booking.attendances]
            is_cancelled = booking.state is BookingState.CANCELLED
            is_there = not is_cancelled and bool(PRESENT.intersection(outcomes))
            if booking.state is BookingState.WAITING and not is_there:
                found[Figure.WAITING_AT_END if has_begun else Figure.WAITING_NOW] += 1
                continue
            if is_there:
                people.add(booking.person_id)
                body = self.body(booking.organisation_id)
                if body is not None and body.kind is OrganisationKind.OUT_OF_AREA:
                    away.add(booking.person_id)
                found[Figure.ATTENDANCES] += 1
                found[Figure.IN_PART] += set(outcomes) != {AttendanceOutcome.ATTENDED}
                found[Figure.WITHOUT_BOOKING] += booking.origin is BookingOrigin.REGISTER
            left_before = is_cancelled and booking.cancelled_at < event.starts_at  # type: ignore[operator]
            had_place = booking.confirmed_at is not None
            if left_before and had_place and booking.cancelled_because in LEFT_BY_THEMSELVES:
                found[Figure.CANCELLATIONS] += 1
                found[Figure.LATE_CANCELLATIONS] += booking.cancelled_late
            still_had_it = booking.state is BookingState.CONFIRMED or (
                is_cancelled and had_place and not left_before
            )
            if booking.origin in OUTSIDE_THE_RATE or not still_had_it:
                continue
            if not has_begun:
                found[Figure.BOOKED_AHEAD] += booking.state is BookingState.CONFIRMED
            elif not event.is_history and self.has_register(event):
                found[Figure.BOOKED] += 1
                found[Figure.BOOKED_CAME] += is_there
                is_missed = AttendanceOutcome.DID_NOT_ATTEND in outcomes
                found[Figure.DID_NOT_ATTEND] += is_missed and not is_there
        found[Figure.PEOPLE], found[Figure.PEOPLE_OUT_OF_AREA] = len(people), len(away)
        return found

    def _add_heads(self, found: Counter[Figure], events: Iterable[Event]) -> None:
        for event in events:
            counts = [
                (head.head_count, head.out_of_area_count)
                for head in self.heads
                if head.event_date.event_id == event.id
            ]
            heads, away = max(counts, default=(0, 0))
            found[Figure.HEADS] += heads
            found[Figure.HEADS_OUT_OF_AREA] += away

    def _add_establishments(
        self, found: Counter[Figure], begun: Iterable[Event], bookings: Iterable[Booking]
    ) -> None:
        bodies = {self.body(event.in_house_for_id) for event in begun}
        bodies |= {self.body(one.organisation_id) for one in bookings if came(one)}
        kinds = Counter(body.kind for body in bodies if body)
        found[Figure.SCHOOLS] = kinds[OrganisationKind.SCHOOL]
        found[Figure.COLLEGES] = kinds[OrganisationKind.COLLEGE]
        found[Figure.SETTINGS] = kinds[OrganisationKind.EARLY_YEARS]


def came(booking: Booking) -> bool:
    """Whether a register says so."""
    outcomes = {mark.outcome for mark in booking.attendances}
    return booking.state is not BookingState.CANCELLED and bool(PRESENT & outcomes)


def _some(figures: Counter[Figure]) -> dict[Figure, int]:
    return {figure: number for figure, number in figures.items() if number}


def told(line: Line | None) -> dict[Figure, int]:
    """The figures of a line that are not nought."""
    return _some(Counter(line.figures)) if line else {}


@pytest.mark.parametrize("seed", range(2))
def test_a_report_is_what_the_rows_say(app: Flask, seed: int) -> None:
    programme = Programme(seed)
    assert QUARTER is not None
    report = make_report(QUARTER, own=OWN, now=NOW)
    db.session.expire_all()
    recount = Recount(QUARTER, with_wishes=True)
    totals = told(report.now.total)
    assert totals == recount.figures(recount.events, programme.offers)
    assert totals[Figure.ATTENDANCES] > totals[Figure.PEOPLE] > 0
    before = Recount(period_rules.before(QUARTER), with_wishes=False)
    assert told(report.then.total) == before.figures(before.events, [])

    def lines(name: Callable[[Offer], Any]) -> dict[Any, dict[Figure, int]]:
        found = {}
        for key in {name(offer) for offer in programme.offers}:
            offers = [offer for offer in programme.offers if name(offer) == key]
            events = [event for event in recount.events if event.offer in offers]
            found[key] = recount.figures(events, offers)
        return {key: figures for key, figures in found.items() if figures}

    assert {k: told(line) for k, line in report.now.offers.items() if told(line)} == lines(
        lambda offer: offer.id
    )
    for shown, name in (
        (report.now.series, lambda offer: offer.series.title if offer.series else "In no series"),
        (report.now.providers, lambda offer: offer.provider or OWN),
        (
            report.now.priorities,
            lambda offer: "2025-28, 1. Neglect" if offer.priority else "Serves no one priority",
        ),
    ):
        assert {line.name: told(line) for line in shown} == lines(name)
    check_sectors_and_bodies(report, recount)


def check_sectors_and_bodies(report: Report, recount: Recount) -> None:
    """By the sector and the organisation on the booking, and by the month of the session."""
    bookings = [booking for event in recount.ours() for booking in recount.of(event)]
    begun = [event for event in recount.ours() if event.starts_at <= NOW]
    for sector in db.session.scalars(select(Sector)):
        own = [booking for booking in bookings if booking.sector_id == sector.id]
        held = [event for event in begun if in_sector(recount.body(event.in_house_for_id), sector)]
        found = recount.figures_of_bookings(own)
        found[Figure.IN_HOUSE] = len(held)
        recount._add_heads(found, held)
        assert told(report.now.sectors[sector.id]) == _some(found)
    for body in [*recount.bodies.values(), None]:
        own = [one for one in bookings if recount.body(one.organisation_id) is body]
        held = [event for event in begun if body and recount.body(event.in_house_for_id) is body]
        found = recount.figures_of_bookings(own)
        found[Figure.SESSIONS] = len({one.event_id for one in own if came(one)} | ids_of(held))
        found[Figure.IN_HOUSE] = len(held)
        recount._add_heads(found, held)
        assert told(report.now.organisations.get(body.id if body else 0)) == _some(found)
    for month, line in report.now.months.items():
        events = [event for event in recount.events if event.starts_at.month == month.month]
        figures = recount.figures(events, [])
        assert told(line) == {k: v for k, v in figures.items() if k not in NOT_BY_MONTH}


def in_sector(body: Organisation | None, sector: Sector) -> bool:
    """Whether it is counted there."""
    return body is not None and body.sector_id == sector.id


def ids_of(events: Iterable[Event]) -> set[int]:
    """Whose they are."""
    return {event.id for event in events}

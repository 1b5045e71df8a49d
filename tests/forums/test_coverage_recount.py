"""Who was represented equals a recount by a slow program written differently, from plain rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Organisation, OrganisationKind, Person, Post, PostKind
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.catalogue.models import Event, EventMode, EventState, Offer, OfferKind
from app.forums import coverage as reading
from app.forums import coverage_rules
from app.forums.coverage import coverage_of_year, not_represented
from app.forums.models import Watching
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership.models import HalfTerm, Sector
from tests.support.factories import make_event, make_offer, make_sector
from tests.support.forums import make_half_terms

NOW = datetime(2027, 3, 3, 10, 0, tzinfo=UTC)  # in the fourth half term
SEEDS = range(14)
SCHOOL, COLLEGE, AGENCY = (
    OrganisationKind.SCHOOL,
    OrganisationKind.COLLEGE,
    OrganisationKind.AGENCY,
)
KINDS = (SCHOOL, SCHOOL, SCHOOL, COLLEGE, OrganisationKind.EARLY_YEARS, AGENCY)
PHASES = ("Primary", "Secondary", "Nursery", "Not applicable", None)
TYPES = ("Academies", "Special schools", None)
FIRST_DAY = date(2026, 9, 1)


def a_day(chance: random.Random) -> date:
    return FIRST_DAY + timedelta(days=chance.randrange(240))


def make_bodies(chance: random.Random, sector: Sector) -> list[Organisation]:
    """Schools, other bodies; some closed, merged or converted, once or again and again."""
    bodies = [
        Organisation(
            reference=f"body{number}",
            name=f"Body {number}",
            kind=chance.choice(KINDS),
            sector_id=sector.id,
            phase=chance.choice(PHASES),
            establishment_type=chance.choice(TYPES),
            opened_on=chance.choice((None, None, a_day(chance))),
            proposed_at=NOW if chance.random() < 0.05 else None,
        )
        for number in range(18)
    ]
    db.session.add_all(bodies)
    db.session.flush()
    for number, body in enumerate(bodies):
        if chance.random() < 0.35:
            body.closed_on = a_day(chance)
            if number and chance.random() < 0.75:
                body.successor_id = bodies[chance.randrange(number)].id
    return bodies


def make_forums(chance: random.Random, half_terms: list[HalfTerm]) -> list[Event]:
    """Forums and meetings like them; one of two dates; some cancelled, or for one body only."""
    forum = make_offer(kind=OfferKind.DSL_FORUM)
    peers = make_offer(kind=OfferKind.PEER_SUPPORT)
    events = []
    for half_term in half_terms[:5]:
        for _ in range(chance.choice((0, 1, 1, 2))):
            is_cancelled = chance.random() < 0.15
            day = half_term.starts_on + timedelta(days=chance.randrange(28))
            events.append(
                make_event(
                    forum if chance.random() < 0.8 else peers,
                    starts_at=datetime(day.year, day.month, day.day, 14, tzinfo=UTC),
                    days=chance.choice((1, 1, 2)),
                    half_term=half_term,
                    state=EventState.CANCELLED if is_cancelled else EventState.PUBLISHED,
                    cancelled_at=NOW if is_cancelled else None,
                )
            )
    return events


def make_people(chance: random.Random, bodies: list[Organisation]) -> list[Person]:
    """Leads of a school, of two, of none; some hold their post no more, or not yet."""
    people = [
        Person(reference=f"lead{number}", email=f"lead{number}@example.org", created_at=NOW)
        for number in range(14)
    ]
    db.session.add_all(people)
    db.session.flush()
    for person in people:
        for body in chance.sample(bodies, chance.choice((0, 1, 1, 2, 3))):
            from_on = a_day(chance) - timedelta(days=120)
            until_on = chance.choice((None, None, from_on + timedelta(days=chance.randrange(200))))
            post = Post(
                person_id=person.id,
                organisation_id=body.id,
                kind=chance.choice(list(PostKind)),
                from_on=from_on,
                until_on=until_on,
            )
            db.session.add(post)
    return people


def make_booking(
    chance: random.Random, event: Event, person: Person, bodies: list[Organisation]
) -> None:
    state = chance.choice(
        (BookingState.CONFIRMED,) * 4 + (BookingState.CANCELLED, BookingState.WAITING)
    )
    is_cancelled = state is BookingState.CANCELLED
    booking = Booking(
        reference=f"booking{event.id}-{person.id}",
        event_id=event.id,
        person_id=person.id,
        booked_by_id=person.id,
        state=state,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        sector_id=bodies[0].sector_id,
        organisation_id=chance.choice([None, *(body.id for body in bodies)]),
        capacity="employee",
        booked_at=NOW,
        confirmed_at=NOW,
        joined_waiting_at=NOW,
        cancelled_at=NOW if is_cancelled else None,
        cancelled_because=CancelReason.PERSON if is_cancelled else None,
    )
    db.session.add(booking)
    for day in event.dates:
        if event.starts_at < NOW and chance.random() < 0.8:
            booking.attendances.append(
                Attendance(
                    event_date_id=day.id,
                    outcome=chance.choice(list(AttendanceOutcome)),
                    recorded_at=NOW,
                    recorded_by_id=person.id,
                )
            )


def make_world(seed: int) -> list[HalfTerm]:
    """Rows at random; nothing of them is committed."""
    chance = random.Random(seed)  # the same rows each time
    half_terms = make_half_terms()
    bodies = make_bodies(chance, make_sector())
    people = make_people(chance, bodies)
    for event in make_forums(chance, half_terms):
        for person in chance.sample(people, 5):
            make_booking(chance, event, person, bodies)
        for person in chance.sample(people, 3):
            watched_at = event.ends_at + timedelta(days=chance.randrange(30))
            place = chance.choice([None, *(body.id for body in bodies)])
            db.session.add(
                Watching(
                    event_id=event.id,
                    person_id=person.id,
                    organisation_id=place,
                    watched_at=watched_at,
                )
            )
    db.session.flush()
    return half_terms


class Recount:
    """The same figures by walking through every row, again and again."""

    def __init__(self) -> None:
        self.bodies = self.rows(Organisation)
        self.posts, self.events = self.rows(Post), self.rows(Event)
        self.bookings, self.attendances = self.rows(Booking), self.rows(Attendance)
        self.watchings, self.offers = self.rows(Watching), self.rows(Offer)
        self.dates = self.rows(Event.dates.property.mapper.class_)

    @staticmethod
    def rows(model: Any) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in db.session.execute(select(model.__table__))]

    @staticmethod
    def one(rows: list[dict[str, Any]], id_: int) -> dict[str, Any]:
        return next(row for row in rows if row["id"] == id_)

    def is_school(self, body: dict[str, Any]) -> bool:
        return body["kind"] != AGENCY and body["kind"] in KINDS and body["proposed_at"] is None

    def today(self, id_: int) -> int | None:
        """Follow each body to the one after it; None for what is no school, even at the end."""
        body = self.one(self.bodies, id_)
        while body["successor_id"] is not None:
            body = self.one(self.bodies, body["successor_id"])
        if self.is_school(body):
            return int(body["id"])
        return id_ if self.is_school(self.one(self.bodies, id_)) else None

    def forums_in(self, half_term: HalfTerm) -> Iterator[dict[str, Any]]:
        for event in self.events:
            kind = self.one(self.offers, event["offer_id"])["kind"]
            is_forum = kind == OfferKind.DSL_FORUM and event["state"] == EventState.PUBLISHED
            if is_forum and event["half_term_id"] == half_term.id:
                yield event

    def is_held(self, half_term: HalfTerm) -> bool:
        return any(event["ends_at"] <= NOW for event in self.forums_in(half_term))

    def stood_for(self, person_id: int, named: int | None, day: date) -> set[int | None]:
        """The schools of today that somebody stands for on a day."""
        found = {self.today(named)} if named is not None else set()
        for post in self.posts:
            if post["person_id"] != person_id or post["from_on"] > day:
                continue
            if post["until_on"] is None or post["until_on"] >= day:
                found.add(self.today(post["organisation_id"]))
        return found

    def who_came(self, half_term: HalfTerm) -> set[int | None]:
        found: set[int | None] = set()
        for event in self.forums_in(half_term):
            for attendance in self.attendances:
                booking = self.one(self.bookings, attendance["booking_id"])
                if booking["event_id"] != event["id"] or booking["state"] == "cancelled":
                    continue
                if attendance["outcome"] in {"attended", "attended_in_part"}:
                    at = self.one(self.dates, attendance["event_date_id"])["starts_at"]
                    person_id, named = booking["person_id"], booking["organisation_id"]
                    found |= self.stood_for(person_id, named, london_date(at))
        return found

    def who_watched(self, half_term: HalfTerm) -> set[int | None]:
        found: set[int | None] = set()
        for event in self.forums_in(half_term):
            for one in self.watchings:
                if one["event_id"] == event["id"]:
                    day = london_date(one["watched_at"])
                    found |= self.stood_for(one["person_id"], one["organisation_id"], day)
        return found

    def who_is_to_come(self, half_term: HalfTerm) -> set[int | None]:
        return {
            self.today(booking["organisation_id"])
            for event in self.forums_in(half_term)
            for booking in self.bookings
            if booking["event_id"] == event["id"]
            and event["ends_at"] > NOW
            and booking["state"] == "confirmed"
            and booking["organisation_id"] is not None
        }

    def open_in(self, day: date) -> set[int | None]:
        return {
            self.today(body["id"])
            for body in self.bodies
            if self.is_school(body)
            and not (body["opened_on"] and body["opened_on"] > day)
            and not (body["closed_on"] and body["closed_on"] <= day)
        }

    def figures(self, half_term: HalfTerm) -> tuple[int, int, int, int]:
        there = self.open_in(min(half_term.ends_on, NOW.date()))
        came, watched = self.who_came(half_term), self.who_watched(half_term)
        return (
            len(there),
            len(there & came),
            len((there & watched) - came),
            len(there & self.who_is_to_come(half_term)),
        )

    def absent(self, half_terms: list[HalfTerm]) -> dict[str, int]:
        """For how many forums on end each school of today was missing, one after the other."""
        counts: dict[str, int] = {}
        for id_ in self.open_in(NOW.date()):
            assert id_ is not None
            name, missing = self.one(self.bodies, id_)["name"], 0
            for half_term in half_terms:
                if not self.is_held(half_term):
                    continue
                if id_ not in self.open_in(min(half_term.ends_on, NOW.date())):
                    continue
                seen = self.who_came(half_term) | self.who_watched(half_term)
                missing = 0 if id_ in seen else missing + 1
            if missing:
                counts[name] = missing
        return counts


def differences(seed: int) -> list[str]:
    """What the figures and the recount say differently of one set of rows."""
    half_terms = make_world(seed)
    recount, found = Recount(), []
    for half_term, told in zip(half_terms, coverage_of_year(half_terms, now=NOW), strict=True):
        told_figures = (
            told.establishments,
            told.attended,
            told.watched,
            told.registered_to_come,
        )
        if told_figures != recount.figures(half_term):
            found.append(f"{seed}: {told.name}: {told_figures} {recount.figures(half_term)}")
        for groups in (told.by_phase, told.by_type):
            sums = [
                sum(getattr(one, part) for one in groups) for part in list(asdict(groups[0]))[1:]
            ]
            if tuple(sums) != told_figures:
                found.append(f"{seed}: {told.name}: groups add up to {sums}")
    for until in (3, 4):
        absent = not_represented(half_terms[until - 1], now=NOW)
        told_absent = {one.establishment.name: one.half_terms for one in absent}
        if told_absent != recount.absent(half_terms[:until]):
            found.append(f"{seed}: absent {told_absent} {recount.absent(half_terms[:until])}")
    db.session.rollback()
    return found


@pytest.mark.one_database
def test_the_figures_equal_a_recount_from_raw_rows(app: Flask) -> None:
    found = [line for seed in SEEDS for line in differences(seed)]
    assert found == []


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (coverage_rules, "body_ids", lambda ids, _successors: {one: one for one in ids}),
        (reading, "_by_posts", lambda *_: set()),
        (reading, "WAS_THERE", tuple(AttendanceOutcome)),
        (reading, "_watched", lambda _ids: set()),
        (coverage_rules.Body, "was_open_on", lambda _body, _day: True),
    ],
)
def test_a_broken_rule_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    assert any(differences(seed) for seed in SEEDS)

"""F12 and F17: the year's figures of the annual report, read off a report made from records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.accounts.models import Capacity, OrganisationKind, Person
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    HeadCount,
)
from app.catalogue.models import Event, Offer
from app.home.report import answer_tables, period_rules, sentences, tables
from app.home.report.composing import make_report
from app.kernel.db import db
from app.partnership.models import Sector
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import (
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
)

YEAR = period_rules.find("2024-25")
IN_YEAR = datetime(2024, 5, 1, 9, tzinfo=UTC)
NOW = datetime(2025, 6, 2, 9, tzinfo=UTC)


def came_in_bulk(events: list[Event], people: int, sector: Sector) -> None:
    """So many new people, each at one of the events in turn, and every tenth at two."""
    staff = make_person()
    facts: dict[str, Any] = {"name": "Somebody", "capacity": Capacity.EMPLOYEE}
    facts |= {"sector_id": sector.id, "created_at": IN_YEAR, "profile_completed_at": IN_YEAR}
    db.session.execute(
        insert(Person),
        [facts | {"reference": f"p{n}", "email": f"p{n}@example.org"} for n in range(people)],
    )
    ids = db.session.scalars(select(Person.id).where(Person.name == "Somebody")).all()
    dates = {event.id: event.dates[0].id for event in events}
    turns = [(n, events[n % len(events)]) for n in range(people)]
    turns += [(n, events[(n + 1) % len(events)]) for n in range(0, people, 10)]
    booking: dict[str, Any] = {"state": BookingState.CONFIRMED, "origin": BookingOrigin.SELF}
    booking |= {"mode": events[0].mode, "sector_id": sector.id, "capacity": Capacity.EMPLOYEE}
    booking |= {"booked_at": IN_YEAR, "confirmed_at": IN_YEAR, "booked_by_id": staff.id}
    db.session.execute(
        insert(Booking),
        [
            booking | {"reference": f"b{n}e{event.id}", "event_id": event.id, "person_id": ids[n]}
            for n, event in turns
        ],
    )
    db.session.execute(
        insert(Attendance),
        [
            {
                "booking_id": booking_id,
                "event_date_id": dates[event_id],
                "outcome": AttendanceOutcome.ATTENDED,
                "recorded_at": IN_YEAR,
                "recorded_by_id": staff.id,
            }
            for booking_id, event_id in db.session.execute(select(Booking.id, Booking.event_id))
        ],
    )


@pytest.mark.one_database
def test_over_900_practitioners_and_over_90_per_cent_whose_skills_improved(app: Flask) -> None:
    make_partnership()
    offer = make_offer(title="Working Together")
    events = [make_event(offer, starts_at=IN_YEAR + timedelta(weeks=n)) for n in range(20)]
    came_in_bulk(events, 930, make_sector())
    evaluation = make_evaluation(0, offers=[offer])
    forms = [{"skills": "significantly"}] * 380 + [{"skills": "no"}] * 20
    add_responses(evaluation, forms, wave=wave_of(evaluation, 0))
    assert YEAR is not None
    report = make_report(YEAR, own="We", now=NOW)
    [people] = [row for row in tables.compared(report)["rows"] if row[0] == "People who came"]
    [attendances] = [row for row in tables.compared(report)["rows"] if row[0] == "Attendances"]
    assert people[1:3] == ["people by register", "930"]
    assert attendances[1:3] == ["attendances by register", "1,023"]
    skills = ["Say their skills and knowledge improved", "People who came", "Straight after"]
    assert [*skills, "95.0%", "380", "400"] in answer_tables.said(report)["rows"]
    told = [words for point in sentences.points(report) for words in point.what]
    assert "20 sessions of 1 offer were held. 930 people came, 1,023 attendances in all." in told
    assert "95.0% (380 of 400) say their skills and knowledge improved, straight after." in told


@pytest.mark.one_database
def test_schools_and_sessions_each_in_its_own_unit(app: Flask) -> None:
    make_partnership()
    education = make_sector("Education")
    schools = [
        make_organisation(education, at_once=False, kind=OrganisationKind.SCHOOL) for _ in range(50)
    ]
    away = make_organisation(kind=OrganisationKind.OUT_OF_AREA)
    staff = make_person()
    day = iter(IN_YEAR + timedelta(days=n) for n in range(200))

    def in_house(title: str, bodies: list[Any], heads: int = 20) -> None:
        offer = make_offer(title=title)
        for body in bodies:
            event = make_event(offer, starts_at=next(day), in_house_for_id=body.id)
            counted = HeadCount(event_date=event.dates[0], head_count=heads, out_of_area_count=2)
            counted.recorded_at, counted.recorded_by_id = IN_YEAR, staff.id
            db.session.add(counted)

    def sessions(title: str, count: int) -> Offer:
        offer = make_offer(title=title)
        for _ in range(count):
            make_event(offer, starts_at=next(day))
        return offer

    in_house("Safeguarding Basic Awareness Refresher", [*schools[:35], schools[0], away])
    in_house("Safer Working Practice", schools)
    sessions("Strategic Governor", 12)
    sessions("Designated Safeguarding Lead (DSL)", 23)
    in_house("Internal DSL", schools[:2])
    assert YEAR is not None
    report = make_report(YEAR, own="We", now=NOW)
    table = tables.education(report)
    found = {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}
    in_schools = "Schools reached (schools)"
    refresher = found["Safeguarding Basic Awareness Refresher"]
    assert refresher[in_schools] == "35"
    assert refresher["Sessions held (sessions)"] == "37"
    assert refresher["Heads counted (heads)"] == "740"
    assert refresher["Heads from outside the district (heads)"] == "74"
    assert refresher["People who came (people by register)"] == "0"
    assert found["Safer Working Practice"][in_schools] == "50"
    assert found["Internal DSL"]["Sessions held (sessions)"] == "2"
    held = {row[0]: row for row in tables.held(report)["rows"]}
    assert held["Strategic Governor"][1] == "12"
    assert held["Designated Safeguarding Lead (DSL)"][1] == "23"
    told = " ".join(words for point in sentences.points(report) for words in point.what)
    assert "50 schools, 0 colleges and 0 early years settings were reached" in told

"""A large year: what the drill "report" reports on, made in bulk on either database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import Capacity, Organisation, OrganisationKind, Person
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
    HeadCount,
)
from app.catalogue.models import (
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Series,
)
from app.kernel.db import Base, db
from app.partnership.models import Priority, Sector
from app.surveys import questionnaires
from app.surveys.models import Evaluation, Question, QuestionnaireKind, QuestionOption, Wave
from app.surveys.response_models import Answer, Response, ResponseSource, random_id

YEAR_BEGINS = datetime(2024, 4, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PLACES = 20
OFFERS, ORGANISATIONS = 60, 2_000
PEOPLE_PER_BOOKING = 5
EARLIER_SHARE = 10  # one booking of the year before to ten of the year
RESPONSES_PER_OFFER = 100
FORM = {"quality": "very_good", "skills": "significantly"}
AT_ONCE = 10_000
# The titles are as bad as titles can be.
HOSTILE = '=HYPERLINK("http://evil.example","Offer {}")'

Rows = Iterator[dict[str, Any]]


def make_year(bookings: int, seed: int) -> None:
    """A year with so many bookings, and a tenth as many in the year before."""
    chance = Random(seed)  # noqa: S311 - the same seed makes the same year again
    sectors = list(db.session.scalars(select(Sector.id)))
    priorities = list(db.session.scalars(select(Priority.id)))
    _add(Organisation, _organisations(chance, sectors))
    bodies = list(db.session.scalars(select(Organisation.id)))
    _add(Person, _people(chance, bookings // PEOPLE_PER_BOOKING, sectors, bodies))
    people = [
        (person_id, body)
        for person_id, body in db.session.execute(select(Person.id, Person.organisation_id))
    ]
    clerk = people[0][0]
    db.session.add(Series(slug="series", title="=1+1 exploitation", summary=""))
    db.session.flush()
    series = db.session.scalars(select(Series.id)).one()
    _add(Offer, _offers(priorities, series))
    offers = list(db.session.scalars(select(Offer.id).order_by(Offer.id)))
    _add(Event, _events(bookings, offers, bodies))
    db.session.execute(
        insert(EventDate).from_select(
            ["event_id", "starts_at", "ends_at"], select(Event.id, Event.starts_at, Event.ends_at)
        )
    )
    events = db.session.execute(
        select(Event.id, EventDate.id, Event.starts_at).join(EventDate).order_by(Event.id)
    ).all()
    _add(Booking, _bookings(chance, [row[0] for row in events], people, sectors))
    _add(Attendance, _attendances(chance, clerk))
    _add(HeadCount, _heads(chance, [row[1] for row in events], clerk))
    _answers(offers)


def _add(table: type[Base], rows: Rows) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            db.session.execute(insert(table), batch)
            batch = []
    if batch:
        db.session.execute(insert(table), batch)


def _organisations(chance: Random, sectors: Sequence[int]) -> Rows:
    kinds = [*OrganisationKind]
    for number in range(ORGANISATIONS):
        yield {
            "reference": f"drill-org-{number}",
            "name": f"={number}+1 organisation",
            "kind": chance.choice(kinds),
            "sector_id": chance.choice(sectors),
            "contact_email": f"office{number}@example.org",
        }


def _people(chance: Random, count: int, sectors: Sequence[int], bodies: Sequence[int]) -> Rows:
    for number in range(count):
        yield {
            "reference": f"drill-person-{number}",
            "name": "Somebody",
            "email": f"person{number}@example.org",
            "capacity": Capacity.EMPLOYEE,
            "sector_id": chance.choice(sectors),
            # Half of the organisations send nobody.
            "organisation_id": chance.choice(bodies[: len(bodies) // 2]),
            "created_at": YEAR_BEGINS,
            "profile_completed_at": YEAR_BEGINS,
        }


def _offers(priorities: Sequence[int], series: int) -> Rows:
    for number in range(OFFERS):
        yield {
            "slug": f"drill-offer-{number}",
            "title": HOSTILE.format(number),
            "kind": OfferKind.COURSE,
            "state": OfferState.PUBLISHED,
            "summary": "Made by a drill.",
            "description": "Made by a drill.",
            "who_for": "Nobody.",
            "provider": f"@provider {number % 7}" if number % 3 else None,
            "series_id": series if number % 5 == 0 else None,
            "priority_id": priorities[number % len(priorities)] if priorities else None,
            "created_at": YEAR_BEGINS,
            "published_at": YEAR_BEGINS,
            "updated_at": YEAR_BEGINS,
        }


def _events(bookings: int, offers: Sequence[int], bodies: Sequence[int]) -> Rows:
    in_year = bookings // PLACES
    for number in range(in_year + in_year // EARLIER_SHARE):
        day = number * 350 // in_year if number < in_year else number % 300 - 350
        starts_at = YEAR_BEGINS + timedelta(days=day)
        yield {
            "reference": f"drill-event-{number}",
            "offer_id": offers[number % len(offers)],
            "state": EventState.PUBLISHED,
            "mode": EventMode.ONLINE,
            "capacity": PLACES,
            "booking_opens_at": starts_at - timedelta(days=60),
            "booking_closes_at": starts_at,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=3),
            "in_house_for_id": bodies[number % len(bodies)] if number % 50 == 0 else None,
            "created_at": starts_at,
            "updated_at": starts_at,
            "published_at": starts_at,
        }


def _bookings(
    chance: Random,
    events: Sequence[int],
    people: Sequence[tuple[int, int | None]],
    sectors: Sequence[int],
) -> Rows:
    number = 0
    for event_id in events:
        for person_id, body in chance.sample(people, PLACES):
            number += 1
            fate = chance.random()
            state = BookingState.CONFIRMED
            if fate < 0.08:
                state = BookingState.CANCELLED
            elif fate < 0.1:
                state = BookingState.WAITING
            is_cancelled = state is BookingState.CANCELLED
            yield {
                "reference": f"drill-booking-{number}",
                "event_id": event_id,
                "person_id": person_id,
                "booked_by_id": person_id,
                "state": state,
                "origin": BookingOrigin.REGISTER if fate > 0.95 else BookingOrigin.SELF,
                "mode": EventMode.ONLINE,
                "sector_id": sectors[person_id % len(sectors)],
                "organisation_id": body,
                "capacity": Capacity.EMPLOYEE,
                "booked_at": YEAR_BEGINS - timedelta(days=400),
                "confirmed_at": YEAR_BEGINS - timedelta(days=400),
                "joined_waiting_at": YEAR_BEGINS,
                "cancelled_at": YEAR_BEGINS - timedelta(days=390) if is_cancelled else None,
                "cancelled_because": CancelReason.PERSON if is_cancelled else None,
                "cancelled_late": is_cancelled and fate < 0.03,
            }


def _attendances(chance: Random, recorded_by: int) -> Rows:
    outcomes = [AttendanceOutcome.ATTENDED] * 8 + [*AttendanceOutcome]
    expected = db.session.execute(
        select(Booking.id, EventDate.id)
        .join(EventDate, EventDate.event_id == Booking.event_id)
        .where(Booking.state == BookingState.CONFIRMED)
    ).all()
    for booking_id, date_id in expected:
        yield {
            "booking_id": booking_id,
            "event_date_id": date_id,
            "outcome": chance.choice(outcomes),
            "recorded_at": NOW,
            "recorded_by_id": recorded_by,
        }


def _heads(chance: Random, dates: Sequence[int], recorded_by: int) -> Rows:
    for date_id in dates[::50]:
        heads = chance.randrange(10, 60)
        yield {
            "event_date_id": date_id,
            "head_count": heads,
            "out_of_area_count": heads // 10,
            "recorded_at": NOW,
            "recorded_by_id": recorded_by,
        }


def _answers(offers: Sequence[int]) -> None:
    """What was thought of each offer straight after, by some of those who came."""
    questionnaires.load_standard_questionnaires(now=NOW)
    version = questionnaires.current_version(QuestionnaireKind.AFTER)
    options = {
        (key, value): (question_id, option_id)
        for key, value, question_id, option_id in db.session.execute(
            select(Question.key, QuestionOption.value, Question.id, QuestionOption.id)
            .join(QuestionOption)
            .where(Question.version_id == version.id)
        )
    }
    for offer_id in offers:
        evaluation = Evaluation(
            slug=f"drill-evaluation-{offer_id}",
            title=f"-1 Evaluation {offer_id}",
            subject_words="the course",
            created_at=YEAR_BEGINS,
            offers=[db.session.get_one(Offer, offer_id)],
            waves=[Wave(months_later=0, version=version)],
        )
        db.session.add(evaluation)
        db.session.flush()
        events = db.session.scalars(
            select(Event.id).where(Event.offer_id == offer_id, Event.starts_at >= YEAR_BEGINS)
        ).all()
        own: dict[str, Any] = {"evaluation_id": evaluation.id, "wave_id": evaluation.waves[0].id}
        responses = [
            own
            | {
                "id": random_id(),
                "version_id": version.id,
                "source": ResponseSource.PERSONAL,
                "event_id": events[number % len(events)] if events else None,
                "answered_on": YEAR_BEGINS.date(),
            }
            for number in range(RESPONSES_PER_OFFER)
        ]
        db.session.execute(insert(Response), responses)
        db.session.execute(
            insert(Answer),
            [
                own
                | {
                    "id": random_id(),
                    "response_id": response["id"],
                    "question_id": question_id,
                    "option_id": option_id,
                }
                for response in responses
                for question_id, option_id in (options[item] for item in FORM.items())
            ],
        )

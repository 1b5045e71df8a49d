"""What is measured: 200 events to come, people signed in, a survey with 10,000 answers, one of 10.

The survey's earlier asking is over and counted; its later one is open, so that it can be answered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import flask_migrate
from flask import Flask
from sqlalchemy import Table, insert, select

from app.accounts.models import Capacity
from app.accounts.signed_in import TOKEN_KEY
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
)
from app.catalogue.models import (
    Audience,
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
    Topic,
)
from app.checks import stage
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import Base, db, transaction
from app.kernel.london import london_date
from app.kernel.tokens import new_reference, token_hash
from app.partnership.models import Sector
from app.surveys import questionnaires
from app.surveys.models import (
    Evaluation,
    InvitationState,
    Question,
    QuestionKind,
    QuestionnaireKind,
    SurveyInvitation,
    Wave,
)
from app.surveys.planning import link_token
from app.surveys.response_models import Answer, Pairing, Response, ResponseSource, random_id

KINDS = (OfferKind.COURSE, OfferKind.BRIEFING, OfferKind.MASTERCLASS, OfferKind.WORKSHOP)
MODES = (EventMode.ONLINE, EventMode.FACE_TO_FACE)
WORDS = (
    "Safeguarding children is the work of everybody who meets them. This session helps you to see "
    "early what a child is living with, to say what worries you, and to know whom to tell. "
)
GIVEN = {
    "aware": "yes",
    "attended": "yes",
    "used": "yes",
    "frequency": "frequently",
    "usefulness": "very",
    "recommend": "likely",
    "informed": "much_more",
    "knowledge": "7",
    "knowledge_change": "slight",
    "changes": "staff_briefed",
    "barriers": "time",
    "example": "I used the questions in supervision.",
    "quote": "no",
}


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    events: int = 200
    people: int = 1_000
    answers: int = 10_000
    few_answers: int = 10
    invitations: int = 3_000
    past_events: int = 100
    places: int = 100_000  # nobody waits: each booking does the same work


@dataclass(frozen=True)
class Measured:
    """What the visitors need to know."""

    events: list[str]
    people: list[tuple[int, str]]  # id, cookie
    evaluator_cookie: str
    many: tuple[int, str, list[str]]  # evaluation, its slug, tokens of links still to be answered
    few: tuple[int, str, list[str]]


def fill(app: Flask, size: Size) -> Measured:
    """Make the tables and everything that is measured; inside an application context."""
    flask_migrate.upgrade(str(stage.PROJECT / "migrations"))
    chance = random.Random(1)  # noqa: S311 - the same data each time
    with transaction():
        stage.make_partnership()
        people = stage.make_people(size.people)
        events = [event.reference for event in _programme(size, chance)]
        evaluator = stage.signed_in_as(people[0][0], Role.EVALUATOR)
        bookings, offer = _past(size, [person_id for person_id, _token in people], chance)
        questionnaires.load_standard_questionnaires(now=clock.now())
        many = _evaluation(offer, bookings, size.answers, size.invitations, chance)
        few = _evaluation(offer, bookings, size.few_answers, size.invitations, chance)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return Measured(
        events=events,
        people=[(person_id, cookie(app, token)) for person_id, token in people],
        evaluator_cookie=cookie(app, evaluator),
        many=many,
        few=few,
    )


def cookie(app: Flask, token: str) -> str:
    """The cookie of a browser on which the holder of this token is signed in."""
    signer = cast(Any, app.session_interface).get_signing_serializer(app)
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({TOKEN_KEY: token})}"


def _programme(size: Size, chance: random.Random) -> list[Event]:
    """Events to come, four of each offer, spread over half a year."""
    topics = [Topic(slug=f"topic-{n}", name=f"Topic {n}") for n in range(8)]
    audiences = [Audience(slug=f"aud-{n}", name=f"Audience {n}", position=n) for n in range(5)]
    offers = [_offer(number) for number in range(max(1, size.events // 4))]
    for offer in offers:
        offer.topics = chance.sample(topics, 2)
        offer.audiences = chance.sample(audiences, 2)
    events = []
    for number in range(size.events):
        starts_at = _whole_hour() + timedelta(
            days=7 + number * 180 // size.events, hours=number % 7
        )
        event = _event(offers[number % len(offers)], starts_at, MODES[number % len(MODES)])
        event.capacity = size.places
        events.append(event)
    db.session.add_all(events)
    db.session.flush()
    return events


def _whole_hour() -> datetime:
    return clock.now().replace(hour=9, minute=0, second=0, microsecond=0)


def _offer(number: int) -> Offer:
    now = clock.now()
    return Offer(
        slug=f"measured-{number}",
        title=f"Working together, part {number}",
        kind=KINDS[number % len(KINDS)],
        state=OfferState.PUBLISHED,
        summary=WORDS[:100],
        description=WORDS * 3,
        who_for="Everybody who works with children",
        length_words="half a day",
        created_at=now,
        published_at=now,
        updated_at=now,
    )


def _event(offer: Offer, starts_at: datetime, mode: EventMode) -> Event:
    now, ends_at = clock.now(), starts_at + stage.LASTS
    at_a_place = mode is EventMode.FACE_TO_FACE
    return Event(
        reference=new_reference(),
        offer=offer,
        state=EventState.PUBLISHED,
        mode=mode,
        venue="The Hall" if at_a_place else "",
        venue_address="1 High Street, Wakefield" if at_a_place else "",
        joining_url="" if at_a_place else "https://meet.example.org/measured",
        booking_opens_at=min(now, starts_at) - timedelta(days=30),
        booking_closes_at=starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        updated_at=now,
        published_at=now,
        dates=[EventDate(starts_at=starts_at, ends_at=ends_at)],
    )


def _past(
    size: Size, people: Sequence[int], chance: random.Random
) -> tuple[list[dict[str, Any]], Offer]:
    """Past events with as many bookings, all attended, as there are answers."""
    offer = _offer(10_000)
    begun = _whole_hour() - timedelta(days=240)
    days = [timedelta(days=number % 80) for number in range(size.past_events)]
    events = [_event(offer, begun + day, EventMode.ONLINE) for day in days]
    db.session.add_all(events)
    db.session.flush()
    sector_ids = list(db.session.scalars(select(Sector.id)))
    bookings = [
        _booking(events[n % len(events)], people[(n // len(events)) % len(people)], sector_id)
        for n, sector_id in enumerate(chance.choices(sector_ids, k=size.answers))
    ]
    _insert(Booking, bookings)
    ids = {
        one.reference: one.id for one in db.session.execute(select(Booking.reference, Booking.id))
    }
    dates = {event.id: event.dates[0].id for event in events}
    for booking in bookings:
        booking["id"] = ids[booking["reference"]]
    _insert(
        Attendance,
        [
            {
                "booking_id": booking["id"],
                "event_date_id": dates[booking["event_id"]],
                "outcome": AttendanceOutcome.ATTENDED,
                "recorded_at": begun,
                "recorded_by_id": people[0],
            }
            for booking in bookings
        ],
    )
    return bookings, offer


def _booking(event: Event, person_id: int, sector_id: int) -> dict[str, Any]:
    return {
        "reference": new_reference(12),
        "event_id": event.id,
        "person_id": person_id,
        "booked_by_id": person_id,
        "state": BookingState.CONFIRMED,
        "origin": BookingOrigin.SELF,
        "mode": EventMode.ONLINE,
        "sector_id": sector_id,
        "capacity": Capacity.EMPLOYEE,
        "booked_at": event.booking_opens_at,
        "confirmed_at": event.booking_opens_at,
    }


def _evaluation(
    offer: Offer,
    bookings: Sequence[dict[str, Any]],
    answers: int,
    invitations: int,
    chance: random.Random,
) -> tuple[int, str, list[str]]:
    """An evaluation asked after 3 months, with so many answers, and after 6, still open."""
    version = questionnaires.current_version(QuestionnaireKind.IMPACT)
    slug = f"measured-{answers}"
    evaluation = Evaluation(
        slug=slug,
        title=f"Measured with {answers} answers",
        subject_words="the course",
        created_at=clock.now(),
        offers=[offer],
        waves=[Wave(months_later=months, version=version) for months in (3, 6)],
    )
    db.session.add(evaluation)
    db.session.flush()
    over, still_open = evaluation.waves
    keys = {booking["id"]: new_reference(24) for booking in bookings}
    answered = [_invitation(over, booking) for booking in bookings[:answers]]
    _insert(SurveyInvitation, answered)
    to_answer = [_invitation(still_open, booking) for booking in bookings[:invitations]]
    _insert(SurveyInvitation, to_answer)
    _insert(
        Pairing,
        [
            {
                "pairing_key": key,
                "evaluation_id": evaluation.id,
                "addressee_key": f"booking:{booking_id}",
            }
            for booking_id, key in keys.items()
        ],
    )
    questions = list(db.session.scalars(select(Question).where(Question.version_id == version.id)))
    responses = [_response(over, invitation, keys) for invitation in answered]
    _insert(Response, responses)
    _insert(Answer, [row for one in responses for row in _answers(one, questions, chance)])
    return evaluation.id, slug, [link_token(one["reference"]) for one in to_answer]


def _invitation(wave: Wave, booking: dict[str, Any]) -> dict[str, Any]:
    reference, is_over = new_reference(12), wave.months_later == 3
    due_at = _whole_hour() - timedelta(days=120 if is_over else 2)
    return {
        "reference": reference,
        "evaluation_id": wave.evaluation_id,
        "wave_id": wave.id,
        "addressee_key": f"booking:{booking['id']}",
        "person_id": booking["person_id"],
        "event_id": booking["event_id"],
        "booking_id": booking["id"],
        "sector_id": booking["sector_id"],
        "token_hash": token_hash(link_token(reference)),
        "state": InvitationState.ANSWERED if is_over else InvitationState.SENT,
        "due_at": due_at,
        "closes_at": due_at + timedelta(days=28),
        "sent_at": due_at,
        "answered_on": london_date(due_at) if is_over else None,
    }


def _response(wave: Wave, invitation: dict[str, Any], keys: dict[int, str]) -> dict[str, Any]:
    return {
        "id": random_id(),
        "evaluation_id": wave.evaluation_id,
        "wave_id": wave.id,
        "version_id": wave.version_id,
        "source": ResponseSource.PERSONAL,
        "event_id": invitation["event_id"],
        "sector_id": invitation["sector_id"],
        "pairing_key": keys[invitation["booking_id"]],
        "answered_on": london_date(invitation["due_at"]).replace(day=1),
    }


def _answers(
    response: dict[str, Any], questions: Sequence[Question], chance: random.Random
) -> list[dict[str, Any]]:
    """One answer to each closed question of somebody who has used it."""
    closed = [question for question in questions if question.kind is not QuestionKind.LONG_TEXT]
    return [
        {
            "id": random_id(),
            "response_id": response["id"],
            "evaluation_id": response["evaluation_id"],
            "wave_id": response["wave_id"],
            "question_id": question.id,
            **_value(question, chance),
        }
        for question in closed
    ]


def _value(question: Question, chance: random.Random) -> dict[str, Any]:
    if question.kind is QuestionKind.SCORE:
        return {"option_id": None, "score": chance.randint(0, 10)}
    options = question.options[:1] if question.key == "used" else question.options
    return {"option_id": chance.choice(options).id, "score": None}


def _insert(model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(cast(Table, model.__table__)), rows)

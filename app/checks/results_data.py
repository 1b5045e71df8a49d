"""Offers with very many answers, made inside PostgreSQL: what the drill "results" looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Float,
    Integer,
    String,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import array

from app.accounts.models import Person
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
)
from app.catalogue.models import Event, EventDate, Offer
from app.checks import stage
from app.checks.many_rows import multiply, numbered, random_ids, series, unlike
from app.impact.periods import financial_year_of
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
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
from app.surveys.response_models import Answer, Response, ResponseSource

PLACES = 50
OVER = (3, 6)  # waves that everybody's asking is over of, each with half of the answers
STILL_OPEN = 12
SHARE_THAT_ANSWERS = 0.6
DAYS_OF_EVENTS, LAST_EVENT_DAYS_AGO = 700, 260


@dataclass(frozen=True)
class Asked:
    """An evaluation: the links of its open wave, and pages by what they show of it."""

    slug: str
    tokens: list[str]
    pages: dict[str, str]


def make_reader() -> str:
    """Somebody of the delivery group who is signed in; the token of their sign-in."""
    [(person_id, _token)] = stage.make_people(1)
    return stage.signed_in_as(person_id, Role.DELIVERY)


def make_offer_with_answers(responses: int, *, still_to_answer: int) -> Asked:
    """An offer whose two waves brought so many responses, and a third that is being asked."""
    questionnaires.load_standard_questionnaires(now=clock.now())
    in_wave = responses // len(OVER)
    bookings = max(int(in_wave / SHARE_THAT_ANSWERS), still_to_answer)
    offer = _past_events(max(1, bookings // PLACES))
    _who_came(offer, bookings)
    evaluation = _evaluation(offer, responses)
    template = _invitation(evaluation)
    for wave in evaluation.waves:
        if wave.months_later in OVER:
            _ask(template, wave, in_wave)
            _answer(wave)
    tokens = _still_asked(template, evaluation.waves[-1], still_to_answer)
    db.session.delete(template)
    db.session.flush()
    return Asked(evaluation.slug, tokens, _pages(evaluation, offer))


def _pages(evaluation: Evaluation, offer: Offer) -> dict[str, str]:
    """Its summary, and those of a session, of a year, and of the whole offer."""
    event = db.session.scalars(
        select(Event).where(Event.offer_id == offer.id).order_by(Event.starts_at).limit(1)
    ).one()
    year = financial_year_of(event.starts_at)
    return {
        "summary": f"/impact/evaluations/{evaluation.slug}",
        "session": f"/impact/events/{event.reference}",
        "year": f"/impact/offers/{offer.slug}?period={year}",
        "offer": f"/impact/offers/{offer.slug}",
    }


def _past_events(count: int) -> Offer:
    template = stage.make_event(None)
    template.starts_at = clock.now() - timedelta(days=LAST_EVENT_DAYS_AGO)
    template.ends_at = template.starts_at + stage.LASTS
    template.booking_closes_at = template.starts_at
    template.booking_opens_at = template.starts_at - timedelta(days=DAYS_OF_EVENTS)
    template.dates[0].starts_at, template.dates[0].ends_at = template.starts_at, template.ends_at
    db.session.flush()
    number = series(count - 1)
    earlier = func.make_interval(0, 0, 0, number.c.n % DAYS_OF_EVENTS)
    multiply(
        template,
        number,
        reference=unlike(number.c.n, template.reference),
        booking_opens_at=Event.booking_opens_at - earlier,
        booking_closes_at=Event.booking_closes_at - earlier,
        starts_at=Event.starts_at - earlier,
        ends_at=Event.ends_at - earlier,
    )
    of_offer = select(Event.id, Event.starts_at, Event.ends_at).where(
        Event.offer_id == template.offer_id, Event.id != template.id
    )
    others = of_offer.subquery()
    multiply(
        template.dates[0],
        others,
        event_id=others.c.id,
        starts_at=others.c.starts_at,
        ends_at=others.c.ends_at,
    )
    return template.offer


def _who_came(offer: Offer, count: int) -> None:
    [(person_id, _token)] = stage.make_people(1)
    person = db.session.get_one(Person, person_id)
    number = series(max(PLACES, count // 5))
    of_person = unlike(number.c.n, person.reference)
    multiply(person, number, reference=of_person, email=of_person + "@example.org")
    events = numbered(select(Event.id).where(Event.offer_id == offer.id))
    people = numbered(select(Person.id).where(Person.name == person.name, Person.id != person.id))
    sectors = numbered(select(Sector.id))
    of_events, of_people = (
        db.session.scalar(select(func.count()).select_from(rows)) for rows in (events, people)
    )
    event = db.session.scalars(select(Event).where(Event.offer_id == offer.id).limit(1)).one()
    template = _booking(event, person)
    n = series(count - 1).c.n
    # More of some sectors than of others: the square root of 0 to 168, without its fraction.
    uneven = cast(func.floor(func.sqrt(cast(n * 7919 % 169, Float))), Integer)
    turn = cast(n // of_events, Integer)
    source = (
        select(n, events.c.id.label("event"), people.c.id.label("person"), sectors.c.id.label("of"))
        .join(events, events.c.number == n % of_events)
        .join(people, people.c.number == (turn + 7 * (n % of_events)) % of_people)
        .join(sectors, sectors.c.number == uneven)
        .subquery()
    )
    multiply(
        template,
        source,
        reference=unlike(source.c.n, template.reference),
        event_id=source.c.event,
        person_id=source.c.person,
        booked_by_id=source.c.person,
        sector_id=source.c.of,
    )
    attendance = Attendance(
        booking=template,
        event_date=event.dates[0],
        outcome=AttendanceOutcome.ATTENDED,
        recorded_at=event.ends_at,
        recorded_by_id=person.id,
    )
    db.session.add(attendance)
    db.session.flush()
    came = (
        select(Booking.id, EventDate.id.label("date"))
        .join(EventDate, EventDate.event_id == Booking.event_id)
        .join(Event, Event.id == Booking.event_id)
        .where(Event.offer_id == offer.id, Booking.id != template.id)
        .subquery()
    )
    multiply(attendance, came, booking_id=came.c.id, event_date_id=came.c.date)


def _booking(event: Event, person: Person) -> Booking:
    booking = Booking(
        reference=new_reference(12),
        event=event,
        person=person,
        booked_by=person,
        state=BookingState.CONFIRMED,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        sector_id=person.sector_id,
        capacity=person.capacity,
        booked_at=event.booking_opens_at,
        confirmed_at=event.booking_opens_at,
    )
    db.session.add(booking)
    db.session.flush()
    return booking


def _evaluation(offer: Offer, responses: int) -> Evaluation:
    version = questionnaires.current_version(QuestionnaireKind.IMPACT)
    evaluation = Evaluation(
        slug=f"measured-{responses}-{new_reference()}",
        title=f"Measured with {responses} responses",
        subject_words="the course",
        created_at=clock.now(),
        offers=[offer],
        waves=[Wave(months_later=months, version=version) for months in (*OVER, STILL_OPEN)],
    )
    db.session.add(evaluation)
    db.session.flush()
    return evaluation


def _invitation(evaluation: Evaluation) -> SurveyInvitation:
    """What all invitations are made after."""
    booking = db.session.scalars(
        select(Booking)
        .join(Event)
        .where(Event.offer_id == evaluation.offers[0].id)
        .order_by(Booking.id.desc())
        .limit(1)
    ).one()
    due_at = clock.now() - timedelta(days=2)
    reference = new_reference(12)
    invitation = SurveyInvitation(
        reference=reference,
        evaluation=evaluation,
        wave=evaluation.waves[-1],
        addressee_key="template",
        person_id=booking.person_id,
        event_id=booking.event_id,
        booking_id=booking.id,
        sector_id=booking.sector_id,
        token_hash=token_hash(link_token(reference)),
        state=InvitationState.SENT,
        due_at=due_at,
        closes_at=due_at + timedelta(days=28),
        sent_at=due_at,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def _ask(template: SurveyInvitation, wave: Wave, answered: int) -> None:
    """Ask everybody who came; so many of them, from the first on, have answered."""
    came = (
        select(
            Booking,
            (func.row_number().over(order_by=Booking.id) <= answered).label("answered"),
            (Event.ends_at + func.make_interval(0, wave.months_later)).label("due_at"),
        )
        .join(Event)
        .where(Event.offer_id == wave.evaluation.offers[0].id)
        .subquery()
    )
    multiply(
        template,
        came,
        reference=unlike(came.c.id, f"{wave.id}"),
        token_hash=unlike(came.c.id, f"token {wave.id}"),
        wave_id=literal(wave.id),
        addressee_key=literal("booking:") + cast(came.c.id, String),
        person_id=came.c.person_id,
        event_id=came.c.event_id,
        booking_id=came.c.id,
        sector_id=came.c.sector_id,
        state=case(
            (came.c.answered, literal(InvitationState.ANSWERED, SurveyInvitation.state.type)),
            else_=literal(InvitationState.CLOSED, SurveyInvitation.state.type),
        ),
        due_at=came.c.due_at,
        closes_at=came.c.due_at + func.make_interval(0, 0, 0, 28),
        sent_at=came.c.due_at,
        answered_on=case((came.c.answered, cast(came.c.due_at, Date))),
    )


def _answer(wave: Wave) -> None:
    """One response to each invitation that was answered, with an answer to each closed question."""
    response = Response(
        evaluation_id=wave.evaluation_id,
        wave_id=wave.id,
        version_id=wave.version_id,
        source=ResponseSource.PERSONAL,
        answered_on=clock.now().date(),
    )
    db.session.add(response)
    db.session.flush()
    asked = (
        select(SurveyInvitation)
        .where(
            SurveyInvitation.wave_id == wave.id,
            SurveyInvitation.state == InvitationState.ANSWERED,
        )
        .subquery()
    )
    is_kept = asked.c.id % 20 != 0
    multiply(
        response,
        asked,
        id=random_ids(),
        event_id=case((is_kept, asked.c.event_id)),
        sector_id=asked.c.sector_id,
        pairing_key=func.md5(cast(asked.c.booking_id, String)),
        answered_on=cast(
            case(
                (is_kept, func.date_trunc("month", asked.c.due_at)),
                else_=func.date_trunc("year", asked.c.due_at),
            ),
            Date,
        ),
    )
    db.session.delete(response)
    db.session.flush()
    closed = Question.kind != QuestionKind.LONG_TEXT
    for question in db.session.scalars(
        select(Question).where(Question.version_id == wave.version_id, closed)
    ).all():
        _answer_question(wave, question)


def _answer_question(wave: Wave, question: Question) -> None:
    chosen = cast(func.floor(func.random() * max(1, len(question.options))), BigInteger)
    value: dict[str, ColumnElement[Any]] = {
        "score": cast(func.floor(func.random() * 11), BigInteger)
    }
    if question.options:
        value = {"option_id": array([option.id for option in question.options])[1 + chosen]}
    rows = select(
        random_ids(),
        Response.id,
        Response.evaluation_id,
        Response.wave_id,
        literal(question.id),
        *value.values(),
    ).where(Response.wave_id == wave.id)
    names = ["id", "response_id", "evaluation_id", "wave_id", "question_id", *value]
    # A mapped table is typed as FromClause; insert() takes the Table that it is.
    db.session.execute(insert(Answer.__table__).from_select(names, rows))  # type: ignore[arg-type]


def _still_asked(template: SurveyInvitation, wave: Wave, count: int) -> list[str]:
    """Ask so many of those who came in the open wave; the tokens of their links."""
    bookings = select(Booking.id).join(Event).where(Event.offer_id == wave.evaluation.offers[0].id)
    rows, tokens = [], []
    for booking_id in db.session.scalars(bookings.order_by(Booking.id).limit(count)):
        reference = new_reference(12)
        tokens.append(link_token(reference))
        rows.append((reference, f"booking:{booking_id}", booking_id, token_hash(tokens[-1])))
    columns = SurveyInvitation.__table__.columns
    same = {c.name: getattr(template, c.name) for c in columns if not c.primary_key}
    names = ("reference", "addressee_key", "booking_id", "token_hash")
    many = [{**same, **dict(zip(names, row, strict=True))} for row in rows]
    # Likewise.
    db.session.execute(insert(SurveyInvitation.__table__), many)  # type: ignore[arg-type]
    return tokens

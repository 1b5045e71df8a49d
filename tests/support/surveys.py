"""Surveys under way: somebody attended, the worker's round, the link in the letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app import persons
from app.accounts.models import Person
from app.bookings.models import Booking
from app.catalogue.models import Event, Offer
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from app.surveys import building, evaluations, operations, question_building
from app.surveys.building_queries import VersionFacts
from app.surveys.models import (
    Evaluation,
    QuestionKind,
    QuestionnaireKind,
    SurveyInvitation,
)
from app.surveys.option_rules import QuestionDetails
from app.surveys.plan_models import SurveyAddressee
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient, PageResponse


def round_of_work(now: datetime) -> int:
    """What the worker does with surveys at one instant; how many were asked or reminded of."""
    operations.plan_invitations(now=now)
    count = operations.send_due(now=now) + operations.remind_due(now=now)
    operations.close_due(now=now)
    operations.erase_pairings(now=now)
    db.session.commit()
    db.session.expire_all()
    return count


def attended(event: Event, person: Person | None = None) -> Booking:
    """A booking of somebody who came on every date."""
    booking = make_booking(event, person)
    make_attendance(booking)
    return booking


def past_event(offer: Offer | None = None, *, ended_at: datetime, **changes: object) -> Event:
    """An event of three hours that ended then."""
    return make_event(offer, starts_at=ended_at - timedelta(hours=3), **changes)  # type: ignore[arg-type]


def a_course_attended(ended_at: datetime, people: int = 1) -> Event:
    """A course that so many people came to, with its evaluation planned as it was made."""
    make_partnership()
    event = past_event(make_offer(title="Multi-Agency Neglect"), ended_at=ended_at)
    operations.ensure_default_evaluations(now=ended_at - timedelta(days=30))
    sector = make_person().sector
    for _ in range(people):
        attended(event, make_person(sector=sector, organisation=None))
    db.session.commit()
    return event


def answer_from(client: PageClient, page: PageResponse, given: Mapping[str, Any]) -> PageResponse:
    """Go through the screens from this one until all of these are answered; where that leads."""
    left = dict(given)
    while left:
        here = {key: left.pop(key) for key in list(left) if page.select(name=key)}
        page = client.submit(
            page, here, button=page.page.one("button", class_="govuk-button").words
        )
        assert page.errors == []
    return page


def messages(kind: str = "survey") -> list[OutboxMessage]:
    """The messages about surveys in the order of queueing."""
    found = select(OutboxMessage).where(OutboxMessage.kind.startswith(kind))
    return list(db.session.scalars(found.order_by(OutboxMessage.id)))


def links_in(message: OutboxMessage) -> list[str]:
    """The paths of the surveys that a message leads to."""
    return re.findall(r"/surveys/[0-9a-f]{64}(?!/)", message.text_body)


def invitations(months_later: int | None = None) -> list[SurveyInvitation]:
    """The invitations, of one wave or of all, by when they fall due."""
    found = db.session.scalars(
        select(SurveyInvitation).order_by(SurveyInvitation.due_at, SurveyInvitation.id)
    )
    return [one for one in found if months_later in (None, one.wave.months_later)]


def default_evaluation(offer: Offer) -> Evaluation:
    """The evaluation that the offer got by itself."""
    return db.session.scalars(
        select(Evaluation).where(Evaluation.is_default_for_id == offer.id)
    ).one()


def a_draft(actor: Person, *, now: datetime, title: str = "In your school") -> VersionFacts:
    """A questionnaire that staff are building; its keys are q_do_you_use_it and q_how_often."""
    draft = building.create_questionnaire(title, QuestionnaireKind.IMPACT, actor=actor, now=now)
    used = QuestionDetails("Do you use it?", "Using it", is_required=True)
    often = QuestionDetails("How often?", "Using it", labels=("Often", "Never"), counted=1)
    for kind, details in ((QuestionKind.YES_NO, used), (QuestionKind.SINGLE, often)):
        question_building.add_question(draft.id, kind, details, actor=actor, now=now)
    db.session.commit()
    return draft


def a_list(
    *people: Person,
    now: datetime,
    months: tuple[int, ...] = (3,),
    counted_from: date | None = None,
    **facts: str,
) -> Evaluation:
    """An evaluation of people on a list, counted from today or another day."""
    load_standard_questionnaires(now=now)
    evaluation = Evaluation(
        slug=facts.get("slug", "bulletin"),
        title=facts.get("title", "The bulletin"),
        subject_words="the bulletin",
        recommendation=facts.get("recommendation", ""),
        counted_from_on=counted_from or now.date(),
        created_at=now,
    )
    db.session.add(evaluation)
    for months_later in months:
        evaluations.add_wave(evaluation, months_later, once_per_person=True)
    db.session.flush()
    db.session.add_all(
        SurveyAddressee(
            evaluation_id=evaluation.id,
            person_id=person.id,
            sector_id=person.sector_id,
            added_at=now,
        )
        for person in people
    )
    db.session.flush()
    return evaluation


def merge_people(old: Person, new: Person, *, now: datetime) -> None:
    """Somebody is there twice: make one person of the two."""
    persons.merge(old, new, actor=make_person(), now=now)
    db.session.commit()
    db.session.expire_all()

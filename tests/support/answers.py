"""Evaluations with answers as rows, for tests of figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy import insert, select

from app.accounts.models import Person
from app.catalogue.models import Event, Offer
from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys import questionnaires
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    Question,
    QuestionnaireKind,
    QuestionnaireVersion,
    SurveyInvitation,
    Wave,
)
from app.surveys.response_models import Answer, Response, ResponseSource, random_id
from tests.support.factories import NOW, make_offer

_numbers = count(1)
KINDS = {-1: QuestionnaireKind.BEFORE, 0: QuestionnaireKind.AFTER}


def make_evaluation(
    *months: int, offers: Iterable[Offer] | None = None, open_link: bool = False, **changes: Any
) -> Evaluation:
    """An evaluation of one offer with these waves, and perhaps an open link that has ended."""
    questionnaires.load_standard_questionnaires(now=NOW)
    number = next(_numbers)
    facts: dict[str, Any] = {
        "slug": f"evaluation-{number}",
        "title": f"Evaluation {number}",
        "subject_words": "the toolkit",
        "created_at": NOW,
        "offers": list(offers) if offers is not None else [make_offer()],
    }
    if open_link:
        version = questionnaires.current_version(QuestionnaireKind.IMPACT)
        facts |= {
            "open_version_id": version.id,
            "open_from": datetime(2025, 1, 1, tzinfo=NOW.tzinfo),
            "open_until": datetime(2025, 6, 1, tzinfo=NOW.tzinfo),
        }
    evaluation = Evaluation(**facts | changes)
    for later in months:
        version = questionnaires.current_version(KINDS.get(later, QuestionnaireKind.IMPACT))
        evaluation.waves.append(Wave(months_later=later, version=version))
    db.session.add(evaluation)
    db.session.flush()
    return evaluation


def wave_of(evaluation: Evaluation, months_later: int) -> Wave:
    return next(wave for wave in evaluation.waves if wave.months_later == months_later)


def add_responses(
    evaluation: Evaluation,
    forms: Iterable[Mapping[str, Any]],
    *,
    wave: Wave | None = None,
    sector: Sector | None = None,
    event: Event | None = None,
    answered_on: date = date(2025, 2, 1),
    pairing_keys: Iterable[str] = (),
) -> None:
    """One response for each form, a mapping of question key to value, score, text or values."""
    version = wave.version if wave else evaluation.open_version
    assert version is not None
    questions = _questions(version)
    keys = iter(pairing_keys)
    responses: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for form in forms:
        response_id = random_id()
        responses.append(
            {
                "id": response_id,
                "evaluation_id": evaluation.id,
                "wave_id": wave.id if wave else None,
                "version_id": version.id,
                "source": ResponseSource.PERSONAL if wave else ResponseSource.OPEN,
                "event_id": event.id if event else None,
                "sector_id": sector.id if sector else None,
                "pairing_key": next(keys, None),
                "answered_on": answered_on,
            }
        )
        for key, given in form.items():
            answers += [
                {
                    "id": random_id(),
                    "response_id": response_id,
                    "evaluation_id": evaluation.id,
                    "wave_id": wave.id if wave else None,
                    **_value(questions[key], value),
                }
                for value in (given if isinstance(given, list) else [given])
            ]
    db.session.execute(insert(Response), responses)
    if answers:
        db.session.execute(insert(Answer), answers)


def neglect_forms() -> list[dict[str, Any]]:
    """104 people as in F3: 94 aware, 97 aware or attended, 63 using it, 100 more informed."""
    frequency = ["very_frequently"] * 13 + ["frequently"] * 21 + ["occasionally"] * 29
    frequency += ["rarely"] * 30 + ["never"] * 11
    informed = ["much_more"] * 70 + ["a_little_more"] * 30 + ["same"] * 4
    attended = ["yes"] * 80 + ["aware"] * 17 + ["no"] * 7
    return [
        {
            "aware": "yes" if number < 94 else "no",
            "attended": attended[number],
            "frequency": frequency[number],
            "informed": informed[number],
        }
        for number in range(104)
    ]


def exploitation_forms() -> list[dict[str, Any]]:
    """90 people as in F6 and F7, of whom the 63 who used the hub are asked about using it."""
    frequency = ["very_frequently"] * 14 + ["frequently"] * 19 + ["occasionally"] * 28
    frequency += ["rarely"] * 2
    informed = ["much_more"] * 40 + ["a_little_more"] * 19 + ["same"] * 4
    change = ["significant"] * 10 + ["slight"] * 15 + ["none"] * 38
    recommend = ["very_likely"] * 53 + ["likely"] * 10
    users = [
        {
            "used": "yes",
            "frequency": frequency[number],
            "informed": informed[number],
            "knowledge_change": change[number],
            "recommend": recommend[number],
        }
        for number in range(63)
    ]
    return [*users, *({"used": "no"} for _ in range(27))]


def _questions(version: QuestionnaireVersion) -> dict[str, Question]:
    found = db.session.scalars(select(Question).where(Question.version_id == version.id))
    return {question.key: question for question in found}


def _value(question: Question, value: str | int) -> dict[str, Any]:
    facts: dict[str, Any] = {"option_id": None, "score": None, "text": None}
    if isinstance(value, int):
        facts["score"] = value
    elif question.options:
        facts["option_id"] = next(o.id for o in question.options if o.value == value)
    else:
        facts["text"] = value
    return {"question_id": question.id, **facts}


def make_invitation(
    wave: Wave,
    person: Person,
    state: InvitationState = InvitationState.CLOSED,
    *,
    due_at: datetime = datetime(2025, 2, 3, 9, tzinfo=NOW.tzinfo),
    closes_at: datetime = datetime(2025, 3, 3, 9, tzinfo=NOW.tzinfo),
    **changes: Any,
) -> SurveyInvitation:
    number = next(_numbers)
    was_sent = state not in {InvitationState.PLANNED, InvitationState.MISSED}
    facts: dict[str, Any] = {
        "reference": f"invitation{number}",
        "evaluation_id": wave.evaluation_id,
        "wave_id": wave.id,
        "addressee_key": f"booking:{number}",
        "person_id": person.id,
        "sector_id": person.sector_id,
        "token_hash": f"hash{number}",
        "state": state,
        "due_at": due_at,
        "closes_at": closes_at,
        "missed_because": MissedBecause.LATE if state is InvitationState.MISSED else None,
        "sent_at": due_at if was_sent else None,
        "answered_on": due_at.date() if state is InvitationState.ANSWERED else None,
    }
    invitation = SurveyInvitation(**facts | changes)
    db.session.add(invitation)
    db.session.flush()
    return invitation

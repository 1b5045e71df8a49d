"""Invented evaluations whose answers come in month by month, for the attack on figures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert, select, update

from app.catalogue.models import Event
from app.checks import stage
from app.kernel.db import Base, db
from app.kernel.tokens import new_reference, token_hash
from app.partnership.models import Sector
from app.surveys import questionnaires
from app.surveys.models import (
    Evaluation,
    InvitationState,
    Question,
    QuestionnaireKind,
    SurveyInvitation,
    Wave,
)
from app.surveys.response_models import Answer, Response, ResponseSource, random_id
from app.surveys.rules import event_is_kept

FIRST_MONTH, MONTHS = 1, 9
KINDS = {0: QuestionnaireKind.AFTER, 3: QuestionnaireKind.IMPACT}
SKIPS = 0.06


@dataclass
class Invented:
    """One evaluation, and of each response who answered which question with what."""

    seed: int
    evaluation: Evaluation
    events: list[Event]
    given: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    sector_of: dict[int, str] = field(default_factory=dict)


def moment_after(month: int) -> datetime:
    """When everything that fell due in this month of 2025 has closed."""
    return datetime(2025 + (month + 1) // 12, (month + 1) % 12 + 1, 20, 12, tzinfo=UTC)


def invent(seed: int) -> Invented:
    """An offer with one to four sessions, asked straight after and three months later."""
    dice = random.Random(seed)  # noqa: S311 - the same data each time
    events = [stage.make_event(None)]
    for _ in range(dice.randint(0, 3)):
        other = stage.make_event(None)
        other.offer = events[0].offer
        events.append(other)
    for event in events:
        month = dice.randint(FIRST_MONTH, FIRST_MONTH + 4)
        event.booking_opens_at = datetime(2024, 12, 1, tzinfo=UTC)
        event.starts_at = event.booking_closes_at = datetime(2025, month, 10, 9, tzinfo=UTC)
        event.ends_at = event.starts_at + stage.LASTS
    questionnaires.load_standard_questionnaires(now=datetime(2024, 12, 1, tzinfo=UTC))
    evaluation = Evaluation(
        slug=f"invented-{seed}-{new_reference()}",
        title=f"Invented {seed}",
        subject_words="it",
        created_at=datetime(2024, 12, 1, tzinfo=UTC),
        offers=[events[0].offer],
        waves=[
            Wave(months_later=months, version=questionnaires.current_version(kind))
            for months, kind in KINDS.items()
        ],
    )
    db.session.add(evaluation)
    db.session.flush()
    return Invented(seed, evaluation, events)


def play(invented: Invented) -> Iterator[datetime]:
    """Let answers come in; yields each moment at which somebody looks."""
    dice = random.Random(invented.seed + 1_000_000)  # noqa: S311 - the same data each time
    [(person_id, _token)] = stage.make_people(1)
    sectors = {row.id: row.name for row in db.session.execute(select(Sector.id, Sector.name))}
    weights = [dice.random() ** 2 for _ in sectors]
    came = {
        event.id: dice.choices(list(sectors), weights, k=dice.choice((6, 14, 25, 40)))
        for event in invented.events
    }
    for month in range(FIRST_MONTH, FIRST_MONTH + MONTHS):
        for wave in invented.evaluation.waves:
            for event in invented.events:
                if event.starts_at.month + wave.months_later == month:
                    asked = [(person_id, sector_id) for sector_id in came[event.id]]
                    _ask(invented, wave, event, asked, sectors, dice)
        db.session.flush()
        yield moment_after(month)
        # Somebody who could still answer then cannot any more when somebody looks next.
        db.session.execute(
            update(SurveyInvitation)
            .where(
                SurveyInvitation.evaluation_id == invented.evaluation.id,
                SurveyInvitation.state == InvitationState.SENT,
            )
            .values(state=InvitationState.CLOSED)
        )


def _ask(
    invented: Invented,
    wave: Wave,
    event: Event,
    asked: list[tuple[int, int]],
    sectors: dict[int, str],
    dice: random.Random,
) -> None:
    due_at = event.starts_at.replace(month=event.starts_at.month + wave.months_later, day=12)
    answering = dice.choice((0.5, 0.8, 1.0))
    stays_open = dice.random() < 0.3
    questions = list(
        db.session.scalars(select(Question).where(Question.version_id == wave.version_id))
    )
    invitations: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for number, (person_id, sector_id) in enumerate(asked):
        has_answered = dice.random() < answering
        is_open = stays_open and number == 0
        state = InvitationState.ANSWERED if has_answered else InvitationState.CLOSED
        invitations.append(
            {
                "reference": (reference := new_reference(12)),
                "evaluation_id": wave.evaluation_id,
                "wave_id": wave.id,
                "addressee_key": f"{event.id}:{number}",
                "person_id": person_id,
                "event_id": event.id,
                "sector_id": sector_id,
                "token_hash": token_hash(reference),
                "state": InvitationState.SENT if is_open else state,
                "due_at": due_at,
                "closes_at": due_at + timedelta(days=120 if is_open else 28),
                "sent_at": due_at,
                "answered_on": due_at.date() if has_answered and not is_open else None,
            }
        )
        if has_answered and not is_open:
            of_sector = sum(other == sector_id for _, other in asked)
            is_kept = event_is_kept(of_sector, once_per_person=False)
            day = due_at.date().replace(day=1)
            response: dict[str, Any] = {
                "id": random_id(),
                "evaluation_id": wave.evaluation_id,
                "wave_id": wave.id,
                "version_id": wave.version_id,
                "source": ResponseSource.PERSONAL,
                "event_id": event.id if is_kept else None,
                "sector_id": sector_id,
                "answered_on": day if is_kept else date(day.year, 1, 1),
            }
            responses.append(response)
            invented.sector_of[response["id"]] = sectors[sector_id]
            answers += _answers(invented, response, questions, dice)
    _insert(SurveyInvitation, invitations)
    _insert(Response, responses)
    _insert(Answer, answers)


def _answers(
    invented: Invented, response: dict[str, Any], questions: list[Question], dice: random.Random
) -> Iterator[dict[str, Any]]:
    given: dict[str, set[str]] = {}
    invented.given[response["id"]] = given
    for question in sorted(questions, key=lambda one: one.position):
        router = given.get(question.shown_if_key or "", set())
        is_asked = not question.shown_if_key or router & set(
            (question.shown_if_values or "").split()
        )
        if not is_asked or not question.options or dice.random() < SKIPS:
            continue
        option = dice.choice(question.options)
        given[question.key] = {option.value}
        yield {
            "id": random_id(),
            "response_id": response["id"],
            "evaluation_id": response["evaluation_id"],
            "wave_id": response["wave_id"],
            "question_id": question.id,
            "option_id": option.id,
        }


def _insert(model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(cast(Table, model.__table__)), rows)

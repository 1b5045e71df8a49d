"""Invented evaluations whose answers come in month by month, for the attack on figures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert, select, update

from app.catalogue.models import Event
from app.checks import stage
from app.impact.disclosure import NOT_STATED
from app.kernel.db import Base, db
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
from app.surveys.response_models import Answer, Response, ResponseSource, random_id
from app.surveys.rules import event_is_kept, month_of_asking

FIRST_MONTH, MONTHS = 1, 9
KINDS = {0: QuestionnaireKind.AFTER, 3: QuestionnaireKind.IMPACT}
SKIPS = 0.06


@dataclass
class Invented:
    """One evaluation, and of each response who answered which question with what."""

    seed: int
    evaluation: Evaluation
    events: list[Event]
    sectors: dict[int | None, str]
    is_list: bool  # people are asked once: their answers name no event
    skips: float  # how many leave a question out
    given: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    sector_of: dict[int, str] = field(default_factory=dict)
    person_of: dict[int, str] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)  # files of an imported form
    undone: list[int] = field(default_factory=list)


def moment_after(month: int) -> datetime:
    """When everything that fell due in this month of 2025 has closed."""
    return datetime(2025 + (month + 1) // 12, (month + 1) % 12 + 1, 20, 12, tzinfo=UTC)


def prepare() -> None:
    """The partnership and its questionnaires, in the caller's transaction."""
    stage.make_partnership()
    questionnaires.load_standard_questionnaires(now=datetime(2024, 12, 1, tzinfo=UTC))


def invent(seed: int) -> Invented:
    """An offer with one to four sessions, asked straight after and three months later.

    Of every eighth the people are on a list, so that no answer names a session.
    """
    dice = random.Random(seed)  # noqa: S311 - the same data each time
    is_list = seed % 8 == 0
    skips = dice.choice((0, SKIPS))
    events = [stage.make_event(None)]
    for _ in range(0 if is_list else dice.randint(0, 3)):
        other = stage.make_event(None)
        other.offer = events[0].offer
        events.append(other)
    for event in events:
        month = dice.randint(FIRST_MONTH, FIRST_MONTH + 4)
        event.booking_opens_at = datetime(2024, 12, 1, tzinfo=UTC)
        event.starts_at = event.booking_closes_at = datetime(2025, month, 10, 9, tzinfo=UTC)
        event.ends_at = event.starts_at + stage.LASTS
    evaluation = Evaluation(
        slug=f"invented-{seed}-{new_reference()}",
        title=f"Invented {seed}",
        subject_words="it",
        created_at=datetime(2024, 12, 1, tzinfo=UTC),
        offers=[events[0].offer],
        waves=[
            Wave(
                months_later=months,
                version=questionnaires.current_version(kind),
                once_per_person=is_list,
            )
            for months, kind in KINDS.items()
        ],
    )
    db.session.add(evaluation)
    db.session.flush()
    rows = db.session.execute(select(Sector.id, Sector.name)).all()
    sectors: dict[int | None, str] = {row.id: row.name for row in rows}
    return Invented(seed, evaluation, events, {**sectors, None: NOT_STATED}, is_list, skips)


def play(invented: Invented) -> Iterator[datetime]:
    """Let answers come in; yields each moment at which somebody looks."""
    dice = random.Random(invented.seed + 1_000_000)  # noqa: S311 - the same data each time
    [(person_id, _token)] = stage.make_people(1)
    sectors = [sector_id for sector_id in invented.sectors if sector_id]
    weights = [dice.random() ** 2 for _ in sectors]
    came = {
        event.id: dice.choices(sectors, weights, k=dice.choice((6, 14, 25, 40)))
        for event in invented.events
    }
    for month in range(FIRST_MONTH, FIRST_MONTH + MONTHS):
        for wave in invented.evaluation.waves:
            for event in invented.events:
                if event.starts_at.month + wave.months_later == month:
                    asked = [(person_id, sector_id) for sector_id in came[event.id]]
                    _ask(invented, wave, event, asked, dice)
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


@dataclass(frozen=True)
class _Asking:
    """The people of one event at one time: how many answer, and whether somebody still can."""

    wave: Wave
    event: Event
    due_at: datetime
    answering: float
    stays_open: bool


def _ask(
    invented: Invented,
    wave: Wave,
    event: Event,
    asked: list[tuple[int, int]],
    dice: random.Random,
) -> None:
    due_at = event.starts_at.replace(month=event.starts_at.month + wave.months_later, day=12)
    asking = _Asking(wave, event, due_at, dice.choice((0.5, 0.8, 1.0)), dice.random() < 0.3)
    invitations: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
    for number, (person_id, sector_id) in enumerate(asked):
        is_open = asking.stays_open and number == 0
        has_answered = dice.random() < asking.answering and not is_open
        key = f"{event.id}:{number}"
        invitations.append(
            {
                **_invitation(asking, key, is_open=is_open, has_answered=has_answered),
                "person_id": person_id,
                "sector_id": sector_id,
            }
        )
        if has_answered:
            of_sector = sum(other == sector_id for _, other in asked)
            responses.append(_response(asking, invented, key, sector_id, of_sector))
    _insert(SurveyInvitation, invitations)
    add_forms(invented, responses, questions_of(wave.version_id), dice)


def _invitation(asking: _Asking, key: str, *, is_open: bool, has_answered: bool) -> dict[str, Any]:
    state = InvitationState.ANSWERED if has_answered else InvitationState.CLOSED
    return {
        "reference": (reference := new_reference(12)),
        "evaluation_id": asking.wave.evaluation_id,
        "wave_id": asking.wave.id,
        "addressee_key": key,
        "event_id": asking.event.id,
        "token_hash": token_hash(reference),
        "state": InvitationState.SENT if is_open else state,
        "due_at": asking.due_at,
        "closes_at": asking.due_at + timedelta(days=120 if is_open else 28),
        "sent_at": asking.due_at,
        "answered_on": asking.due_at.date() if has_answered else None,
    }


def _response(
    asking: _Asking, invented: Invented, key: str, sector_id: int, of_sector: int
) -> dict[str, Any]:
    is_kept = event_is_kept(of_sector, once_per_person=invented.is_list)
    return {
        "wave_id": asking.wave.id,
        "version_id": asking.wave.version_id,
        "source": ResponseSource.PERSONAL,
        "event_id": asking.event.id if is_kept else None,
        "sector_id": sector_id,
        "pairing_key": f"{invented.seed}:{key}",
        "open_link_id": None,
        "import_run_id": None,
        "answered_on": month_of_asking(asking.due_at, event_is_kept=is_kept),
    }


def questions_of(version_id: int) -> list[Question]:
    """In the order in which they are asked."""
    found = select(Question).where(Question.version_id == version_id).order_by(Question.position)
    return list(db.session.scalars(found))


def add_forms(
    invented: Invented,
    responses: list[dict[str, Any]],
    questions: list[Question],
    dice: random.Random,
) -> None:
    """Store these responses with answers to these questions, and remember who gave which."""
    answers: list[dict[str, Any]] = []
    for response in responses:
        response["id"], response["evaluation_id"] = random_id(), invented.evaluation.id
        invented.sector_of[response["id"]] = invented.sectors[response["sector_id"]]
        if response["pairing_key"]:
            invented.person_of[response["id"]] = response["pairing_key"]
        answers += _answers(invented, response, questions, dice)
    _insert(Response, responses)
    _insert(Answer, answers)


def _answers(
    invented: Invented, response: dict[str, Any], questions: list[Question], dice: random.Random
) -> Iterator[dict[str, Any]]:
    given: dict[str, set[str]] = {}
    invented.given[response["id"]] = given
    for question in questions:
        is_asked = all(
            key is None or given.get(key, set()) & set((values or "").split())
            for key, values in (
                (question.shown_if_key, question.shown_if_values),
                (question.also_if_key, question.also_if_values),
            )
        )
        has_words = question.kind is not QuestionKind.SCORE and not question.options
        if not is_asked or has_words or dice.random() < invented.skips:
            continue
        option = dice.choice(question.options) if question.options else None
        score = None if option else dice.randint(0, 10)
        given[question.key] = {option.value if option else str(score)}
        yield {
            "id": random_id(),
            "response_id": response["id"],
            "evaluation_id": response["evaluation_id"],
            "wave_id": response["wave_id"],
            "question_id": question.id,
            "option_id": option.id if option else None,
            "score": score,
        }


def _insert(model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(cast(Table, model.__table__)), rows)

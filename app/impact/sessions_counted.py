"""What was answered, session by session: read only where a page asks for some of an evaluation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, or_, select

from app.impact.counting import is_let_in
from app.impact.counts import EvaluationCounts, QuestionCounts
from app.impact.forms_asked import Forms, read_forms
from app.impact.session_rules import Session
from app.kernel.db import db
from app.surveys.models import QuestionKind
from app.surveys.response_models import Answer, Response

WaveKey = tuple[int, int]  # evaluation and wave


@dataclass(slots=True)
class SessionCounts:
    """Answers in the figures of one wave, by session."""

    responses: Counter[Session] = field(default_factory=Counter)
    counts: dict[str, dict[Session, QuestionCounts]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(QuestionCounts))
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Which session an answer is about."""

    steps: Mapping[tuple[int, int, date, bool], int]
    offer_of: Mapping[int, int]

    def session(
        self, evaluation_id: int, wave_id: int, answered_on: date, event_id: int | None
    ) -> Session:
        step = self.steps[evaluation_id, wave_id, answered_on, event_id is None]
        return Session(step, self.offer_of.get(event_id or 0, 0), event_id or 0)


BY_SESSION = (Response.evaluation_id, Response.wave_id, Response.answered_on, Response.event_id)


def read_sessions(
    found: Collection[EvaluationCounts],
    names: Mapping[int | None, str],
    offer_of: Mapping[int, int],
) -> dict[WaveKey, SessionCounts]:
    """The answers of these evaluations' waves by session; offer_of says whose event is whose."""
    steps = {
        (counts.facts.id, wave_id, *key): number
        for counts in found
        for wave_id, door in counts.doors.items()
        if isinstance(wave_id, int)
        for number, step in enumerate(door.steps)
        for key in step
    }
    if not steps:
        return {}
    places = _Places(steps, offer_of)
    conditions = [
        is_let_in((counts.facts.id, wave_id), frozenset().union(*door.steps))
        for counts in found
        for wave_id, door in counts.doors.items()
        if isinstance(wave_id, int) and door.steps
    ]
    in_figures = or_(*conditions)
    read: dict[WaveKey, SessionCounts] = defaultdict(SessionCounts)
    versions = _read_responses(read, places, in_figures)
    forms = read_forms(versions)
    ids = [counts.facts.id for counts in found]
    _read_answers(read, places, forms, names, Answer.evaluation_id.in_(ids) & in_figures)
    _read_choosers(read, places, forms, names, Answer.evaluation_id.in_(ids) & in_figures)
    return read


def _read_responses(
    read: dict[WaveKey, SessionCounts], places: _Places, in_figures: ColumnElement[bool]
) -> set[int]:
    grouped = (*BY_SESSION, Response.version_id)
    rows: Any = db.session.execute(
        select(*grouped, func.count()).where(in_figures).group_by(*grouped)
    ).all()
    for evaluation_id, wave_id, answered_on, event_id, _, count in rows:
        session = places.session(evaluation_id, wave_id, answered_on, event_id)
        read[evaluation_id, wave_id].responses[session] += count
    return {row.version_id for row in rows}


def _read_answers(
    read: dict[WaveKey, SessionCounts],
    places: _Places,
    forms: Forms,
    names: Mapping[int | None, str],
    in_figures: ColumnElement[bool],
) -> None:
    grouped = (
        *BY_SESSION,
        Answer.question_id,
        Answer.option_id,
        Answer.score,
        Response.sector_id,
    )
    rows: Any = db.session.execute(
        select(*grouped, func.count())
        .join(Response, Response.id == Answer.response_id)
        .where(in_figures, Answer.text.is_(None))
        .group_by(*grouped)
    )
    for row in rows:
        evaluation_id, wave_id, answered_on, event_id, question_id, option_id, *rest = row
        score, sector_id, count = rest
        question = forms.questions[question_id]
        session = places.session(evaluation_id, wave_id, answered_on, event_id)
        counts = read[evaluation_id, wave_id].counts[question.key][session]
        if option_id is not None:
            chosen = counts.options.setdefault(forms.values[option_id], Counter())
            chosen[names[sector_id]] += count
        elif score is not None:
            counts.scores[score] += count
        if question.kind is not QuestionKind.MULTIPLE:
            counts.answered[names[sector_id]] += count


def _read_choosers(
    read: dict[WaveKey, SessionCounts],
    places: _Places,
    forms: Forms,
    names: Mapping[int | None, str],
    in_figures: ColumnElement[bool],
) -> None:
    several = forms.ids_of_kind(QuestionKind.MULTIPLE)
    if not several:
        return
    grouped = (*BY_SESSION, Answer.question_id, Response.sector_id)
    rows: Any = db.session.execute(
        select(*grouped, func.count(distinct(Answer.response_id)))
        .join(Response, Response.id == Answer.response_id)
        .where(in_figures, Answer.question_id.in_(several))
        .group_by(*grouped)
    )
    for evaluation_id, wave_id, answered_on, event_id, question_id, sector_id, count in rows:
        session = places.session(evaluation_id, wave_id, answered_on, event_id)
        key = forms.questions[question_id].key
        counts = read[evaluation_id, wave_id].counts[key][session]
        counts.answered[names[sector_id]] += count

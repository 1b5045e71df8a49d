"""What was answered, session by session: read only where a page asks for some of an evaluation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    case,
    cast,
    distinct,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from app.impact.counting import is_let_in
from app.impact.counts import BatchKey, EvaluationCounts, QuestionCounts
from app.impact.disclosure import NOT_STATED
from app.impact.session_rules import Session
from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys.models import Question, QuestionKind, QuestionOption
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
    parts: Mapping[tuple[int, int, date, bool], int]
    offer_of: Mapping[int, int]

    def session(
        self, evaluation_id: int, wave_id: int, answered_on: date, event_id: int | None
    ) -> Session:
        key = evaluation_id, wave_id, answered_on, event_id is None
        offer_id = self.offer_of.get(event_id or 0, 0)
        return Session(self.steps[key], offer_id, event_id or 0, self.parts[key])


SECTOR = func.coalesce(Sector.name, literal_column(f"'{NOT_STATED}'"))
BY_SESSION = (Response.evaluation_id, Response.wave_id, Response.answered_on, Response.event_id)


def read_sessions(
    found: Collection[EvaluationCounts], offer_of: Mapping[int, int]
) -> dict[WaveKey, SessionCounts]:
    """The answers of these evaluations' waves by session; offer_of says whose event is whose."""
    waves = {
        (counts.facts.id, wave_id): door
        for counts in found
        for wave_id, door in counts.doors.items()
        if isinstance(wave_id, int) and door.steps
    }
    if not waves:
        return {}
    places = _Places(
        _numbered({wave: door.steps for wave, door in waves.items()}),
        _numbered({wave: door.smaller_steps for wave, door in waves.items()}),
        offer_of,
    )
    in_figures = or_(
        *(is_let_in(wave, frozenset().union(*door.steps)) for wave, door in waves.items())
    )
    ids = [counts.facts.id for counts in found]
    read: dict[WaveKey, SessionCounts] = defaultdict(SessionCounts)
    _read_responses(read, places, in_figures)
    _read_answers(read, places, Answer.evaluation_id.in_(ids) & in_figures)
    return read


def _numbered(
    waves: Mapping[WaveKey, Sequence[frozenset[BatchKey]]],
) -> dict[tuple[int, int, date, bool], int]:
    return {
        (*wave, *key): number
        for wave, steps in waves.items()
        for number, step in enumerate(steps)
        for key in step
    }


def _read_responses(
    read: dict[WaveKey, SessionCounts], places: _Places, in_figures: ColumnElement[bool]
) -> None:
    """Everyone who answered, and who answered a question that takes several answers: its base."""
    everyone = select(
        *BY_SESSION, cast(null(), String).label("key"), cast(null(), String), func.count()
    )
    several = (
        select(*BY_SESSION, Question.key, SECTOR, func.count(distinct(Answer.response_id)))
        .join(Answer, Answer.response_id == Response.id)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(Sector, Sector.id == Response.sector_id)
        .where(in_figures, Question.kind == QuestionKind.MULTIPLE)
        .group_by(*BY_SESSION, Question.key, SECTOR)
    )
    rows: Any = db.session.execute(
        union_all(everyone.where(in_figures).group_by(*BY_SESSION), several)
    )
    for evaluation_id, wave_id, answered_on, event_id, key, sector, count in rows:
        session = places.session(evaluation_id, wave_id, answered_on, event_id)
        if key is None:
            read[evaluation_id, wave_id].responses[session] += count
        else:
            read[evaluation_id, wave_id].counts[key][session].answered[sector] += count


def _read_answers(
    read: dict[WaveKey, SessionCounts], places: _Places, in_figures: ColumnElement[bool]
) -> None:
    # As a number: there are nearly as many rows as answers, and each kind would be looked up.
    takes_several = case((Question.kind == QuestionKind.MULTIPLE, 1), else_=0)
    grouped = (
        *BY_SESSION,
        Question.key,
        takes_several,
        QuestionOption.value,
        Answer.score,
        SECTOR,
    )
    rows: Any = db.session.execute(
        select(*grouped, func.count())
        .join(Answer, Answer.response_id == Response.id)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(QuestionOption, QuestionOption.id == Answer.option_id)
        .outerjoin(Sector, Sector.id == Response.sector_id)
        .where(in_figures, Answer.text.is_(None))
        .group_by(*grouped)
    )
    for row in rows:
        evaluation_id, wave_id, answered_on, event_id, key, is_several, *values = row
        value, score, sector, count = values
        session = places.session(evaluation_id, wave_id, answered_on, event_id)
        counts = read[evaluation_id, wave_id].counts[key][session]
        if value is not None:
            counts.options.setdefault(value, Counter())[sector] += count
        elif score is not None:
            counts.scores[score] += count
        if not is_several:
            counts.answered[sector] += count

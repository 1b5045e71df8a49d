"""Our own questions for an imported form: a version like any other, so that figures add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import selectinload

from app.kernel.db import db
from app.surveys.import_models import ImportedForm
from app.surveys.import_row_rules import STORED_AS, Value, question_key, stored_options
from app.surveys.import_rules import NOT_AN_ANSWER, QuestionPlan
from app.surveys.models import (
    Measure,
    Question,
    QuestionKind,
    QuestionnaireVersion,
    QuestionOption,
)

SECTION = "Imported"


@dataclass(frozen=True)
class ImportedVersion:
    """A version by the keys of its questions and the values of their options."""

    id: int
    questions: dict[str, tuple[int, QuestionKind]]
    options: dict[tuple[str, str], int]

    def columns(self, key: str, value: Value) -> dict[str, Any]:
        """Where in an answer a value goes."""
        question_id, kind = self.questions[key]
        facts: dict[str, Any] = {"question_id": question_id}
        is_score, is_text = kind is QuestionKind.SCORE, kind is QuestionKind.LONG_TEXT
        facts["score"] = value if is_score else None
        facts["text"] = value if is_text else None
        facts["option_id"] = None if is_score or is_text else self.options[key, str(value)]
        return facts


def version_for(
    form: ImportedForm, plans: Sequence[QuestionPlan], *, now: datetime
) -> ImportedVersion:
    """The form's version for these plans: its newest if that fits, as versions never change."""
    measures = {one.key: one.id for one in db.session.scalars(select(Measure))}
    wanted = [
        _WantedQuestion(plan, place, measures.get(plan.measure_key))
        for place, plan in enumerate(
            (plan for plan in plans if plan.kind not in NOT_AN_ANSWER), start=1
        )
    ]
    newest = db.session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.questionnaire_id == form.questionnaire_id)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    )
    questions = _questions_of(newest.id) if newest else []
    if newest and [_facts(one) for one in questions] == [one.facts for one in wanted]:
        return _as_imported(newest.id, questions)
    version = QuestionnaireVersion(
        questionnaire_id=form.questionnaire_id,
        number=newest.number + 1 if newest else 1,
        published_at=now,
    )
    db.session.add(version)
    db.session.flush()
    _write(version.id, wanted)
    return _as_imported(version.id, _questions_of(version.id))


@dataclass(frozen=True)
class _WantedQuestion:
    plan: QuestionPlan
    position: int
    measure_id: int | None

    @property
    def facts(self) -> tuple[Any, ...]:
        """Everything that makes a question this one."""
        options = [astuple(option) for option in stored_options(self.plan)]
        kind = STORED_AS[self.plan.kind]
        return question_key(self.plan), self.plan.words, kind, self.measure_id, options

    @property
    def row(self) -> dict[str, Any]:
        """Its columns."""
        key, words, kind, measure_id, _ = self.facts
        return {
            "key": key,
            "position": self.position,
            "section": SECTION,
            "words": words,
            "hint": "",
            "kind": kind,
            "measure_id": measure_id,
            "is_required": False,
        }


def _write(version_id: int, wanted: Sequence[_WantedQuestion]) -> None:
    """All questions in one statement and all options in another: there may be hundreds."""
    db.session.execute(
        insert(cast(Table, Question.__table__)),
        [{"version_id": version_id, **one.row} for one in wanted],
    )
    found = select(Question.key, Question.id).where(Question.version_id == version_id)
    ids = {row.key: row.id for row in db.session.execute(found)}
    options = [
        {
            "question_id": ids[question_key(one.plan)],
            "position": number,
            "value": option.value,
            "label": option.label,
            "counts": option.counts,
            "is_outside_base": option.is_outside_base,
        }
        for one in wanted
        for number, option in enumerate(stored_options(one.plan), start=1)
    ]
    if options:
        db.session.execute(insert(cast(Table, QuestionOption.__table__)), options)


def _questions_of(version_id: int) -> Sequence[Question]:
    return db.session.scalars(
        select(Question)
        .where(Question.version_id == version_id)
        .order_by(Question.position)
        .options(selectinload(Question.options))
    ).all()


def _as_imported(version_id: int, questions: Sequence[Question]) -> ImportedVersion:
    return ImportedVersion(
        version_id,
        {question.key: (question.id, question.kind) for question in questions},
        {
            (question.key, option.value): option.id
            for question in questions
            for option in question.options
        },
    )


def _facts(question: Question) -> tuple[Any, ...]:
    options = [(one.value, one.label, one.counts, one.is_outside_base) for one in question.options]
    return question.key, question.words, question.kind, question.measure_id, options

"""Our own questions for an imported form: a version like any other, so that figures add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.kernel.db import db
from app.surveys.import_models import ImportedForm
from app.surveys.import_row_rules import STORED_AS, Value, question_key, stored_options
from app.surveys.import_rules import ImportKind, QuestionPlan
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
    taken_in = [plan for plan in plans if plan.kind is not ImportKind.SKIP]
    measures = {measure.key: measure for measure in db.session.scalars(select(Measure))}
    version = db.session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.questionnaire_id == form.questionnaire_id)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
        .options(selectinload(QuestionnaireVersion.questions).selectinload(Question.options))
    )
    wanted = [_question(plan, place, measures) for place, plan in enumerate(taken_in, start=1)]
    if version is None or [_facts(one) for one in version.questions] != list(map(_facts, wanted)):
        version = QuestionnaireVersion(
            questionnaire_id=form.questionnaire_id,
            number=1 + _highest_number(form.questionnaire_id),
            published_at=now,
            questions=wanted,
        )
        db.session.add(version)
        db.session.flush()
    return ImportedVersion(
        version.id,
        {question.key: (question.id, question.kind) for question in version.questions},
        {
            (question.key, option.value): option.id
            for question in version.questions
            for option in question.options
        },
    )


def _highest_number(questionnaire_id: int) -> int:
    found = select(func.max(QuestionnaireVersion.number)).where(
        QuestionnaireVersion.questionnaire_id == questionnaire_id
    )
    return db.session.scalar(found) or 0


def _question(plan: QuestionPlan, place: int, measures: dict[str, Measure]) -> Question:
    measure = measures.get(plan.measure_key)
    return Question(
        key=question_key(plan),
        position=place,
        section=SECTION,
        words=plan.words,
        hint="",
        kind=STORED_AS[plan.kind],
        measure_id=measure.id if measure else None,
        is_required=False,
        options=[
            QuestionOption(
                position=number,
                value=option.value,
                label=option.label,
                counts=option.counts,
                is_outside_base=option.is_outside_base,
            )
            for number, option in enumerate(stored_options(plan), start=1)
        ],
    )


def _facts(question: Question) -> tuple[Any, ...]:
    """Everything that makes a question this one."""
    options = sorted(question.options, key=lambda option: option.position)
    return (
        question.key,
        question.words,
        question.kind,
        question.measure_id,
        [(one.value, one.label, one.counts, one.is_outside_base) for one in options],
    )

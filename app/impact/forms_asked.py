"""The questions behind the answers: what they measure, whom they are asked of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, true

from app.impact.counts import MeasureFacts, OptionFacts, QuestionFacts
from app.kernel.db import db
from app.surveys.import_models import ImportedForm
from app.surveys.models import (
    Measure,
    Question,
    QuestionKind,
    QuestionnaireVersion,
    QuestionOption,
)
from app.surveys.response_models import Answer


@dataclass(frozen=True, slots=True)
class Forms:
    """Questions by id, the values of their options by id, and whether all were wanted."""

    questions: dict[int, QuestionFacts]
    values: dict[int, str]
    is_whole: bool

    def are_asked(self) -> ColumnElement[bool]:
        """Whether an answer belongs to one of these questions."""
        return true() if self.is_whole else Answer.question_id.in_(self.questions)

    def ids_of_kind(self, kind: QuestionKind) -> list[int]:
        """Questions that are answered in this way."""
        return [question.id for question in self.questions.values() if question.kind is kind]

    def ids_measuring(self, measure_key: str) -> list[int]:
        """Questions of any version that measure this."""
        return [
            question.id
            for question in self.questions.values()
            if question.measure and question.measure.key == measure_key
        ]


def read_forms(versions: Collection[int], only_measures: Collection[str] | None = None) -> Forms:
    """The questions of these versions, or only those of some measures and what routes to them."""
    rows: dict[int, Sequence[Any]] = {}
    options: dict[int, dict[str, OptionFacts]] = {}
    values: dict[int, str] = {}
    found: Sequence[Sequence[Any]] = db.session.execute(
        _QUESTIONS.where(Question.version_id.in_(versions))
    ).all()
    for row in found:
        rows.setdefault(row[0], row)
        of_question = options.setdefault(row[0], {})
        option_id, value, label, counts, is_outside_base = row[15:]
        if option_id is not None:
            of_question[value] = OptionFacts(value, label, counts, is_outside_base)
            values[option_id] = value
    questions = {key: _question(row, options[key]) for key, row in rows.items()}
    if only_measures is None:
        return Forms(questions, values, is_whole=True)
    wanted = {
        question.key
        for question in questions.values()
        if question.measure and question.measure.key in only_measures
    }
    # All that lead there: in which steps a question grows depends on each of them.
    while (
        more := {
            router for q in questions.values() if q.key in wanted for router, _ in q.conditions
        }
        - wanted
    ):
        wanted |= more
    return Forms(
        {key: question for key, question in questions.items() if question.key in wanted},
        values,
        is_whole=False,
    )


# Questions and their options in one statement: a report has many others to ask.
_QUESTIONS = (
    select(
        Question.id,
        Question.key,
        Question.position,
        Question.words,
        Question.kind,
        Question.shown_if_key,
        Question.shown_if_values,
        Question.also_if_key,
        Question.also_if_values,
        Measure.key,
        Measure.title,
        Measure.level,
        Measure.scale,
        Measure.position,
        ImportedForm.id,
        QuestionOption.id,
        QuestionOption.value,
        QuestionOption.label,
        QuestionOption.counts,
        QuestionOption.is_outside_base,
    )
    .join(QuestionnaireVersion, QuestionnaireVersion.id == Question.version_id)
    .outerjoin(ImportedForm, ImportedForm.questionnaire_id == QuestionnaireVersion.questionnaire_id)
    .outerjoin(Measure, Measure.id == Question.measure_id)
    .outerjoin(QuestionOption, QuestionOption.question_id == Question.id)
    .order_by(Question.version_id, Question.position, QuestionOption.position)
)


def _question(row: Sequence[Any], options: dict[str, OptionFacts]) -> QuestionFacts:
    question_id, key, position, words, kind, shown_if_key, shown_if_values = row[:7]
    also_if_key, also_if_values = row[7:9]
    measure_key, title, level, scale, measure_position, imported_form_id = row[9:15]
    return QuestionFacts(
        question_id,
        key,
        position,
        words,
        kind,
        measure=MeasureFacts(measure_key, title, level, scale, measure_position)
        if measure_key
        else None,
        shown_if_key=shown_if_key,
        shown_if_values=tuple((shown_if_values or "").split()),
        options=options,
        imported_form_id=imported_form_id,
        also_if_key=also_if_key,
        also_if_values=tuple((also_if_values or "").split()),
    )

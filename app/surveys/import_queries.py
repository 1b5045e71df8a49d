"""Reads about imports: drafts, what was said last time, where answers come from."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.accounts.models import Person
from app.kernel.db import db
from app.kernel.london import short_date_words
from app.surveys.import_models import ImportDraft, ImportedForm, ImportedQuestion, ImportRun
from app.surveys.import_row_rules import words_key
from app.surveys.import_rules import ImportKind, ImportOption, KnownMeasure, QuestionPlan
from app.surveys.models import (
    Evaluation,
    Measure,
    Question,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
)
from app.surveys.readers.forms_file import plain


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One file that was brought in."""

    reference: str
    slug: str
    title: str
    imported_at: datetime
    file_name: str
    new_count: int
    changed_count: int
    unchanged_count: int
    undone_at: datetime | None

    @property
    def words(self) -> str:
        """Where the answers come from, as every page says it."""
        answers = "1 answer" if self.new_count == 1 else f"{self.new_count:,} answers"
        day = short_date_words(self.imported_at)
        return f"{answers} imported from a Microsoft Forms file, {day}"


def find_draft(reference: str) -> ImportDraft | None:
    """A file that was read and is to be confirmed."""
    return db.session.scalar(select(ImportDraft).where(ImportDraft.reference == reference))


def find_run(reference: str) -> ImportRun | None:
    """The import with this reference."""
    return db.session.scalar(select(ImportRun).where(ImportRun.reference == reference))


def name_of(reference: str) -> str:
    """Who brought a file in, for staff; people who have left are not named."""
    name = db.session.scalar(select(Person.name).where(Person.reference == reference))
    return name or "a colleague who has left"


def is_latest(run: ImportRun) -> bool:
    """Whether no later file of its form is in."""
    latest = select(func.max(ImportRun.id)).where(
        ImportRun.form_id == run.form_id, ImportRun.undone_at.is_(None)
    )
    return db.session.scalar(latest) == run.id


def imports_count() -> int:
    """How many files were brought in."""
    return db.session.scalar(select(func.count(ImportRun.id))) or 0


def imports(first: int, last: int) -> list[ImportLine]:
    """The files that were brought in, the latest first."""
    found = _LINES.order_by(ImportRun.id.desc()).offset(first).limit(last - first)
    return [ImportLine(*row) for row in db.session.execute(found)]


def imports_of(evaluation_id: int) -> list[ImportLine]:
    """The files whose answers an evaluation holds."""
    found = _LINES.where(Evaluation.id == evaluation_id, ImportRun.undone_at.is_(None))
    return [ImportLine(*row) for row in db.session.execute(found.order_by(ImportRun.id))]


def evaluations_to_choose() -> list[tuple[str, str]]:
    """Address and title of every evaluation."""
    found = select(Evaluation.slug, Evaluation.title).order_by(Evaluation.title, Evaluation.id)
    return [(slug, title) for slug, title in db.session.execute(found)]


def known_measures() -> list[KnownMeasure]:
    """The standard measures in their order, with the answers of our own questions to them."""
    asked = (
        select(
            Question.measure_id,
            QuestionOption.label,
            QuestionOption.counts,
            QuestionOption.is_outside_base,
        )
        .join(QuestionOption, QuestionOption.question_id == Question.id)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Question.version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .where(Questionnaire.slug.in_([kind.value for kind in QuestionnaireKind]))
        .order_by(QuestionnaireVersion.id)
    )
    options: dict[int, dict[str, ImportOption]] = {}
    for measure_id, label, counts, is_outside_base in db.session.execute(asked):
        if measure_id is not None:
            option = ImportOption(label, counts, is_outside_base)
            options.setdefault(measure_id, {})[plain(label)] = option
    measures = db.session.scalars(select(Measure).order_by(Measure.position))
    return [
        KnownMeasure(one.key, one.title, one.scale, options.get(one.id, {})) for one in measures
    ]


def remembered(fingerprint: str, questions: Collection[str]) -> dict[str, QuestionPlan]:
    """What staff made of these questions last: in this form, or else in any other."""
    keys = {words_key(words): words for words in questions}
    of_this_form = ImportedForm.fingerprint == fingerprint
    rows = db.session.execute(
        select(ImportedQuestion, Measure.key)
        .join(ImportedForm, ImportedForm.id == ImportedQuestion.form_id)
        .outerjoin(Measure, Measure.id == ImportedQuestion.measure_id)
        .where(ImportedQuestion.words_key.in_(keys))
        .order_by(of_this_form, ImportedQuestion.saved_at, ImportedQuestion.id)
    )
    return {
        keys[kept.words_key]: QuestionPlan(
            kept.words,
            ImportKind(kept.kind),
            measure_key or "",
            tuple(ImportOption(**option) for option in json.loads(kept.options)),
        )
        for kept, measure_key in rows
    }


_LINES = (
    select(
        ImportRun.reference,
        Evaluation.slug,
        Evaluation.title,
        ImportRun.imported_at,
        ImportRun.file_name,
        ImportRun.new_count,
        ImportRun.changed_count,
        ImportRun.unchanged_count,
        ImportRun.undone_at,
    )
    .join(ImportedForm, ImportedForm.id == ImportRun.form_id)
    .join(Evaluation, Evaluation.id == ImportedForm.evaluation_id)
)

"""Every question behind the figures: its words, answers, measure and base, time and version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import literal, null, select, union

from app.impact.reports.documents import PlainTable
from app.kernel.db import db
from app.surveys.import_models import ImportedForm, ImportRun
from app.surveys.models import (
    Evaluation,
    Measure,
    MeasureScale,
    Question,
    Questionnaire,
    QuestionnaireVersion,
    QuestionOption,
    Wave,
)
from app.surveys.response_models import Response, ResponseSource
from app.surveys.rules import wave_words

TITLE = "Codebook"
COLUMNS = (
    *("When asked", "Questionnaire", "Version", "Question key", "Question", "Kind", "Asked of"),
    *("Answer key", "Answer", "Counts in the share", "In the base"),
    *("Measure", "What the share says", "How it is counted"),
)
ANYBODY = "everyone"
COUNTED = {
    MeasureScale.SHARE: "share of the base whose answer counts",
    MeasureScale.SCORE: "mean of scores from 0 to 10",
    MeasureScale.CHOICES: "share of the base naming each answer",
}
OPEN_LINK = 1000  # after every wave
IMPORTED = 2000


def codebook_of(slug: str) -> PlainTable:
    """The codebook of an evaluation: one line for each answer that can be chosen."""
    asked = _asked(slug)
    questions = _questions({version_id for version_id, _, _ in asked})
    rows = [
        row
        for version_id, when, subject in asked
        for row in _lines(when, subject, questions.get(version_id, []))
    ]
    return PlainTable(title=TITLE, columns=list(COLUMNS), rows=rows, note="")


def _asked(slug: str) -> list[tuple[int, str, str]]:
    """Each version that was asked or will be, when, and what it calls the subject."""
    of_it = Evaluation.slug == slug
    planned = select(
        Wave.version_id, Wave.months_later, literal(False), Evaluation.subject_words
    ).join(Evaluation, Evaluation.id == Wave.evaluation_id)
    by_link = select(
        Evaluation.open_version_id, null(), literal(False), Evaluation.subject_words
    ).where(Evaluation.open_version_id.is_not(None))
    answered = (
        select(Response.version_id, Wave.months_later, literal(False), Evaluation.subject_words)
        .join(Evaluation, Evaluation.id == Response.evaluation_id)
        .outerjoin(Wave, Wave.id == Response.wave_id)
        .where(Response.source != ResponseSource.IMPORTED)
    )
    imported = (
        select(
            Response.version_id, ImportedForm.months_later, literal(True), Evaluation.subject_words
        )
        .join(Evaluation, Evaluation.id == Response.evaluation_id)
        .join(ImportRun, ImportRun.id == Response.import_run_id)
        .join(ImportedForm, ImportedForm.id == ImportRun.form_id)
    )
    rows: Sequence[Any] = db.session.execute(
        union(*(part.where(of_it) for part in (planned, by_link, answered, imported)))
    ).all()
    ordered = sorted(rows, key=lambda row: (_place(row[1], row[2]), row[0]))
    return [(row[0], _when(row[1], bool(row[2])), row[3]) for row in ordered]


def _place(months: int | None, is_imported: bool) -> int:
    return (OPEN_LINK if months is None else months) + (IMPORTED if is_imported else 0)


def _when(months: int | None, is_imported: bool) -> str:
    words = "Open link" if months is None else wave_words(months)
    return f"{words}, Microsoft Forms" if is_imported else words


def _questions(version_ids: set[int]) -> dict[int, list[Sequence[Any]]]:
    found: dict[int, list[Sequence[Any]]] = {}
    rows = db.session.execute(
        select(
            Question.version_id,
            Questionnaire.title,
            QuestionnaireVersion.number,
            Question.key,
            Question.words,
            Question.kind,
            Question.shown_if_key,
            Question.shown_if_values,
            Question.also_if_key,
            Question.also_if_values,
            QuestionOption.value,
            QuestionOption.label,
            QuestionOption.counts,
            QuestionOption.is_outside_base,
            Measure.key,
            Measure.title,
            Measure.scale,
        )
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Question.version_id)
        .join(Questionnaire, Questionnaire.id == QuestionnaireVersion.questionnaire_id)
        .outerjoin(Measure, Measure.id == Question.measure_id)
        .outerjoin(QuestionOption, QuestionOption.question_id == Question.id)
        .where(Question.version_id.in_(version_ids))
        .order_by(Question.version_id, Question.position, QuestionOption.position)
    )
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _lines(when: str, subject: str, questions: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in questions:
        _, title, number, key, words, kind = row[:6]
        value, label, counts, outside, measure, says, scale = row[10:]
        conditions = [f"{router} = {values}" for router, values in (row[6:8], row[8:10]) if router]
        yield [
            when,
            title,
            str(number),
            key,
            words.replace("{subject}", subject),
            kind.value.replace("_", " "),
            f"those who answered {' and '.join(conditions)}" if conditions else ANYBODY,
            value or "",
            label or "",
            "" if value is None else "yes" if counts else "no",
            "" if value is None else "no, left out" if outside else "yes",
            measure or "",
            says or "",
            COUNTED[scale] if scale else "",
        ]

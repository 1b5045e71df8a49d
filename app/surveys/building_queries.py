"""Reads for whoever builds questionnaires: the list, one version as written, where it is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, null, select
from sqlalchemy.orm import aliased

from app.kernel.db import db
from app.surveys import queries
from app.surveys.import_models import ImportedForm
from app.surveys.models import (
    Evaluation,
    Measure,
    MeasureScale,
    Question,
    QuestionKind,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    Wave,
)
from app.surveys.questionnaire_rules import Place, WrittenQuestion
from app.surveys.questionnaires import STANDARD_SLUGS
from app.surveys.rules import wave_words

SUBJECT_IN_LISTS = "[what it is about]"
MOST_USES_NAMED = 10
Other = aliased(Question)


@dataclass(frozen=True)
class ListedQuestionnaire:
    """One line of the list."""

    slug: str
    title: str
    kind: QuestionnaireKind
    published_number: int | None
    has_draft: bool
    waves_count: int


@dataclass(frozen=True)
class VersionFacts:
    """One version of a questionnaire."""

    id: int
    number: int
    published_at: datetime | None
    questionnaire_id: int
    slug: str
    title: str
    kind: QuestionnaireKind


@dataclass(frozen=True)
class BankQuestion:
    """A standard question that can be added as it is."""

    id: int
    key: str
    words: str
    section: str
    measure: str
    questionnaire: str


@dataclass(frozen=True)
class Use:
    """Where a questionnaire is asked."""

    evaluation: str
    slug: str
    is_of_offer: bool
    when: str
    version_number: int


def questionnaires_count() -> int:
    """How many questionnaires there are."""
    return db.session.scalar(select(func.count(Questionnaire.id)).where(_is_built())) or 0


def listed_questionnaires(first: int, last: int) -> list[ListedQuestionnaire]:
    """One page of the questionnaires by title, each with how many plans ask it; one statement."""
    version = QuestionnaireVersion
    waves = (
        select(func.count(Wave.id))
        .join(version, version.id == Wave.version_id)
        .where(version.questionnaire_id == Questionnaire.id)
        .scalar_subquery()
    )
    published, drafts = (
        select(func.max(version.number))
        .where(version.questionnaire_id == Questionnaire.id, condition)
        .scalar_subquery()
        for condition in (version.published_at.is_not(None), version.published_at.is_(None))
    )
    rows = db.session.execute(
        select(
            Questionnaire.slug, Questionnaire.title, Questionnaire.kind, published, drafts, waves
        )
        .where(_is_built())
        .order_by(Questionnaire.title, Questionnaire.id)
        .offset(first)
        .limit(last - first)
    )
    return [
        ListedQuestionnaire(slug, title, kind, number, draft is not None, count)
        for slug, title, kind, number, draft, count in rows
    ]


def find_version(slug: str, number: int) -> VersionFacts | None:
    """The version of that number, or None."""
    condition = QuestionnaireVersion.number == number
    return next(iter(_versions(Questionnaire.slug == slug, condition)), None)


def find_draft(slug: str) -> VersionFacts | None:
    """The draft of a questionnaire, if there is one."""
    condition = QuestionnaireVersion.published_at.is_(None)
    return next(iter(_versions(Questionnaire.slug == slug, condition)), None)


def versions_of(slug: str) -> list[VersionFacts]:
    """Every version, the newest first; empty for a questionnaire that does not exist."""
    return _versions(Questionnaire.slug == slug)


def lock_draft(version_id: int) -> VersionFacts | None:
    """A draft, locked against everybody else; None if it was published or thrown away."""
    db.session.execute(  # the draft must be asked for after the lock: it may be gone by then
        select(QuestionnaireVersion.id)
        .where(QuestionnaireVersion.id == version_id)
        .with_for_update()
    )
    is_draft = QuestionnaireVersion.published_at.is_(None)
    return next(iter(_versions(QuestionnaireVersion.id == version_id, is_draft)), None)


def _versions(*conditions: ColumnElement[bool]) -> list[VersionFacts]:
    version = QuestionnaireVersion
    columns = select(
        version.id,
        version.number,
        version.published_at,
        Questionnaire.id,
        Questionnaire.slug,
        Questionnaire.title,
        Questionnaire.kind,
    )
    found = columns.join(Questionnaire, Questionnaire.id == version.questionnaire_id)
    rows = db.session.execute(found.where(*conditions).order_by(version.number.desc()))
    return [VersionFacts(*row) for row in rows]


def written_questions(
    version_id: int, subject_words: str = SUBJECT_IN_LISTS
) -> list[WrittenQuestion]:
    """The questions of a version in order, with what they measure; three statements."""
    rows = db.session.execute(
        select(Question.id, Measure.key, Measure.title, Measure.scale)
        .join(Measure, Measure.id == Question.measure_id)
        .where(Question.version_id == version_id)
    )
    measures = {row.id: (row.key, row.title, row.scale.value) for row in rows}
    return [
        WrittenQuestion(asked, *measures.get(asked.id, ("", "", "")))
        for asked in queries.asked_questions(version_id, subject_words)
    ]


def measures_to_choose(scale: MeasureScale | None) -> list[tuple[str, str]]:
    """Key and title of each measure that answers of this scale add up to."""
    found = select(Measure.key, Measure.title).where(Measure.scale == scale)
    rows = db.session.execute(found.order_by(Measure.position))
    return [(key, title[:1].upper() + title[1:]) for key, title in rows]


def find_question(version_id: int, key: str) -> tuple[QuestionKind, bool] | None:
    """A question's kind, and whether people have been asked it in any questionnaire; or None."""
    published = (
        select(Other.id)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Other.version_id)
        .where(Other.key == key, QuestionnaireVersion.published_at.is_not(None))
    )
    found = select(Question.kind, published.exists())
    row = db.session.execute(
        found.where(Question.version_id == version_id, Question.key == key)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def places_of(version_id: int) -> list[Place]:
    """The keys and sections of a version's questions, in order."""
    rows = db.session.execute(
        select(Question.key, Question.section)
        .where(Question.version_id == version_id)
        .order_by(Question.position)
    )
    return [(key, section) for key, section in rows]


def bank(without: Collection[str], only: Collection[int] | None = None) -> list[BankQuestion]:
    """The standard questions whose keys are not among these, in the order of their forms."""
    version = QuestionnaireVersion
    newest = (
        select(func.max(version.id))
        .join(version.questionnaire)
        .where(Questionnaire.slug.in_(STANDARD_SLUGS), version.published_at.is_not(None))
        .group_by(Questionnaire.id)
    )
    found = (
        select(
            Question.id,
            Question.key,
            Question.words,
            Question.section,
            Measure.title,
            Questionnaire.title,
        )
        .join(version, version.id == Question.version_id)
        .join(Questionnaire, Questionnaire.id == version.questionnaire_id)
        .outerjoin(Measure, Measure.id == Question.measure_id)
        .where(Question.version_id.in_(newest), Question.key.not_in(without))
        .order_by(Question.version_id, Question.position)
    )
    if only is not None:
        found = found.where(Question.id.in_(only))
    return [
        BankQuestion(
            id_, key, words.replace("{subject}", SUBJECT_IN_LISTS), section, measure or "", title
        )
        for id_, key, words, section, measure, title in db.session.execute(found)
    ]


def questionnaires_to_choose(
    kinds: Collection[QuestionnaireKind] = tuple(QuestionnaireKind),
) -> list[tuple[str, str]]:
    """Address and title of every published questionnaire of these kinds that staff have made."""
    published = select(QuestionnaireVersion.id).where(
        QuestionnaireVersion.questionnaire_id == Questionnaire.id,
        QuestionnaireVersion.is_ours,
        QuestionnaireVersion.published_at.is_not(None),
    )
    rows = db.session.execute(
        select(Questionnaire.slug, Questionnaire.title)
        .where(published.exists(), Questionnaire.slug.not_in(STANDARD_SLUGS))
        .where(Questionnaire.kind.in_(kinds))
        .order_by(Questionnaire.title)
    )
    return [(slug, title) for slug, title in rows]


def uses_count(questionnaire_id: int, *, now: datetime) -> int:
    """How many plans and open links ask some version of it."""
    counts = (
        db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
        for found in _uses(questionnaire_id, now=now)
    )
    return sum(counts)


def uses_of(questionnaire_id: int, *, now: datetime) -> list[Use]:
    """The first few places where some version of it is asked, plans before open links."""
    found: list[Use] = []
    for query in _uses(questionnaire_id, now=now):
        for title, slug, offer_id, months, number in db.session.execute(
            query.order_by(Evaluation.title).limit(MOST_USES_NAMED - len(found))
        ):
            when = "Open link" if months is None else wave_words(months)
            found.append(Use(title, slug, offer_id is not None, when, number))
    return found


def _is_built() -> ColumnElement[bool]:
    """Not one that came with a file of answers: nobody is asked that again."""
    imported = select(ImportedForm.id).where(ImportedForm.questionnaire_id == Questionnaire.id)
    return ~imported.exists()


def _uses(questionnaire_id: int, *, now: datetime) -> tuple[Any, Any]:
    version = QuestionnaireVersion
    facts = (Evaluation.title, Evaluation.slug, Evaluation.is_default_for_id)
    plans = (
        select(*facts, Wave.months_later, version.number)
        .join(Wave, Wave.evaluation_id == Evaluation.id)
        .join(version, version.id == Wave.version_id)
        .where(version.questionnaire_id == questionnaire_id)
    )
    links = (
        select(*facts, null().label("months_later"), version.number)
        .join(version, version.id == Evaluation.open_version_id)
        .where(version.questionnaire_id == questionnaire_id, Evaluation.open_until > now)
    )
    return plans, links

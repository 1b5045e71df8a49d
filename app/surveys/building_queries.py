"""Reads for whoever builds questionnaires: the list, one version as written, where it is asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, null, select

from app.kernel.db import db
from app.surveys import queries
from app.surveys.models import (
    Evaluation,
    Measure,
    MeasureScale,
    Question,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    Wave,
)
from app.surveys.questionnaire_rules import WrittenQuestion
from app.surveys.questionnaires import STANDARD_SLUGS
from app.surveys.rules import wave_words

SUBJECT_IN_LISTS = "[what it is about]"
MOST_USES_NAMED = 10


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
class BankQuestion:
    """A standard question that can be added as it is."""

    id: int
    key: str
    words: str
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
    return db.session.scalar(select(func.count(Questionnaire.id))) or 0


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
        .order_by(Questionnaire.title, Questionnaire.id)
        .offset(first)
        .limit(last - first)
    )
    return [
        ListedQuestionnaire(slug, title, kind, number, draft is not None, count)
        for slug, title, kind, number, draft, count in rows
    ]


def find_version(slug: str, number: int) -> QuestionnaireVersion | None:
    """The version of that number, or None."""
    return db.session.scalar(
        select(QuestionnaireVersion)
        .join(QuestionnaireVersion.questionnaire)
        .where(Questionnaire.slug == slug, QuestionnaireVersion.number == number)
    )


def find_draft(slug: str) -> QuestionnaireVersion | None:
    """The draft of a questionnaire, if there is one."""
    return db.session.scalar(
        select(QuestionnaireVersion)
        .join(QuestionnaireVersion.questionnaire)
        .where(Questionnaire.slug == slug, QuestionnaireVersion.published_at.is_(None))
    )


def versions_of(slug: str) -> list[QuestionnaireVersion]:
    """Every version, the newest first; empty for a questionnaire that does not exist."""
    found = (
        select(QuestionnaireVersion)
        .join(QuestionnaireVersion.questionnaire)
        .where(Questionnaire.slug == slug)
        .order_by(QuestionnaireVersion.number.desc())
    )
    return list(db.session.scalars(found))


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


def is_published_somewhere(key: str) -> bool:
    """Whether people have been asked a question of this key, in any questionnaire."""
    found = (
        select(Question.id)
        .join(Question.version)
        .where(Question.key == key, QuestionnaireVersion.published_at.is_not(None))
    )
    return db.session.scalar(found.limit(1)) is not None


def bank(without: Collection[str]) -> list[BankQuestion]:
    """The standard questions whose keys are not among these, in the order of their forms."""
    version = QuestionnaireVersion
    newest = (
        select(func.max(version.id))
        .join(version.questionnaire)
        .where(Questionnaire.slug.in_(STANDARD_SLUGS), version.published_at.is_not(None))
        .group_by(Questionnaire.id)
    )
    rows = db.session.execute(
        select(Question.id, Question.key, Question.words, Measure.title, Questionnaire.title)
        .join(version, version.id == Question.version_id)
        .join(Questionnaire, Questionnaire.id == version.questionnaire_id)
        .outerjoin(Measure, Measure.id == Question.measure_id)
        .where(Question.version_id.in_(newest), Question.key.not_in(without))
        .order_by(Questionnaire.id, Question.position)
    )
    return [
        BankQuestion(id_, key, words.replace("{subject}", SUBJECT_IN_LISTS), measure or "", title)
        for id_, key, words, measure, title in rows
    ]


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

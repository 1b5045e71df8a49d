"""Making questionnaires: drafts come and go, what is published stays as it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import selectinload

from app.accounts.models import Person
from app.audit import operations as audit
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused
from app.surveys.building_queries import written_questions
from app.surveys.evaluations import slug_of
from app.surveys.models import (
    Evaluation,
    Question,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
    Wave,
)
from app.surveys.questionnaire_rules import Place, faults
from app.surveys.questionnaires import STANDARD_SLUGS

RESERVED = {"new", *STANDARD_SLUGS}
NOT_A_DRAFT = (
    "This version is published or thrown away, so nothing was changed: make a new version to go on"
)


def create_questionnaire(
    title: str, kind: QuestionnaireKind, *, actor: Person, now: datetime
) -> QuestionnaireVersion:
    """Begin a questionnaire of one's own; its first draft."""
    questionnaire = Questionnaire(slug=_free_slug(slug_of(title)), title=title, kind=kind)
    draft = QuestionnaireVersion(number=1, is_ours=True, questionnaire=questionnaire)
    db.session.add(questionnaire)
    db.session.flush()
    note(draft, "made", actor=actor, now=now)
    return draft


def copy_questionnaire(
    version_id: int, title: str, *, actor: Person, now: datetime
) -> QuestionnaireVersion:
    """Begin another questionnaire with the same questions; what they measure stays the same."""
    copied = db.session.get_one(QuestionnaireVersion, version_id)
    draft = create_questionnaire(title, copied.questionnaire.kind, actor=actor, now=now)
    _copy_questions(version_id, draft)
    return draft


def begin_version(questionnaire_id: int, *, actor: Person, now: datetime) -> QuestionnaireVersion:
    """A draft of the next version, as the newest stands; Refused while there is a draft."""
    questionnaire = db.session.get_one(Questionnaire, questionnaire_id, with_for_update=True)
    newest = db.session.scalars(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.questionnaire_id == questionnaire_id)
        .order_by(QuestionnaireVersion.number.desc())
        .limit(1)
    ).one()
    if newest.published_at is None:
        raise Refused("There is a draft of the next version already: go on with that one")
    draft = QuestionnaireVersion(
        number=newest.number + 1, is_ours=True, questionnaire=questionnaire
    )
    db.session.add(draft)
    db.session.flush()
    _copy_questions(newest.id, draft)
    note(draft, "began", actor=actor, now=now)
    return draft


def rename_questionnaire(
    questionnaire_id: int, title: str, *, actor: Person, now: datetime
) -> None:
    """Give a questionnaire another title; its address stays."""
    questionnaire = db.session.get_one(Questionnaire, questionnaire_id)
    questionnaire.title = title
    audit.record(actor.reference, "renamed", "questionnaire", questionnaire.slug, now=now)


def publish(version_id: int, *, moves_plans: bool, actor: Person, now: datetime) -> int:
    """Make a draft the version that is asked; Refused with a fault. How many plans go over."""
    draft = draft_for_change(version_id)
    found = faults(written_questions(version_id))
    if found:
        raise Refused(f"It cannot be published yet. {found[0].sentence}")
    draft.published_at = now
    db.session.flush()
    moved = _move_plans(draft, now=now) if moves_plans else 0
    note(draft, "published", actor=actor, now=now, plans=moved)
    return moved


def discard_draft(version_id: int, *, actor: Person, now: datetime) -> None:
    """Throw a draft away, and its questionnaire if nothing else is left of it."""
    draft = draft_for_change(version_id)
    note(draft, "discarded", actor=actor, now=now)
    questionnaire_id = draft.questionnaire_id
    db.session.flush()
    questions = select(Question.id).where(Question.version_id == version_id)
    others = select(QuestionnaireVersion.id).where(
        QuestionnaireVersion.questionnaire_id == questionnaire_id
    )
    for gone in (
        delete(QuestionOption).where(QuestionOption.question_id.in_(questions)),
        delete(Question).where(Question.version_id == version_id),
        delete(QuestionnaireVersion).where(QuestionnaireVersion.id == version_id),
        delete(Questionnaire).where(Questionnaire.id == questionnaire_id, ~others.exists()),
    ):
        db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.expire_all()


def draft_for_change(version_id: int) -> QuestionnaireVersion:
    """A draft, locked against everybody else; Refused if it was published or thrown away."""
    draft = db.session.get(
        QuestionnaireVersion, version_id, with_for_update=True, populate_existing=True
    )
    if draft is None or draft.published_at is not None:
        raise Refused(NOT_A_DRAFT)
    return draft


def note(
    version: QuestionnaireVersion,
    verb: str,
    *,
    actor: Person,
    now: datetime,
    **facts: str | int | bool | None,
) -> None:
    """Write a line of the audit trail about a version."""
    slug = version.questionnaire.slug
    audit.record(
        actor.reference, verb, "questionnaire", slug, now=now, version=version.number, **facts
    )


def places_of(version_id: int) -> list[Place]:
    """The keys and sections of a version's questions, in order."""
    found = select(Question.key, Question.section).where(Question.version_id == version_id)
    return [
        (key, section) for key, section in db.session.execute(found.order_by(Question.position))
    ]


def put_in_order(version_id: int, places: Sequence[Place]) -> None:
    """Give every question of a draft its position and its section."""
    order = [key for key, _ in places]
    sections = dict(places)
    of_version = update(Question).where(Question.version_id == version_id)
    for change in (
        # Two steps, since no two questions may have one position in between.
        of_version.values(
            position=case({key: -n for n, key in enumerate(order, 1)}, value=Question.key),
            section=case(sections, value=Question.key),
        ),
        of_version.values(position=-Question.position),
    ):
        db.session.execute(change, execution_options={"synchronize_session": False})
    db.session.expire_all()


def copied(question: Question, position: int) -> Question:
    """The same question for another version."""
    return Question(
        key=question.key,
        position=position,
        section=question.section,
        words=question.words,
        hint=question.hint,
        kind=question.kind,
        measure_id=question.measure_id,
        is_required=question.is_required,
        shown_if_key=question.shown_if_key,
        shown_if_values=question.shown_if_values,
        options=[
            QuestionOption(
                position=option.position,
                value=option.value,
                label=option.label,
                counts=option.counts,
                is_outside_base=option.is_outside_base,
            )
            for option in question.options
        ],
    )


def _copy_questions(version_id: int, draft: QuestionnaireVersion) -> None:
    questions = db.session.scalars(
        select(Question)
        .where(Question.version_id == version_id)
        .options(selectinload(Question.options))
        .order_by(Question.position)
    )
    draft.questions = [copied(question, question.position) for question in questions]
    db.session.flush()


def _move_plans(version: QuestionnaireVersion, *, now: datetime) -> int:
    """Let plans and open links that ask an earlier version go over to this one."""
    older = select(QuestionnaireVersion.id).where(
        QuestionnaireVersion.questionnaire_id == version.questionnaire_id,
        QuestionnaireVersion.id != version.id,
    )
    waves = update(Wave).where(Wave.version_id.in_(older)).values(version_id=version.id)
    links = (
        update(Evaluation)
        .where(Evaluation.open_version_id.in_(older), Evaluation.open_until > now)
        .values(open_version_id=version.id)
    )
    return sum(
        rows_changed(db.session.execute(change, execution_options={"synchronize_session": False}))
        for change in (waves, links)
    )


def _free_slug(wanted: str) -> str:
    found = select(Questionnaire.slug).where(Questionnaire.slug.startswith(wanted))
    taken = set(db.session.scalars(found)) | RESERVED
    slug, number = wanted, 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug

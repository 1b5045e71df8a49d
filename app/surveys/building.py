"""Making questionnaires: drafts come and go, what is published stays as it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, select, update
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.audit import operations as audit
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused
from app.surveys.building_queries import (
    VersionFacts,
    lock_draft,
    versions_of,
    written_questions,
)
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
COPIED_OF_QUESTION = (
    *("key", "section", "words", "hint", "kind", "measure_id", "is_required"),
    *("shown_if_key", "shown_if_values", "also_if_key", "also_if_values"),
    *("lowest_words", "highest_words"),
)
COPIED_OF_OPTION = ("position", "value", "label", "counts", "is_outside_base")
IN_BULK = {"synchronize_session": False}


def create_questionnaire(
    title: str, kind: QuestionnaireKind, *, actor: Person, now: datetime
) -> VersionFacts:
    """Begin a questionnaire of one's own; its first draft."""
    questionnaire = Questionnaire(slug=_free_slug(slug_of(title)), title=title, kind=kind)
    draft = _add_draft(questionnaire, 1)
    note(draft, "made", actor=actor, now=now)
    return draft


def copy_questionnaire(
    copied: VersionFacts, title: str, *, actor: Person, now: datetime
) -> VersionFacts:
    """Begin another questionnaire with the same questions; what they measure stays the same."""
    draft = create_questionnaire(title, copied.kind, actor=actor, now=now)
    copy_questions(draft.id, lambda source: source.version_id == copied.id)
    return draft


def begin_version(slug: str, *, actor: Person, now: datetime) -> VersionFacts:
    """A draft of the next version, as the newest stands; Refused while there is a draft."""
    questionnaire = db.session.scalars(
        select(Questionnaire).where(Questionnaire.slug == slug).with_for_update()
    ).one()
    newest = versions_of(slug)[0]
    if newest.published_at is None:
        raise Refused("There is a draft of the next version already: go on with that one")
    draft = _add_draft(questionnaire, newest.number + 1)
    copy_questions(draft.id, lambda source: source.version_id == newest.id)
    note(draft, "began", actor=actor, now=now)
    return draft


def rename_questionnaire(slug: str, title: str, *, actor: Person, now: datetime) -> None:
    """Give a questionnaire another title; its address stays."""
    change = update(Questionnaire).where(Questionnaire.slug == slug).values(title=title)
    db.session.execute(change)
    audit.record(actor.reference, "renamed", "questionnaire", slug, now=now)


def publish(version_id: int, *, moves_plans: bool, actor: Person, now: datetime) -> int:
    """Make a draft the version that is asked; Refused with a fault. How many plans go over."""
    draft = draft_for_change(version_id)
    found = faults(written_questions(version_id))
    if found:
        raise Refused(f"It cannot be published yet. {found[0].sentence}")
    version = update(QuestionnaireVersion).where(QuestionnaireVersion.id == version_id)
    db.session.execute(version.values(published_at=now))
    moved = _move_plans(draft, now=now) if moves_plans else 0
    note(draft, "published", actor=actor, now=now, plans=moved)
    return moved


def discard_draft(version_id: int, *, actor: Person, now: datetime) -> None:
    """Throw a draft away, and its questionnaire if nothing else is left of it."""
    draft = draft_for_change(version_id)
    note(draft, "discarded", actor=actor, now=now)
    questions = select(Question.id).where(Question.version_id == version_id)
    others = select(QuestionnaireVersion.id).where(
        QuestionnaireVersion.questionnaire_id == draft.questionnaire_id
    )
    for gone in (
        delete(QuestionOption).where(QuestionOption.question_id.in_(questions)),
        delete(Question).where(Question.version_id == version_id),
        delete(QuestionnaireVersion).where(QuestionnaireVersion.id == version_id),
        delete(Questionnaire).where(Questionnaire.id == draft.questionnaire_id, ~others.exists()),
    ):
        db.session.execute(gone, execution_options=IN_BULK)
    db.session.expire_all()


def draft_for_change(version_id: int) -> VersionFacts:
    """A draft, locked against everybody else; Refused if it was published or thrown away."""
    draft = lock_draft(version_id)
    if draft is None:
        raise Refused(NOT_A_DRAFT)
    return draft


def note(
    version: VersionFacts,
    verb: str,
    *,
    actor: Person,
    now: datetime,
    **facts: str | int | bool | None,
) -> None:
    """Write a line of the audit trail about a version."""
    audit.record(
        actor.reference,
        verb,
        "questionnaire",
        version.slug,
        now=now,
        version=version.number,
        **facts,
    )


def put_in_order(version_id: int, places: Sequence[Place]) -> None:
    """Give every question of a draft its position and its section."""
    positions = {key: -number for number, (key, _) in enumerate(places, start=1)}
    of_version = update(Question).where(Question.version_id == version_id)
    for change in (
        # Two steps, since no two questions may have one position in between.
        of_version.values(
            position=case(positions, value=Question.key),
            section=case(dict(places), value=Question.key),
        ),
        of_version.values(position=-Question.position),
    ):
        db.session.execute(change, execution_options=IN_BULK)


def copy_questions(
    version_id: int, which: Callable[[Any], ColumnElement[bool]], *, behind: int = 0
) -> None:
    """Copy questions with their answers into a draft, behind so many that are there."""
    source, made = aliased(Question), aliased(Question)
    place = func.row_number().over(order_by=(source.version_id, source.position))
    facts = [getattr(source, name) for name in COPIED_OF_QUESTION]
    questions = select(literal(version_id), behind + place, *facts).where(which(source))
    db.session.execute(
        insert(Question).from_select(["version_id", "position", *COPIED_OF_QUESTION], questions)
    )
    options = (
        select(made.id, *(getattr(QuestionOption, name) for name in COPIED_OF_OPTION))
        .join(source, source.id == QuestionOption.question_id)
        .join(made, made.key == source.key)
        .where(made.version_id == version_id, which(source))
    )
    db.session.execute(
        insert(QuestionOption).from_select(["question_id", *COPIED_OF_OPTION], options)
    )


def _add_draft(questionnaire: Questionnaire, number: int) -> VersionFacts:
    version = QuestionnaireVersion(number=number, is_ours=True, questionnaire=questionnaire)
    db.session.add(version)
    db.session.flush()
    return VersionFacts(
        version.id,
        number,
        None,
        questionnaire.id,
        questionnaire.slug,
        questionnaire.title,
        questionnaire.kind,
    )


def _move_plans(version: VersionFacts, *, now: datetime) -> int:
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
        rows_changed(db.session.execute(change, execution_options=IN_BULK))
        for change in (waves, links)
    )


def _free_slug(wanted: str) -> str:
    found = select(Questionnaire.slug).where(Questionnaire.slug.startswith(wanted))
    taken = set(db.session.scalars(found)) | RESERVED
    slug, number = wanted, 2
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug

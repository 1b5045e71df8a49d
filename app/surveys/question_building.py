"""The questions of a draft: added, changed, moved, asked of some only, removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from app.accounts.models import Person
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import building_queries, queries
from app.surveys.answer_rules import AskedQuestion
from app.surveys.building import copied, draft_for_change, note, places_of, put_in_order
from app.surveys.models import Measure, Question, QuestionKind, QuestionOption
from app.surveys.option_rules import QuestionDetails, key_for, options_of
from app.surveys.questionnaire_rules import (
    MOST_QUESTIONS,
    can_route,
    moved,
    place_for,
    section_moved,
)

NOT_THERE = "This question is not in the draft any more: nothing was changed"
FULL = f"There are {MOST_QUESTIONS} questions already, and nobody finishes more: remove one first"


def add_question(
    version_id: int, kind: QuestionKind, details: QuestionDetails, *, actor: Person, now: datetime
) -> str:
    """Add a question behind the others of its section; its key."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    if len(places) >= MOST_QUESTIONS:
        raise Refused(FULL)
    key = key_for(details.words, set(db.session.scalars(select(Question.key).distinct())))
    question = Question(
        version_id=version_id, key=key, kind=kind, position=len(places) + 1, section="", words=""
    )
    db.session.add(question)
    _write(question, details, with_answers=True)
    db.session.flush()
    places.insert(place_for(places, details.section), (key, details.section))
    put_in_order(version_id, places)
    note(draft, "added to", actor=actor, now=now, question=key)
    return key


def change_question(
    version_id: int, key: str, details: QuestionDetails, *, actor: Person, now: datetime
) -> None:
    """Word a question anew; its answers and measure stay if people were asked it before."""
    draft = draft_for_change(version_id)
    question = _find(version_id, key)
    places = places_of(version_id)
    if question.section != details.section:
        places.remove((key, question.section))
        places.insert(place_for(places, details.section), (key, details.section))
    _write(question, details, with_answers=not building_queries.is_published_somewhere(key))
    db.session.flush()
    put_in_order(version_id, places)
    note(draft, "changed", actor=actor, now=now, question=key)


def route_question(
    version_id: int,
    key: str,
    router_key: str | None,
    values: Sequence[str],
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Ask a question only after these answers to an earlier one; without one ask everybody."""
    draft = draft_for_change(version_id)
    question = _find(version_id, key)
    if router_key is not None:
        earlier = {one.key: one for one in routers_for(version_id, key)}
        router = earlier.get(router_key)
        if router is None or not values or not set(values) <= set(router.choices):
            raise Refused("Choose answers of a question that comes before this one")
    question.shown_if_key = router_key
    question.shown_if_values = " ".join(values) if router_key else None
    note(draft, "routed", actor=actor, now=now, question=key)


def routers_for(version_id: int, key: str) -> list[AskedQuestion]:
    """The earlier questions of a version that this one can depend on."""
    asked = queries.asked_questions(version_id, building_queries.SUBJECT_IN_LISTS)
    keys = [question.key for question in asked]
    if key not in keys:
        return []
    return [question for question in asked[: keys.index(key)] if can_route(question)]


def move_question(version_id: int, key: str, by: int, *, actor: Person, now: datetime) -> None:
    """Move a question a step up (-1) or down (1)."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    if key not in dict(places):
        raise Refused(NOT_THERE)
    put_in_order(version_id, moved(places, key, by))
    note(draft, "moved", actor=actor, now=now, question=key, by=by)


def move_section(version_id: int, section: str, by: int, *, actor: Person, now: datetime) -> None:
    """Move a whole section a step up (-1) or down (1)."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    if section not in dict(places).values():
        raise Refused("This section is not in the draft any more: nothing was changed")
    put_in_order(version_id, section_moved(places, section, by))
    note(draft, "moved", actor=actor, now=now, section=section, by=by)


def remove_question(version_id: int, key: str, *, actor: Person, now: datetime) -> None:
    """Take a question out of a draft."""
    draft = draft_for_change(version_id)
    question = _find(version_id, key)
    places = [place for place in places_of(version_id) if place[0] != key]
    _forget_options(question)
    db.session.execute(delete(Question).where(Question.id == question.id))
    if places:
        put_in_order(version_id, places)
    note(draft, "removed from", actor=actor, now=now, question=key)


def add_standard_questions(
    version_id: int, question_ids: Collection[int], *, actor: Person, now: datetime
) -> int:
    """Add questions of the bank as they are; Refused if two are one question. How many."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    offered = {one.id for one in building_queries.bank(dict(places).keys())}
    wanted = db.session.scalars(
        select(Question)
        .where(Question.id.in_(offered & set(question_ids)))
        .options(selectinload(Question.options))
        .order_by(Question.version_id, Question.position)
    ).all()
    if len(places) + len(wanted) > MOST_QUESTIONS:
        raise Refused(FULL)
    for question in wanted:
        if question.key in dict(places):
            raise Refused(f"Choose one of those that ask the same: “{question.words}” is there")
        added = copied(question, len(places) + 1)
        added.version_id = version_id
        if added.shown_if_key not in dict(places):
            added.shown_if_key = added.shown_if_values = None
        db.session.add(added)
        places.insert(place_for(places, added.section), (added.key, added.section))
        note(draft, "added to", actor=actor, now=now, question=added.key)
    db.session.flush()
    if wanted:
        put_in_order(version_id, places)
    return len(wanted)


def _find(version_id: int, key: str) -> Question:
    found = select(Question).where(Question.version_id == version_id, Question.key == key)
    question = db.session.scalar(found)
    if question is None:
        raise Refused(NOT_THERE)
    return question


def _write(question: Question, details: QuestionDetails, *, with_answers: bool) -> None:
    question.words = details.words
    question.hint = details.hint
    question.section = details.section
    question.is_required = details.is_required
    if not with_answers:
        return
    question.measure_id = db.session.scalar(
        select(Measure.id).where(Measure.key == details.measure_key)
    )
    db.session.flush()
    _forget_options(question)
    db.session.add_all(
        QuestionOption(question_id=question.id, position=place, **vars(option))
        for place, option in enumerate(options_of(question.kind, details), start=1)
    )


def _forget_options(question: Question) -> None:
    db.session.execute(
        delete(QuestionOption).where(QuestionOption.question_id == question.id),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(question, ["options"])

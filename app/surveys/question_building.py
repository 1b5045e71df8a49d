"""The questions of a draft: added, changed, moved, asked of some only, removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import delete, insert, or_, select, update

from app.accounts.models import Person
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import building_queries, queries
from app.surveys.answer_rules import AskedQuestion, Condition
from app.surveys.building import (
    IN_BULK,
    copy_questions,
    draft_for_change,
    note,
    put_in_order,
)
from app.surveys.building_queries import places_of
from app.surveys.models import Measure, Question, QuestionKind, QuestionOption
from app.surveys.option_rules import QuestionDetails, key_for, options_of
from app.surveys.questionnaire_rules import (
    MOST_CONDITIONS,
    MOST_QUESTIONS,
    TOO_MANY_CONDITIONS,
    can_route,
    moved,
    place_for,
    section_moved,
)

NOT_THERE = "This question is not in the draft any more: nothing was changed"
FULL = f"There are {MOST_QUESTIONS} questions already, and nobody finishes more: remove one first"
ROUTING = ("shown_if_key", "shown_if_values", "also_if_key", "also_if_values")
EVERYBODY: dict[str, str | None] = dict.fromkeys(ROUTING)


def add_question(
    version_id: int, kind: QuestionKind, details: QuestionDetails, *, actor: Person, now: datetime
) -> str:
    """Add a question behind the others of its section; its key."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    if len(places) >= MOST_QUESTIONS:
        raise Refused(FULL)
    key = key_for(details.words, set(db.session.scalars(select(Question.key).distinct())))
    facts = {**_words(details), **_answers(kind, details)}
    db.session.execute(
        insert(Question).values(
            version_id=version_id, key=key, kind=kind, position=len(places) + 1, **facts
        )
    )
    _add_options(version_id, key, kind, details)
    place = place_for(places, details.section)
    places.insert(place, (key, details.section))
    if place < len(places) - 1:
        put_in_order(version_id, places)
    note(draft, "added to", actor=actor, now=now, question=key)
    return key


def change_question(
    version_id: int, key: str, details: QuestionDetails, *, actor: Person, now: datetime
) -> None:
    """Word a question anew; its answers and measure stay if people were asked it before."""
    draft = draft_for_change(version_id)
    kind, is_asked = building_queries.find_question(version_id, key) or _not_there()
    places = places_of(version_id)
    is_moved = dict(places)[key] != details.section
    facts = _words(details)
    if not is_asked:
        facts |= _answers(kind, details)
        _forget_options(version_id, key)
        _add_options(version_id, key, kind, details)
    _update(version_id, key, facts)
    if is_moved:
        places = [place for place in places if place[0] != key]
        places.insert(place_for(places, details.section), (key, details.section))
        put_in_order(version_id, places)
    note(draft, "changed", actor=actor, now=now, question=key)


def route_question(
    version_id: int,
    key: str,
    conditions: Sequence[Condition],
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Ask only after these answers to one earlier question, or to each of two; else everybody."""
    draft = draft_for_change(version_id)
    earlier = {one.key: one for one in routers_for(version_id, key)}
    for router_key, values in conditions:
        router = earlier.get(router_key)
        if router is None or not values or not set(values) <= set(router.choices):
            raise Refused("Choose answers of a question that comes before this one")
    if len(conditions) > MOST_CONDITIONS or len(dict(conditions)) < len(conditions):
        raise Refused(TOO_MANY_CONDITIONS)
    routing = [part for router_key, values in conditions for part in (router_key, " ".join(values))]
    _update(version_id, key, {**EVERYBODY, **dict(zip(ROUTING, routing, strict=False))})
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
        _not_there()
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


def rename_section(
    version_id: int, section: str, title: str, *, actor: Person, now: datetime
) -> None:
    """Give the heading of a whole section other words."""
    draft = draft_for_change(version_id)
    titles = dict(places_of(version_id)).values()
    if section not in titles:
        raise Refused("This section is not in the draft any more: nothing was changed")
    if title != section and title in titles:
        raise Refused(f"There is a section “{title}” already: choose another heading")
    change = update(Question).where(Question.version_id == version_id, Question.section == section)
    db.session.execute(change.values(section=title), execution_options=IN_BULK)
    note(draft, "renamed a section of", actor=actor, now=now, section=title)


def remove_question(version_id: int, key: str, *, actor: Person, now: datetime) -> None:
    """Take a question out of a draft."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    if key not in dict(places):
        _not_there()
    _forget_options(version_id, key)
    gone = delete(Question).where(Question.version_id == version_id, Question.key == key)
    db.session.execute(gone, execution_options=IN_BULK)
    left = [place for place in places if place[0] != key]
    if left:
        put_in_order(version_id, left)
    note(draft, "removed from", actor=actor, now=now, question=key)


def add_standard_questions(
    version_id: int, question_ids: Collection[int], *, actor: Person, now: datetime
) -> int:
    """Add questions of the bank as they are; Refused if two are one question. How many."""
    draft = draft_for_change(version_id)
    places = places_of(version_id)
    behind = len(places)
    wanted = building_queries.bank(dict(places).keys(), question_ids)
    if behind + len(wanted) > MOST_QUESTIONS:
        raise Refused(FULL)
    for question in wanted:
        if question.key in dict(places):
            raise Refused(f"Choose one of those that ask the same: “{question.words}” is there")
        place = place_for(places, question.section)
        places.insert(place, (question.key, question.section))
    if not wanted:
        return 0
    ids = [question.id for question in wanted]
    copy_questions(version_id, lambda source: source.id.in_(ids), behind=behind)
    there = dict(places).keys()
    of_these = Question.key.in_([question.key for question in wanted])
    lone = update(Question).where(
        Question.version_id == version_id,
        of_these,
        or_(Question.shown_if_key.not_in(there), Question.also_if_key.not_in(there)),
    )
    db.session.execute(lone.values(**EVERYBODY), execution_options=IN_BULK)
    put_in_order(version_id, places)
    note(draft, "added standard questions to", actor=actor, now=now, count=len(wanted))
    return len(wanted)


def _words(details: QuestionDetails) -> dict[str, Any]:
    return {
        "words": details.words,
        "hint": details.hint,
        "section": details.section,
        "is_required": details.is_required,
    }


def _answers(kind: QuestionKind, details: QuestionDetails) -> dict[str, Any]:
    """What stays once people were asked, beside the options."""
    facts: dict[str, Any] = {"measure_id": _measure_id(details)}
    if kind is QuestionKind.SCORE:
        facts |= {"lowest_words": details.lowest_words, "highest_words": details.highest_words}
    return facts


def _measure_id(details: QuestionDetails) -> Any:
    return select(Measure.id).where(Measure.key == details.measure_key).scalar_subquery()


def _update(version_id: int, key: str, facts: dict[str, Any]) -> None:
    change = update(Question).where(Question.version_id == version_id, Question.key == key)
    db.session.execute(change.values(**facts), execution_options=IN_BULK)


def _add_options(version_id: int, key: str, kind: QuestionKind, details: QuestionDetails) -> None:
    options = options_of(kind, details)
    if not options:
        return
    question_id = select(Question.id).where(Question.version_id == version_id, Question.key == key)
    db.session.execute(
        insert(QuestionOption).values(
            [
                {
                    "question_id": question_id.scalar_subquery(),
                    "position": place,
                    "value": option.value,
                    "label": option.label,
                    "counts": option.counts,
                    "is_outside_base": option.is_outside_base,
                }
                for place, option in enumerate(options, start=1)
            ]
        )
    )


def _forget_options(version_id: int, key: str) -> None:
    question_id = select(Question.id).where(Question.version_id == version_id, Question.key == key)
    gone = delete(QuestionOption).where(QuestionOption.question_id.in_(question_id))
    db.session.execute(gone, execution_options=IN_BULK)


def _not_there() -> NoReturn:
    raise Refused(NOT_THERE)

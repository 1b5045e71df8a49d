"""Building questionnaires: drafts change, published versions never do, plans go over to new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import building, building_queries, queries, question_building
from app.surveys.answer_rules import Condition
from app.surveys.building_queries import VersionFacts
from app.surveys.models import (
    Evaluation,
    Question,
    QuestionKind,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
)
from app.surveys.option_rules import QuestionDetails
from app.surveys.questionnaire_rules import faults
from app.surveys.questionnaires import current_version, load_standard_questionnaires
from tests.support.factories import make_person
from tests.support.surveys import a_course_attended

NOT_A_DRAFT = "This version is published or thrown away"
OFTEN = QuestionDetails("How often?", "Using it", labels=("Often", "Never"), counted=1)
WHY = QuestionDetails("Why?", "Using it")
OTHER = QuestionDetails("Anything else?", "At the end")


@pytest.fixture
def actor(app: Flask, now: datetime) -> Person:
    load_standard_questionnaires(now=now)
    return make_person()


def begin(actor: Person, now: datetime, title: str = "Neglect") -> VersionFacts:
    return building.create_questionnaire(title, QuestionnaireKind.IMPACT, actor=actor, now=now)


def add(draft: VersionFacts, kind: str, details: QuestionDetails, actor: Person) -> str:
    made_at = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
    return question_building.add_question(
        draft.id, QuestionKind(kind), details, actor=actor, now=made_at
    )


def facts(version: QuestionnaireVersion) -> VersionFacts:
    return building_queries.versions_of(version.questionnaire.slug)[-version.number]


def keys(draft: VersionFacts) -> list[str]:
    return [key for key, _ in building_queries.places_of(draft.id)]


def contents(version_id: int) -> list[Any]:
    questions = db.session.execute(
        select(Question.__table__).where(Question.version_id == version_id)
    )
    options = db.session.execute(
        select(QuestionOption.__table__)
        .join(Question)
        .where(Question.version_id == version_id)
        .order_by(QuestionOption.id)
    )
    return [*map(tuple, questions), *map(tuple, options)]


def test_a_questionnaire_is_built_published_and_asked(actor: Person, now: datetime) -> None:
    draft = begin(actor, now)
    often = add(draft, "single", OFTEN, actor)
    other = add(draft, "long_text", OTHER, actor)
    why = add(draft, "short_text", WHY, actor)
    assert keys(draft) == [often, why, other]  # behind the others of its section
    question_building.route_question(draft.id, why, [(often, ("never",))], actor=actor, now=now)
    assert building.publish(draft.id, moves_plans=True, actor=actor, now=now) == 0
    asked = queries.asked_questions(draft.id, "it")
    assert [(one.key, one.shown_if_key, one.shown_if_values) for one in asked] == [
        (often, None, ()),
        (why, often, ("never",)),
        (other, None, ()),
    ]
    verbs = db.session.scalars(
        select(AuditLine.verb)
        .where(AuditLine.subject_reference == "neglect")
        .order_by(AuditLine.id)
    )
    assert list(verbs) == ["made", "added to", "added to", "added to", "routed", "published"]


def test_what_has_a_fault_is_not_published(actor: Person, now: datetime) -> None:
    draft = begin(actor, now)
    with pytest.raises(Refused, match="Add a question"):
        building.publish(draft.id, moves_plans=False, actor=actor, now=now)
    often = add(draft, "single", OFTEN, actor)
    why = add(draft, "short_text", WHY, actor)
    question_building.route_question(draft.id, why, [(often, ("never",))], actor=actor, now=now)
    question_building.remove_question(draft.id, often, actor=actor, now=now)
    with pytest.raises(Refused, match="it depends on a question not here"):
        building.publish(draft.id, moves_plans=False, actor=actor, now=now)
    assert db.session.get_one(QuestionnaireVersion, draft.id).published_at is None


Change = Callable[[int, str, Person, datetime], object]
CHANGES: list[Change] = [
    lambda version, key, who, now: question_building.add_question(
        version, QuestionKind.SINGLE, OFTEN, actor=who, now=now
    ),
    lambda version, key, who, now: question_building.change_question(
        version, key, OTHER, actor=who, now=now
    ),
    lambda version, key, who, now: question_building.route_question(
        version, key, [], actor=who, now=now
    ),
    lambda version, key, who, now: question_building.move_question(
        version, key, 1, actor=who, now=now
    ),
    lambda version, key, who, now: question_building.move_section(
        version, "Using it", 1, actor=who, now=now
    ),
    lambda version, key, who, now: question_building.remove_question(
        version, key, actor=who, now=now
    ),
    lambda version, key, who, now: question_building.add_standard_questions(
        version, [1, 2], actor=who, now=now
    ),
    lambda version, key, who, now: building.publish(
        version, moves_plans=True, actor=who, now=now + timedelta(days=1)
    ),
    lambda version, key, who, now: building.discard_draft(version, actor=who, now=now),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_published_version_never_changes(actor: Person, now: datetime, change: Change) -> None:
    version = current_version(QuestionnaireKind.IMPACT)
    before = contents(version.id)
    with pytest.raises(Refused, match=NOT_A_DRAFT):
        change(version.id, version.questions[3].key, actor, now)
    db.session.flush()
    db.session.expire_all()
    assert contents(version.id) == before
    assert db.session.get_one(QuestionnaireVersion, version.id).published_at == now


def test_a_new_version_keeps_keys_measures_and_answers(actor: Person, now: datetime) -> None:
    old = current_version(QuestionnaireKind.IMPACT)
    draft = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    written = building_queries.written_questions
    assert [(q.asked.key, q.measure_key, q.asked.choices) for q in written(draft.id)] == [
        (q.asked.key, q.measure_key, q.asked.choices) for q in written(old.id)
    ]
    assert draft.number == 2
    assert current_version(QuestionnaireKind.IMPACT).id == old.id
    with pytest.raises(Refused, match="There is a draft of the next version already"):
        building.begin_version(old.questionnaire.slug, actor=actor, now=now)


def test_what_people_were_asked_before_keeps_its_answers_and_measure(
    actor: Person, now: datetime
) -> None:
    old = current_version(QuestionnaireKind.IMPACT)
    draft = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    other = QuestionDetails(
        "How frequently?", "Using it", labels=("A", "B"), counted=1, measure_key="recommend"
    )
    question_building.change_question(draft.id, "frequency", other, actor=actor, now=now)
    changed = building_queries.written_questions(draft.id)[3]
    assert (changed.asked.words, changed.measure_key) == ("How frequently?", "use")
    assert "very_frequently" in changed.asked.choices
    assert changed.asked.shown_if_key == "used"


def test_a_new_question_gets_other_answers_as_long_as_nobody_was_asked(
    actor: Person, now: datetime
) -> None:
    draft = begin(actor, now)
    key = add(draft, "single", OFTEN, actor)
    other = QuestionDetails(
        "How often?", "Elsewhere", labels=("Weekly", "Often"), counted=2, may_not_apply=True
    )
    question_building.change_question(draft.id, key, other, actor=actor, now=now)
    changed = building_queries.written_questions(draft.id)[0]
    assert changed.asked.choices == ["weekly", "often", "does_not_apply"]
    assert changed.asked.section == "Elsewhere"


def test_plans_and_open_links_go_over_to_a_new_version_if_wished(
    actor: Person, now: datetime
) -> None:
    a_course_attended(now - timedelta(days=1))
    open_one = Evaluation(
        slug="open",
        title="Open",
        subject_words="it",
        open_version=current_version(QuestionnaireKind.IMPACT),
        open_until=now + timedelta(days=1),
        created_at=now,
    )
    db.session.add(open_one)
    old = current_version(QuestionnaireKind.IMPACT)
    uses = building_queries.uses_of(old.questionnaire_id, now=now)
    assert [(use.when, use.version_number) for use in uses] == [
        ("3 months later", 1),
        ("12 months later", 1),
        ("Open link", 1),
    ]
    draft = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    assert building.publish(draft.id, moves_plans=True, actor=actor, now=now) == 3
    db.session.expire_all()
    uses = building_queries.uses_of(old.questionnaire_id, now=now)
    assert [use.version_number for use in uses] == [2, 2, 2]
    third = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    assert building.publish(third.id, moves_plans=False, actor=actor, now=now) == 0
    assert building_queries.uses_of(old.questionnaire_id, now=now)[0].version_number == 2
    assert building_queries.uses_count(old.questionnaire_id, now=now) == 3
    assert current_version(QuestionnaireKind.IMPACT).id == third.id  # for plans made from now on


def test_what_staff_went_on_from_is_not_replaced_by_delivered_words(
    actor: Person, now: datetime
) -> None:
    old = current_version(QuestionnaireKind.AFTER)
    draft = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    question_building.remove_question(draft.id, "good", actor=actor, now=now)
    building.publish(draft.id, moves_plans=True, actor=actor, now=now)
    load_standard_questionnaires(now=now + timedelta(days=1))
    assert current_version(QuestionnaireKind.AFTER).id == draft.id


def test_a_copy_is_another_questionnaire_with_the_same_measures(
    actor: Person, now: datetime
) -> None:
    old = current_version(QuestionnaireKind.AFTER)
    copy = building.copy_questionnaire(facts(old), "After", actor=actor, now=now)
    assert copy.slug == "after-2"
    assert [q.measure_key for q in building_queries.written_questions(copy.id)] == [
        q.measure_key for q in building_queries.written_questions(old.id)
    ]
    assert faults(building_queries.written_questions(copy.id)) == []


def test_standard_questions_come_with_key_measure_answers_and_what_routes_them(
    actor: Person, now: datetime
) -> None:
    draft = begin(actor, now)
    bank = {one.key: one.id for one in building_queries.bank([])}
    added = question_building.add_standard_questions(
        draft.id, [bank["used"], bank["frequency"]], actor=actor, now=now
    )
    assert added == 2
    first, second = building_queries.written_questions(draft.id)
    assert (first.asked.key, second.asked.key) == ("used", "frequency")
    assert second.asked.shown_if_key == "used"
    assert second.measure_key == "use"
    assert {"used", "frequency"}.isdisjoint(one.key for one in building_queries.bank(keys(draft)))
    question_building.remove_question(draft.id, "used", actor=actor, now=now)
    question_building.add_standard_questions(draft.id, [bank["recommend"]], actor=actor, now=now)
    alone = building_queries.written_questions(draft.id)[-1]
    assert (alone.asked.key, alone.asked.shown_if_key) == ("recommend", None)


def test_two_wordings_of_one_standard_question_are_not_both_added(
    actor: Person, now: datetime
) -> None:
    draft = begin(actor, now)
    same = [one.id for one in building_queries.bank([]) if one.key == "knowledge"]
    assert len(same) == 3
    with pytest.raises(Refused, match="Choose one of those that ask the same"):
        question_building.add_standard_questions(draft.id, same, actor=actor, now=now)


def test_questions_and_sections_move(actor: Person, now: datetime) -> None:
    draft = begin(actor, now)
    often, why, other = (
        add(draft, kind, details, actor)
        for kind, details in (("single", OFTEN), ("short_text", WHY), ("long_text", OTHER))
    )
    question_building.move_question(draft.id, why, -1, actor=actor, now=now)
    assert building_queries.places_of(draft.id) == [
        (why, "Using it"),
        (often, "Using it"),
        (other, "At the end"),
    ]
    question_building.move_section(draft.id, "At the end", -1, actor=actor, now=now)
    assert keys(draft) == [other, why, often]
    with pytest.raises(Refused, match="not in the draft any more"):
        question_building.move_question(draft.id, "gone", 1, actor=actor, now=now)


@pytest.mark.parametrize(
    ("router", "values"),
    [("why", ["x"]), ("often", []), ("often", ["sometimes"]), ("later", ["yes"]), ("gone", ["x"])],
)
def test_only_answers_of_earlier_questions_route(
    actor: Person, now: datetime, router: str, values: list[str]
) -> None:
    draft = begin(actor, now)
    found = {"gone": "gone"}
    found["often"] = add(draft, "single", OFTEN, actor)
    found["why"] = add(draft, "short_text", WHY, actor)
    asked = add(draft, "long_text", OTHER, actor)
    found["later"] = add(draft, "yes_no", QuestionDetails("Sure?", "Later"), actor)
    with pytest.raises(Refused, match="Choose answers of a question that comes before"):
        question_building.route_question(
            draft.id, asked, [(found[router], tuple(values))], actor=actor, now=now
        )


def test_a_question_depends_on_two_answers_at_most(actor: Person, now: datetime) -> None:
    draft = begin(actor, now)
    routers = [
        (add(draft, "yes_no", QuestionDetails(f"Used part {number}?", "Using it"), actor), ("yes",))
        for number in range(3)
    ]
    why = add(draft, "short_text", WHY, actor)

    def route(*conditions: Condition) -> None:
        question_building.route_question(draft.id, why, conditions, actor=actor, now=now)

    route(*routers[:2])
    assert building_queries.written_questions(draft.id)[-1].asked.conditions == tuple(routers[:2])
    with pytest.raises(Refused, match="Choose answers to two questions at most"):
        route(*routers)
    with pytest.raises(Refused, match="Choose answers to two questions at most"):
        route(routers[0], (routers[0][0], ("no",)))
    building.publish(draft.id, moves_plans=False, actor=actor, now=now)
    second = building.begin_version("neglect", actor=actor, now=now)
    copied = building_queries.written_questions(second.id)[-1]
    assert copied.asked.conditions == tuple(routers[:2])
    question_building.route_question(second.id, why, [], actor=actor, now=now)
    assert building_queries.written_questions(second.id)[-1].asked.conditions == ()


def test_a_draft_thrown_away_leaves_nothing_behind(actor: Person, now: datetime) -> None:
    def how_many() -> list[int | None]:
        tables = (Questionnaire, QuestionnaireVersion, Question, QuestionOption)
        return [db.session.scalar(select(func.count()).select_from(one)) for one in tables]

    before = how_many()
    draft = begin(actor, now)
    add(draft, "single", OFTEN, actor)
    building.discard_draft(draft.id, actor=actor, now=now)
    old = current_version(QuestionnaireKind.AFTER)
    second = building.begin_version(old.questionnaire.slug, actor=actor, now=now)
    building.discard_draft(second.id, actor=actor, now=now)
    assert how_many() == before

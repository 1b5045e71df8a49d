"""The standard questionnaires: what they ask, and that a published version never changes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from app.kernel.db import db
from app.surveys import queries, questionnaires
from app.surveys.answer_rules import (
    AskedOption,
    AskedQuestion,
    check,
    questions_shown,
    screens,
    sections_to_come,
)
from app.surveys.models import (
    Measure,
    MeasureScale,
    Question,
    QuestionKind,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
)
from app.surveys.questionnaires import current_version, load_standard_questionnaires

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def asked(kind: QuestionnaireKind) -> dict[str, AskedQuestion]:
    version = current_version(kind)
    questions = queries.asked_questions(version.id, "the neglect toolkit")
    return {question.key: question for question in questions}


def values(question: AskedQuestion) -> list[str]:
    return [option.value for option in question.options]


def test_straight_after_asks_what_the_partnership_reports(app: Flask) -> None:
    load_standard_questionnaires(now=NOW)
    form = asked(QuestionnaireKind.AFTER)
    assert list(form) == [
        "quality",
        "relevance",
        "expectations",
        "knowledge_before",
        "knowledge",
        "skills",
        "confidence",
        "intention",
        "good",
        "change",
    ]
    assert values(form["quality"]) == ["very_good", "good", "fair", "poor", "very_poor"]
    counted = [option.value for option in form["quality"].options if option.counts]
    assert counted == ["very_good", "good"]
    assert values(form["expectations"]) == ["yes", "partly", "no"]
    assert values(form["intention"]) == ["yes", "partly", "no", "does_not_apply"]
    assert form["knowledge"].choices == [str(score) for score in range(11)]
    assert "the neglect toolkit" in form["quality"].words


def test_months_later_asks_whoever_used_it_about_using_it(app: Flask) -> None:
    load_standard_questionnaires(now=NOW)
    form = asked(QuestionnaireKind.IMPACT)
    everybody = questions_shown(list(form.values()), {"used": ["no"]})
    assert [question.key for question in everybody] == ["aware", "attended", "used", "barriers"]
    users = questions_shown(list(form.values()), {"used": ["yes"]})
    assert [question.key for question in users] == list(form)
    assert values(form["frequency"])[:5] == [
        "very_frequently",
        "frequently",
        "occasionally",
        "rarely",
        "never",
    ]
    assert values(form["knowledge_change"]) == ["significant", "slight", "none", "worse"]
    assert values(form["changes"]) == [
        "policy_checked",
        "procedure_updated",
        "staff_briefed",
        "supervision",
        "nothing_yet",
    ]
    assert values(form["quote"]) == ["no", "inside", "public"]


def test_does_not_apply_stays_outside_the_base(app: Flask) -> None:
    load_standard_questionnaires(now=NOW)
    outside = db.session.scalars(
        select(QuestionOption.value).where(QuestionOption.is_outside_base.is_(True))
    )
    assert set(outside) == {"does_not_apply"}


def test_every_closed_question_has_a_measure_of_a_fitting_scale(app: Flask) -> None:
    load_standard_questionnaires(now=NOW)
    fitting = {
        QuestionKind.SINGLE: MeasureScale.SHARE,
        QuestionKind.YES_NO: MeasureScale.SHARE,
        QuestionKind.SCORE: MeasureScale.SCORE,
        QuestionKind.MULTIPLE: MeasureScale.CHOICES,
    }
    for question in db.session.scalars(select(Question)):
        if question.kind in fitting:
            assert question.measure, question.key
            assert question.measure.scale is fitting[question.kind]
    used = select(Question.measure_id).where(Question.measure_id.is_not(None))
    assert not db.session.scalars(select(Measure.key).where(Measure.id.not_in(used))).all()


def test_loading_again_changes_nothing(app: Flask) -> None:
    load_standard_questionnaires(now=NOW)
    db.session.commit()
    load_standard_questionnaires(now=NOW + timedelta(days=1))
    assert not db.session.dirty
    assert db.session.scalar(select(func.count(QuestionnaireVersion.id))) == 3


def test_other_words_make_a_new_version_and_leave_the_old_one(app: Flask, tmp_path: Path) -> None:
    load_standard_questionnaires(now=NOW)
    db.session.commit()
    old = current_version(QuestionnaireKind.AFTER)
    old_words = [question.words for question in old.questions]
    changed = tmp_path / "standard"
    shutil.copytree(questionnaires.STANDARD, changed)
    form = changed / "after.toml"
    form.write_text(form.read_text().replace("What was good about it?", "What helped you most?"))
    load_standard_questionnaires(now=NOW + timedelta(days=1), folder=changed)
    new = current_version(QuestionnaireKind.AFTER)
    assert (old.number, new.number) == (1, 2)
    assert [question.words for question in old.questions] == old_words
    assert "What helped you most?" in [question.words for question in new.questions]


def question(key: str, kind: str = "single", router: str | None = None) -> AskedQuestion:
    return AskedQuestion(
        id=1,
        key=key,
        section="A",
        words=key,
        kind=kind,
        shown_if_key=router,
        shown_if_values=("yes",) if router else (),
        options=(AskedOption(1, "yes", "Yes", True), AskedOption(2, "no", "No")),
    )


def test_what_a_hidden_question_says_routes_nobody() -> None:
    form = [question("a"), question("b", router="a"), question("c", router="b")]
    shown = questions_shown(form, {"a": ["no"], "b": ["yes"]})
    assert [one.key for one in shown] == ["a"]


def test_a_question_of_two_conditions_is_asked_of_those_who_meet_both() -> None:
    both = replace(question("c", router="a"), also_if_key="b", also_if_values=("no",))
    form = [question("a"), question("b"), both]
    for first, second, keys in (
        ("yes", "no", ["a", "b", "c"]),
        ("yes", "yes", ["a", "b"]),
        ("no", "no", ["a", "b"]),
    ):
        shown = questions_shown(form, {"a": [first], "b": [second]})
        assert [one.key for one in shown] == keys
    assert len(screens(form)) == 2  # on a screen of its own: it cannot be known before
    [*_, last] = sections_to_come(form, {"a": ["yes"]})
    assert [one.key for one in last.questions] == ["c"]


def test_empty_values_are_no_answer() -> None:
    checked = check([question("a")], {"a": ["", "  "]})
    assert (checked.answers, checked.errors) == ({}, {})


def test_values_of_a_list_are_kept_in_its_order_and_once() -> None:
    several = question("a", kind="multiple")
    counted = tuple(
        AskedOption(number, value, value, True) for number, value in enumerate(["x", "y", "z"])
    )
    several = AskedQuestion(**{**several.__dict__, "options": counted})
    assert check([several], {"a": ["z", "x", "z"]}).answers == {"a": ["x", "z"]}

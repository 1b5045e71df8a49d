"""Which questionnaires can be published: faults are named, and what has none can be answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.surveys import building_queries
from app.surveys.answer_rules import AskedOption, AskedQuestion, check, questions_shown
from app.surveys.models import QuestionKind, QuestionnaireKind
from app.surveys.option_rules import QuestionDetails, key_for, options_of, values_for
from app.surveys.questionnaire_rules import (
    WrittenQuestion,
    can_route,
    faults,
    moved,
    place_for,
    section_moved,
)
from app.surveys.questionnaires import current_version, load_standard_questionnaires
from app.surveys.walk import Walk

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
YES_NO = (AskedOption(1, "yes", "Yes", True), AskedOption(2, "no", "No"))


def written(
    key: str,
    kind: str = "yes_no",
    *,
    when: tuple[str, ...] | None = None,
    also: tuple[str, ...] | None = None,
    section: str = "A",
    options: tuple[AskedOption, ...] = YES_NO,
    measure: str = "",
    scale: str = "share",
) -> WrittenQuestion:
    has_options = kind in {"single", "multiple", "scale", "yes_no", "quote_consent"}
    asked = AskedQuestion(
        id=1,
        key=key,
        section=section,
        words=f"About {key}?",
        kind=kind,
        shown_if_key=when[0] if when else None,
        shown_if_values=when[1:] if when else (),
        also_if_key=also[0] if also else None,
        also_if_values=also[1:] if also else (),
        options=options if has_options else (),
    )
    return WrittenQuestion(asked, measure, measure.title(), scale if measure else "")


ALL_COUNT = tuple(replace(option, counts=True) for option in YES_NO)
SAME_LABELS = (AskedOption(1, "a", "Often", True), AskedOption(2, "b", "often"))


@pytest.mark.parametrize(
    ("questions", "key", "sentence"),
    [
        ([], "", "Add a question: a questionnaire without one cannot be answered"),
        (
            [written("a"), written("b", when=("gone", "yes"))],
            "b",
            "Choose again when to ask “About b?”: it depends on a question not here",
        ),
        (
            [written("b", when=("a", "yes")), written("a")],
            "b",
            "Move “About b?” behind the question that it depends on",
        ),
        (
            [written("a", when=("a", "yes"))],
            "a",
            "Choose again when to ask “About a?”: it depends on a question not here",
        ),
        (
            [written("a"), written("b", when=("a", "maybe"))],
            "b",
            "Choose again when to ask “About b?”: “About a?” does not have the answer that it "
            "depends on",
        ),
        (
            [written("a"), written("b", when=("a", "yes", "maybe"))],
            "b",
            "Choose again when to ask “About b?”: “About a?” does not have the answer that it "
            "depends on",
        ),
        (
            [written("a", "long_text"), written("b", when=("a", "yes"))],
            "b",
            "Choose again when to ask “About b?”: “About a?” has no answers to choose",
        ),
        (
            [written("a"), written("b"), written("c", when=("a", "yes"), also=("gone", "yes"))],
            "c",
            "Choose again when to ask “About c?”: it depends on a question not here",
        ),
        (
            [
                written("a"),
                written("b", when=("a", "no")),
                written("c", when=("a", "yes"), also=("b", "yes")),
            ],
            "c",
            "Choose again when to ask “About c?”: nobody can have given both of the answers that "
            "it depends on",
        ),
        (
            [
                written("a", "multiple"),
                written("b", when=("a", "no")),  # none of them
                written("c", when=("b", "yes"), also=("a", "yes")),
            ],
            "c",
            "Choose again when to ask “About c?”: nobody can have given both of the answers that "
            "it depends on",
        ),
        (
            [written("a", options=YES_NO[:1])],
            "a",
            "Give “About a?” at least 2 answers: it cannot be answered now",
        ),
        (
            [written("a", "single", options=SAME_LABELS)],
            "a",
            "Word the answers of “About a?” differently: “Often” is there twice",
        ),
        (
            [written("a", measure="m"), written("b", measure="m")],
            "b",
            "“About b?” measures the same as “About a?”, and people would be counted twice: "
            "remove one of them, or its measure",
        ),
        (
            [written("a", measure="m", scale="score")],
            "a",
            "Choose another measure for “About a?”: this one is answered in another way",
        ),
        (
            [written("a", measure="m", options=ALL_COUNT)],
            "a",
            "Say which answers of “About a?” count: now all would, or none",
        ),
        (
            [written("a"), written("b", section="B"), written("c")],
            "c",
            "Move “About c?” to the others under “A”",
        ),
        ([written("a", section="")], "a", "Give “About a?” a heading to stand under"),
        (
            [written("a"), written("b", "quote_consent")],
            "b",
            "Put a question answered in own words before “About b?”",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    questions: list[WrittenQuestion], key: str, sentence: str
) -> None:
    assert [(fault.key, fault.sentence) for fault in faults(questions)] == [(key, sentence)]


def test_whatever_depends_on_a_question_that_nobody_is_asked_is_never_asked_either() -> None:
    chain = [written("a"), written("b", when=("a", "maybe")), written("c", when=("b", "yes"))]
    assert [fault.key for fault in faults(chain)] == ["b", "c"]
    assert "Nobody would be asked “About c?”" in faults(chain)[1].sentence


def test_nobody_finishes_a_questionnaire_of_fifty_one_questions() -> None:
    many = [written(f"q{number}") for number in range(51)]
    assert [fault.sentence[:40] for fault in faults(many)] == [
        "Take questions out until 50 are left: no"
    ]
    assert faults(many[:50]) == []


@pytest.mark.parametrize("kind", list(QuestionnaireKind))
def test_the_standard_questionnaires_have_no_fault(app: Flask, kind: QuestionnaireKind) -> None:
    load_standard_questionnaires(now=NOW)
    assert faults(building_queries.written_questions(current_version(kind).id)) == []


@st.composite
def drafts(draw: st.DrawFn) -> list[WrittenQuestion]:
    """Questions in sections, each asked of everybody or by answers that may or may not exist."""
    kinds = st.sampled_from(["yes_no", "score", "scale", "multiple", "short_text", "long_text"])
    count = draw(st.integers(1, 6))
    questions = []
    for number in range(count):
        when = None
        if draw(st.booleans()):
            router = draw(st.integers(0, count))
            when = (f"q{router}", *draw(st.lists(st.sampled_from(["yes", "no", "3", "zz"]))))
        also = None
        if when and draw(st.booleans()):
            others = [f"q{other}" for other in range(count + 1) if f"q{other}" != when[0]]
            also = (draw(st.sampled_from(others)), draw(st.sampled_from(["yes", "no", "3"])))
        question = written(
            f"q{number}", draw(kinds), when=when, also=also, section=draw(st.sampled_from("ABC"))
        )
        required = replace(question.asked, is_required=draw(st.booleans()))
        questions.append(replace(question, asked=required))
    return questions


def what_it_needs(
    questions: list[AskedQuestion], wanted: AskedQuestion
) -> dict[str, list[str]] | None:
    """Answers after which this question is asked, found by trying them all; None without any."""
    routers = [question for question in questions if can_route(question) and question.choices]
    tried = [
        [value for value in question.choices if value in {"yes", "no", "3"}] for question in routers
    ]
    for values in product(*tried):
        given = {one.key: [value] for one, value in zip(routers, values, strict=True)}
        if wanted in questions_shown(questions, given):
            return given
    return None


@given(drafts())
def test_without_a_fault_every_question_can_come_up_and_everybody_reaches_the_end(
    draft: list[WrittenQuestion],
) -> None:
    if faults(draft):
        return
    questions = [question.asked for question in draft]
    for wanted in questions:
        needed = what_it_needs(questions, wanted)
        assert needed is not None
        shown = {one.key for one in questions_shown(questions, needed)}
        assert walked_to_the_end(questions, needed) == shown


def walked_to_the_end(questions: list[AskedQuestion], needed: dict[str, list[str]]) -> set[str]:
    """Go through all screens, answering each question; which questions came up."""
    walk, step, seen = Walk(questions, {}), 1, set[str]()
    while True:
        section = walk.sections[step - 1]
        assert walk.step(str(step)) == step
        sent = {
            one.key: needed.get(one.key) or [(one.choices or ["words"])[0]]
            for one in section.questions
        }
        seen |= sent.keys()
        checked = check(section.questions, sent)
        assert not checked.errors
        walk = walk.with_answers(section, checked.answers)
        if step == len(walk.sections):
            return seen
        step += 1
        assert step <= len(questions)


@given(drafts())
def test_a_question_that_never_comes_up_is_always_named(draft: list[WrittenQuestion]) -> None:
    questions = [question.asked for question in draft]
    named = {fault.key for fault in faults(draft)}
    possible = {one.key for one in questions if what_it_needs(questions, one) is not None}
    assert {question.key for question in questions} - possible <= named


def test_several_answers_of_a_list_can_be_given_together() -> None:
    three = (*ALL_COUNT, AskedOption(3, "none", "None"))
    form = [
        written("a", "multiple", options=three),
        written("b", when=("a", "yes")),
        written("c", when=("b", "yes"), also=("a", "no")),
    ]
    assert faults(form) == []


places = st.lists(st.sampled_from("ABC"), min_size=1, max_size=8).map(
    lambda sections: [(f"q{n}", section) for n, section in enumerate(sorted(sections))]
)


def torn(order: list[tuple[str, str]]) -> bool:
    sections = [section for _, section in order]
    starts = [s for n, s in enumerate(sections) if n == 0 or sections[n - 1] != s]
    return len(starts) != len(set(starts))


@given(places, st.data())
def test_no_move_loses_a_question_or_tears_a_section(
    order: list[tuple[str, str]], data: st.DataObject
) -> None:
    for _ in range(4):
        by = data.draw(st.sampled_from([-1, 1]))
        key, section = data.draw(st.sampled_from(order))
        after = moved(order, key, by)
        assert sorted(one for one, _ in after) == sorted(one for one, _ in order)
        assert not torn(after)
        order = section_moved(after, section, by)
        assert sorted(order) == sorted(after)
        assert not torn(order)
        place = place_for(order, section)
        assert not torn([*order[:place], ("new", section), *order[place:]])


def test_a_new_section_stands_at_the_end() -> None:
    assert place_for([("a", "A"), ("b", "B")], "C") == 2
    assert place_for([("a", "A"), ("b", "B")], "A") == 1


def test_answers_become_what_can_be_chosen_and_counted() -> None:
    typed = QuestionDetails("?", "A", labels=("Often", "Never"), counted=1, may_not_apply=True)
    assert [
        (o.value, o.counts, o.is_outside_base) for o in options_of(QuestionKind.SINGLE, typed)
    ] == [
        ("often", True, False),
        ("never", False, False),
        ("does_not_apply", False, True),
    ]
    several = QuestionDetails("?", "A", labels=("Policy", "Briefing"), none_label="Nothing yet")
    assert [(o.value, o.counts) for o in options_of(QuestionKind.MULTIPLE, several)] == [
        ("policy", True),
        ("briefing", True),
        ("none_of_these", False),
    ]
    scale = QuestionDetails(
        "?", "A", highest=4, counted=2, lowest_words="Not at all", highest_words="Completely"
    )
    assert [(o.label, o.counts) for o in options_of(QuestionKind.SCALE, scale)] == [
        ("1: Not at all", False),
        ("2", False),
        ("3", True),
        ("4: Completely", True),
    ]
    assert options_of(QuestionKind.SCORE, QuestionDetails("?", "A")) == []


@given(st.lists(st.text(max_size=50), unique=True))
def test_every_answer_and_question_gets_a_name_of_its_own(labels: list[str]) -> None:
    values = values_for(labels)
    assert len(set(values)) == len(labels)
    assert all(value and " " not in value and value.isascii() for value in values)
    keys: list[str] = []
    for label in labels:
        keys.append(key_for(label, keys))
    assert len(set(keys)) == len(keys)

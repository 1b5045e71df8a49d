"""What a question of an imported file is taken for, by its answers, its words and last time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.surveys.import_rules import (
    ImportKind,
    ImportOption,
    KnownMeasure,
    QuestionPlan,
    counted,
    ordered,
    parts_of,
    suggest,
    suggest_kind,
)
from app.surveys.models import MeasureScale
from app.surveys.readers.forms_file import plain

LONG = "We now ask every family about sleep, and write it down where the next worker finds it"


def measure(key: str, scale: MeasureScale, *options: ImportOption) -> KnownMeasure:
    known = {plain(option.label): option for option in options}
    return KnownMeasure(key, key.title(), scale, known)


SHARES = """
    awareness attendance quality relevance expectations usefulness recommend
    knowledge_change skills informed intention access use
"""
MEASURES = [
    *(measure(key, MeasureScale.SHARE) for key in SHARES.split()),
    measure("confidence", MeasureScale.SHARE, ImportOption("Confident", counts=True)),
    measure("knowledge_before", MeasureScale.SCORE),
    measure("knowledge", MeasureScale.SCORE),
    measure("changes", MeasureScale.CHOICES),
    measure("barriers", MeasureScale.CHOICES),
]

KINDS: list[tuple[list[str], ImportKind]] = [
    (["Yes", "No", ""], ImportKind.YES_NO),
    (["Ja", "Nein"], ImportKind.YES_NO),
    (["Oui", "Non", "Oui"], ImportKind.YES_NO),
    (["Ie", "Na"], ImportKind.YES_NO),
    (["Yes", "Partly", "No"], ImportKind.SCALE),
    (["0", "7", "10"], ImportKind.SCORE),
    (["6", "7", "10"], ImportKind.SCORE),
    (["3", "5", "4"], ImportKind.SCALE),
    (["12", "40"], ImportKind.TEXT),
    (["Good", "Very good", "N/A"], ImportKind.SCALE),
    (["5 - Very good", "4 - Good"], ImportKind.SCALE),
    (["Never", "Rarely", "Sometimes", "Often", "Always"], ImportKind.SCALE),
    (["Health", "Police", "Health", "Education"], ImportKind.SINGLE),
    (["A;B;", "B;", "A;"], ImportKind.MULTIPLE),
    (["A;B;C;", "C;B;A;"], ImportKind.SKIP),  # a ranking
    ([LONG, "More of it; and sooner"], ImportKind.TEXT),
    (["a.b@example.org", "c.d@example.org"], ImportKind.SKIP),
    (["", ""], ImportKind.SKIP),
]


@pytest.mark.parametrize(("cells", "kind"), KINDS, ids=[" ".join(c)[:30] for c, _ in KINDS])
def test_the_way_of_answering_shows_in_the_answers(cells: list[str], kind: ImportKind) -> None:
    assert suggest_kind("How was it?", cells) is kind


@pytest.mark.parametrize(
    "words", ["Name2", "Your email address", "Please enter your name", "Email"]
)
def test_what_says_who_somebody_is_is_left_out(words: str) -> None:
    assert suggest_kind(words, ["Ash", "Bo", "Ash"]) is ImportKind.SKIP


@pytest.mark.parametrize(
    ("words", "cells", "key", "counting"),
    [
        ("Are you aware of the toolkit?", ["Yes", "No"], "awareness", ["Yes"]),
        ("How often do you use it?", ["Never", "Occasionally", "Often"], "use", ["Often", "Occ"]),
        ("Would you recommend it?", ["Very likely", "Likely", "Unlikely"], "recommend", ["V", "L"]),
        ("How useful was it?", ["Extremely useful", "Fairly useful"], "usefulness", ["Extremely"]),
        ("How relevant is it?", ["Very relevant", "Relevant", "Not relevant"], "relevance", "VR"),
        ("Rate the session overall", ["5", "3", "4"], "quality", ["5", "4"]),
        ("How confident are you?", ["Confident", "Not confident"], "confidence", ["Confident"]),
        ("Did it meet your expectations?", ["Yes", "Partly", "No"], "expectations", ["Yes"]),
        ("Your knowledge before the session", ["0", "4"], "knowledge_before", []),
        ("Your knowledge after the session", ["8", "9"], "knowledge", []),
        ("Has it improved your knowledge?", ["Improved slightly", "No change"], "knowledge_change",
         ["Improved"]),
        ("What stopped you using it?", ["Time;Cost;", "Nothing;"], "barriers", ["Time", "Cost"]),
        ("Which sector?", ["Health", "Police", "Health"], "", []),
    ],
)  # fmt: skip
def test_what_is_measured_shows_in_the_words(
    words: str, cells: list[str], key: str, counting: list[str]
) -> None:
    plan = suggest(words, cells, measures=MEASURES)
    assert plan.measure_key == key
    found = [option.label for option in plan.options if option.counts]
    assert len(found) == len(counting)
    assert all(label.startswith(start) for label, start in zip(found, counting, strict=True))


def test_not_applicable_stands_last_and_outside_the_base() -> None:
    plan = suggest("How useful?", ["N/A", "Useful", "Very useful"], measures=MEASURES)
    assert [option.label for option in plan.options] == ["Very useful", "Useful", "N/A"]
    assert [option.is_outside_base for option in plan.options] == [False, False, True]


def test_what_staff_said_last_time_comes_before_any_guess() -> None:
    last = QuestionPlan(
        "Useful?", ImportKind.SINGLE, "skills", (ImportOption("No"), ImportOption("Yes", True))
    )
    plan = suggest("Useful?", ["Yes", "No", "A bit"], measures=MEASURES, remembered=last)
    assert (plan.kind, plan.measure_key) == (ImportKind.SINGLE, "skills")
    assert plan.options == (*last.options, ImportOption("A bit"))


def test_an_answer_may_hold_a_semicolon_where_it_is_known() -> None:
    cell = "Read it; discussed it;Shared it;Shared it;"
    assert parts_of(ImportKind.MULTIPLE, cell) == ("Read it", "discussed it", "Shared it")
    known = ["Read it; discussed it"]
    assert parts_of(ImportKind.MULTIPLE, cell, known) == ("Read it; discussed it", "Shared it")


def test_answers_are_counted_by_people_whatever_their_letters() -> None:
    assert counted(ImportKind.SINGLE, ["Yes", "yes ", "No", ""]) == {"Yes": 2, "No": 1}
    assert counted(ImportKind.MULTIPLE, ["A;B;", "a;"]) == {"A": 2, "B": 1}


@given(st.permutations(["Very poor", "Poor", "Fair", "Good", "Very good"]))
def test_a_scale_has_one_order(labels: list[str]) -> None:
    assert ordered(labels) == ["Very good", "Good", "Fair", "Poor", "Very poor"]


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=20))
def test_any_question_gets_a_suggestion_that_holds_every_answer(
    words: str, cells: list[str]
) -> None:
    plan = suggest(words, cells, measures=MEASURES)
    assert suggest(words, cells, measures=MEASURES, remembered=plan).options == plan.options
    if plan.options:
        labels = [option.label for option in plan.options]
        assert sorted(labels) == sorted(counted(plan.kind, cells))

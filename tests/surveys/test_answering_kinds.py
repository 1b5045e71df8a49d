"""Every kind of question is asked, answered and kept; a long section comes in parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.kernel.db import db
from app.surveys import building, operations, queries, question_building
from app.surveys.answer_rules import AskedOption, AskedQuestion, screens, sections_shown
from app.surveys.models import (
    Evaluation,
    Question,
    QuestionKind,
    QuestionnaireKind,
    QuestionOption,
)
from app.surveys.option_rules import QuestionDetails
from app.surveys.response_models import Answer, Response
from app.surveys.walk import Walk
from tests.support.factories import make_offer, make_partnership, make_person, make_sector
from tests.support.page_client import PageClient

OWN = (
    (QuestionKind.YES_NO, QuestionDetails("Used?", "One", is_required=True)),
    (
        QuestionKind.SCALE,
        QuestionDetails(
            "How sure?",
            "One",
            is_required=True,
            lowest_words="Not at all",
            highest_words="Very",
            may_not_apply=True,
        ),
    ),
    (QuestionKind.SCORE, QuestionDetails("How much?", "One", may_not_apply=True)),
    (QuestionKind.SHORT_TEXT, QuestionDetails("What helped?", "Two", is_required=True)),
    (QuestionKind.LONG_TEXT, QuestionDetails("Anything else?", "Two")),
)
USED, SURE, MUCH, HELPED, ELSE = (
    "q_used",
    "q_how_sure",
    "q_how_much",
    "q_what_helped",
    "q_anything_else",
)


@pytest.fixture
def version_id(app: Flask, now: datetime) -> int:
    """A questionnaire of one question of each kind; an open link asks it."""
    make_partnership()
    make_sector(slug="health", name="Health")
    actor = make_person()
    draft = building.create_questionnaire("Own", QuestionnaireKind.IMPACT, actor=actor, now=now)
    for kind, details in OWN:
        question_building.add_question(draft.id, kind, details, actor=actor, now=now)
    question_building.route_question(draft.id, MUCH, [(USED, ("yes",))], actor=actor, now=now)
    building.publish(draft.id, moves_plans=False, actor=actor, now=now)
    db.session.add(
        Evaluation(
            slug="own",
            title="Own",
            subject_words="it",
            open_version_id=draft.id,
            open_from=now - timedelta(days=1),
            open_until=now + timedelta(days=30),
            created_at=now,
            offers=[make_offer()],
        )
    )
    db.session.commit()
    return draft.id


def stored() -> dict[str, tuple[str | None, int | None, str | None]]:
    rows = db.session.execute(
        select(Question.key, QuestionOption.value, Answer.score, Answer.text)
        .select_from(Answer)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(QuestionOption, QuestionOption.id == Answer.option_id)
    )
    return {key: (value, score, text) for key, value, score, text in rows}


def test_each_kind_is_answered_and_kept(client: PageClient, version_id: int) -> None:
    page = client.get("/surveys/open/own")
    assert page.page.one("label", for_=f"{SURE}-1").words == "1 : Not at all"
    page = client.submit(page, {USED: "yes", SURE: "4"})
    assert page.h1 == "How much?"  # routed, so on the next screen
    page = client.submit(page, {MUCH: "7"})
    assert page.words.count("Do not write about a child or family") == 2
    page = client.submit(page, {HELPED: "  The   toolkit ", ELSE: "No"})
    client.submit(page, {"sector": "health"})
    assert stored() == {
        USED: ("yes", None, None),
        SURE: ("4", None, None),
        MUCH: (None, 7, None),
        HELPED: (None, None, "The toolkit"),
        ELSE: (None, None, "No"),
    }
    assert db.session.scalars(select(Response.version_id)).all() == [version_id]


def test_what_does_not_apply_is_an_answer(client: PageClient, version_id: int) -> None:
    page = client.get("/surveys/open/own")
    page = client.submit(page, {USED: "yes", SURE: "does_not_apply"})
    page = client.submit(page, {MUCH: "does_not_apply"})
    page = client.submit(page, {HELPED: "Nothing"})
    client.submit(page, {"sector": "health"})
    found = stored()
    assert found[SURE] == found[MUCH] == ("does_not_apply", None, None)


@pytest.mark.parametrize("sent", ["0", "6", "11", "-1", "1: Not at all", "yes"])
def test_only_numbers_of_the_scale_are_answers(
    client: PageClient, version_id: int, sent: str
) -> None:
    page = client.get("/surveys/open/own")
    page = client.post_form(page, {USED: "no"}, extra={SURE: sent})
    assert page.errors == ["Choose one of the answers: How sure?"]


def test_a_short_answer_is_short_and_asked_for_in_words(
    client: PageClient, version_id: int
) -> None:
    page = client.submit(client.get("/surveys/open/own"), {USED: "no", SURE: "1"})
    missing = client.post_form(page, {})
    assert missing.errors == ["Write an answer: What helped?"]
    page = client.post_form(page, {HELPED: "x" * 201})
    assert page.errors == ["Use 200 characters or fewer, shorten it by 1: What helped?"]
    assert page.page.one("input", id=HELPED)["value"] == "x" * 201


def test_answers_belong_to_the_version_that_was_on_the_screen(
    version_id: int, now: datetime
) -> None:
    on_the_screen = queries.asked_questions(version_id, "it")
    actor = make_person()
    draft = building.begin_version("own", actor=actor, now=now)
    assert building.publish(draft.id, moves_plans=True, actor=actor, now=now) == 1
    [evaluation] = db.session.scalars(select(Evaluation))
    answers = {USED: ["no"], SURE: ["1"], HELPED: ["The toolkit"]}
    response = operations.submit_open_response(
        "own", on_the_screen, answers, draft_hash="none", now=now
    )
    assert response is not None
    assert (evaluation.open_version_id, response.version_id) == (draft.id, version_id)
    versions = select(Question.version_id).join(Answer, Answer.question_id == Question.id)
    assert set(db.session.scalars(versions)) == {version_id}


YES_NO = (AskedOption(1, "yes", "Yes"), AskedOption(2, "no", "No"))


def asked(key: str, when: str | None = None, section: str = "A") -> AskedQuestion:
    values = ("yes",) if when else ()
    return AskedQuestion(1, key, section, key, "yes_no", "", False, when, values, YES_NO)


def shown_on(questions: list[AskedQuestion]) -> list[list[str]]:
    return [[question.key for question in screen.questions] for screen in screens(questions)]


def test_a_short_form_is_asked_by_sections_and_those_in_parts_of_five() -> None:
    short = [asked(f"q{number}") for number in range(6)]
    assert [len(screen) for screen in shown_on(short)] == [5, 1]


def test_a_long_form_is_asked_one_idea_at_a_time() -> None:
    long = [asked(f"q{number}") for number in range(3)]
    long += [replace(asked(key), kind="score") for key in ("before", "now", "later")]
    long += [replace(asked("words"), kind="long_text", options=())]
    long += [replace(asked("quote"), kind="quote_consent")]
    singles = [["q0"], ["q1"], ["q2"]]
    assert shown_on(long) == [*singles, ["before", "now"], ["later"], ["words", "quote"]]


def test_progress_is_told_in_questions_that_an_open_one_may_still_add() -> None:
    form = [asked("a"), asked("b", when="a"), asked("c", section="B"), asked("d", section="B")]
    open_walk = Walk.taken_up(form, {})
    assert open_walk.progress(1).words == "Question 1 of 4"
    assert Walk.taken_up(form, {"a": ["no"]}).progress(2).words == "Questions 2 and 3 of 3"
    assert Walk.taken_up(form[2:], {}).progress(1).words == ""


def test_no_answer_moves_another_question_to_another_screen() -> None:
    form = [asked("a"), asked("b", when="a"), asked("c"), asked("d", section="B")]
    for answers in ({}, {"a": ["yes"]}, {"a": ["no"]}):
        shown = [[one.key for one in screen.questions] for screen in sections_shown(form, answers)]
        assert shown[0] == ["a"]
        assert shown[1][-1] == "c"
        assert shown[2] == ["d"]

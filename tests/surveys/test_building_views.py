"""Staff build a questionnaire on pages: questions, routing, preview, publishing, new versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.kernel.access import Role
from app.kernel.db import db
from app.surveys import building, building_queries, operations, queries, question_building
from app.surveys.models import (
    Question,
    QuestionKind,
    QuestionnaireKind,
    QuestionnaireVersion,
    SurveyDraft,
)
from app.surveys.option_rules import QuestionDetails
from app.surveys.questionnaires import current_version, load_standard_questionnaires
from app.surveys.response_models import Response
from tests.support.factories import make_offer, make_partnership, make_person
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in
from tests.support.surveys import a_draft

ALL = "/manage/questionnaires"
DRAFT = f"{ALL}/in-your-school/draft"
VERSION = f"{ALL}/in-your-school/versions/1"


@pytest.fixture
def staff(app: Flask, client: PageClient, now: datetime) -> Person:
    make_partnership()
    load_standard_questionnaires(now=now)
    staff = make_person(Role.DELIVERY)
    db.session.commit()
    sign_in(client, staff)
    return staff


@pytest.fixture
def draft(staff: Person, now: datetime) -> int:
    """The id of a draft with a yes-or-no question and one with two answers."""
    return a_draft(staff, now=now).id


def questions(version_id: int) -> list[tuple[str, str, tuple[str, ...], str]]:
    db.session.expire_all()
    written = building_queries.written_questions(version_id)
    return [
        (asked.words, asked.kind, tuple(option.label for option in asked.options), measure)
        for asked, measure in ((one.asked, one.measure_key) for one in written)
    ]


def test_a_questionnaire_is_made_and_its_first_question_added(
    client: PageClient, staff: Person
) -> None:
    page = client.get(ALL)
    assert "Months later, or by an open link" in page.words
    page = client.click(page, "Make a questionnaire")
    page = client.submit(page, {"title": "Neglect in schools", "kind": "impact"})
    assert (page.h1, "Draft of version 1" in page.words) == ("Neglect in schools", True)
    assert not page.select("a", href=f"{ALL}/neglect-in-schools/draft/publish")
    page = client.click(page, "Yes or no")
    page = client.submit(
        page, {"words": "Do you use {subject}?", "section": "Using it", "measure": "access"}
    )
    assert "Do you use [what it is about]?" in page.words
    assert "Measures: have used or accessed it" in page.words
    assert client.get(ALL).words.count("Draft") == 1


SCALE = {"highest": "5", "lowest_words": "Not at all", "highest_words": "Completely"}


@pytest.mark.parametrize(
    ("kind", "typed", "options", "measure"),
    [
        (
            "single",
            {"labels": "Good\n Fair \n\nPoor", "measure": "quality", "counted": "1"},
            ("Good", "Fair", "Poor"),
            "quality",
        ),
        (
            "multiple",
            {"labels": "A\nB", "none_label": "Neither", "may_not_apply": "yes"},
            ("A", "B", "Neither", "It does not apply to my role"),
            "",
        ),
        ("yes_no", {}, ("Yes", "No"), ""),
        (
            "scale",
            {**SCALE, "measure": "confidence", "counted": "2"},
            ("1: Not at all", "2", "3", "4", "5: Completely"),
            "confidence",
        ),
        ("score", {"measure": "knowledge"}, (), "knowledge"),
        ("short_text", {}, (), ""),
        ("long_text", {}, (), ""),
    ],
)
def test_a_question_of_each_kind_is_added_and_typed_again_as_it_was(
    client: PageClient,
    draft: int,
    kind: str,
    typed: dict[str, Any],
    options: tuple[str, ...],
    measure: str,
) -> None:
    page = client.get(f"{DRAFT}/questions/new/{kind}")
    assert ("Do not write about a child or family" in page.words) == kind.endswith("_text")
    page = client.submit(page, {"words": "Something new?", **typed})
    assert "The question is added." in page.words
    assert questions(draft)[-1] == ("Something new?", kind, options, measure)
    page = client.click(page, "Change Something new?")
    client.submit(page, {"words": "Something else?"})
    assert questions(draft)[-1] == ("Something else?", kind, options, measure)


@pytest.mark.parametrize(
    ("kind", "typed", "error"),
    [
        ("yes_no", {"words": ""}, "Enter the question"),
        ("yes_no", {"section": ""}, "Enter a heading"),
        ("yes_no", {"measure": "knowledge"}, "Choose from the list: what it measures (optional)"),
        ("single", {"labels": "One"}, "Enter at least 2 answers, one on each line"),
        ("single", {"labels": "One\none"}, "Enter each answer once: two of them are the same"),
        ("single", {"labels": "A\n" + "b" * 121}, "Each answer must be 120 characters or fewer"),
        ("single", {"labels": "\n".join(map(str, range(21)))}, "Enter at most 20 answers"),
        ("single", {"counted": "x"}, "How many of the answers count must be a whole number"),
        (
            "single",
            {"measure": "quality", "counted": "2"},
            "Enter how many of the answers count, from 1 to 1",
        ),
        (
            "scale",
            {**SCALE, "measure": "quality", "counted": ""},
            "Enter how many of the answers count, from 1 to 4",
        ),
        ("scale", {**SCALE, "lowest_words": ""}, "Enter what 1 stands for"),
        (
            "multiple",
            {"none_label": "a"},
            "The answer that excludes the others is one of them: change it",
        ),
    ],
)
def test_what_is_wrong_with_a_question_is_said(
    client: PageClient, draft: int, kind: str, typed: dict[str, Any], error: str
) -> None:
    labels = {"labels": "A\nB"} if kind in {"single", "multiple"} else {}
    before = questions(draft)
    page = client.get(f"{DRAFT}/questions/new/{kind}")
    page = client.post_form(page, {"words": "New?", **labels, **typed})
    assert page.errors == [error]
    assert questions(draft) == before


def test_a_question_is_asked_only_after_some_answers(client: PageClient, draft: int) -> None:
    page = client.click(client.get(VERSION), "Whom to ask How often?")
    page = client.submit(page, {"answers": ["q_do_you_use_it yes"]})
    assert "Asked after “Yes” to “Do you use it?”" in page.words
    page = client.click(page, "Whom to ask How often?")
    page = client.submit(page, {"answers": []})
    assert "Asked after" not in page.words
    first = client.click(page, "Whom to ask Do you use it?")
    assert "so everybody is asked" in first.words


def test_a_draft_says_what_must_be_mended_and_is_not_published(
    client: PageClient, draft: int
) -> None:
    page = client.click(client.get(VERSION), "Whom to ask How often?")
    page = client.submit(page, {"answers": ["q_do_you_use_it yes"]})
    page = client.submit(page, {}, button="Move up How often?")
    wrong = "Move “How often?” behind the question that it depends on"
    assert wrong in page.words
    page = client.click(page, "Publish")
    assert wrong in page.words
    assert [form for form in page.page.forms if "publish" in (form.action or "")] == []


def test_what_a_button_does_not_say_moves_nothing(client: PageClient, draft: int) -> None:
    before = questions(draft)
    for move in ("", "up", "sideways question q_how_often", "up chapter x", "up question gone"):
        page = client.post_form(
            client.get(VERSION), button="Move down Do you use it?", extra={"move": move}
        )
        assert len(page.errors) == 1
    assert questions(draft) == before


def preview(client: PageClient, path: str, steps: list[dict[str, Any]]) -> PageResponse:
    page = client.get(path)
    for values in steps:
        page = client.post_form(page, values, button="Continue" if values else "Send my answers")
        assert (page.status_code, page.errors) == (200, [])
    return page


def test_the_preview_goes_through_the_screens_and_keeps_nothing(
    client: PageClient, staff: Person
) -> None:
    path = f"{ALL}/impact/versions/1/preview"
    known = [{"aware": "yes"}, {"attended": "yes"}]
    page = preview(client, path, [*known, {"used": "yes"}])
    assert "Question 4 of 13" in page.words
    assert "Nothing that you choose or write is kept" in page.words
    page = preview(client, path, [*known, {"used": "no"}, {}])
    assert page.h1 == "End of the preview"
    wrong = client.post_form(client.get(path), {}, button="Continue")
    assert wrong.errors[0].startswith("Choose an answer: Are you aware of")
    for table in (SurveyDraft, Response):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize("carried", ["{", "[]", '{"aware": "yes"}', '{"aware": [1]}', "9" * 9999])
def test_a_preview_that_carries_nonsense_begins_again(
    client: PageClient, staff: Person, carried: str
) -> None:
    page = client.get(f"{ALL}/impact/versions/1/preview")
    page = client.post_form(page, {"so_far": carried, "aware": "no"})
    assert "Question 2 of 13" in page.words


def test_publishing_says_who_is_asked_and_a_new_version_takes_over_plans(
    client: PageClient, staff: Person, app: Flask, now: datetime
) -> None:
    make_offer()
    operations.ensure_default_evaluations(now=now)
    db.session.commit()
    page = client.get(f"{ALL}/impact")
    assert "12 months later, version 1" in page.words
    page = client.click(page, "Make a new version")
    page = client.submit(page, {}, button="Make the draft")
    page = client.click(page, "Change How useful is it to your role?")
    assert "it keeps its answers" in page.words
    page = client.submit(page, {"words": "How useful is it to you?"})
    page = client.click(page, "Publish")
    assert "2 plans and open links ask an earlier version" in page.words
    assert client.post_form(page, {}, button="Publish it").errors == [
        "Choose who is asked the new version"
    ]
    page = client.submit(page, {"plans": "move"})
    assert "Version 2 is published." in page.words
    assert "12 months later, version 2" in page.words
    published = client.get(f"{ALL}/impact/versions/2")
    assert "It stays as people were asked it" in published.words
    assert published.page.forms[1:] == []
    assert client.get(f"{ALL}/impact/draft/publish").status_code == 404


def test_standard_questions_are_added(client: PageClient, draft: int) -> None:
    page = client.get(f"{DRAFT}/standard-questions")
    assert client.post_form(page, {}, button="Add the questions").errors == [
        "Choose at least one question"
    ]
    chosen = [box["value"] for box in page.select("input", name="questions")][:2]
    page = client.submit(page, {"questions": chosen})
    assert [measure for *_, measure in questions(draft)[-2:]] == ["knowledge", "confidence"]
    assert "Measures: Knowledge" in page.words


def test_a_copy_a_new_title_and_a_draft_thrown_away(client: PageClient, draft: int) -> None:
    page = client.get(f"{ALL}/in-your-school")
    page = client.submit(
        client.click(page, "Copy it as another questionnaire"), {}, button="Copy a questionnaire"
    )
    assert page.h1 == "In your school (copy)"
    page = client.submit(client.click(page, "Throw the draft away"), {}, button="Throw it away")
    assert "(copy)" not in page.page.one("table").words
    page = client.click(client.get(f"{ALL}/in-your-school"), "Change the title")
    page = client.submit(page, {"title": "In your setting"})
    assert page.h1 == "In your setting"


def test_a_question_is_removed_with_a_word_on_what_depends_on_it(
    client: PageClient, draft: int
) -> None:
    page = client.click(client.get(VERSION), "Whom to ask How often?")
    page = client.submit(page, {"answers": ["q_do_you_use_it yes"]})
    page = client.click(page, "Remove Do you use it?")
    assert "Questions depend on it" in page.words
    page = client.submit(page, {}, button="Remove it")
    assert [words for words, *_ in questions(draft)] == ["How often?"]
    assert "it depends on a question not here" in page.words


def test_a_question_is_asked_after_answers_to_two_others(
    client: PageClient, draft: int, staff: Person, now: datetime
) -> None:
    for kind, words in ((QuestionKind.YES_NO, "Every week?"), (QuestionKind.LONG_TEXT, "Why?")):
        details = QuestionDetails(words, "Using it")
        question_building.add_question(draft, kind, details, actor=staff, now=now)
    db.session.commit()
    page = client.click(client.get(VERSION), "Whom to ask Why?")
    both = ["q_do_you_use_it yes", "q_every_week yes", "q_every_week no"]
    page = client.submit(page, {"answers": both})
    assert (
        "Asked after “Yes” to “Do you use it?”, and after “Yes” or “No” to “Every week?”"
        in page.words
    )
    page = client.click(page, "Whom to ask Why?")
    ticked = page.select("input", name="answers", checked=True)
    assert sorted(box["value"] for box in ticked) == sorted(both)
    page = client.submit(page, {"answers": [*both, "q_how_often often"]})
    assert page.errors == ["Choose answers to two questions at most"]


def test_a_draft_published_by_somebody_else_meanwhile_is_not_changed(
    client: PageClient, draft: int, staff: Person, now: datetime
) -> None:
    page = client.get(VERSION)
    building.publish(draft, moves_plans=False, actor=staff, now=now)
    db.session.commit()
    page = client.post_form(page, {}, button="Move up How often?")
    assert page.errors[0].startswith("This version is published or thrown away")
    assert client.get(f"{DRAFT}/questions/new/yes_no").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"{ALL}/none",
        f"{ALL}/none/copy",
        f"{VERSION[:-1]}9",
        f"{DRAFT}/questions/none",
        f"{DRAFT}/questions/none/when",
        f"{DRAFT}/questions/new/quote_consent",
        f"{DRAFT}/questions/new/none",
        f"{ALL}/impact/draft/publish",
    ],
)
def test_what_is_not_there_is_not_found(client: PageClient, draft: int, path: str) -> None:
    assert client.get(path).status_code == 404


def test_two_people_begin_one_new_version(client: PageClient, staff: Person, now: datetime) -> None:
    page = client.get(f"{ALL}/impact/new-version")
    old = current_version(QuestionnaireKind.IMPACT)
    building.begin_version(old.questionnaire.slug, actor=staff, now=now)
    db.session.commit()
    page = client.post_form(page, {}, button="Make the draft")
    assert page.errors == ["There is a draft of the next version already: go on with that one"]
    assert db.session.scalar(select(func.count(QuestionnaireVersion.id))) == 4


def test_the_heading_of_a_whole_section_gets_other_words(client: PageClient, draft: int) -> None:
    page = client.click(client.get(VERSION), "Change the heading Using it")
    taken = client.submit(page, {"title": ""})
    assert taken.errors == ["Enter a heading"]
    page = client.submit(page, {"title": "In your school"})
    assert "The heading is changed." in page.words
    sections = db.session.scalars(select(Question.section).where(Question.version_id == draft))
    assert set(sections) == {"In your school"}
    assert client.get(f"{DRAFT}/questions/nothing/heading").status_code == 404


def test_two_sections_do_not_become_one_by_accident(
    client: PageClient, draft: int, staff: Person, now: datetime
) -> None:
    other = QuestionDetails("And else?", "Else")
    question_building.add_question(draft, QuestionKind.LONG_TEXT, other, actor=staff, now=now)
    db.session.commit()
    page = client.get(f"{DRAFT}/questions/q_and_else/heading")
    page = client.submit(page, {"title": "Using it"})
    assert page.errors == ["There is a section “Using it” already: choose another heading"]


def test_the_ends_of_ten_stand_under_the_numbers(client: PageClient, draft: int) -> None:
    page = client.get(f"{DRAFT}/questions/new/score")
    ends = {"lowest_words": "Nothing", "highest_words": "Everything"}
    client.submit(page, {"words": "How much do you know?", "section": "Using it", **ends})
    page = client.get(f"{DRAFT}/questions/q_how_much_do_you_know")
    assert page.page.one("input", name="highest_words")["value"] == "Everything"
    page = client.submit(page, {"lowest_words": "", "highest_words": "All"})
    stored = select(Question.lowest_words, Question.highest_words)
    [found] = db.session.execute(stored.where(Question.key == "q_how_much_do_you_know")).all()
    assert tuple(found) == ("", "All")
    asked = queries.asked_questions(draft, "it")[-1]
    assert asked.steps[-1] == ("10", "All")

"""Answering a survey: by the link in the letter, and by an open link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.kernel.db import db
from app.kernel.tokens import derived_token
from app.outbox.models import MessageState
from app.surveys.models import (
    Evaluation,
    InvitationState,
    Question,
    QuestionnaireKind,
    QuestionOption,
    SurveyDraft,
    SurveyStop,
)
from app.surveys.questionnaires import current_version, load_standard_questionnaires
from app.surveys.response_models import Answer, Pairing, Response, ResponseSource
from app.surveys.responses import SPENT
from tests.support.factories import make_offer, make_partnership, make_sector
from tests.support.page_client import PageClient, PageResponse
from tests.support.surveys import (
    a_course_attended,
    answer_from,
    invitations,
    links_in,
    messages,
    round_of_work,
)

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)  # the day before the tests' clock
DAY = timedelta(days=1)


@pytest.fixture
def after_link(app: Flask, now: datetime) -> str:
    """The path of the survey straight after, just sent; three people of one sector attended."""
    a_course_attended(ENDED, people=3)
    round_of_work(now)
    return links_in(messages()[0])[0]


@pytest.fixture
def impact_link(app: Flask, now: datetime) -> str:
    """The path of a survey three months after a course, just sent."""
    a_course_attended(now - 92 * DAY - timedelta(hours=3), people=3)
    round_of_work(now)
    return links_in(messages()[0])[0]


@pytest.fixture
def open_path(app: Flask, now: datetime) -> str:
    """The path of an open link about a toolkit, and two sectors to choose from."""
    make_partnership()
    make_sector(slug="health", name="Health")
    make_sector(slug="police", name="Police")
    load_standard_questionnaires(now=now)
    db.session.add(
        Evaluation(
            slug="neglect-toolkit",
            title="Neglect training and toolkit",
            subject_words="the neglect toolkit",
            open_version=current_version(QuestionnaireKind.IMPACT),
            open_from=now - DAY,
            open_until=now + 30 * DAY,
            created_at=now,
            offers=[make_offer()],
        )
    )
    db.session.commit()
    return "/surveys/open/neglect-toolkit"


USER_ANSWERS: dict[str, Any] = {
    "aware": "yes",
    "attended": "yes",
    "used": "yes",
    "frequency": "occasionally",
    "usefulness": "extremely",
    "recommend": "very_likely",
    "informed": "much_more",
    "knowledge": "8",
    "knowledge_change": "significant",
    "changes": ["policy_checked", "staff_briefed"],
    "barriers": ["nothing"],
    "example": "In supervision.",
    "quote": "inside",
}
NOT_USED = {"aware": "yes", "attended": "yes", "used": "no"}


def answers() -> dict[str, list[str | int | None]]:
    """What is stored, by question: option values, scores or texts."""
    found: dict[str, list[str | int | None]] = {}
    rows = db.session.execute(
        select(Question.key, QuestionOption.value, Answer.score, Answer.text)
        .select_from(Answer)
        .join(Question, Question.id == Answer.question_id)
        .outerjoin(QuestionOption, QuestionOption.id == Answer.option_id)
        .order_by(Question.position, QuestionOption.position)
    )
    for key, value, score, text in rows:
        found.setdefault(key, []).append(value or score or text)
    return found


def walk(client: PageClient, path: str, given: dict[str, Any]) -> PageResponse:
    """Answer from the beginning until all of this is answered."""
    return answer_from(client, client.get(path), given)


def up_to(key: str) -> dict[str, Any]:
    """What somebody who uses it answers before this question."""
    return dict(takewhile(lambda item: item[0] != key, USER_ANSWERS.items()))


def rows(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


AFTER_ANSWERS: dict[str, Any] = {
    "quality": "very_good",
    "relevance": "very",
    "expectations": "partly",
    "knowledge_before": "4",
    "knowledge": "10",
    "skills": "slightly",
    "confidence": "does_not_apply",
    "intention": "yes",
    "good": "The case studies.",
}


def test_a_long_survey_is_answered_one_idea_at_a_time_without_signing_in(
    client: PageClient, after_link: str
) -> None:
    page = client.get(after_link)
    assert page.h1 == "Multi-Agency Neglect"
    assert "Question 1 of 10" in page.words
    assert "kept apart from your name" in page.words
    assert "Until the end of January 2028 at the latest" in page.words
    page = answer_from(client, page, {"quality": "very_good"})
    assert page.h1 == "How relevant was it to your role?"
    assert page.page.title.startswith("How relevant was it to your role? (question 2 of 10)")
    left = {key: given for key, given in AFTER_ANSWERS.items() if key != "quality"}
    page = answer_from(client, page, left)
    assert page.h1 == "What should we change?"
    page = client.submit(page, {"change": ""}, button="Send my answers")
    assert page.h1 == "Thank you, you have answered"
    assert page.page.link("evaluation reports") == "/evaluation-reports"
    assert answers() == {
        "quality": ["very_good"],
        "relevance": ["very"],
        "expectations": ["partly"],
        "knowledge_before": [4],
        "knowledge": [10],
        "skills": ["slightly"],
        "confidence": ["does_not_apply"],
        "intention": ["yes"],
        "good": ["The case studies."],
    }
    [response] = db.session.scalars(select(Response))
    assert response.source is ResponseSource.PERSONAL
    assert response.wave_id == invitations(0)[0].wave_id
    assert response.event_id is not None
    assert rows(SurveyDraft) == 0


def test_the_link_says_thank_you_ever_after(client: PageClient, after_link: str) -> None:
    walk(client, after_link, {**AFTER_ANSWERS, "change": "Nothing"})
    assert client.get(after_link).h1 == "Thank you, you have answered"
    assert rows(Response) == 1


def test_a_form_sent_twice_counts_once(client: PageClient, after_link: str) -> None:
    page = walk(client, after_link, AFTER_ANSWERS)
    first = client.post_form(page, {"change": "Nothing"})
    second = client.post_form(page, {"change": "Nothing"})
    assert first.status_code == 303
    assert second.h1 == "Thank you, you have answered"
    assert rows(Response) == 1


def test_whoever_has_used_it_is_asked_about_using_it(client: PageClient, impact_link: str) -> None:
    page = client.get(impact_link)
    assert "Question 1 of 13" in page.words
    page = answer_from(client, page, USER_ANSWERS)
    assert page.h1 == "Thank you, you have answered"
    stored = answers()
    assert stored["changes"] == ["policy_checked", "staff_briefed"]
    assert stored["quote"] == ["inside"]
    assert stored["knowledge"] == [8]


def test_whoever_has_not_used_it_is_not_asked_about_using_it(
    client: PageClient, impact_link: str
) -> None:
    page = walk(client, impact_link, NOT_USED)
    assert page.select("input", name="barriers")
    assert "Question 4 of 4" in page.words
    page = client.submit(page, {"barriers": ["time"]})
    assert page.h1 == "Thank you, you have answered"
    assert set(answers()) == {"aware", "attended", "used", "barriers"}


def test_answers_to_questions_no_longer_asked_are_dropped(
    client: PageClient, impact_link: str
) -> None:
    walk(client, impact_link, up_to("example"))
    page = client.get(f"{impact_link}?step=3")
    page = client.submit(page, {"used": "no"})
    assert "Question 4 of 4" in page.words
    client.submit(page, {"barriers": ["time"]})
    assert set(answers()) == {"aware", "attended", "used", "barriers"}


def test_an_answer_to_a_question_that_was_not_asked_is_not_stored(
    client: PageClient, impact_link: str
) -> None:
    page = walk(client, impact_link, NOT_USED)
    client.post_form(page, {}, extra={"frequency": "frequently", "changes": "policy_checked"})
    assert set(answers()) == {"aware", "attended", "used"}


def test_going_on_later_with_the_same_link(
    client: PageClient, impact_link: str, app: Flask
) -> None:
    page = walk(client, impact_link, up_to("usefulness"))
    client.submit(page, {})  # what somebody left out is not asked again first
    another_device = app.test_client()
    resumed = another_device.get(impact_link)
    assert isinstance(resumed, PageResponse)
    page = resumed
    assert "Question 5 of 13" in page.words
    back = page.page.link("Back")
    before = another_device.get(back)
    assert isinstance(before, PageResponse)
    assert before.select("input", value="occasionally", checked=True)


def test_nobody_gets_ahead_of_what_must_be_answered(client: PageClient, impact_link: str) -> None:
    for step in ("5", "99", "0", "-1", "x", "9" * 50, "²", ""):
        page = client.get(f"{impact_link}?step={step}")
        assert "Question 1 of 13" in page.words


def test_a_required_answer_is_asked_for(client: PageClient, after_link: str) -> None:
    page = client.post_form(client.get(after_link), {})
    assert page.errors == [
        "Choose an answer: How would you rate the quality of the course “Multi-Agency Neglect”?"
    ]
    assert rows(SurveyDraft) == 0


BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"quality": "excellent"}, "Choose one of the answers"),
    ({"quality": ["good", "poor"]}, "Choose one answer only"),
    ({"quality": "good' OR 1=1 --"}, "Choose one of the answers"),
    ({"quality": "<script>alert(1)</script>" * 1000}, "Choose one of the answers"),
    ({"knowledge": "11"}, "Choose one of the answers"),
    ({"knowledge": "-1"}, "Choose one of the answers"),
    ({"knowledge": "５"}, "Choose one of the answers"),
    ({"knowledge": "5.5"}, "Choose one of the answers"),
    ({"knowledge": ["5", "6"]}, "Choose one answer only"),
    ({"good": "x" * 2001}, "Use 2,000 characters or fewer"),
    ({"good": ["one", "two"]}, "Write one answer only"),
]


@pytest.mark.parametrize(("values", "error"), BAD_VALUES)
def test_bad_values_are_explained_and_change_nothing(
    client: PageClient, after_link: str, values: dict[str, Any], error: str
) -> None:
    before = dict(takewhile(lambda one: one[0] not in values, AFTER_ANSWERS.items()))
    before.pop("knowledge_before", None)  # stands on the same screen as what comes of it
    page = walk(client, after_link, before)
    drafts = list(db.session.scalars(select(SurveyDraft.answers)))
    response = client.post_form(page, dict.fromkeys(values), extra=values)
    assert response.status_code == 200
    assert error in response.errors[0]
    assert response.page.title.startswith("Error: ")
    if isinstance(values.get("good"), str):
        assert values["good"] in response.select("textarea", name="good")[0].words
    assert list(db.session.scalars(select(SurveyDraft.answers))) == drafts
    assert rows(Response) == 0


def test_nothing_yet_excludes_the_others(client: PageClient, impact_link: str) -> None:
    page = walk(client, impact_link, up_to("changes"))
    page = client.post_form(page, {"changes": ["policy_checked", "nothing_yet"]})
    assert "“Nothing yet” or the others, not both" in page.errors[0]
    assert page.select("input", id="changes-nothing_yet", checked=True)


def test_hostile_text_is_shown_as_text(client: PageClient, after_link: str) -> None:
    hostile = '</textarea><script>alert("1")</script>\x00\x1b{{ 7*7 }}'
    page = walk(client, after_link, {**AFTER_ANSWERS, "good": hostile})
    client.submit(page, {})
    assert answers()["good"] == ['</textarea><script>alert("1")</script>{{ 7*7 }}']


def test_free_text_asks_for_nothing_about_a_child(client: PageClient, after_link: str) -> None:
    page = walk(client, after_link, AFTER_ANSWERS)
    assert page.words.count("Do not write about a child or family, or give names.") == 1
    assert "What you write is read within a working day, not at once." in page.words
    assert page.words.count("Worried about a child? Do not use this service") == 2  # and the footer


def test_links_opened_by_scanners_change_nothing(client: PageClient, after_link: str) -> None:
    before = [(one.id, one.state) for one in invitations()]
    for path in (after_link, f"{after_link}/stop", f"{after_link}/stopped", f"{after_link}?step=2"):
        client.get(path)
        client.open(path, method="HEAD", judge=False)  # a HEAD has no page
    db.session.expire_all()
    assert [(one.id, one.state) for one in invitations()] == before
    assert rows(SurveyDraft) == rows(Response) == rows(SurveyStop) == 0


def test_answering_pages_tell_nobody_the_address(client: PageClient, after_link: str) -> None:
    for path in (after_link, f"{after_link}/stop", "/surveys/" + "0" * 64):
        response = client.get(path)
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"


def test_answering_works_over_https_though_no_referrer_is_sent(
    client: PageClient, after_link: str, app: Flask
) -> None:
    base = "https://localhost"
    page = client.get(after_link, base_url=base)
    form = page.page.form(names={"quality"})
    sent = {**form.filled_in({"quality": "good"}, None)}
    response = client.post(f"{after_link}?step=1", data=sent, base_url=base)
    assert response.status_code == 303


@pytest.mark.parametrize(
    "token", ["0" * 64, "x", "open", "a" * 5000, "%00", "☃" * 64, "f" * 63, "../../etc/passwd"]
)
def test_unknown_links_get_the_same_helpful_page(
    client: PageClient, app: Flask, token: str
) -> None:
    response = client.get(f"/surveys/{token}")
    assert response.status_code == 404
    if "/" not in token and "%00" not in token:  # those two never reach the page
        assert response.h1 == "This link leads to no survey"


@pytest.mark.parametrize("purpose", ["survey-draft", "join", "sign_in", "", "Survey"])
def test_tokens_for_other_purposes_open_no_survey(
    client: PageClient, after_link: str, purpose: str
) -> None:
    token = derived_token(purpose, invitations()[0].reference)
    assert client.get(f"/surveys/{token}").status_code == 404
    assert client.get(f"/surveys/{after_link.rpartition('/')[2].upper()}").status_code == 404


def test_a_link_that_was_never_sent_opens_nothing(client: PageClient, after_link: str) -> None:
    planned = next(one for one in invitations(3))
    token = derived_token("survey", planned.reference)
    assert client.get(f"/surveys/{token}").status_code == 404


def test_a_closed_survey_says_so_and_takes_nothing(client: PageClient, after_link: str) -> None:
    page = client.get(after_link)
    for invitation in invitations(0):
        invitation.state = InvitationState.CLOSED
    db.session.commit()
    response = client.post_form(page, {"quality": "good"})
    assert (response.status_code, response.h1) == (410, "This survey has closed")
    assert rows(SurveyDraft) == 0


def test_stop_asks_first_and_then_stops(client: PageClient, after_link: str) -> None:
    page = client.click(client.get(after_link), "Stop asking me")
    assert page.h1 == "Stop asking me"
    page = client.submit(page, {}, button="Stop asking me")
    assert page.h1 == "We will not ask you again"
    assert client.get(after_link).h1 == "We will not ask you again"
    assert rows(SurveyStop) == 1
    assert {m.state for m in messages()} == {MessageState.WITHHELD, MessageState.QUEUED}


def test_an_open_link_is_anonymous_and_asks_the_sector_last(
    client: PageClient, open_path: str
) -> None:
    page = client.get(open_path)
    assert "anonymous" in page.words
    assert "not linked to you" in page.words
    assert "Are you aware of the neglect toolkit?" in page.words
    page = walk(client, open_path, USER_ANSWERS)
    assert page.h1 == "Which sector do you work or volunteer in?"
    page = client.submit(page, {"sector": "police"})
    assert page.h1 == "Thank you for answering"
    [response] = db.session.scalars(select(Response))
    assert response.source is ResponseSource.OPEN
    assert (response.wave_id, response.event_id, response.pairing_key) == (None, None, None)
    assert response.sector_id is not None
    assert rows(Pairing) == 0
    assert db.session.scalars(select(SurveyDraft.answers)).all() == [SPENT]
    assert "sector" not in answers()


def test_somebody_may_rather_not_say_the_sector(client: PageClient, open_path: str) -> None:
    walk(client, open_path, {**NOT_USED, "barriers": ["time"], "sector": "rather_not_say"})
    assert db.session.scalars(select(Response)).one().sector_id is None


def test_two_people_at_one_computer_answer_one_after_the_other(
    client: PageClient, open_path: str
) -> None:
    for _ in range(2):
        walk(client, open_path, {**NOT_USED, "barriers": ["time"], "sector": "health"})
    assert rows(Response) == 2


@pytest.mark.parametrize("moved", [timedelta(days=-10), timedelta(days=40)])
def test_an_open_link_has_its_time(
    client: PageClient, open_path: str, moved: timedelta, now: datetime
) -> None:
    evaluation = db.session.scalars(select(Evaluation)).one()
    evaluation.open_from, evaluation.open_until = now + moved, now + moved + 2 * DAY
    db.session.commit()
    response = client.get(open_path)
    assert response.status_code == (410 if moved else 200)
    assert response.h1 == "This survey is not open"


def test_an_open_link_is_throttled_gently(client: PageClient, open_path: str, app: Flask) -> None:
    refused = 0
    for number in range(125):
        one = app.test_client()
        page = one.get(open_path)
        assert isinstance(page, PageResponse)
        response = one.post_form(page, {"aware": "no"})  # type: ignore[attr-defined]
        refused += response.status_code == 200
        if refused:
            assert number >= 120
            assert "very often" in response.errors[0]
    assert refused == 5

"""Answering a survey: by the link in the letter, and by an open link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
from tests.support.factories import make_offer, make_partnership, make_sector
from tests.support.page_client import PageClient, PageResponse
from tests.support.surveys import (
    a_course_attended,
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


USER_ANSWERS: list[dict[str, Any]] = [
    {"aware": "yes", "attended": "yes", "used": "yes"},
    {"frequency": "occasionally", "usefulness": "extremely", "recommend": "very_likely"},
    {"informed": "much_more", "knowledge": "8", "knowledge_change": "significant"},
    {"changes": ["policy_checked", "staff_briefed"], "barriers": ["nothing"]},
    {"example": "In supervision.", "quote": "inside"},
]


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


def walk(client: PageClient, path: str, steps: list[dict[str, Any]]) -> PageResponse:
    page = client.get(path)
    for values in steps:
        page = client.submit(page, values)
        assert page.errors == []
    return page


def rows(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_survey_is_answered_in_four_screens_without_signing_in(
    client: PageClient, after_link: str
) -> None:
    page = client.get(after_link)
    assert page.h1 == "The session"
    assert "Part 1 of 4" in page.words
    assert "confidential" in page.words
    page = walk(
        client,
        after_link,
        [
            {"quality": "very_good", "relevance": "very", "expectations": "partly"},
            {"knowledge_before": "4", "knowledge": "10", "skills": "slightly"},
            {"confidence": "does_not_apply", "intention": "yes"},
            {"good": "The case studies.", "change": ""},
        ],
    )
    assert page.h1 == "Thank you, you have answered"
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
    page = client.get(after_link)
    for _ in range(4):
        page = client.submit(page, {"quality": "good"} if "The session" in page.h1 else {})
    assert client.get(after_link).h1 == "Thank you, you have answered"
    assert rows(Response) == 1


def test_a_form_sent_twice_counts_once(client: PageClient, after_link: str) -> None:
    page = walk(client, after_link, [{"quality": "good"}, {}, {}])
    first = client.post_form(page, {"good": "All"})
    second = client.post_form(page, {"good": "All"})
    assert first.status_code == 303
    assert second.h1 == "Thank you, you have answered"
    assert rows(Response) == 1


def test_whoever_has_used_it_is_asked_about_using_it(client: PageClient, impact_link: str) -> None:
    assert "Part 1 of 5" in client.get(impact_link).words
    assert walk(client, impact_link, USER_ANSWERS).h1 == "Thank you, you have answered"
    stored = answers()
    assert stored["changes"] == ["policy_checked", "staff_briefed"]
    assert stored["quote"] == ["inside"]
    assert stored["knowledge"] == [8]


def test_whoever_has_not_used_it_is_not_asked_about_using_it(
    client: PageClient, impact_link: str
) -> None:
    page = client.get(impact_link)
    page = client.submit(page, {"aware": "yes", "used": "no"})
    assert page.h1 == "In your setting"
    assert "Part 2 of 2" in page.words
    assert not page.select("input", name="changes")
    page = client.submit(page, {"barriers": ["time"]})
    assert page.h1 == "Thank you, you have answered"
    assert set(answers()) == {"aware", "used", "barriers"}


def test_answers_to_questions_no_longer_asked_are_dropped(
    client: PageClient, impact_link: str
) -> None:
    walk(client, impact_link, USER_ANSWERS[:4])
    page = client.get(f"{impact_link}?step=1")
    page = client.submit(page, {"used": "no"})
    assert page.h1 == "In your setting"
    client.submit(page, {"barriers": ["time"]})
    assert set(answers()) == {"aware", "attended", "used", "barriers"}


def test_an_answer_to_a_question_that_was_not_asked_is_not_stored(
    client: PageClient, impact_link: str
) -> None:
    page = client.submit(client.get(impact_link), {"aware": "yes", "used": "no"})
    client.post_form(page, {}, extra={"frequency": "frequently", "changes": "policy_checked"})
    assert set(answers()) == {"aware", "used"}


def test_going_on_later_with_the_same_link(
    client: PageClient, impact_link: str, app: Flask
) -> None:
    walk(client, impact_link, USER_ANSWERS[:2])
    another_device = app.test_client()
    page = another_device.get(impact_link)
    assert isinstance(page, PageResponse)
    assert page.h1 == "What you know now"
    back = page.page.link("Back")
    before = another_device.get(back)
    assert isinstance(before, PageResponse)
    assert before.select("input", value="occasionally", checked=True)


def test_nobody_gets_ahead_of_what_must_be_answered(client: PageClient, impact_link: str) -> None:
    for step in ("5", "99", "0", "-1", "x", "9" * 50, "²", ""):
        page = client.get(f"{impact_link}?step={step}")
        assert page.h1 == "Knowing about it"


def test_a_required_answer_is_asked_for(client: PageClient, after_link: str) -> None:
    page = client.post_form(client.get(after_link), {"relevance": "very"})
    assert page.errors == [
        "Choose an answer: How would you rate the quality of the course “Multi-Agency Neglect”?"
    ]
    assert page.select("input", id="relevance-very", checked=True)
    assert rows(SurveyDraft) == 0


BAD_VALUES: list[tuple[int, dict[str, Any], str]] = [
    (0, {"quality": "excellent"}, "Choose one of the answers"),
    (0, {"quality": ["good", "poor"]}, "Choose one answer only"),
    (0, {"quality": "good' OR 1=1 --"}, "Choose one of the answers"),
    (0, {"quality": "<script>alert(1)</script>" * 1000}, "Choose one of the answers"),
    (1, {"knowledge": "11"}, "Choose one of the answers"),
    (1, {"knowledge": "-1"}, "Choose one of the answers"),
    (1, {"knowledge": "５"}, "Choose one of the answers"),
    (1, {"knowledge": "5.5"}, "Choose one of the answers"),
    (1, {"knowledge": ["5", "6"]}, "Choose one answer only"),
    (3, {"good": "x" * 2001}, "Use 2,000 characters or fewer"),
    (3, {"good": ["one", "two"]}, "Write one answer only"),
]


@pytest.mark.parametrize(("step", "values", "error"), BAD_VALUES)
def test_bad_values_are_explained_and_change_nothing(
    client: PageClient, after_link: str, step: int, values: dict[str, Any], error: str
) -> None:
    good: list[dict[str, Any]] = [{"quality": "good"}, {}, {}]
    page = walk(client, after_link, good[:step])
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
    page = walk(client, impact_link, USER_ANSWERS[:3])
    page = client.post_form(page, {"changes": ["policy_checked", "nothing_yet"]})
    assert "“Nothing yet” or the others, not both" in page.errors[0]
    assert page.select("input", id="changes-nothing_yet", checked=True)


def test_hostile_text_is_shown_as_text(client: PageClient, after_link: str) -> None:
    hostile = '</textarea><script>alert("1")</script>\x00\x1b{{ 7*7 }}'
    page = walk(client, after_link, [{"quality": "good"}, {}, {}])
    client.post_form(page, {"good": hostile})
    assert answers()["good"] == ['</textarea><script>alert("1")</script>{{ 7*7 }}']


def test_free_text_asks_for_nothing_about_a_child(client: PageClient, after_link: str) -> None:
    page = walk(client, after_link, [{"quality": "good"}, {}, {}])
    assert page.words.count("Do not write about a child or family, or give names.") == 2
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
    assert page.h1 == "About you"
    page = client.submit(page, {"sector": "police"})
    assert page.h1 == "Thank you for answering"
    [response] = db.session.scalars(select(Response))
    assert response.source is ResponseSource.OPEN
    assert (response.wave_id, response.event_id, response.pairing_key) == (None, None, None)
    assert response.sector_id is not None
    assert rows(Pairing) == rows(SurveyDraft) == 0
    assert "sector" not in answers()


def test_somebody_may_rather_not_say_the_sector(client: PageClient, open_path: str) -> None:
    page = walk(client, open_path, [{"aware": "no", "used": "no"}, {}])
    client.submit(page, {"sector": "rather_not_say"})
    assert db.session.scalars(select(Response)).one().sector_id is None


def test_two_people_at_one_computer_answer_one_after_the_other(
    client: PageClient, open_path: str
) -> None:
    for _ in range(2):
        page = walk(client, open_path, [{"aware": "no", "used": "no"}, {}])
        client.submit(page, {"sector": "health"})
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
        response = one.post_form(page, {"aware": "no", "used": "no"})  # type: ignore[attr-defined]
        refused += response.status_code == 200
        if refused:
            assert number >= 120
            assert "very often" in response.errors[0]
    assert refused == 5

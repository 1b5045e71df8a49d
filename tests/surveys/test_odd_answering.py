"""Whatever comes to an answering page: nothing breaks, nothing counts twice, all is said kindly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.kernel import clock
from app.kernel.db import db
from app.kernel.london import from_london, london_date
from app.surveys import building, personal
from app.surveys.models import (
    Evaluation,
    InvitationState,
    Question,
    QuestionKind,
    Questionnaire,
    QuestionnaireKind,
    QuestionnaireVersion,
    QuestionOption,
    SurveyDraft,
    SurveyInvitation,
    Wave,
)
from app.surveys.response_models import Answer, Response
from tests.support.factories import make_offer, make_partnership, make_person, make_sector
from tests.support.page_client import PageClient, PageResponse
from tests.support.surveys import (
    a_course_attended,
    answer_from,
    invitations,
    links_in,
    messages,
    round_of_work,
)

DAY = timedelta(days=1)
OPEN = "/surveys/open/odd"
YES_NO = (("yes", "Yes"), ("no", "No"))
AT_ONCE = 4


def a_question(key: str, **facts: Any) -> Question:
    """A yes-no question, unless it is said to be otherwise."""
    options = facts.pop("options", YES_NO)
    found = Question(
        key=key, section="One", words=f"{key}?", kind=facts.pop("kind", QuestionKind.YES_NO)
    )
    for name, value in facts.items():
        setattr(found, name, value)
    for position, (value, label) in enumerate(options):
        found.options.append(QuestionOption(position=position, value=value, label=label))
    return found


def an_open_survey(*questions: Question) -> Evaluation:
    """An open link that asks these, as no builder would have published them."""
    now = clock.now()
    make_partnership()
    make_sector(slug="health", name="Health")
    form = Questionnaire(slug="odd", title="Odd", kind=QuestionnaireKind.IMPACT)
    version = QuestionnaireVersion(questionnaire=form, number=1, published_at=now)
    for position, question in enumerate(questions):
        question.position = position
        version.questions.append(question)
    evaluation = Evaluation(
        slug="odd",
        title="Odd",
        subject_words="it",
        open_version=version,
        open_from=now - DAY,
        open_until=now + 30 * DAY,
        created_at=now,
        offers=[make_offer()],
    )
    db.session.add(evaluation)
    db.session.commit()
    return evaluation


def rows(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def asked_for(page: PageResponse) -> set[str]:
    return {one["name"] for one in page.select("input", type="radio")}


@pytest.fixture
def after_link(app: Flask) -> str:
    """The path of a survey straight after a course, just sent."""
    # Yesterday at noon: nothing is sent around the change of London's clocks.
    noon = from_london(london_date(clock.now()) - DAY, time(12))
    a_course_attended(noon - 2 * DAY)
    round_of_work(noon)
    return links_in(messages()[0])[0]


def test_routing_that_contradicts_itself_asks_the_rest_and_ends(
    client: PageClient, now: None
) -> None:
    an_open_survey(
        a_question("first", is_required=True, shown_if_key="second", shown_if_values="yes"),
        a_question("second", is_required=True),
        a_question("itself", is_required=True, shown_if_key="itself", shown_if_values="yes"),
        a_question("nothing", is_required=True, shown_if_key="gone", shown_if_values="yes"),
        a_question("never", is_required=True, shown_if_key="second", shown_if_values="maybe"),
    )
    page = client.get(OPEN)
    assert asked_for(page) == {"second"}
    page = answer_from(client, page, {"second": "yes", "sector": "health"})
    assert page.h1 == "Thank you for answering"
    assert rows(Answer) == 1


def test_a_question_with_nothing_to_choose_keeps_nobody_from_finishing(
    client: PageClient, now: None
) -> None:
    an_open_survey(
        a_question("empty", kind=QuestionKind.SINGLE, is_required=True, options=()),
        a_question("useful"),
    )
    page = answer_from(client, client.get(OPEN), {"useful": "no", "sector": "health"})
    assert page.h1 == "Thank you for answering"


@pytest.mark.parametrize("questions", [0, 1])
def test_a_survey_without_anything_to_answer_says_so_kindly(
    client: PageClient, now: None, questions: int
) -> None:
    empty = [a_question("empty", kind=QuestionKind.SINGLE, options=())]
    an_open_survey(*empty[:questions])
    page = client.get(OPEN)
    assert (page.status_code, page.h1) == (200, "There is nothing to answer here")
    sent = client.post(OPEN, data={"empty": "x"}, judge=False)
    assert sent.status_code in (200, 400)
    assert rows(Response) == rows(SurveyDraft) == 0


def test_a_personal_link_to_nothing_says_so_too(
    client: PageClient, after_link: str, now: None
) -> None:
    nobody = QuestionnaireVersion(number=99, published_at=clock.now())
    nobody.questionnaire_id = invitations(0)[0].wave.version.questionnaire_id
    db.session.add(nobody)
    db.session.flush()
    db.session.execute(update(Wave).values(version_id=nobody.id))
    db.session.commit()
    assert client.get(after_link).h1 == "There is nothing to answer here"


def test_questions_that_changed_meanwhile_keep_what_fits(client: PageClient, now: None) -> None:
    scale = (("1", "1: Low"), ("2", "2"), ("3", "3: High"))
    an_open_survey(a_question("kept"), a_question("other", kind=QuestionKind.SINGLE, options=scale))
    begun = client.get(OPEN)
    actor = make_person()
    version_id = building.begin_version("odd", actor=actor, now=clock.now()).id
    [other] = db.session.scalars(
        select(Question).where(Question.key == "other").order_by(Question.id.desc()).limit(1)
    )
    for option in other.options[1:]:
        db.session.delete(option)
    db.session.get_one(QuestionnaireVersion, version_id).published_at = clock.now()
    db.session.execute(update(Evaluation).values(open_version_id=version_id))
    db.session.commit()
    page = client.submit(begun, {"kept": "yes", "other": "3"})
    assert "The questions have changed since you began. What still fits is kept." in page.words
    page = client.get(f"{OPEN}?step=1")
    assert page.select("input", id="kept-yes", checked=True)
    page = answer_from(client, page, {"other": "1", "sector": "health"})
    assert page.h1 == "Thank you for answering"
    assert db.session.scalars(select(Response.version_id)).all() == [version_id]


def test_a_draft_that_no_longer_fits_is_no_obstacle(
    client: PageClient, after_link: str, now: None
) -> None:
    page = answer_from(client, client.get(after_link), {"quality": "good"})
    quality = db.session.scalars(
        select(QuestionOption)
        .join(Question)
        .where(Question.key == "quality", QuestionOption.value == "good")
    ).one()
    quality.value = "rather_good"
    db.session.commit()
    page = client.get(after_link)
    assert asked_for(page) == {"quality"}
    assert page.select("input", checked=True) == []


def test_nothing_is_sent_by_a_button_that_said_continue(
    client: PageClient, after_link: str, now: None
) -> None:
    form = QuestionnaireVersion(number=99, published_at=clock.now())
    form.questionnaire_id = invitations(0)[0].wave.version.questionnaire_id
    form.questions = [
        a_question("used", position=1),
        a_question("often", position=2, shown_if_key="used", shown_if_values="yes"),
    ]
    db.session.add(form)
    db.session.flush()
    db.session.execute(update(Wave).values(version_id=form.id))
    db.session.commit()
    page = client.submit(client.get(after_link), {"used": "no"}, button="Continue")
    assert "That was the last question for you: send your answers." in page.words
    assert page.select("input", id="used-no", checked=True)
    assert rows(Response) == 0
    page = client.submit(page, {}, button="Send my answers")
    assert page.h1 == "Thank you, you have answered"
    assert rows(Response) == 1


def test_whoever_was_sent_the_link_on_and_its_owner_count_once(
    client: PageClient, after_link: str, app: Flask, now: None
) -> None:
    given = {"quality": "good", "relevance": "very", "expectations": "yes"}
    mine = answer_from(client, client.get(after_link), given)
    other = app.test_client()
    theirs = other.get(after_link)
    assert isinstance(theirs, PageResponse)
    assert isinstance(other, PageClient)
    rest: dict[str, Any] = {"knowledge_before": "3", "knowledge": "7", "skills": "no"}
    rest |= {"confidence": "confident", "intention": "yes", "good": "All", "change": "No"}
    assert answer_from(other, theirs, rest).h1 == "Thank you, you have answered"
    assert client.submit(mine, {"knowledge": "9"}).h1 == "Thank you, you have answered"
    assert rows(Response) == 1
    assert rows(SurveyDraft) == 0


def test_an_erased_persons_link_asks_nothing_and_takes_nothing(
    client: PageClient, after_link: str, now: None
) -> None:
    begun = client.get(after_link)
    [person_id] = {one.person_id for one in invitations(0)}
    personal.erase(person_id, now=clock.now())
    db.session.commit()
    for page in (client.get(after_link), client.submit(begun, {"quality": "good"})):
        assert page.h1 == "We will not ask you again"
    assert rows(Response) == rows(SurveyDraft) == 0


def test_a_link_that_closes_while_somebody_answers_says_so(
    client: PageClient, after_link: str, now: None
) -> None:
    begun = answer_from(client, client.get(after_link), {"quality": "good"})
    db.session.execute(
        update(SurveyInvitation)
        .where(SurveyInvitation.state == InvitationState.SENT)
        .values(closes_at=clock.now())
    )
    db.session.commit()
    page = client.submit(begun, {"relevance": "very"})
    assert page.h1 == "This survey has closed"
    assert "has not been counted" in page.words


def test_scanners_that_open_open_links_leave_nothing(client: PageClient, now: None) -> None:
    an_open_survey(a_question("useful"))
    for path in (OPEN, f"{OPEN}?step=2", f"{OPEN}/done", "/s/odd"):
        client.get(path)
        client.open(path, method="HEAD", judge=False)
    assert rows(Response) == rows(SurveyDraft) == 0


def test_somebody_who_goes_back_after_sending_begins_anew(client: PageClient, now: None) -> None:
    an_open_survey(a_question("useful"))
    first = client.get(OPEN)
    answer_from(client, first, {"useful": "yes", "sector": "health"})
    page = client.get(OPEN)
    assert page.select("input", checked=True) == []


def test_a_form_by_an_open_link_sent_by_two_hands_at_once_counts_once(file_app: Flask) -> None:
    with file_app.app_context():
        an_open_survey(a_question("useful"))
    file_app.config["WTF_CSRF_ENABLED"] = False
    first = file_app.test_client()
    assert first.post(f"{OPEN}?step=1", data={"useful": "yes"}, judge=False).status_code == 303
    cookie = first.get_cookie("ripple")
    assert cookie is not None
    gate = Barrier(AT_ONCE)

    def send_in(_number: int) -> str:
        client = file_app.test_client()
        client.set_cookie("ripple", cookie.value)
        gate.wait()
        sent = client.post(f"{OPEN}?step=2", data={"sector": "health"}, judge=False)
        return sent.headers.get("Location", "")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        led_to = list(pool.map(send_in, range(AT_ONCE)))
    assert led_to == [f"{OPEN}/done"] * AT_ONCE
    with file_app.app_context():
        assert rows(Response) == 1


def test_beginning_at_the_same_moment_on_two_devices_fails_for_neither(file_app: Flask) -> None:
    with file_app.app_context():
        at = clock.now().replace(hour=12)
        a_course_attended(at - timedelta(days=1, hours=3))
        round_of_work(at)
        link = links_in(messages()[0])[0]
    file_app.config["WTF_CSRF_ENABLED"] = False
    gate = Barrier(AT_ONCE)

    def begin(number: int) -> int:
        client = file_app.test_client()
        gate.wait()
        quality = ("good", "fair")[number % 2]
        return client.post(f"{link}?step=1", data={"quality": quality}, judge=False).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(begin, range(AT_ONCE))) == {303}
    with file_app.app_context():
        assert rows(SurveyDraft) == 1

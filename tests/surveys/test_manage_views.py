"""Staff plan surveys and watch them; they see counts and never an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.catalogue.models import OfferKind, Series
from app.kernel.access import Role
from app.kernel.db import db
from app.surveys import building
from app.surveys.models import Evaluation
from tests.support.factories import make_offer, make_person
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in
from tests.support.surveys import (
    a_course_attended,
    a_draft,
    attended,
    invitations,
    past_event,
    round_of_work,
)

ENDED = datetime(2026, 11, 9, 12, 30, tzinfo=UTC)
PAGES = (
    "/manage/surveys",
    "/manage/evaluations",
    "/manage/evaluations/new",
    "/manage/offers/{offer}/surveys",
    "/manage/evaluations/{offer}",
    "/manage/evaluations/{offer}/plan/3/remove",
)


@pytest.fixture
def slug(app: Flask, client: PageClient, now: datetime) -> str:
    """A course that three people attended yesterday; delivery staff are signed in."""
    event = a_course_attended(ENDED, people=3)
    round_of_work(now)
    slug = event.offer.slug
    sign_in(client, make_person(Role.DELIVERY))
    return slug


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("roles", "status"),
    [((), 403), ((Role.TRAINER,), 403), ((Role.EVALUATOR,), 403), ((Role.ADVISOR,), 200)],
)
def test_only_planners_see_the_pages(
    app: Flask, slug: str, path: str, roles: tuple[Role, ...], status: int
) -> None:
    other = app.test_client()
    assert isinstance(other, PageClient)
    assert other.get(path.format(offer=slug)).status_code == 302
    sign_in(other, make_person(*roles))
    assert other.get(path.format(offer=slug)).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/manage/offers/none/surveys",
        "/manage/evaluations/none",
        "/manage/evaluations/none/plan/3/remove",
        "/manage/evaluations/{offer}/plan/9/remove",
    ],
)
def test_what_is_not_there_is_not_found(client: PageClient, slug: str, path: str) -> None:
    assert client.get(path.format(offer=slug)).status_code == 404


def test_the_plan_says_who_was_asked_and_who_is_to_be(client: PageClient, slug: str) -> None:
    page = client.get(f"/manage/offers/{slug}/surveys")
    assert "Straight after" in page.words
    assert "0 of 3 answered (0%)" in page.words
    assert "3 months later" in page.words
    assert page.words.count("Nobody asked yet") == 2


def test_a_point_in_time_is_added_and_removed(client: PageClient, slug: str, now: datetime) -> None:
    page = client.get(f"/manage/offers/{slug}/surveys")
    page = client.submit(page, {"months": "6"})
    assert "6 months later" in page.words
    round_of_work(now)
    assert len(invitations(6)) == 3
    page = client.click(page, "Remove 6 months later")
    assert "3 people would have been asked" in page.words
    page = client.submit(page, {}, button="Remove it")
    assert page.h1.startswith("Surveys about")
    assert "6 months later" not in page.page.one("table").words
    assert invitations(6) == []


def test_what_has_been_asked_stays_in_the_plan(client: PageClient, slug: str) -> None:
    page = client.get(f"/manage/evaluations/{slug}/plan/0/remove")
    page = client.post_form(page, {}, button="Remove it")
    assert page.errors == ["People have been asked already, so it stays in the plan"]
    assert len(invitations(0)) == 3


@pytest.mark.parametrize("months", ["", "0", "25", "-2", "x", "6'--", "9" * 400, ["3", "6"]])
def test_a_point_in_time_must_be_one_of_those_offered(
    client: PageClient, slug: str, months: str | list[str]
) -> None:
    page = client.get(f"/manage/offers/{slug}/surveys")
    page = client.post_form(page, {"months": None}, extra={"months": months})
    assert page.errors


def test_whoever_cannot_be_reached_is_counted(client: PageClient, slug: str) -> None:
    event = past_event(db.session.scalars(select(Evaluation)).first().offers[0], ended_at=ENDED)  # type: ignore[union-attr]
    attended(event, make_person(email=None))
    db.session.commit()
    page = client.get(f"/manage/offers/{slug}/surveys")
    assert "1 person attended who has no email address" in page.words


def test_an_evaluation_of_two_offers_with_an_open_link(
    client: PageClient, slug: str, now: datetime
) -> None:
    toolkit = make_offer(kind=OfferKind.RESOURCE, title="Neglect toolkit").slug
    db.session.commit()
    page = client.get("/manage/evaluations/new")
    page = client.submit(
        page,
        {
            "title": "Neglect: training & toolkit",
            "subject_words": "the neglect training and toolkit",
            "offers": [slug, toolkit],
            "months": ["6"],
            "open_link": "yes",
            "open_until": "31 December 2026",
        },
    )
    assert page.h1 == "Neglect: training & toolkit"
    assert "http://localhost/surveys/open/neglect-training-toolkit" in page.words
    assert "Open until the end of Thursday 31 December 2026" in page.words
    assert "0 answers so far" in page.words
    assert "6 months later" in page.words
    opened = client.get("/surveys/open/neglect-training-toolkit")
    assert "the neglect training and toolkit" in opened.words
    round_of_work(now)
    assert len(invitations(6)) == 3
    assert "Neglect: training & toolkit" in client.get("/manage/evaluations").words


def test_an_evaluation_of_a_series_asks_once(client: PageClient, slug: str, now: datetime) -> None:
    series = Series(slug="exploitation", title="Exploitation", summary="Of it.")
    db.session.add(series)
    person = make_person()
    for days in (0, 1):
        exchange = make_offer(kind=OfferKind.RESOURCE, series=series)
        attended(past_event(exchange, ended_at=ENDED - timedelta(days=days)), person)
    db.session.commit()
    page = client.get("/manage/evaluations/new")
    client.submit(
        page,
        {
            "title": "Series",
            "subject_words": "the series",
            "series": "exploitation",
            "months": ["9"],
            "open_link": "no",
        },
    )
    round_of_work(now)
    assert len(invitations(9)) == 1


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"title": ""}, "Enter a title"),
        ({"title": "x" * 121}, "Title must be 120 characters or fewer"),
        ({"subject_words": ""}, "Enter what questions call it"),
        ({"offers": []}, "Choose at least one offer or a series"),
        ({"offers": ["no-such-offer"]}, "Choose offers from the list"),
        ({"series": "no-such-series"}, "Choose from the list: or a whole series (optional)"),
        ({"months": ["99"]}, "Choose from the list when to ask"),
        ({"open_link": None}, "Choose whether there is an open link"),
        ({"open_until": ""}, "Enter the last day of the open link"),
        ({"open_until": "soon"}, "Last day of the open link"),
        (
            {"open_from": "2 January 2027", "open_until": "1 January 2027"},
            "The last day must not be before the first day",
        ),
    ],
)
def test_what_is_wrong_with_an_evaluation_is_said(
    client: PageClient, slug: str, values: dict[str, object], error: str
) -> None:
    good: dict[str, object] = {
        "title": "Neglect",
        "subject_words": "it",
        "offers": [slug],
        "open_link": "yes",
        "open_until": "31 December 2026",
    }
    sent = {**good, **values}
    page = client.get("/manage/evaluations/new")
    page = client.post_form(
        page, dict.fromkeys(sent), extra={k: v for k, v in sent.items() if v is not None}
    )
    assert any(line.startswith(error) for line in page.errors), page.errors
    made = db.session.scalars(select(Evaluation).where(Evaluation.is_default_for_id.is_(None)))
    assert made.all() == []


def test_an_address_that_is_taken_gets_a_number(client: PageClient, slug: str) -> None:
    for expected in ("new-2", "new-3"):
        page = client.submit(
            client.get("/manage/evaluations/new"),
            {"title": "New!", "subject_words": "it", "offers": [slug], "open_link": "no"},
        )
        assert page.request.path == f"/manage/evaluations/{expected}"


def test_an_offer_nobody_has_looked_at_says_so(client: PageClient, slug: str) -> None:
    new = make_offer().slug
    db.session.commit()
    assert "This offer is new" in client.get(f"/manage/offers/{new}/surveys").words


def test_no_page_for_staff_shows_an_answer_or_a_name(client: PageClient, slug: str) -> None:
    names = {invitation.person_id for invitation in invitations()}
    for path in PAGES:
        words = client.get(path.format(offer=slug)).words
        assert "Person Number" not in words
    assert names


def test_a_plan_asks_a_questionnaire_that_staff_have_made(
    client: PageClient, slug: str, now: datetime
) -> None:
    staff = make_person()
    draft = a_draft(staff, now=now, title="In your school")
    page = client.get(f"/manage/offers/{slug}/surveys")
    assert not page.select("select", name="questionnaire")  # a draft is offered nowhere
    building.publish(draft.id, moves_plans=False, actor=staff, now=now)
    db.session.commit()
    page = client.get(f"/manage/offers/{slug}/surveys")
    chosen = {"questionnaire": "in-your-school"}
    wrong = client.post_form(page, {"months": "-1", **chosen})
    assert wrong.errors == [
        "This questionnaire is for another time: choose another one or another time"
    ]
    page = client.submit(page, {"months": "6", **chosen})
    assert "In your school Version 1" in page.page.one("table").words
    assert "6 months later, version 1" in client.get("/manage/questionnaires/in-your-school").words


def test_an_open_link_asks_a_questionnaire_that_staff_have_made(
    client: PageClient, slug: str, now: datetime
) -> None:
    staff = make_person()
    draft = a_draft(staff, now=now, title="In your school")
    building.publish(draft.id, moves_plans=False, actor=staff, now=now)
    db.session.commit()
    page = client.submit(
        client.get("/manage/evaluations/new"),
        {
            "title": "Schools",
            "subject_words": "the toolkit",
            "offers": [slug],
            "open_link": "yes",
            "questionnaire": "in-your-school",
            "open_until": "31 December 2026",
        },
    )
    assert page.h1 == "Schools"
    assert "Do you use it?" in client.get("/surveys/open/schools").words
    assert "Open link, version 1" in client.get("/manage/questionnaires/in-your-school").words

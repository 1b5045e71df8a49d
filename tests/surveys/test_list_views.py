"""Pages of lists: an evaluation is made, a list is pasted, checked line by line, added, changed."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Person
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Sector
from app.surveys import operations
from app.surveys.models import Evaluation
from app.surveys.plan_models import SurveyAddressee
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.factories import make_partnership, make_person, make_sector
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in
from tests.support.surveys import a_list, invitations

ADD = "/manage/evaluations/bulletin/people/add"
CHECK = "Check the list"


@pytest.fixture(autouse=True)
def staff(app: Flask, client: PageClient, now: datetime) -> Person:
    """Delivery staff, signed in; two sectors."""
    make_partnership()
    load_standard_questionnaires(now=now)
    make_sector("Education")
    make_sector("Police")
    found = make_person(Role.DELIVERY)
    db.session.commit()
    sign_in(client, found)
    return found


def sector_id(name: str) -> str:
    return str(db.session.scalars(select(Sector.id).where(Sector.name.startswith(name))).one())


def on_list() -> list[str]:
    found = select(Person.email).join(SurveyAddressee, SurveyAddressee.person_id == Person.id)
    return sorted(email or "" for email in db.session.scalars(found))


def pasted(client: PageClient, *lines: str, **fields: str) -> PageResponse:
    page = client.get(ADD)
    return client.post_form(page, {"pasted": "\n".join(lines), **fields}, button=CHECK)


def made(client: PageClient, **changes: object) -> PageResponse:
    facts: dict[str, object] = {
        "kind": "review",
        "title": "Safer sleep",
        "subject_words": "the new guidance",
        "recommendation": "Every setting has a lead",
        "counted_from": "1 October 2026",
        "months": ["3", "6"],
    }
    page = client.get("/manage/evaluations/new-list")
    return client.post_form(page, facts | changes)


def test_an_evaluation_after_a_review_is_made_and_waits_for_its_people(client: PageClient) -> None:
    page = client.follow(made(client))
    assert page.h1 == "Add people to ask"
    evaluation = db.session.scalars(select(Evaluation)).one()
    assert [wave.months_later for wave in evaluation.waves] == [3, 6]
    page = client.get("/manage/evaluations/safer-sleep")
    assert "Every setting has a lead" in page.words
    assert "Completed on Thursday 1 October 2026" in page.words
    assert "0 people on the list" in page.words
    assert "Before" not in page.page.one("select").words
    assert client.get("/impact/evaluations/safer-sleep").status_code == 200
    assert "Safer sleep" in client.get("/manage/evaluations").words


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": None}, "Choose why people are asked"),
        ({"title": ""}, "Enter a title"),
        ({"recommendation": " "}, "Enter the recommendation"),
        ({"counted_from": ""}, "Enter the day to count from"),
        ({"counted_from": "31 June 2026"}, "Day to count from"),
        ({"counted_from": "1 October 2027"}, "must have been completed"),
        ({"counted_from": "1 January 2026"}, "too late to ask 3 months later"),
        ({"months": []}, "Choose when to ask"),
        ({"months": ["99"]}, "Choose from the list when to ask"),
        ({"kind": "one_off"}, "today or a later day"),
    ],
)
def test_what_cannot_be_made_is_refused(
    client: PageClient, changes: dict[str, object], error: str
) -> None:
    page = made(client, **changes)
    assert error in page.errors[0]
    assert db.session.scalars(select(Evaluation)).all() == []


def test_a_pasted_list_is_checked_and_then_added(client: PageClient, now: datetime) -> None:
    a_list(now=now)
    db.session.commit()
    page = pasted(
        client,
        "Dee Park <dee.park@example.org>",
        "Osei, Ana; ana.osei@example.org",
        "bo@example.org",
        sector=sector_id("Police"),
    )
    assert page.h1 == "Check the list"
    assert "Dee Park" in page.words
    assert "Wednesday 10 February 2027, 9am" in page.words
    assert on_list() == []
    police = sector_id("Police")
    page = client.submit(
        page, {"sector_of:bo@example.org": sector_id("Education")}, button="Add 3 people"
    )
    assert "3 people are on the list now" in page.words
    assert on_list() == ["ana.osei@example.org", "bo@example.org", "dee.park@example.org"]
    names = select(Person.name).where(Person.email == "ana.osei@example.org")
    assert db.session.scalars(names).one() == "Ana Osei"
    chosen = select(SurveyAddressee.sector_id).join(Person, Person.id == SurveyAddressee.person_id)
    bo = chosen.where(Person.email == "bo@example.org")
    assert str(db.session.scalars(bo).one()) == sector_id("Education") != police
    assert operations.plan_invitations(now=now) == 3


def test_each_line_that_is_wrong_is_told_before_anything_is_written(
    client: PageClient, now: datetime
) -> None:
    a_list(now=now)
    db.session.commit()
    lines = ("Dee <dee@example.org>", "Bo <bo@example>", "Dee P <DEE@example.org>", "Cy Lunn")
    page = pasted(client, *lines, sector=sector_id("Police"))
    assert [error.split(":")[0] for error in page.errors] == [
        "Bo, bo@example",
        "Dee P, dee@example.org",
        "Cy Lunn, no address",
    ]
    assert "Bo <bo@example>" in page.text.replace("&lt;", "<").replace("&gt;", ">")
    page = client.post_form(page, {}, button="Go on without those lines")
    assert "3 lines are left out" in page.words
    client.submit(page, {}, button="Add 1 person")
    assert on_list() == ["dee@example.org"]


def test_lines_are_left_out_one_by_one(client: PageClient, now: datetime) -> None:
    a_list(now=now)
    db.session.commit()
    lines = ("Dee <dee@example.org>", "Bo <bo@example>", "Cy <cy@example.org>", "Di Lunn")
    page = pasted(client, *lines, sector=sector_id("Police"))
    assert len(page.errors) == 2
    page = client.post_form(page, {}, button="Leave out Bo, bo@example")
    assert [error.split(":")[0] for error in page.errors] == ["Di Lunn, no address"]
    page = client.post_form(page, {}, button="Leave out Di Lunn, no address")
    assert "2 lines are left out" in page.words
    page = client.post_form(page, {}, button="Leave out Cy")
    assert "3 lines are left out" in page.words
    client.submit(page, {}, button="Add 1 person")
    assert on_list() == ["dee@example.org"]


def test_whoever_leaves_everybody_out_begins_again(client: PageClient, now: datetime) -> None:
    a_list(now=now)
    db.session.commit()
    page = pasted(client, "Dee <dee@example.org>", sector=sector_id("Police"))
    page = client.post_form(page, {}, button="Leave out Dee")
    assert page.errors == ["Paste at least one address: all others are left out"]
    page = client.post_form(page, {}, button=CHECK)
    assert page.h1 == "Check the list"
    page = client.post_form(page, {}, button="Go back and change")
    assert page.page.one("textarea").words == "Dee <dee@example.org>"


def test_who_stopped_left_or_is_listed_is_told_and_not_added(
    client: PageClient, now: datetime
) -> None:
    stopped, left, listed = (make_person() for _ in range(3))
    a_list(listed, now=now)
    operations.stop_asking(stopped.id, now=now)
    left.deactivated_at = now
    db.session.commit()
    page = pasted(client, *(one.email or "" for one in (stopped, left, listed)))
    for words in ("Asked us not to", "No longer uses", "on the list already", "nobody to add"):
        assert words in page.words
    assert not [button for button in page.select("button") if "Add" in button.words]


def test_a_sector_must_be_chosen_for_whom_we_do_not_know(client: PageClient, now: datetime) -> None:
    a_list(now=now)
    db.session.commit()
    page = pasted(client, "Dee Park <dee@example.org>")
    page = client.post_form(page, {}, button="Add 1 person")
    assert page.errors == ["Choose a sector for Dee Park"]
    assert on_list() == []
    page = client.post_form(page, {"sector_of:dee@example.org": "999"}, button="Add 1 person")
    assert page.errors == ["Choose a sector for Dee Park"]
    page = client.submit(
        page, {"sector_of:dee@example.org": sector_id("Police")}, button="Add 1 person"
    )
    assert on_list() == ["dee@example.org"]


@pytest.mark.parametrize("text", ["", " \n ", "\n".join(f"p{n}@example.org" for n in range(501))])
def test_nobody_or_too_many_are_refused(client: PageClient, now: datetime, text: str) -> None:
    a_list(now=now)
    db.session.commit()
    page = client.post_form(client.get(ADD), {"pasted": text}, button=CHECK)
    assert page.errors
    assert db.session.scalar(select(func.count(SurveyAddressee.id))) == 0


def test_going_back_keeps_what_was_pasted(client: PageClient, now: datetime) -> None:
    a_list(now=now)
    db.session.commit()
    page = pasted(client, "Dee Park <dee@example.org>")
    page = client.post_form(page, {}, button="Go back and change")
    assert page.h1 == "Add people to ask"
    assert "dee@example.org" in page.text


def test_somebody_is_taken_off_and_not_asked(
    client: PageClient, staff: Person, now: datetime
) -> None:
    person = make_person(name="Ana Osei")
    a_list(person, now=now)
    operations.plan_invitations(now=now)
    db.session.commit()
    page = client.get("/manage/evaluations/bulletin/people")
    assert "Ana Osei" in page.words
    page = client.click(page, "Remove Ana Osei")
    page = client.submit(page, {}, button="Take them off")
    assert "Nobody is on the list yet" in page.words
    assert invitations() == []


def test_what_has_no_list_is_not_found(client: PageClient, now: datetime) -> None:
    evaluation = a_list(now=now)
    db.session.commit()
    assert client.get("/manage/evaluations/bulletin/people/nobody/remove").status_code == 404
    evaluation.counted_from_on = None
    db.session.commit()
    for path in ("", "/add"):
        assert client.get(f"/manage/evaluations/bulletin/people{path}").status_code == 404

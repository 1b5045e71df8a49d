"""Staff pages of needs: raised by a chair, decided by the delivery group, read beside impact."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from app.accounts.models import Person
from app.bookings.models import AttendanceOutcome
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.needs import some_action, some_measure, some_need
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

NEED = {
    "title": "See neglect behind missed appointments",
    "source": "multi_agency_audit",
    "found_in": "Audit of neglect, June 2026",
    "found_on": "12 June 2026",
    "details": "GPs and schools both see it.",
    "raised_for": "Neglect sub-group",
    "priority": "",
}


@pytest.fixture(autouse=True)
def chair(app: Flask, client: PageClient) -> Person:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    chair = make_person(Role.EVALUATOR, name="Cal Ito")
    sign_in(client, chair)
    return chair


@pytest.fixture
def dee(app: Flask) -> Person:
    dee = make_person(Role.DELIVERY, name="Dee Park")
    db.session.commit()
    return dee


def test_a_chair_raises_a_need_and_the_group_answers(
    client: PageClient, chair: Person, dee: Person
) -> None:
    raised = client.post("/manage/needs/new", data=NEED)
    assert raised.status_code == 302
    page = client.get(raised.location)
    assert "Waiting to be looked at" in page.words
    assert "by Cal Ito" in page.words
    assert "Decide" not in page.words
    assert NEED["title"] in client.get("/manage/needs?mine=1").words
    sign_in(client, dee)
    decided = client.post(
        f"{raised.location}/decide", data={"becomes": "agreed", "answer": "A course is planned."}
    )
    assert decided.status_code == 302
    assert "A course is planned." in client.get(raised.location).words
    assert "You have raised no need yet" in client.get("/manage/needs?mine=1").words


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": ""}, "Enter what people need to be able to do"),
        ({"source": ""}, "Choose where it was seen"),
        ({"found_in": ""}, "Enter which review, audit, report or meeting found it"),
        ({"found_on": "12 June 2031"}, "must not be in the future"),
        ({"found_on": "soon"}, "Its day"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_kept(
    client: PageClient, changes: dict[str, str], says: str
) -> None:
    page = client.post("/manage/needs/new", data=NEED | changes)
    assert page.status_code == 200
    assert says in page.words
    assert "GPs and schools both see it." in page.text


def test_a_need_shows_its_offers_who_came_and_what_is_done(
    client: PageClient, chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(chair, now=now)
    offer = make_offer(slug="neglect", title="Neglect matters")
    event = make_event(offer=offer, starts_at=now)
    for _ in range(3):
        make_attendance(make_booking(event), outcome=AttendanceOutcome.ATTENDED)
    some_action(dee, now=now, need_reference=need.reference, offer_slugs=("neglect",))
    sign_in(client, dee)
    address = f"/manage/needs/{need.reference}"
    assert client.post(f"{address}/offers", data={"offers": ["neglect"]}).status_code == 302
    page = client.get(address)
    assert "Neglect matters Published 1 3" in page.words
    assert "Write a briefing" in page.words
    assert "Nobody has been asked yet" in page.words
    assert need.title in client.get("/manage/offers/neglect/why").words
    assert need.title in client.get("/impact/offers/neglect").words


def test_an_action_goes_from_the_need_into_the_log_and_is_closed(
    client: PageClient, chair: Person, dee: Person, now: datetime
) -> None:
    need = some_need(chair, now=now)
    reference = need.reference
    sign_in(client, dee)
    form = {"what": "Write a briefing", "owner": "Co-ordinator", "due_on": "1 March 2027"}
    added = client.post("/manage/actions/new", data={**form, "need": reference})
    assert added.location == f"/manage/needs/{reference}"
    log = client.get("/manage/actions")
    links = [str(link["href"]) for link in log.select("a", href=True)]
    [closing] = [link for link in links if link.endswith("/close")]
    moved = client.post(
        closing.removesuffix("/close"), data={**form, "due_on": "2 March 2027", "need": ""}
    )
    assert moved.location == "/manage/actions"
    assert "Enter what came of it" in client.post(closing, data={"end": "done"}).words
    assert client.post(closing, data={"end": "done", "outcome": "Sent."}).status_code == 302
    assert "Sent." in client.get("/manage/actions?state=closed").words
    assert client.get(closing).status_code == 404


def test_what_an_offer_is_judged_by_is_agreed_and_given_up(
    client: PageClient, dee: Person, now: datetime
) -> None:
    offer = make_offer(slug="neglect", title="Neglect matters")
    sign_in(client, dee)
    page = client.post(
        "/manage/offers/neglect/why",
        data={
            "judged_by": "analytics",
            "words": "Downloads, each quarter",
            "agreed_on": "1 September 2026",
            "agreed_by": "Delivery group",
        },
    )
    assert page.status_code == 302
    assert "Downloads, each quarter" in client.get("/manage/offers/neglect/why").words
    measure = some_measure(db.session.merge(offer), db.session.merge(dee), now=now)
    address = f"/manage/measures/{measure.reference}/retire"
    assert client.post(address, data={"reason": "The page is gone."}).status_code == 302
    assert "The page is gone." in client.get("/manage/offers/neglect/why").words
    assert client.get(address).status_code == 404

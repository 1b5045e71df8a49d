"""Learning for one organisation's own staff: asked for, agreed or declined, theirs alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import OrganisationKind, Person
from app.bookings import in_house
from app.bookings.in_house_models import CountedBy, InHouseRequest, InHouseState
from app.catalogue.events import EventDetails
from app.catalogue.models import Event, EventMode, EventState, Offer, OfferKind
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
)
from tests.support.in_house import asked, some_request
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

FILLED = {
    "people": "35",
    "when_words": "An inset day in January",
    "place": "School hall, Example Road",
    "counted_by": "register",
    "phone": "",
    "more": "We have a projector.",
}
AGREED = {
    "day": "4 January 2027",
    "starts": "9:30am",
    "ends": "11:30am",
    "mode": "face_to_face",
    "venue": "School hall",
    "joining_url": "",
    "answer": "Please have name badges.",
}


@pytest.fixture
def offer(app: Flask) -> Offer:
    app.config["WTF_CSRF_ENABLED"] = False
    make_partnership()
    return make_offer(slug="refresher", title="Basic Awareness Refresher", kind=OfferKind.COURSE)


@pytest.fixture
def office(offer: Offer) -> Person:
    school = make_organisation(name="Moor Lane School", kind=OrganisationKind.SCHOOL)
    return make_person(name="Ola Price", organisation=school, email="ola@school.example.org")


@pytest.fixture
def dee(offer: Offer) -> Person:
    return make_person(Role.DELIVERY, name="Dee Park")


def details(organisation_id: int | None, now: datetime) -> EventDetails:
    starts_at = now + timedelta(days=60)
    return EventDetails(
        dates=((starts_at, starts_at + timedelta(hours=2)),),
        mode=EventMode.FACE_TO_FACE,
        venue="School hall",
        capacity=40,
        in_house_for_id=organisation_id,
    )


def test_a_school_asks_and_a_date_of_its_own_is_agreed(
    client: PageClient, office: Person, dee: Person
) -> None:
    sign_in(client, office)
    assert "Ask us to come to you" in client.get("/learning/refresher").words
    page = client.get("/learning/refresher/in-house")
    assert "You ask for Moor Lane School" in page.words
    sent = client.post("/learning/refresher/in-house", data=FILLED)
    assert "Waiting for an answer" in client.get(sent.location).words
    again = client.post("/learning/refresher/in-house", data=FILLED)
    assert again.location == sent.location
    reference = sent.location.rpartition("/")[2]
    sign_in(client, dee)
    assert "Moor Lane School" in client.get("/manage/in-house").words
    agreed = client.post(f"/manage/in-house/{reference}", data=AGREED)
    event = db.session.scalars(select(Event)).one()
    assert agreed.location == f"/manage/events/{event.reference}"
    assert event.in_house_for_id == office.organisation_id
    assert (event.state, event.capacity) == (EventState.PUBLISHED, 52)
    assert "Agreed" in client.get("/manage/in-house?show=decided").words
    [letter] = db.session.scalars(select(OutboxMessage)).all()
    assert letter.subject == "Agreed: Basic Awareness Refresher, 4 January 2027"
    assert letter.to_email == "ola@school.example.org"
    assert "Please have name badges." in (letter.text_body or "")
    assert f"/events/{event.reference}/book-others" in (letter.text_body or "")


def test_it_is_booked_by_its_own_people_and_stands_in_no_catalogue(
    client: PageClient, office: Person, dee: Person, now: datetime
) -> None:
    reference = some_request(db.session.get_one(Offer, 1), office, now=now)
    event = in_house.agree(reference, details(office.organisation_id, now), "", actor=dee, now=now)
    address = f"/events/{event.reference}"
    stranger = make_person(name="Sam Else")
    db.session.commit()
    assert address not in client.get("/learning").text
    assert address not in client.get("/learning/refresher").text
    sign_in(client, stranger)
    assert client.get(f"{address}/book").status_code != 200
    sign_in(client, office)
    assert client.get(f"{address}/book-others").status_code == 200


def test_where_heads_are_counted_nobody_is_asked_to_book(
    office: Person, dee: Person, now: datetime
) -> None:
    made = in_house.ask(1, asked(CountedBy.HEADS), actor=office, now=now)
    in_house.agree(made.reference, details(office.organisation_id, now), "", actor=dee, now=now)
    [letter] = db.session.scalars(select(OutboxMessage)).all()
    assert "Nobody has to book" in (letter.text_body or "")
    assert "book-others" not in (letter.text_body or "")


def test_a_request_is_decided_once(office: Person, dee: Person, now: datetime) -> None:
    reference = some_request(db.session.get_one(Offer, 1), office, now=now)
    with pytest.raises(Refused, match="Enter why it cannot be"):
        in_house.decline(reference, "", actor=dee, now=now)
    in_house.decline(reference, "No trainer is free.", actor=dee, now=now)
    db.session.commit()
    [letter] = db.session.scalars(select(OutboxMessage)).all()
    assert "No trainer is free." in (letter.text_body or "")
    ours = details(office.organisation_id, now)
    with pytest.raises(Refused, match="“declined” already"):
        in_house.agree(reference, ours, "", actor=dee, now=now)
    with pytest.raises(Refused, match="“declined” already"):
        in_house.take_back(reference, actor=office, now=now)
    assert db.session.scalar(select(func.count(Event.id))) == 0


def test_a_session_for_another_body_is_refused(office: Person, dee: Person, now: datetime) -> None:
    reference = some_request(db.session.get_one(Offer, 1), office, now=now)
    with pytest.raises(Refused, match="for the organisation that asked"):
        in_house.agree(reference, details(None, now), "", actor=dee, now=now)


def test_who_may_ask_and_for_what(offer: Offer, office: Person, now: datetime) -> None:
    forum = make_offer(kind=OfferKind.DSL_FORUM)
    with pytest.raises(Refused, match="not delivered in house"):
        in_house.ask(forum.id, asked(), actor=office, now=now)
    alone = make_person(organisation=None)
    with pytest.raises(Refused, match="which organisation you work for"):
        in_house.ask(offer.id, asked(), actor=alone, now=now)
    in_house.ask(offer.id, asked(), actor=office, now=now)
    colleague = make_person(organisation=office.organisation)
    with pytest.raises(Refused, match="Somebody of your organisation has asked"):
        in_house.ask(offer.id, asked(), actor=colleague, now=now)


def test_what_is_asked_is_taken_back_by_its_asker_alone(
    client: PageClient, office: Person, now: datetime
) -> None:
    reference = some_request(db.session.get_one(Offer, 1), office, now=now)
    other = make_person(name="Sam Else")
    db.session.commit()
    sign_in(client, other)
    assert client.post(f"/in-house/{reference}").status_code == 404
    sign_in(client, office)
    assert client.post(f"/in-house/{reference}").status_code == 302
    assert "Taken back" in client.get(f"/in-house/{reference}").words
    state = db.session.scalars(select(InHouseRequest.state)).one()
    assert state is InHouseState.WITHDRAWN


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"people": ""}, "Enter about how many people"),
        ({"people": "0"}, "from 1 to 1,000"),
        ({"people": "many"}, "from 1 to 1,000"),
        ({"when_words": ""}, "Enter when it would suit you"),
        ({"place": ""}, "Enter where you would meet"),
        ({"counted_by": "guess"}, "Choose how people are written down"),
    ],
)
def test_what_is_missing_is_said(
    client: PageClient, office: Person, changes: dict[str, str], says: str
) -> None:
    sign_in(client, office)
    page = client.post("/learning/refresher/in-house", data=FILLED | changes)
    assert says in page.words
    assert "We have a projector." in page.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day": "soon"}, "Day"),
        ({"day": "9 November 2026"}, "has passed"),
        ({"ends": "9am"}, "It must end after it starts"),
        ({"venue": ""}, "Enter the place"),
        ({"joining_url": "not a link"}, "https://"),
    ],
)
def test_a_date_that_cannot_be_is_not_agreed(
    client: PageClient,
    office: Person,
    dee: Person,
    now: datetime,
    changes: dict[str, str],
    says: str,
) -> None:
    reference = some_request(db.session.get_one(Offer, 1), office, now=now)
    db.session.add(dee)
    sign_in(client, dee)
    page = client.post(f"/manage/in-house/{reference}", data=AGREED | changes)
    assert says in page.words
    assert db.session.scalar(select(func.count(Event.id))) == 0

"""The register page: who came, people without booking, and what cannot be saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.bookings.models import (
    Attendance,
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
)
from app.catalogue.models import Event, EventState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_booking,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

CAME, PART, DID_NOT = (outcome.value for outcome in AttendanceOutcome)


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def event() -> Event:
    """A session that began an hour ago."""
    return make_event(starts_at=clock.now() - timedelta(hours=1))


@pytest.fixture
def staff(client: PageClient, event: Event) -> Person:
    """Somebody of the business unit, signed in."""
    person = make_person(Role.DELIVERY)
    sign_in(client, person)
    return person


def outcomes() -> dict[str, str]:
    """What the registers say, by booking reference."""
    rows = db.session.execute(
        select(Booking.reference, Attendance.outcome).join(Attendance.booking)
    )
    return {reference: outcome.value for reference, outcome in rows}


def with_people(event: Event, *names: str) -> list[str]:
    """Booked people with these names; the references of their bookings."""
    return [make_booking(event, make_person(name=name)).reference for name in names]


def test_a_register_is_saved_at_once_and_can_be_corrected(client: PageClient, event: Event) -> None:
    one, two, three = with_people(event, "Ann Zeal", "Bob Able", "Cy Moor")
    path = f"/manage/events/{event.reference}/register"
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get(path)
    legends = [legend.words for legend in page.select("legend", class_="register__who")]
    assert [words.split()[1] for words in legends] == ["Able", "Moor", "Zeal"]
    saved = client.submit(
        page, {f"came_{one}": CAME, f"came_{two}": DID_NOT, f"came_{three}": PART}
    )
    assert "Register saved: 1 came, 1 came for a part, 1 did not come." in saved.words
    assert outcomes() == {one: CAME, two: DID_NOT, three: PART}
    client.submit(client.get(path), {f"came_{two}": CAME})
    assert outcomes() == {one: CAME, two: CAME, three: PART}
    lines = db.session.scalars(select(AuditLine).where(AuditLine.verb == "took register")).all()
    assert [line.facts["attended"] for line in lines] == [1, 2]


def test_everyone_came_fills_the_form_in_and_saves_nothing_yet(
    client: PageClient, event: Event, staff: Person
) -> None:
    one, two = with_people(event, "Ann Zeal", "Bob Able")
    path = f"/manage/events/{event.reference}/register"
    db.session.commit()
    filled = client.submit(client.get(path), {f"came_{one}": DID_NOT}, button="Everyone came")
    assert "Check the list, then save it" in filled.words
    assert outcomes() == {}
    client.submit(filled, {f"came_{one}": DID_NOT})
    assert outcomes() == {one: DID_NOT, two: CAME}


def test_people_who_came_without_booking_are_added_on_the_same_page(
    client: PageClient, event: Event, staff: Person
) -> None:
    known = make_person(email="known@example.org", name="Known Person")
    make_organisation(name="Castleford Academy")
    [booked] = with_people(event, "Ann Zeal")
    waiting = make_booking(event, make_person(email="wait@example.org"), state=BookingState.WAITING)
    path, waiting_id, event_id = (
        f"/manage/events/{event.reference}/register",
        waiting.id,
        event.id,
    )
    known_id = known.id
    db.session.commit()
    saved = client.submit(
        client.get(path),
        {
            f"came_{booked}": CAME,
            "name_1": "Nia New",
            "email_1": " Nia@Example.org ",
            "organisation_1": "castleford academy",
            "name_2": "Other Spelling",
            "email_2": "known@example.org",
            "name_3": "Wai Ting",
            "email_3": "wait@example.org",
        },
    )
    assert "Register saved: 4 came" in saved.words
    assert "4 people expected" in saved.words
    new = db.session.scalars(select(Booking).join(Booking.person).where(Person.name == "Nia New"))
    added = new.one()
    assert (added.origin, added.organisation_name) == (BookingOrigin.REGISTER, "Castleford Academy")
    assert added.person.email == "nia@example.org"
    assert db.session.get_one(Person, known_id).name == "Known Person"
    assert db.session.get_one(Booking, waiting_id).state is BookingState.CONFIRMED
    counted = db.session.get_one(Event, event_id)
    assert (counted.places_taken, counted.waiting_count) == (1, 0)
    assert len(outcomes()) == 4


def test_somebody_booked_who_is_added_again_is_there_once(
    client: PageClient, event: Event, staff: Person
) -> None:
    booking = make_booking(event, make_person(email="ann@example.org", name="Ann Zeal"))
    path, reference = f"/manage/events/{event.reference}/register", booking.reference
    db.session.commit()
    client.submit(client.get(path), {"name_1": "Ann Zeal", "email_1": "ann@example.org"})
    assert outcomes() == {reference: CAME}
    client.submit(client.get(path), {"name_1": "Ann Zeal", "email_1": "ann@example.org"})
    assert outcomes() == {reference: CAME}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name_1": "Nia New"}, "Enter the person's email address"),
        ({"email_2": "nia@example.org"}, "Enter the person's full name"),
        ({"organisation_3": "A school"}, "Enter the person's full name"),
        ({"name_1": "Nia", "email_1": "nia at home"}, "Enter an email address"),
        ({"name_1": "N" * 101, "email_1": "nia@example.org"}, "must be 100 characters"),
        (
            {
                "name_1": "Nia",
                "email_1": "nia@example.org",
                "name_2": "Nia",
                "email_2": "NIA@example.org",
            },
            "on the list twice",
        ),
    ],
    ids=["no address", "no name", "neither", "no such address", "too long", "twice"],
)
def test_a_wrong_row_is_refused_and_nothing_is_saved(
    client: PageClient, event: Event, staff: Person, values: dict[str, str], error: str
) -> None:
    [one] = with_people(event, "Ann Zeal")
    path = f"/manage/events/{event.reference}/register"
    db.session.commit()
    refused = client.submit(client.get(path), {f"came_{one}": PART, **values})
    assert error in refused.errors[0]
    assert outcomes() == {}
    kept = [box for box in refused.select("input", name=f"came_{one}") if "checked" in box]
    assert [box["value"] for box in kept] == [PART]
    for name, value in values.items():
        assert refused.page.one("input", name=name)["value"].lower() == value.lower()


def test_an_answer_that_is_not_offered_is_refused(
    client: PageClient, event: Event, staff: Person
) -> None:
    [one] = with_people(event, "Ann Zeal")
    path = f"/manage/events/{event.reference}/register"
    db.session.commit()
    refused = client.submit(client.get(path), {f"came_{one}": "perhaps"})
    assert refused.errors == ["Choose one of the three answers for each person"]
    assert outcomes() == {}


def test_a_booking_of_another_event_is_not_touched(
    client: PageClient, event: Event, staff: Person
) -> None:
    with_people(event, "Ann Zeal")
    other = make_booking(make_event(starts_at=clock.now() - timedelta(hours=1)))
    path, foreign = f"/manage/events/{event.reference}/register", other.reference
    db.session.commit()
    client.submit(client.get(path), {"name_1": ""}, extra={f"came_{foreign}": CAME})
    assert outcomes() == {}


def test_a_register_cannot_be_saved_before_people_can_come(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() + timedelta(hours=3))
    [one] = with_people(event, "Ann Zeal")
    path = f"/manage/events/{event.reference}/register"
    sign_in(client, make_person(Role.DELIVERY))
    refused = client.submit(client.get(path), {f"came_{one}": CAME})
    assert "The register can be saved from" in refused.errors[0]
    assert outcomes() == {}


def test_each_date_has_a_register_of_its_own(client: PageClient) -> None:
    event = make_event(starts_at=clock.now() - timedelta(days=8), days=3)
    [one] = with_people(event, "Ann Zeal")
    path = f"/manage/events/{event.reference}/register"
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get(path)
    current = [link.words for link in page.select("a", aria_current="page")]
    assert len(current) == 2  # the tab, and the latest date that has begun
    client.submit(client.get(f"{path}?date=1"), {f"came_{one}": CAME})
    client.submit(client.get(f"{path}?date=2"), {f"came_{one}": DID_NOT})
    rows = db.session.scalars(select(Attendance).order_by(Attendance.event_date_id)).all()
    assert [row.outcome.value for row in rows] == [CAME, DID_NOT]
    assert client.get(f"{path}?date=4").status_code == 404
    assert client.get(f"{path}?date=x").status_code == 200


def test_a_cancelled_event_has_no_register(client: PageClient) -> None:
    now = clock.now()
    event = make_event(
        starts_at=now - timedelta(hours=1), state=EventState.CANCELLED, cancelled_at=now
    )
    path = f"/manage/events/{event.reference}/register"
    sign_in(client, make_person(Role.DELIVERY))
    assert "there is no register" in client.get(path).words


@pytest.mark.parametrize(
    ("role", "status"), [(Role.DELIVERY, 200), (Role.ADVISOR, 200), (Role.EVALUATOR, 403)]
)
@pytest.mark.parametrize("tail", ["", "/sheet"])
def test_who_may_see_a_register(
    client: PageClient, event: Event, role: Role, status: int, tail: str
) -> None:
    path = f"/manage/events/{event.reference}/register{tail}"
    sign_in(client, make_person(role))
    assert client.get(path).status_code == status


def test_the_sheet_to_sign_has_every_name_and_no_wishes(
    client: PageClient, event: Event, staff: Person
) -> None:
    make_booking(event, make_person(name="Ann Zeal"), adjustments="Hearing loop")
    path = f"/manage/events/{event.reference}/register/sheet"
    db.session.commit()
    page = client.get(path)
    assert "Ann Zeal" in page.words
    assert "Hearing loop" not in page.words


def test_a_register_of_many_people_takes_no_more_statements(
    client: PageClient, event: Event, staff: Person
) -> None:
    """The client fails a page of more than 15 statements."""
    references = [make_booking(event).reference for _ in range(60)]
    path = f"/manage/events/{event.reference}/register"
    db.session.commit()
    values: dict[str, Any] = {f"came_{reference}": CAME for reference in references}
    values |= {f"name_{n}": f"New {n}" for n in (1, 2, 3)}
    values |= {f"email_{n}": f"new{n}@example.org" for n in (1, 2, 3)}
    saved = client.submit(client.get(path), values)
    assert "Register saved: 63 came" in saved.words
    assert len(outcomes()) == 63

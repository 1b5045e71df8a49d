"""The staff pages of an event: who may see them, and what they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.accounts.models import Person
from app.bookings import operations
from app.bookings.models import Booking, BookingOrigin, BookingState, Promotion
from app.catalogue.models import Event, EventMode, EventState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import date_words
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
    make_sector,
    make_terms,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

TABS = ("", "/bookings", "/bookings/new", "/change", "/cancel", "/messages", "/waiting-list")


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def coming(**changes: Any) -> Event:
    """An event in two weeks, in the morning: at any hour, late tests would end past midnight."""
    start = clock.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=14)
    return make_event(starts_at=start, **changes)


def staff(client: PageClient, role: Role = Role.DELIVERY) -> Person:
    person = make_person(role)
    sign_in(client, person)
    return person


def booked(event: Event) -> Booking:
    """Somebody booked the place themselves."""
    person = make_person()
    return operations.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        form_key=None,
        now=clock.now(),
    )


def kinds() -> list[str]:
    """What is in the outbox."""
    return [
        kind.removeprefix("booking_")
        for kind in db.session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id))
    ]


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.DELIVERY, 200), (Role.ADVISOR, 200), (Role.EVALUATOR, 403), (Role.ADMINISTRATOR, 403)],
)
def test_only_those_who_run_events_see_the_tabs(
    client: PageClient, tab: str, role: Role, status: int
) -> None:
    path = f"/manage/events/{coming().reference}{tab}"
    staff(client, role)
    assert client.get(path).status_code == status


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_of_no_event_is_not_found(client: PageClient, tab: str) -> None:
    staff(client)
    assert client.get(f"/manage/events/nothing{tab}").status_code == 404


def test_the_overview_counts_places_sectors_and_registers(client: PageClient) -> None:
    event = make_event(capacity=3, starts_at=clock.now() - timedelta(days=1))
    person = make_person()
    assert person.sector
    sector = person.sector.name
    make_attendance(make_booking(event, person))
    make_booking(event, state=BookingState.WAITING)
    path = f"/manage/events/{event.reference}"
    staff(client)
    page = client.get(path)
    numbers = [number.words for number in page.select(class_="chain__number")]
    assert numbers == ["1", "1", "1"]
    assert "of 3 places, 2 left" in page.words
    assert f"{sector} 1 0" in page.words


def test_a_draft_is_published_with_one_button(client: PageClient) -> None:
    event = coming(state=EventState.DRAFT, published_at=None)
    path, event_id = f"/manage/events/{event.reference}", event.id
    staff(client)
    done = client.submit(client.get(path), button="Publish this session")
    assert "The session is published" in done.words
    assert db.session.get_one(Event, event_id).state is EventState.PUBLISHED


def test_a_draft_that_is_not_ready_says_why(client: PageClient) -> None:
    event = coming(state=EventState.DRAFT, published_at=None, mode=EventMode.FACE_TO_FACE)
    path = f"/manage/events/{event.reference}"
    staff(client)
    refused = client.submit(client.get(path), button="Publish this session")
    assert refused.errors == ["Say where the session takes place before you publish"]


def test_the_waiting_list_stands_in_the_order_of_joining(client: PageClient) -> None:
    event = coming(capacity=1)
    now = clock.now()
    for name, minutes in (("Zoe First", 3), ("Adam Second", 2)):
        make_booking(
            event,
            make_person(name=name),
            state=BookingState.WAITING,
            joined_waiting_at=now - timedelta(minutes=minutes),
        )
    path = f"/manage/events/{event.reference}/waiting-list"
    staff(client)
    former = client.get(f"/manage/events/{event.reference}/bookings?show=waiting")
    assert former.location == path
    rows = [row.words for row in client.get(path).select("tr")[1:]]
    assert rows[0].startswith("1 Zoe First")
    assert rows[1].startswith("2 Adam Second")


def test_long_lists_are_paged(client: PageClient) -> None:
    event = coming(capacity=100)
    for number in range(60):
        make_booking(event, make_person(name=f"Person {number:02}"), adjustments="Vegan")
    path = f"/manage/events/{event.reference}/bookings"
    staff(client)
    first, last = client.get(path), client.get(f"{path}?page=3")
    assert len(first.select("tr")) == 26
    assert "(page 1 of 3)" in first.page.title
    assert len(last.select("tr")) == 11
    assert "Person 59" in last.words


@pytest.mark.parametrize("query", ["show=nonsense", "page=-1", "page=9999999", "show=&page=x"])
def test_a_strange_address_shows_the_first_list(client: PageClient, query: str) -> None:
    path = f"/manage/events/{coming().reference}/bookings?{query}"
    staff(client)
    assert client.get(path).h1 == "Bookings"


def test_staff_cancel_a_place_and_the_next_person_gets_it(client: PageClient) -> None:
    event = coming(capacity=1)
    first = make_booking(event, make_person(name="Ann First"))
    second = make_booking(event, state=BookingState.WAITING)
    path = f"/manage/events/{event.reference}/bookings"
    second_id = second.id
    staff(client)
    page = client.click(client.get(path), "Cancel the booking of Ann First")
    assert page.h1 == "Cancel the booking of Ann First?"
    done = client.submit(page, button="Cancel the booking")
    assert "The booking of Ann First is cancelled" in done.words
    assert db.session.get_one(Booking, second_id).state is BookingState.CONFIRMED
    assert kinds() == ["cancelled_by_us", "promoted"]
    assert first.reference


def test_a_booking_of_another_event_is_not_found(client: PageClient) -> None:
    other = make_booking(coming())
    path = f"/manage/events/{coming().reference}/bookings/{other.reference}/cancel"
    staff(client)
    assert client.get(path).status_code == 404


def test_an_event_is_called_off_with_a_reason(client: PageClient) -> None:
    event = coming()
    for _ in range(3):
        make_booking(event)
    path, event_id = f"/manage/events/{event.reference}/cancel", event.id
    staff(client)
    page = client.get(path)
    assert "3 people will be told" in page.words
    refused = client.submit(page, {"reason": "  "}, button="Cancel this session")
    assert refused.errors == ["Enter the reason: everybody who is booked reads it"]
    done = client.submit(page, {"reason": "The trainer is ill."}, button="Cancel this session")
    assert "The trainer is ill." in done.words
    assert db.session.get_one(Event, event_id).state is EventState.CANCELLED
    assert kinds() == ["cancelled_by_us"] * 3


def test_a_change_is_checked_before_anybody_is_told(client: PageClient) -> None:
    event = coming(capacity=2)
    for _ in range(5):
        booked(event)
    db.session.execute(delete(OutboxMessage))
    path, event_id = f"/manage/events/{event.reference}/change", event.id
    staff(client)
    page = client.get(path)
    check = client.submit(
        page,
        {"mode": "face_to_face", "venue": "Castleford Hub", "capacity": "3"},
        button="Continue",
        extra={"step": "check"},
    )
    assert check.h1 == "Check what changes"
    assert "5 people will be told" in check.words
    assert "1 person on the waiting list gets a place" in check.words
    assert kinds() == []
    assert db.session.get_one(Event, event_id).venue == ""
    back = client.submit(check, button="Go back and change")
    assert back.page.one("input", name="venue")["value"] == "Castleford Hub"
    done = client.submit(check, button="Save and tell them")
    assert "The session is changed" in done.words
    changed = db.session.get_one(Event, event_id)
    assert (changed.venue, changed.capacity, changed.places_taken) == ("Castleford Hub", 3, 3)
    assert sorted(kinds()) == ["changed"] * 4 + ["promoted"]


def test_fewer_places_than_are_taken_are_explained_before_they_are_saved(
    client: PageClient,
) -> None:
    event = coming(capacity=4)
    for _ in range(3):
        booked(event)
    staff(client)
    check = client.submit(
        client.get(f"/manage/events/{event.reference}/change"),
        {"capacity": "2"},
        button="Continue",
        extra={"step": "check"},
    )
    assert "3 places are taken already. Nobody loses theirs" in check.words


def test_whoever_waits_is_said_to_be_asked_where_places_are_kept(client: PageClient) -> None:
    event = coming(capacity=1)
    make_terms(event.offer, promotion=Promotion.HELD)
    for _ in range(2):
        booked(event)
    staff(client)
    check = client.submit(
        client.get(f"/manage/events/{event.reference}/change"),
        {"capacity": "2"},
        button="Continue",
        extra={"step": "check"},
    )
    assert "For 1 person on the waiting list a place is kept" in check.words


def test_a_closing_time_that_stays_behind_is_shown(client: PageClient) -> None:
    event = coming()
    event.booking_closes_at = event.starts_at - timedelta(hours=1)
    closes_on, later = date_words(event.booking_closes_at), event.starts_at + timedelta(days=1)
    path = f"/manage/events/{event.reference}/change"
    db.session.commit()
    staff(client)
    check = client.submit(
        client.get(path),
        {"day_1": f"{later.day} {later.month} {later.year}"},
        button="Continue",
        extra={"step": "check"},
    )
    assert f"Booking still closes on {closes_on}" in check.words


def test_a_change_of_what_no_calendar_shows_tells_nobody(client: PageClient) -> None:
    event = coming()
    make_booking(event)
    path = f"/manage/events/{event.reference}/change"
    staff(client)
    check = client.submit(
        client.get(path),
        {"joining_url": "https://meet.example.org/new"},
        button="Continue",
        extra={"step": "check"},
    )
    assert "Nobody who has a place is told" in check.words
    client.submit(check, button="Save")
    assert kinds() == []


def test_two_people_who_change_an_event_do_not_undo_each_other(client: PageClient) -> None:
    event = coming()
    path = f"/manage/events/{event.reference}/change"
    staff(client)
    page = client.get(path)
    event = db.session.scalars(select(Event)).one()
    event.updated_at += timedelta(seconds=1)
    db.session.commit()
    refused = client.submit(page, {"subtitle": "B"}, button="Continue", extra={"step": "check"})
    assert "Somebody else has changed this session" in refused.errors[0]
    assert refused.page.one("input", name="subtitle")["value"] == "B"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"day_1": ""}, "Enter the day of date 1"),
        ({"starts_1": "25:00"}, "Start of date 1"),
        ({"ends_1": "0:01"}, "End of date 1 must be after its start"),
        ({"capacity": "-3"}, "Number of places must be"),
        ({"capacity": "9" * 500}, "Number of places must be"),
        ({"mode": "face_to_face", "venue": ""}, "Enter the venue"),
        ({"joining_url": "javascript:alert(1)"}, "must begin with https://"),
        ({"day_1": "1 1 2020", "opens_day": "1 1 2019"}, "in the future"),
        ({"id_1": "999999"}, "removed meanwhile"),
    ],
    ids=[
        "no day",
        "no such time",
        "ends first",
        "negative",
        "huge",
        "no venue",
        "script",
        "past",
        "foreign date",
    ],
)
def test_a_wrong_change_is_refused_and_kept_on_the_page(
    client: PageClient, values: dict[str, str], error: str
) -> None:
    event = coming()
    path, event_id = f"/manage/events/{event.reference}/change", event.id
    before = (event.starts_at, event.capacity, event.updated_at)
    staff(client)
    refused = client.submit(client.get(path), values, button="Continue", extra={"step": "save"})
    assert any(error in line for line in refused.errors), refused.errors
    after = db.session.get_one(Event, event_id)
    assert (after.starts_at, after.capacity, after.updated_at) == before


def test_messages_are_listed_without_their_bodies(client: PageClient) -> None:
    event = coming()
    path, sector = f"/manage/events/{event.reference}", make_sector().slug
    staff(client)
    who = {"name": "Sam Ring", "email": "sam@example.org", "sector": sector}
    asked = client.submit(client.get(f"{path}/bookings/new"), who, button="Continue")
    client.submit(asked, button="Book this place")
    page = client.get(f"{path}/messages")
    assert "Sam Ring" in page.words
    assert "Waiting to leave" in page.words
    assert "Entry or update" in page.words


def test_many_people_cost_no_more_statements(client: PageClient) -> None:
    """The client fails a page of more than 15 statements."""
    event = coming(capacity=20, days=2)
    for _ in range(40):
        booked(event)
    path = f"/manage/events/{event.reference}"
    staff(client)
    check = client.submit(
        client.get(f"{path}/change"),
        {"capacity": "50", "venue": "Hub", "mode": "face_to_face"},
        button="Continue",
        extra={"step": "check"},
    )
    client.submit(check, button="Save and tell them")
    assert len(kinds()) == 140
    client.submit(client.get(f"{path}/cancel"), {"reason": "Ill."}, button="Cancel this session")
    assert db.session.scalar(select(func.count()).where(Booking.state == "cancelled")) == 40


def test_the_offer_is_one_click_away(client: PageClient) -> None:
    event = coming(offer=make_offer(title="Neglect"))
    path, slug = f"/manage/events/{event.reference}", event.offer.slug
    staff(client)
    assert client.get(path).page.link("Neglect") == f"/manage/offers/{slug}"

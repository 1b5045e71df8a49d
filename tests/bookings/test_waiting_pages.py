"""What people see who wait, to whom a place is kept, and who run the list."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.bookings import held_places, links, operations
from app.bookings.links import Purpose
from app.bookings.models import Booking, BookingOrigin, BookingState, CancelReason, Promotion
from app.catalogue.models import Event
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from tests.support.factories import (
    make_booking,
    make_event,
    make_organisation,
    make_partnership,
    make_person,
    make_terms,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

HELD, WAITING = BookingState.HELD, BookingState.WAITING


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def coming(**changes: Any) -> Event:
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=14)
    return make_event(starts_at=start, **{"capacity": 1} | changes)


def kept(event: Event | None = None, *, until: datetime | None = None) -> Booking:
    """A booking to which a place is kept, and somebody who waits behind it."""
    event = event or coming()
    make_terms(event.offer, promotion=Promotion.HELD)
    joined = clock.now() - timedelta(hours=3)
    booking = make_booking(
        event,
        state=HELD,
        held_until=until or clock.now() + timedelta(hours=20),
        joined_waiting_at=joined,
    )
    make_booking(event, state=WAITING, joined_waiting_at=joined + timedelta(hours=1))
    db.session.commit()
    return booking


def path_of(booking: Booking, purpose: Purpose = Purpose.HELD) -> str:
    return links.link(booking, purpose).removeprefix("http://localhost")


def answer(client: PageClient, page: PageResponse, button: str) -> PageResponse:
    """Press one of the two buttons and go where it leads."""
    return client.submit(page, {}, button=button)


def fresh(booking: Booking) -> Booking:
    db.session.refresh(booking)
    return booking


def test_the_link_shows_and_its_button_takes_the_place(client: PageClient) -> None:
    booking = kept()
    page = client.get(path_of(booking))
    assert page.h1 == "A place is kept for you"
    assert fresh(booking).state is HELD
    for name, value in (
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex"),
        ("Cache-Control", "no-store"),
    ):
        assert page.headers[name] == value
    after = answer(client, page, "Take the place")
    assert after.h1 == "The place is booked"
    assert fresh(booking).state is BookingState.CONFIRMED
    assert client.get(path_of(booking)).h1 == "The place is booked"


def test_the_other_button_gives_it_up_and_says_how_to_join_again(client: PageClient) -> None:
    booking = kept()
    after = answer(client, client.get(path_of(booking)), "Give it up")
    assert after.h1 == "The place is given up"
    assert "Join the waiting list again, at its end" in after.words
    assert fresh(booking).cancelled_because is CancelReason.DECLINED


def test_without_a_decision_nothing_happens(client: PageClient) -> None:
    booking = kept()
    page = client.get(path_of(booking))
    token = page.page.form(button="Give it up").filled_in({}, None)["csrf_token"]
    page = client.post(path_of(booking), data={"csrf_token": token, "decision": "perhaps"})
    assert "Choose whether to take the place or to give it up" in page.words
    assert fresh(booking).state is HELD


def test_a_page_left_open_too_long_says_so_and_changes_nothing(client: PageClient) -> None:
    booking = kept()
    page = client.get(path_of(booking))
    booking.held_until = clock.now()
    db.session.commit()
    late = answer(client, page, "Take the place")
    assert "that time is over" in late.words
    assert late.h1 == "The place is no longer kept"
    assert fresh(booking).state is HELD


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        (
            {"state": BookingState.CANCELLED, "cancelled_because": CancelReason.EXPIRED},
            "The place is no longer kept",
        ),
        (
            {"state": BookingState.CANCELLED, "cancelled_because": CancelReason.DECLINED},
            "The place is given up",
        ),
        (
            {"state": BookingState.CANCELLED, "cancelled_because": CancelReason.STAFF},
            "This booking is cancelled",
        ),
        ({"state": WAITING, "joined_waiting_at": None}, "No place is kept yet"),
    ],
)
def test_a_link_that_no_longer_acts_says_why_and_offers_the_way_on(
    client: PageClient, changes: dict[str, Any], heading: str
) -> None:
    now = clock.now()
    if changes["state"] is WAITING:
        changes = changes | {"joined_waiting_at": now}
    else:
        changes = changes | {"cancelled_at": now}
    booking = make_booking(coming(), **changes)
    db.session.commit()
    page = client.get(path_of(booking))
    assert page.h1 == heading
    way_on = "See the booking" if changes["state"] is WAITING else "Other dates of"
    assert way_on in page.words
    assert "decision" not in page.text


def test_a_session_called_off_says_so(client: PageClient) -> None:
    booking = kept()
    operations.cancel_event(booking.event_id, reason="Snow.", actor=make_person(), now=clock.now())
    db.session.commit()
    page = client.get(path_of(booking))
    assert page.h1 == "This session was cancelled"
    assert "Snow." in page.words


def test_a_link_for_something_else_or_a_wrong_one_gives_nothing_away(client: PageClient) -> None:
    booking = kept()
    other = path_of(booking, Purpose.CANT_COME).replace("/cant-come/", "/held/")
    page = client.get(other)
    assert (page.status_code, page.h1) == (404, "This link is for something else")
    for path in (path_of(booking)[:-1] + "x", "/bookings/nothing/held/" + "a" * 64):
        page = client.get(path)
        assert (page.status_code, page.h1) == (404, "This link does not work")
        assert booking.event.title not in page.words


def test_whoever_is_signed_in_does_the_same_from_the_booking(client: PageClient) -> None:
    booking = kept()
    sign_in(client, booking.person)
    page = client.get(f"/bookings/{booking.reference}")
    assert page.h1 == "A place is kept for you"
    after = answer(client, client.click(page, "Take the place or give it up"), "Take the place")
    assert after.h1 == "Your place is booked"
    sign_in(client, make_person())
    assert client.get(f"/bookings/{booking.reference}/held").status_code == 404


def test_whoever_booked_for_a_colleague_reads_whose_place_it_is(client: PageClient) -> None:
    booking = kept()
    booking.booked_by, booking.name_given = make_person(), "Kim Reid"
    booking.origin = BookingOrigin.COLLEAGUE
    db.session.commit()
    sign_in(client, booking.booked_by)
    page = client.get(f"/bookings/{booking.reference}/held")
    assert page.h1 == "A place is kept for Kim Reid"


def test_an_expired_place_says_so_on_the_booking(client: PageClient) -> None:
    booking = kept()
    held_places.expire(booking.event_id, now=clock.now() + timedelta(days=2))
    db.session.commit()
    sign_in(client, booking.person)
    assert client.get(f"/bookings/{booking.reference}").h1 == "The place is no longer kept"


def test_whoever_waits_sees_their_place_who_is_ahead_and_the_rule(client: PageClient) -> None:
    event, school = coming(capacity=3), make_organisation()
    make_terms(event.offer, promotion=Promotion.HELD, most_per_organisation=1, hold_hours=12)
    now = clock.now()
    make_booking(event, state=WAITING, joined_waiting_at=now - timedelta(hours=2))
    me = make_person(organisation=school, sector=school.sector)
    mine = make_booking(
        event,
        me,
        state=WAITING,
        joined_waiting_at=now - timedelta(hours=1),
        passed_over_reason="One organisation may have 1 place",
    )
    sign_in(client, me)
    page = client.get(f"/bookings/{mine.reference}")
    assert page.h1 == "You are 2nd on the waiting list"
    assert "One person joined the list before." in page.words
    assert "the list passes over you until one of them is free" in page.words
    assert "the place is kept for you for 12 hours" in page.words


# Those who run the list


def staff(client: PageClient) -> None:
    sign_in(client, make_person(Role.DELIVERY))


def limited_list() -> tuple[Event, Booking, Booking]:
    """A list whose first person a limit bars, and the one who would be next."""
    event, school = coming(capacity=2), make_organisation()
    make_terms(event.offer, most_per_organisation=1)
    now = clock.now()

    def of_the_school(**changes: Any) -> Booking:
        person = make_person(organisation=school, sector=school.sector)
        return make_booking(event, person, **changes)

    of_the_school()
    make_booking(event)
    barred = of_the_school(
        state=WAITING,
        joined_waiting_at=now - timedelta(hours=2),
        passed_over_reason="One organisation may have 1 place",
    )
    next_one = make_booking(event, state=WAITING, joined_waiting_at=now - timedelta(hours=1))
    return event, barred, next_one


def test_staff_see_who_is_passed_over_and_who_would_be_next(client: PageClient) -> None:
    event, barred, next_one = limited_list()
    staff(client)
    page = client.get(f"/manage/events/{event.reference}/waiting-list")
    first, second = [row.words for row in page.select("tr")[1:]]
    assert first.startswith(f"1 {barred.person.name}")
    assert "Passed over One organisation may have 1 place" in first
    assert second.startswith(f"2 {next_one.person.name}")
    assert "Would be next" in second
    assert "One organisation may have 1 place." in page.words


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (BookingOrigin.STAFF, "No email: ring them"),
        (BookingOrigin.COLLEAGUE, "No email: told through Jo Office"),
    ],
)
def test_staff_see_how_somebody_without_an_address_is_reached(
    client: PageClient, origin: BookingOrigin, words: str
) -> None:
    event, booker = coming(), make_person(name="Jo Office")
    person = make_person(email=None)
    now = clock.now()
    make_booking(
        event, person, state=WAITING, joined_waiting_at=now, origin=origin, booked_by=booker
    )
    staff(client)
    assert words in client.get(f"/manage/events/{event.reference}/waiting-list").words


def test_staff_see_until_when_a_place_is_kept(client: PageClient) -> None:
    booking = kept()
    staff(client)
    page = client.get(f"/manage/events/{booking.event.reference}/waiting-list")
    assert "Places kept for people who waited" in page.words
    assert booking.person.name in page.words
    booked = client.get(f"/manage/events/{booking.event.reference}/bookings")
    assert "Place kept, not taken yet" in booked.words


def test_staff_take_somebody_off_and_must_say_why(client: PageClient) -> None:
    _, barred, _ = limited_list()
    path = f"/manage/events/{barred.event.reference}/waiting-list"
    staff(client)
    form = client.get(f"{path}/{barred.reference}/remove")
    refused = client.submit(form, {"reason": " "})
    assert "Enter the reason" in refused.words
    assert fresh(barred).state is WAITING
    done = client.submit(form, {"reason": "You have left the school."})
    assert f"{barred.person.name} is off the waiting list" in done.words
    assert fresh(barred).cancelled_because is CancelReason.STAFF
    assert client.get(f"{path}/{barred.reference}/remove").status_code == 404


def test_a_long_list_costs_no_more_statements(client: PageClient) -> None:
    event = coming()
    now = clock.now()
    for number in range(30):
        make_booking(event, state=WAITING, joined_waiting_at=now - timedelta(minutes=number))
    staff(client)
    path = f"/manage/events/{event.reference}/waiting-list"
    assert len(client.get(path).select("tr")) == 26
    assert client.get(f"{path}?page=2").select("tr")[1].words.startswith("26 ")

"""The pages for changing one's mind, as people, whoever booked for them, and staff meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.bookings import links
from app.bookings.models import Booking, BookingOrigin, BookingState, CancelReason
from app.catalogue.models import Event, EventMode, Offer
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import date_words
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def offer(app: Flask) -> Offer:
    return make_offer(title="Multi-Agency Neglect", slug="neglect")


def in_days(offer: Offer, days: int, **changes: Any) -> Event:
    return make_event(offer, starts_at=clock.now() + days * DAY, **changes)


def newest() -> Booking:
    found = db.session.scalars(select(Booking).order_by(Booking.id.desc())).first()
    assert found
    return found


def test_somebody_moves_to_another_date_from_their_booking(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 14), in_days(offer, 28)
    person = make_person()
    booking = make_booking(here, person)
    day = date_words(there.starts_at)
    sign_in(client, person)
    choose = client.click(client.get(f"/bookings/{booking.reference}"), "Move to another date")
    assert choose.h1 == "Move to another date"
    check = client.click(choose, f"Move to this date , {day}")
    assert check.h1 == "Move to this date?"
    assert "You are in good time" in check.words
    done = client.submit(check, button="Move to this date")
    assert done.h1 == "Your place is booked"
    assert day in done.words
    db.session.expire_all()
    assert (newest().state, newest().event_id) == (BookingState.CONFIRMED, there.id)
    old = client.get(f"/bookings/{booking.reference}")
    assert old.h1 == "Your booking is on another date now"
    assert client.click(old, f"The booking on the new date: {day}").h1 == "Your place is booked"
    tags = [tag.words for tag in client.get("/bookings").select("span", class_="tag")]
    assert tags == ["Moved to another date"]
    link = links.link(db.session.get_one(Booking, booking.id), links.Purpose.CANT_COME)
    by_link = client.get(urlsplit(link).path)
    assert by_link.h1 == "This booking is on another date now"
    assert "the booking there still stands" in by_link.words


def test_the_choice_says_which_dates_are_full_and_where_one_can_wait(
    client: PageClient, offer: Offer
) -> None:
    here, full = in_days(offer, 14), in_days(offer, 28, capacity=1)
    in_days(offer, 30, booking_closes_at=clock.now() - DAY)
    make_event(starts_at=clock.now() + 3 * DAY)  # of another offer
    make_booking(full)
    person = make_person()
    booking = make_booking(here, person)
    sign_in(client, person)
    page = client.get(f"/bookings/{booking.reference}/move")
    assert "Full" in page.words
    assert [link["href"] for link in page.select("a") if "waiting list" in link.words] == [
        f"/events/{full.reference}/book"
    ]
    assert not [link for link in page.select("a") if link.words.startswith("Move to this date")]
    assert len(page.select("li", class_="event-row")) == 2


def test_an_offer_without_another_date_offers_to_tell_of_new_ones(
    client: PageClient, offer: Offer
) -> None:
    person = make_person()
    booking = make_booking(in_days(offer, 14), person)
    sign_in(client, person)
    page = client.get(f"/bookings/{booking.reference}/move")
    assert client.click(page, "Tell me about new dates").status_code == 200


def test_little_notice_is_said_before_a_move_and_before_cancelling(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 1), in_days(offer, 28)
    person = make_person()
    booking = make_booking(here, person)
    sign_in(client, person)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    assert "less notice than the 2 working days we ask for" in check.words
    cancel = client.get(f"/bookings/{booking.reference}/cancel")
    assert "noted as a late cancellation" in cancel.words
    assert client.click(cancel, "Move to another date").h1 == "Move to another date"
    assert client.click(cancel, "Send a colleague instead").h1 == "Send a colleague instead"


def test_a_date_that_fills_up_meanwhile_leaves_the_place_as_it_was(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 14), in_days(offer, 28, capacity=1)
    person = make_person()
    booking = make_booking(here, person)
    sign_in(client, person)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    make_booking(there)
    db.session.commit()
    refused = client.post_form(check, button="Move to this date")
    assert refused.errors == ["That session has filled up meanwhile: your place here is kept"]
    db.session.expire_all()
    assert booking.state is BookingState.CONFIRMED
    assert here.places_taken == 1


def test_the_same_form_sent_twice_leads_to_the_one_new_booking(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 14), in_days(offer, 28)
    person = make_person()
    booking = make_booking(here, person)
    sign_in(client, person)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    first = client.post_form(check, button="Move to this date")
    second = client.post_form(check, button="Move to this date")
    assert first.location == second.location


def test_a_hybrid_date_asks_how_one_takes_part(client: PageClient, offer: Offer) -> None:
    here = in_days(offer, 14)
    there = in_days(offer, 28, mode=EventMode.HYBRID, venue="Town Hall")
    person = make_person()
    booking = make_booking(here, person)
    sign_in(client, person)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    refused = client.post_form(check, {"mode": None}, button="Move to this date")
    assert refused.errors == ["Say whether it will be in person or online"]
    client.submit(check, {"mode": "face_to_face"}, button="Move to this date")
    db.session.expire_all()
    assert newest().mode is EventMode.FACE_TO_FACE


def test_a_move_with_people_waiting_costs_few_statements(client: PageClient, offer: Offer) -> None:
    here, there = in_days(offer, 14, capacity=1), in_days(offer, 28)
    person = make_person()
    booking = make_booking(here, person)
    waiting = make_booking(here, state=BookingState.WAITING)
    sign_in(client, person)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    client.post_form(check, button="Move to this date")
    db.session.expire_all()
    assert waiting.state is BookingState.CONFIRMED


def test_somebody_sends_a_colleague_instead(client: PageClient, offer: Offer) -> None:
    person = make_person()
    booking = make_booking(in_days(offer, 14), person)
    sign_in(client, person)
    page = client.click(client.get(f"/bookings/{booking.reference}"), "Send a colleague instead")
    who = {"name": "Kim Lee", "email": "Kim.Lee@example.org "}
    done = client.submit(page, who, button="Give them the place")
    assert "Kim Lee has the place now and is told" in done.words
    assert done.h1 == "Your place went to a colleague"
    db.session.expire_all()
    assert (newest().person.email, newest().name_given) == ("kim.lee@example.org", "Kim Lee")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"name": "", "email": "kim@example.org"}, "Enter your colleague's name"),
        ({"name": "Kim Lee", "email": ""}, "Enter an email address"),
    ],
    ids=["no name", "no address"],
)
def test_a_colleague_needs_a_name_and_an_address(
    client: PageClient, offer: Offer, typed: dict[str, str], error: str
) -> None:
    person = make_person()
    booking = make_booking(in_days(offer, 14), person)
    sign_in(client, person)
    page = client.get(f"/bookings/{booking.reference}/hand-over")
    refused = client.post_form(page, typed, button="Give them the place")
    assert refused.errors == [error]
    db.session.expire_all()
    assert booking.state is BookingState.CONFIRMED


def test_who_is_booked_elsewhere_is_not_given_away_to_a_stranger(
    client: PageClient, offer: Offer
) -> None:
    event = in_days(offer, 14)
    person, stranger = make_person(), make_person(name="Real Name")
    booking = make_booking(event, person)
    make_booking(event, stranger)
    sign_in(client, person)
    page = client.get(f"/bookings/{booking.reference}/hand-over")
    who = {"name": "Some One", "email": stranger.email}
    refused = client.post_form(page, who, button="Give them the place")
    assert refused.errors == [
        "We could not give the place to this person. Ask them to book for themselves."
    ]
    assert "Real Name" not in refused.words


def test_whoever_booked_a_place_moves_it_and_hands_it_over(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 14), in_days(offer, 28)
    booker, colleague = make_person(), make_person(name="Sam Ali")
    booking = make_booking(here, colleague, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    sign_in(client, booker)
    check = client.get(f"/bookings/{booking.reference}/move/{there.reference}")
    client.post_form(check, button="Move to this date")
    db.session.expire_all()
    moved = newest()
    page = client.get(f"/bookings/{moved.reference}/hand-over")
    client.post_form(page, {"name": "Kim Lee", "email": "kim@example.org"})
    db.session.expire_all()
    assert moved.cancelled_because is CancelReason.HANDED_OVER
    assert newest().booked_by_id == booker.id


def test_what_can_no_longer_be_changed_leads_back_to_the_booking(
    client: PageClient, offer: Offer
) -> None:
    person = make_person()
    there = in_days(offer, 28)
    started = make_booking(in_days(offer, 0, hours=8), person)
    cancelled = make_booking(
        in_days(offer, 9), person, state=BookingState.CANCELLED, cancelled_at=clock.now()
    )
    full = in_days(offer, 12, capacity=1)
    make_booking(full)
    waiting = make_booking(full, person, state=BookingState.WAITING)
    sign_in(client, person)
    for booking, ways in (
        (started, ("move", f"move/{there.reference}", "hand-over")),
        (cancelled, ("move", f"move/{there.reference}", "hand-over")),
        (waiting, ("hand-over",)),
    ):
        for way in ways:
            answer = client.get(f"/bookings/{booking.reference}/{way}")
            assert answer.location == f"/bookings/{booking.reference}"


def test_nobody_is_moved_to_another_offer_or_to_nowhere(client: PageClient, offer: Offer) -> None:
    person = make_person()
    booking = make_booking(in_days(offer, 14), person)
    other = make_event(starts_at=clock.now() + 3 * DAY)
    sign_in(client, person)
    for to in (other.reference, "nowhere"):
        assert client.get(f"/bookings/{booking.reference}/move/{to}").status_code == 404


def _as_staff(client: PageClient) -> Person:
    officer = make_person(Role.DELIVERY)
    sign_in(client, officer)
    return officer


def test_staff_move_somebody_and_see_where_from_and_where_to(
    client: PageClient, offer: Offer
) -> None:
    here, there = in_days(offer, 14), in_days(offer, 28)
    booking = make_booking(here, make_person(name="Sam Ali"))
    _as_staff(client)
    tab = client.get(f"/manage/events/{here.reference}/bookings")
    choose = client.click(tab, "Move Sam Ali to another date")
    check = client.click(choose, f"Move to this date , {date_words(there.starts_at)}")
    assert "They are told by email" in check.words
    done = client.submit(check, button="Move to this date")
    assert f"Sam Ali is moved to {date_words(there.starts_at)}" in done.words
    assert done.h1 == "Sam Ali has a place"
    db.session.expire_all()
    assert not booking.cancelled_late
    gone = client.get(f"/manage/events/{here.reference}/bookings?show=cancelled")
    assert "Moved to" in gone.words
    assert "Moved from" in client.get(f"/manage/events/{there.reference}/bookings").words


def test_staff_see_who_took_whose_place_and_who_cancelled_late(
    client: PageClient, offer: Offer
) -> None:
    event = in_days(offer, 14)
    old = make_booking(
        event,
        make_person(name="Sam Ali"),
        state=BookingState.CANCELLED,
        cancelled_at=clock.now(),
        cancelled_because=CancelReason.HANDED_OVER,
    )
    make_booking(event, make_person(name="Kim Lee"), replaces_id=old.id)
    make_booking(event, state=BookingState.CANCELLED, cancelled_at=clock.now(), cancelled_late=True)
    _as_staff(client)
    booked = client.get(f"/manage/events/{event.reference}/bookings")
    assert "In place of Sam Ali" in booked.words
    cancelled = client.get(f"/manage/events/{event.reference}/bookings?show=cancelled")
    assert "Handed over to Kim Lee" in cancelled.words
    assert [tag.words for tag in cancelled.select("span", class_="tag--warm")] == ["Late"]

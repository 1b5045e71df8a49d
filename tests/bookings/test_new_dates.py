"""Tell me about new dates: asked on a page, told once, by the worker's next look."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import jobs
from app.accounts.models import Person
from app.bookings import new_dates
from app.bookings.models import BookingState, NewDatesWish
from app.catalogue.models import Event, EventMode, EventState, Offer, OfferKind, OfferState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.london import from_london
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

LETTER = Path(__file__).parent / "letters" / "new_dates.txt"
LATER = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def an_offer() -> Offer:
    return make_offer(slug="neglect", title="Multi-Agency Neglect")


def wishes_count() -> int:
    return db.session.scalar(select(func.count()).select_from(NewDatesWish)) or 0


def mails() -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == "new_dates")
    return list(db.session.scalars(found.order_by(OutboxMessage.id)))


def tell(now: datetime = LATER) -> int:
    """One look of the worker at what was committed before."""
    db.session.commit()
    return sum(jobs.tell_of_new_dates(now))


# What stands between a person and a place at once: the event as it is then.
NOT_BOOKABLE: dict[str, Callable[[], dict[str, Any]]] = {
    "a draft": lambda: {"state": EventState.DRAFT, "published_at": None},
    "called off": lambda: {"state": EventState.CANCELLED, "cancelled_at": NOW},
    "full": lambda: {"capacity": 3, "places_taken": 3},
    "somebody waits": lambda: {"capacity": 3, "places_taken": 2, "waiting_count": 1},
    "not open yet": lambda: {"booking_opens_at": LATER + timedelta(hours=1)},
    "closed": lambda: {"booking_closes_at": NOW},
    "over": lambda: {"starts_at": NOW - timedelta(days=4)},
}


@pytest.mark.parametrize("facts", NOT_BOOKABLE.values(), ids=NOT_BOOKABLE)
def test_while_nothing_can_be_booked_one_can_ask_and_is_not_told(
    facts: Callable[[], dict[str, Any]],
) -> None:
    offer = an_offer()
    make_event(offer, **facts())
    new_dates.wish(offer.id, make_person(), now=NOW)

    assert tell() == 0
    assert mails() == []


def test_a_date_that_is_published_later_is_told_once() -> None:
    offer, person = an_offer(), make_person()
    new_dates.wish(offer.id, person, now=NOW)
    make_event(offer, published_at=NOW + timedelta(days=1))

    assert [tell(), tell(), tell(LATER + timedelta(days=1))] == [1, 0, 0]
    [mail] = mails()
    assert (mail.to_email, mail.subject) == (person.email, "New dates: Multi-Agency Neglect")
    assert new_dates.wish_of(offer.id, person.id) is None


def test_whoever_was_told_can_ask_again_when_all_is_full() -> None:
    offer, person = an_offer(), make_person()
    new_dates.wish(offer.id, person, now=NOW)
    event = make_event(offer)
    tell()
    event.places_taken = event.capacity or 0
    new_dates.wish(offer.id, person, now=LATER)
    make_event(offer)

    assert tell() == 1
    assert len(mails()) == 2


def test_one_message_lists_everything_a_person_waits_for() -> None:
    person = make_person()
    for title in ("Neglect", "Exploitation"):
        offer = make_offer(title=title)
        new_dates.wish(offer.id, person, now=NOW)
        for week in range(12):
            make_event(offer, starts_at=NOW + timedelta(weeks=week + 1))

    assert tell() == 1
    [mail] = mails()
    assert mail.subject == "New dates: 2 things you asked about"
    assert mail.text_body.index("Exploitation") < mail.text_body.index("Neglect")
    assert mail.text_body.count("Book a place: ") == 2 * new_dates.MOST_DATES


def gone(person: Person, event: Event) -> None:
    person.deactivated_at = NOW


def booked(person: Person, event: Event) -> None:
    make_booking(event, person)


def took_it_back(person: Person, event: Event) -> None:
    new_dates.take_back(event.offer_id, person)


@pytest.mark.parametrize("what", [gone, booked, took_it_back])
def test_nobody_is_told_who_left_has_a_place_or_took_it_back(
    what: Callable[[Person, Event], None],
) -> None:
    offer, person = an_offer(), make_person()
    new_dates.wish(offer.id, person, now=NOW)
    what(person, make_event(offer))

    assert tell() == 0


def test_somebody_on_a_waiting_list_is_told_of_another_date() -> None:
    offer, person = an_offer(), make_person()
    full = make_event(offer, capacity=1, places_taken=1)
    make_booking(full, person, state=BookingState.WAITING)
    new_dates.wish(offer.id, person, now=NOW)
    make_event(offer)

    assert tell() == 1


def test_asking_twice_is_asking_once() -> None:
    offer, person = an_offer(), make_person()
    new_dates.wish(offer.id, person, now=NOW)
    new_dates.wish(offer.id, person, now=LATER)

    assert wishes_count() == 1


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"state": OfferState.ARCHIVED}, "any more"),
        ({"kind": OfferKind.RESOURCE}, "any more"),
        ({}, "There are places now"),
    ],
)
def test_there_is_nothing_to_ask_when_one_can_book_or_never_will(
    facts: dict[str, Any], says: str
) -> None:
    offer = make_offer(**facts)
    make_event(offer)
    with pytest.raises(Refused, match=says):
        new_dates.wish(offer.id, make_person(), now=NOW)


def test_the_letter_reads_as_it_is_written_down() -> None:
    offer = an_offer()
    new_dates.wish(offer.id, make_person(name="Sam Ali", email="sam@example.org"), now=NOW)
    first = from_london(date(2026, 12, 1), time(9, 30))
    make_event(offer, starts_at=first, reference="one", places_taken=3)
    make_event(
        offer,
        starts_at=first + timedelta(days=60),
        days=2,
        reference="two",
        subtitle="Spring",
        capacity=None,
        mode=EventMode.FACE_TO_FACE,
        venue="Town Hall",
    )
    tell()
    [mail] = mails()
    text = f"Subject: {mail.subject}\nTo: {mail.to_name}\n\n{mail.text_body}"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        LETTER.write_text(text, encoding="utf-8")
    assert text == LETTER.read_text(encoding="utf-8")


def test_one_asks_on_the_page_reads_it_among_ones_own_and_takes_it_back(
    client: PageClient,
) -> None:
    an_offer()
    person = make_person()
    email = person.email or ""
    sign_in(client, person)
    page = client.click(client.get("/learning/neglect"), "Tell me about new dates")
    asked = client.submit(page, button="Tell me")
    assert asked.h1 == "We will tell you"
    assert email in asked.words
    assert "Multi-Agency Neglect" in client.get("/bookings").words
    back = client.submit(asked, button="Do not tell me")
    assert back.h1 == "Tell me about new dates"
    assert wishes_count() == 0


def test_signing_in_is_part_of_asking(client: PageClient) -> None:
    an_offer()
    db.session.commit()
    to = client.get("/learning/neglect/tell-me")
    assert to.location == "/sign-in?next=/learning/neglect/tell-me"
    assert "Hear of new dates: Multi-Agency Neglect" in client.follow(to).words


@pytest.mark.parametrize(
    ("facts", "is_offered"),
    [({"capacity": 1, "places_taken": 1}, True), ({}, False), ({"capacity": None}, False)],
)
def test_the_button_stands_where_nothing_can_be_booked(
    client: PageClient, facts: dict[str, Any], is_offered: bool
) -> None:
    make_event(an_offer(), starts_at=clock.now() + timedelta(days=9), **facts)
    db.session.commit()
    page = client.get("/learning/neglect")
    assert ("Tell me about new dates" in page.words) is is_offered
    sign_in(client, make_person())
    asked = client.get("/learning/neglect/tell-me")
    assert (asked.h1 == "There are places now") is not is_offered


def test_a_place_that_gets_free_while_one_reads_is_said_and_nothing_is_kept(
    client: PageClient,
) -> None:
    offer = an_offer()
    sign_in(client, make_person())
    page = client.get("/learning/neglect/tell-me")
    make_event(db.session.merge(offer), starts_at=clock.now() + timedelta(days=9))
    db.session.commit()
    answer = client.submit(page, button="Tell me")
    assert answer.errors == ["There are places now: choose one of the dates"]
    assert wishes_count() == 0


@pytest.mark.parametrize("facts", [{"state": OfferState.ARCHIVED}, {"kind": OfferKind.RESOURCE}])
def test_what_has_no_dates_leads_back_to_its_page(client: PageClient, facts: Any) -> None:
    make_offer(slug="old", **facts)
    sign_in(client, make_person())
    assert client.get("/learning/old/tell-me").location == "/learning/old"


def test_staff_see_how_many_wait_and_nobodys_name(client: PageClient) -> None:
    offer = an_offer()
    for number in range(3):
        new_dates.wish(
            offer.id, make_person(name=f"Waiting Person{number}"), now=NOW + timedelta(days=number)
        )
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get("/manage/offers/neglect/new-dates")
    assert "3 people wait" in page.words
    assert "2 November 2026" in page.words
    assert "Waiting Person" not in page.words

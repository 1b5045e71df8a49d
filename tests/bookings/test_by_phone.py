"""Staff book for somebody who rings: without an address, past a rule, never past the places."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.callers import Caller
from app.accounts.models import Capacity, Person, Post, PostKind
from app.audit.models import AuditLine
from app.bookings.by_phone import Call, RuleSaysNo, book_by_phone
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.catalogue.models import Event, EventMode, Offer
from app.checks.verify import verify
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_sector,
    make_terms,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in

HISTORY = BookingOrigin.HISTORY
SAM = "sam@example.org"
KEY = "k" * 20


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def coming(**changes: Any) -> Event:
    """An event in two weeks, on the full hour."""
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=14)
    return make_event(starts_at=start, **changes)


def page_of(event: Event) -> str:
    return f"/manage/events/{event.reference}/bookings/new"


def staff(client: PageClient) -> int:
    person = make_person(Role.DELIVERY)
    sign_in(client, person)
    return person.id


def letters() -> list[str]:
    return list(db.session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)))


def only_booking() -> Booking:
    return db.session.scalars(select(Booking)).one()


def ring(event: Event, **changes: Any) -> Booking:
    """Somebody rings who is in no list yet; staff book for them."""
    who: dict[str, Any] = {"name": "Sam Ring", "email": SAM, "sector": make_sector().slug}
    who |= {name: changes.pop(name) for name in list(changes) if name in {*who, "organisation"}}
    call = Call(Caller(**who), mode=EventMode.ONLINE, **{"form_key": KEY} | changes)
    return book_by_phone(event.reference, call, actor=make_person(Role.DELIVERY), now=NOW)


def check(client: PageClient, path: str, **typed: str) -> PageResponse:
    """Fill in the form and go on to the page that asks once more."""
    return client.submit(client.get(path), typed, button="Continue")


def test_somebody_with_an_address_is_booked_and_told(client: PageClient) -> None:
    organisation_id = make_organisation(name="Castleford Academy").id
    path, my_id = page_of(coming()), staff(client)
    who = {"name": "Sam Ring", "email": "Sam@Example.ORG", "capacity": "governor"}
    asked = check(client, path, **who, organisation="castleford academy", adjustments="A loop")
    for words in ("Castleford Academy", SAM, "School or college governor", "A loop"):
        assert words in asked.words
    done = client.submit(asked, button="Book this place")
    assert done.h1 == "Sam Ring has a place"
    assert f"goes to {SAM}" in done.words
    booking = only_booking()
    assert (booking.person.email, booking.origin) == (SAM, BookingOrigin.STAFF)
    assert (booking.organisation_id, booking.booked_by_id) == (organisation_id, my_id)
    assert (booking.capacity, booking.adjustments) == (Capacity.GOVERNOR, "A loop")
    assert letters() == ["booking_confirmed"]


def test_somebody_without_an_address_gets_no_letter_and_the_page_says_what_to_tell_them(
    client: PageClient,
) -> None:
    sector = make_sector()
    path = page_of(coming(mode=EventMode.FACE_TO_FACE, venue="Town Hall", joining_url=""))
    sector_id, slug = sector.id, sector.slug
    staff(client)
    asked = check(client, path, name="Old Lee", no_email="y", sector=slug)
    assert "None: nothing is sent" in asked.words
    told = client.submit(asked, button="Book this place")
    booking = only_booking()
    assert told.h1 == "Old Lee has a place"
    for words in (booking.reference, "Town Hall", "write down the date", "01924 000000"):
        assert words in told.words
    assert (booking.person.email, booking.sector_id) == (None, sector_id)
    assert letters() == []


def test_nothing_that_happens_later_writes_to_staff_instead(client: PageClient) -> None:
    event, slug = coming(), make_sector().slug
    event_id, path = event.id, f"/manage/events/{event.reference}"
    staff(client)
    asked = check(client, f"{path}/bookings/new", name="Old Lee", no_email="y", sector=slug)
    client.submit(asked, button="Book this place")
    assert "No email: ring them" in client.get(f"{path}/bookings").words
    asked = client.get(f"{path}/cancel")
    assert "1 of them has no email, so please ring: Old Lee." in asked.words
    client.submit(asked, {"reason": "Snow"})
    assert db.session.get_one(Event, event_id).cancelled_at
    assert letters() == []


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": ""}, "Enter the person's full name"),
        ({"name": "A" * 101}, "Full name must be 100 characters"),
        ({"email": "no address"}, "Enter an email address in the correct format"),
        ({"email": ""}, "or say that they have none"),
        ({"no_email": "y"}, "not both"),
        ({"form_key": "x"}, "open for too long"),
        ({"sector": ""}, "Choose the sector"),
        ({"sector": "", "organisation": "Nowhere"}, "No organisation of that name"),
        ({"organisation": "academy"}, "Choose the organisation"),
    ],
)
def test_what_is_missing_is_asked_for(
    client: PageClient, values: dict[str, str], error: str
) -> None:
    make_organisation(name="Castleford Academy")
    path, sector = page_of(coming()), make_sector().slug
    staff(client)
    typed = {"name": "A B", "email": "a@example.org", "sector": sector} | values
    refused = check(client, path, **typed)
    assert error in refused.errors[0]
    assert refused.page.one("input", name="email")["value"] == typed["email"]
    assert not db.session.scalar(select(func.count()).select_from(Booking))


def test_how_they_take_part_is_asked_where_there_is_a_choice(client: PageClient) -> None:
    path, slug = page_of(coming(mode=EventMode.HYBRID, venue="Town Hall")), make_sector().slug
    staff(client)
    refused = check(client, path, name="A B", no_email="y", sector=slug)
    assert refused.errors == ["Say whether they will come in person or join online"]
    asked = client.submit(refused, {"mode": "online"}, button="Continue")
    client.submit(asked, button="Book this place")
    assert only_booking().mode is EventMode.ONLINE


@pytest.mark.parametrize("is_listed", [True, False])
def test_an_organisation_is_chosen_from_those_that_sound_like_it(
    client: PageClient, is_listed: bool
) -> None:
    body, slug = make_organisation(name="Castleford Academy"), make_sector().slug
    path, body_id, choice = page_of(coming()), body.id, body.reference
    staff(client)
    asked = check(client, path, name="A B", email="a@example.org", organisation="Academy")
    chosen = {"which": choice} if is_listed else {"which": "unlisted", "sector": slug}
    asked = client.submit(asked, chosen, button="Continue")
    client.submit(asked, button="Book this place")
    booking = only_booking()
    assert booking.organisation_id == (body_id if is_listed else None)
    assert booking.organisation_name == ("Castleford Academy" if is_listed else "Academy")


def test_what_was_typed_is_there_again_on_going_back(client: PageClient) -> None:
    path, slug = page_of(coming()), make_sector().slug
    staff(client)
    asked = check(client, path, name="Old Lee", no_email="y", sector=slug, adjustments="A loop")
    back = client.submit(asked, button="Go back and change")
    assert not back.errors
    assert back.page.one("input", name="name")["value"] == "Old Lee"
    assert "checked" in back.page.one("input", name="no_email")
    assert back.page.one("textarea").words == "A loop"


def test_somebody_we_know_keeps_what_we_know_of_them(client: PageClient) -> None:
    known = make_person(name="Samira Ring", email=SAM)
    organisation_id = known.organisation_id
    path = page_of(coming())
    staff(client)
    asked = check(client, path, name="Sam", email=SAM)
    assert "This address belongs to Samira Ring" in asked.words
    client.submit(asked, button="Book this place")
    booking = only_booking()
    assert (booking.person.name, booking.organisation_id) == ("Samira Ring", organisation_id)


def test_somebody_who_is_booked_hears_so_before_the_check(client: PageClient) -> None:
    event = coming()
    make_booking(event, make_person(email=SAM))
    path = page_of(event)
    staff(client)
    assert check(client, path, name="Sam", email=SAM).errors == [
        "This person has a booking already"
    ]


def test_warnings_are_shown_and_refuse_nothing(client: PageClient) -> None:
    event, now = coming(), clock.now()
    sam = make_person(name="Sam", email=SAM)
    make_booking(make_event(make_offer(title="Safer Sleep"), starts_at=event.starts_at), sam)
    make_attendance(make_booking(make_event(event.offer, starts_at=now - timedelta(days=9)), sam))
    path, title = page_of(event), event.offer.title
    staff(client)
    warned = check(client, path, name="Sam", email=SAM)
    assert "They already have a booking at this time: Safer Sleep" in warned.words
    assert f"They came to {title} on" in warned.words
    assert client.submit(warned, button="Book this place").h1 == "Sam has a place"


def test_the_same_name_without_an_address_may_be_the_same_person(client: PageClient) -> None:
    event, slug = coming(), make_sector().slug
    make_booking(event, make_person(name="Old Lee", email=None))
    path = page_of(event)
    staff(client)
    warned = check(client, path, name="old lee", no_email="y", sector=slug)
    assert "Is this somebody else?" in warned.words
    assert client.submit(warned, button="Book this place").h1 == "old lee has a place"


def test_a_rule_is_set_aside_only_after_it_was_shown_and_the_trail_names_it(
    client: PageClient,
) -> None:
    event, slug = coming(), make_sector("Police").slug
    make_terms(event.offer, sectors=[make_sector("Health").slug])
    path = page_of(event)
    staff(client)
    assert "although a rule" not in client.get(path).words
    asked = check(client, path, name="Sam Ring", email=SAM, sector=slug)
    assert "This session is for people who work or volunteer in Health" in asked.words
    refused = client.submit(asked, button="Book this place")
    assert "This session is for people who work or volunteer in Health" in refused.errors[0]
    assert "Sector Police" in refused.words
    done = client.submit(refused, {"set_aside": "bar-sector"}, button="Book this place")
    assert done.h1 == "Sam Ring has a place"
    line = db.session.scalars(select(AuditLine).where(AuditLine.verb == "booked")).one()
    assert line.facts == {"rules_set_aside": "bar-sector"}
    assert line.subject_reference == only_booking().reference


def test_a_rule_that_came_meanwhile_is_shown_before_anybody_is_booked(
    client: PageClient,
) -> None:
    event, slug = coming(), make_sector("Police").slug
    path, offer_id = page_of(event), event.offer_id
    staff(client)
    asked = check(client, path, name="Sam Ring", email=SAM, sector=slug)
    make_terms(db.session.get_one(Offer, offer_id), most_per_sector=1, posts=["dsl"])
    db.session.commit()
    refused = client.submit(asked, button="Book this place")
    assert "Designated Safeguarding Leads" in refused.errors[0]
    done = client.submit(refused, {"set_aside": "bar-post"}, button="Book this place")
    assert done.h1 == "Sam Ring has a place"


def test_a_full_session_says_so_and_they_join_the_waiting_list(client: PageClient) -> None:
    event, slug = coming(capacity=1), make_sector().slug
    make_booking(event)
    path = page_of(event)
    staff(client)
    asked = check(client, path, name="Old Lee", no_email="y", sector=slug)
    assert "number 1 on the waiting list" in asked.words
    told = client.submit(asked, button="Join the waiting list")
    assert told.h1 == "Old Lee is on the waiting list"
    assert "If a place gets free, you ring them" in told.words


def test_a_refusal_writes_nothing_not_even_the_person(app: Flask) -> None:
    event = make_event()
    make_terms(event.offer, sectors=["another"])
    db.session.commit()
    with pytest.raises(RuleSaysNo), transaction():
        ring(event, name="Sam Ring")
    assert not db.session.scalar(select(func.count()).where(Person.email == SAM))


@pytest.mark.parametrize(
    "set_aside", ["limit-organisation", "bar-post", "bar-sector+bar-post", "x"]
)
def test_setting_another_rule_aside_does_not_help(app: Flask, set_aside: str) -> None:
    event = make_event()
    make_terms(event.offer, sectors=["another"])
    with pytest.raises(RuleSaysNo, match="This session is for"):
        ring(event, set_aside=set_aside, seen=set_aside)


def test_every_rule_that_says_no_is_shown_together(app: Flask) -> None:
    event = make_event()
    make_terms(event.offer, sectors=["another"], posts=["dsl"])
    with pytest.raises(RuleSaysNo, match=r"people who work.*Designated Safeguarding Leads"):
        ring(event)
    assert ring(event, set_aside="bar-sector+bar-post").state is BookingState.CONFIRMED


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"seen": "limit-organisation"}, BookingState.WAITING),
        ({"set_aside": "limit-organisation"}, BookingState.CONFIRMED),
    ],
    ids=["left at that", "set aside"],
)
def test_whom_a_limit_keeps_out_waits_or_is_let_past_it(
    app: Flask, answer: dict[str, str], state: BookingState
) -> None:
    event, body = make_event(), make_organisation()
    make_terms(event.offer, most_per_organisation=1)
    make_booking(event, make_person(organisation=body, sector=body.sector))
    with pytest.raises(
        RuleSaysNo, match="One organisation may have 1 place, and theirs has none left"
    ):
        ring(event, organisation=body.reference)
    assert ring(event, organisation=body.reference, **answer).state is state


@pytest.mark.parametrize("set_aside", ["", "bar-sector"])
def test_nobody_is_booked_beyond_the_places_there_are(app: Flask, set_aside: str) -> None:
    event = make_event(capacity=1)
    make_terms(event.offer, sectors=["another"] if set_aside else [])
    make_booking(event)
    booking = ring(event, set_aside=set_aside)
    assert booking.state is BookingState.WAITING
    assert (event.places_taken, event.waiting_count) == (1, 1)


def test_the_same_form_sent_twice_books_once(app: Flask) -> None:
    event = make_event()
    first = ring(event, email=None)
    assert ring(event, email=None) is first
    assert event.places_taken == 1
    with pytest.raises(Refused, match="used already"):
        ring(make_event(), email=None)


def test_the_check_of_the_database_misses_no_letter_and_accuses_nobody(app: Flask) -> None:
    event, body = make_event(capacity=2), make_organisation()
    make_terms(event.offer, most_per_organisation=1)
    make_booking(event, make_person(organisation=body, sector=body.sector), origin=HISTORY)
    past = {"organisation": body.reference, "set_aside": "limit-organisation"}
    ring(event, email=None, **past)
    ring(event, email=None, name="Old Lee", form_key="o" * 20)
    assert [found.name for found in verify(now=NOW) if found.violations] == []


def test_somebody_who_is_booked_is_not_booked_again(app: Flask) -> None:
    event = make_event()
    make_booking(event, make_person(email=SAM))
    with pytest.raises(Refused, match="has a booking already"):
        ring(event)


def test_a_post_they_say_they_hold_is_noted_and_lets_them_in(app: Flask) -> None:
    event, body = make_event(), make_organisation()
    make_terms(event.offer, posts=["dsl"])
    booking = ring(event, organisation=body.reference, post=PostKind.DSL)
    assert booking.state is BookingState.CONFIRMED
    post = db.session.scalars(select(Post)).one()
    assert (post.person_id, post.organisation_id) == (booking.person_id, body.id)
    with pytest.raises(Refused, match="at which organisation"):
        ring(event, email="other@example.org", form_key="o" * 20, post=PostKind.DSL)


def test_a_booking_of_another_event_is_not_found(client: PageClient) -> None:
    booking, other = make_booking(coming()), coming()
    path = f"/manage/events/{other.reference}/bookings/{booking.reference}"
    staff(client)
    assert client.get(path).status_code == 404

"""The pages for booking others: lists of all kinds, line by line, and what a booker sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts import throttle
from app.accounts.models import Person, Post, PostKind
from app.accounts.rules import Act, CountedBy
from app.bookings import links
from app.bookings.colleague_group import ALREADY_BOOKED
from app.bookings.colleague_rules import CANNOT_SAY, ON_LIST_TWICE
from app.bookings.links import Purpose
from app.bookings.models import (
    Approval,
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.catalogue.models import Event, EventMode, EventState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import date_words
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
    make_request,
    make_sector,
    make_terms,
)
from tests.support.page_client import PageClient, PageResponse
from tests.support.signing_in import sign_in, sign_out

SAM, JO, ALEX = (
    ("Sam Ali", "sam@school.example"),
    ("Jo Bell", "jo@school.example"),
    ("Alex Cole", ""),
)
NOT_AN_ADDRESS = "Enter an email address in the correct format"


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def office(client: PageClient) -> Person:
    """The school office, signed in."""
    person = make_person(
        name="Pat Office",
        email="office@school.example",
        organisation=make_organisation(name="Park Lane School"),
        sector=make_sector("Education"),
    )
    sign_in(client, person)
    return person


def coming(days: int = 14, **changes: Any) -> Event:
    event = make_event(starts_at=clock.now() + timedelta(days=days), **changes)
    db.session.commit()
    return event


def fill_in(
    client: PageClient,
    event: Event,
    *people: tuple[str, str],
    button: str = "Continue",
    **more: Any,
) -> PageResponse:
    """Type these people in the rows of the page, and press the button."""
    typed: dict[str, Any] = {}
    if people:
        typed = {"name": [one for one, _ in people], "email": [one for _, one in people]}
    page = client.get(f"/events/{event.reference}/book-others")
    return client.submit(page, {**typed, **more}, button=button)


def lines_of(page: PageResponse) -> list[list[str]]:
    """Name, address and what happens, of each line of the list."""
    rows = page.page.one("tbody").select("tr")
    return [[cell.words for cell in [*row.select("th"), *row.select("td")]] for row in rows]


def book(client: PageClient, check: PageResponse) -> PageResponse:
    """Press the button of the page that shows what would become of each."""
    form = check.page.form(names={"form_key"})
    words = next(one.words for one in form.buttons if one.get("value") == "book")
    return client.submit(check, button=words)


def bookings() -> list[Booking]:
    return list(db.session.scalars(select(Booking).order_by(Booking.id)))


def test_typed_people_are_checked_then_booked_and_each_line_says_what_happened(
    client: PageClient, office: Person
) -> None:
    event = coming()
    shown = client.get(f"/events/{event.reference}")
    page = client.click(shown, "Book for colleagues")
    assert page.h1 == "Book for colleagues"
    check = fill_in(client, event, SAM, JO, ("", ""), ALEX)
    assert check.h1 == "Check before you book"
    assert lines_of(check) == [
        ["Sam Ali", "sam@school.example", "Gets a place"],
        ["Jo Bell", "jo@school.example", "Gets a place"],
        ["Alex Cole", "None: messages come to you", "Gets a place"],
    ]
    assert bookings() == []
    done = client.submit(check, button="Book 3 places")
    assert done.h1 == "3 places are booked"
    assert [line[:2] for line in lines_of(done)] == [line[:2] for line in lines_of(check)]
    assert {line[2] for line in lines_of(done)} == {
        f"Booked Booking of {name}" for name in ("Sam Ali", "Jo Bell", "Alex Cole")
    }
    assert "The messages for 1 of them come to you" in done.words
    assert [(b.name_given, b.person.email) for b in bookings()] == [
        ("Sam Ali", "sam@school.example"),
        ("Jo Bell", "jo@school.example"),
        ("Alex Cole", None),
    ]


def test_more_rows_keep_what_was_typed(client: PageClient, office: Person) -> None:
    page = fill_in(client, coming(), SAM, JO, button="Add more rows")
    assert not page.errors
    names = [field.get("value") for field in page.select("input", name="name")]
    assert names == ["Sam Ali", "Jo Bell", *[""] * 6]


def test_a_list_with_faults_is_kept_and_nobody_is_booked(
    client: PageClient, office: Person
) -> None:
    pasted = "Sam Ali\tsam@school.example\nDee Park;dee@@school.example\nSam Ali,SAM@school.example"
    page = fill_in(client, coming(), JO, ("", "eve@school.example"), pasted=pasted)
    assert page.errors == [
        "Person 2: Enter this person's full name",
        f"Dee Park, dee@@school.example: {NOT_AN_ADDRESS}, like name@example.com",
        f"Sam Ali, sam@school.example: {ON_LIST_TWICE}",
    ]
    form = page.page.form(names={"pasted"})
    assert form.values["name"][:2] == ["Jo Bell", ""]
    assert form.values["pasted"][0].strip() == pasted
    assert bookings() == []


def test_those_with_faults_can_be_left_out_and_are_still_told_of(
    client: PageClient, office: Person
) -> None:
    event = coming()
    pasted = (
        "Sam Ali, sam@school.example\nDee Park, dee@@school.example\nSam Ali, sam@school.example"
    )
    page = fill_in(client, event, pasted=pasted)
    check = client.submit(page, button="Leave out those with errors")
    assert "2 people on your list are not booked" in check.words
    done = client.submit(check, button="Book 1 place")
    assert done.h1 == "1 place is booked"
    told = lines_of(done)
    assert [line[0] for line in told] == ["Sam Ali", "Dee Park", "Sam Ali"]
    assert told[0][2].startswith("Booked")
    assert told[1][2].startswith(f"Left out {NOT_AN_ADDRESS}")
    assert told[2][2] == f"Left out {ON_LIST_TWICE}"
    assert len(bookings()) == 1


def test_an_event_that_fills_meanwhile_books_exactly_the_lines_that_say_so(
    client: PageClient, office: Person
) -> None:
    event = coming(capacity=3)
    check = fill_in(client, event, SAM, JO, ALEX)
    assert [line[2] for line in lines_of(check)] == ["Gets a place"] * 3
    make_booking(db.session.merge(event))
    db.session.commit()
    done = book(client, check)
    assert done.h1 == "2 places are booked"
    told = {line[0]: line[2] for line in lines_of(done)}
    states = {b.name_given: b.state for b in bookings() if b.name_given}
    for name, words in told.items():
        is_booked = states[name] is BookingState.CONFIRMED
        assert words.startswith("Booked" if is_booked else "Waiting list"), words
    assert set(states) == {"Sam Ali", "Jo Bell", "Alex Cole"}
    assert told["Alex Cole"] == "Waiting list Booking of Alex Cole Number 1 on the list."


def test_of_another_organisation_nothing_is_told(client: PageClient, office: Person) -> None:
    event = coming()
    own = make_person(
        name="Own Name",
        email="own@school.example",
        organisation=office.organisation,
        sector=office.sector,
    )
    other = make_person(name="Secret Name", email="other@elsewhere.example")
    make_booking(event, own)
    make_booking(event, other)
    db.session.commit()
    people = [("A Colleague", own.email or ""), ("A Stranger", other.email or ""), SAM]
    hidden = ("Secret Name", "Own Name", other.organisation.name if other.organisation else "")
    check = fill_in(client, event, *people)
    assert [line[2] for line in lines_of(check)] == [
        f"Cannot be booked {ALREADY_BOOKED}",
        "Gets a place",
        "Gets a place",
    ]
    done = book(client, check)
    assert [line[2] for line in lines_of(done)] == [
        f"Not booked {ALREADY_BOOKED}",
        f"Not booked {CANNOT_SAY}",
        "Booked Booking of Sam Ali",
    ]
    assert not [words for words in hidden if words in check.text + done.text]


def test_the_form_sent_twice_tells_what_it_did_the_first_time(
    client: PageClient, office: Person
) -> None:
    check = fill_in(client, coming(capacity=2), SAM, JO, ALEX)
    first, second = book(client, check), book(client, check)
    assert lines_of(first) == lines_of(second)
    assert len(bookings()) == 3
    counted = select(func.count()).select_from(OutboxMessage)
    assert db.session.scalar(counted) == 3


def test_an_address_in_letters_of_all_kinds_is_written_as_mail_needs_it(
    client: PageClient, office: Person
) -> None:
    book(client, fill_in(client, coming(), ("Zoë Bär", "Zoe@Bär.example")))
    assert [b.person.email for b in bookings()] == ["zoe@xn--br-via.example"]


def test_going_back_keeps_the_list(client: PageClient, office: Person) -> None:
    check = fill_in(client, coming(), SAM, pasted="Jo Bell; jo@school.example")
    page = client.submit(check, button="Go back and change")
    assert not page.errors
    form = page.page.form(names={"pasted"})
    assert form.values["name"][0] == "Sam Ali"
    assert form.values["pasted"][0].strip() == "Jo Bell; jo@school.example"


def test_a_hybrid_event_asks_how_they_take_part(client: PageClient, office: Person) -> None:
    event = coming(mode=EventMode.HYBRID, venue="Town Hall")
    page = fill_in(client, event, SAM)
    assert page.errors == ["Say whether they will come in person or join online"]
    check = client.submit(page, {"mode": "face_to_face"}, button="Continue")
    assert "Town Hall" in check.words
    book(client, check)
    assert [b.mode for b in bookings()] == [EventMode.FACE_TO_FACE]


def test_one_line_manager_is_asked_about_each(client: PageClient, office: Person) -> None:
    event = coming()
    make_terms(event.offer, approved_by=ApprovedBy.MANAGER)
    db.session.commit()
    page = fill_in(client, event, SAM, JO)
    assert len(page.errors) == 2
    named = {"manager_name": "The Head", "manager_email": "head@school.example"}
    check = client.submit(page, named, button="Continue")
    assert check.h1 == "Check before you ask"
    done = client.submit(check, button="Ask for 2 places")
    assert done.h1 == "You have asked for 2 places"
    asked = db.session.scalars(select(Approval.manager_email)).all()
    assert asked == ["head@school.example"] * 2


def test_people_booked_before_are_ticked_by_the_name_that_was_given(
    client: PageClient, office: Person
) -> None:
    first, second = coming(), coming(21)
    book(client, fill_in(client, first, SAM, ALEX))
    sam = db.session.scalars(select(Person).where(Person.email == SAM[1])).one()
    sam.name = "Samira Ali-Khan"
    db.session.commit()
    page = client.get(f"/events/{second.reference}/book-others")
    labels = {box["value"]: label.words for box, label in _boxes(page)}
    assert sorted(labels.values()) == ["Alex Cole", "Sam Ali, sam@school.example"]
    check = client.submit(page, {"earlier": list(labels)}, button="Continue")
    done = book(client, check)
    assert done.h1 == "2 places are booked"
    assert "Samira" not in page.text + check.text + done.text
    assert db.session.scalar(select(func.count()).select_from(Person)) == 3
    again = client.get(f"/events/{second.reference}/book-others")
    assert _boxes(again) == []


def _boxes(page: PageResponse) -> list[tuple[Any, Any]]:
    boxes = page.select("input", type="checkbox", name="earlier")
    return [(box, page.page.one("label", for_=box["id"])) for box in boxes]


def test_the_same_people_on_another_session(client: PageClient, office: Person) -> None:
    offer = make_offer()
    first = make_event(offer, starts_at=clock.now() + timedelta(days=14))
    second = make_event(offer, starts_at=clock.now() + timedelta(days=28), capacity=1)
    db.session.commit()
    done = book(client, fill_in(client, first, SAM, ALEX))
    button = next(b for b in done.select("button") if b.words.startswith("Book the same people"))
    assert date_words(second.starts_at) in button.words
    assert button["formaction"] == f"/events/{second.reference}/book-others"
    check = client.submit(done, button=button.words)
    assert [line[2] for line in lines_of(check)] == [
        "Gets a place",
        "Joins the waiting list Number 1 on the list.",
    ]
    again = client.submit(check, button="Book 1 place, 1 on the waiting list")
    assert again.h1 == "1 place is booked"
    assert len({b.person_id for b in bookings()}) == 2
    mine = client.get("/bookings")
    assert mine.words.count("Alex Cole") == 2


def test_a_closed_event_keeps_the_list_and_says_so(client: PageClient, office: Person) -> None:
    event = coming()
    check = fill_in(client, event, SAM)
    event = db.session.merge(event)
    event.booking_closes_at = clock.now() - timedelta(minutes=1)
    db.session.commit()
    refused = book(client, check)
    assert refused.errors
    assert refused.page.form(names={"pasted"}).values["name"][0] == "Sam Ali"
    assert client.submit(refused, button="Continue").errors == refused.errors
    assert client.get(f"/events/{event.reference}/book-others").status_code == 302
    assert bookings() == []


def test_a_draft_is_not_there(client: PageClient, office: Person) -> None:
    event = coming(state=EventState.DRAFT)
    assert client.get(f"/events/{event.reference}/book-others").status_code == 404


def test_whoever_has_not_signed_in_does_so_first(client: PageClient) -> None:
    event = coming()
    here = f"/events/{event.reference}/book-others"
    answer = client.get(here)
    assert answer.location == f"/sign-in?next={here}"
    assert "Book for colleagues: " in client.follow(answer).words


def test_too_many_in_a_day_are_refused_and_kept(client: PageClient, office: Person) -> None:
    who = {CountedBy.PERSON: office.reference}
    throttle.count(Act.BOOK_FOR_OTHERS, who, now_real=clock.real_now(), times=599)
    db.session.commit()
    event = coming()
    page = book(client, fill_in(client, event, SAM, JO))
    assert page.status_code == 429
    assert "You can book 600 people a day" in page.errors[0]
    assert bookings() == []
    assert book(client, fill_in(client, event, SAM)).h1 == "1 place is booked"


def test_a_rule_of_the_offer_is_named_with_what_to_do(client: PageClient, office: Person) -> None:
    event = coming()
    make_terms(event.offer, posts=["dsl"], most_per_organisation=1)
    lead, deputy = (
        make_person(email=email, organisation=office.organisation, sector=office.sector)
        for email in (SAM[1], JO[1])
    )
    for one in (lead, deputy):
        facts = {"organisation_id": one.organisation_id, "from_on": clock.now().date()}
        db.session.add(Post(person_id=one.id, kind=PostKind.DSL, **facts))
    db.session.commit()
    done = book(client, fill_in(client, event, SAM, JO, ALEX))
    told = [line[2] for line in lines_of(done)]
    assert told[0] == "Booked Booking of Sam Ali"
    assert told[1].endswith("Number 1 on the list. One organisation may have 1 place.")
    assert "Designated Safeguarding Leads" in told[2]
    assert told[2].endswith("Ask us if this person should be able to book.")


@pytest.mark.slow
def test_five_hundred_pasted_lines_are_booked_in_one_go(client: PageClient, office: Person) -> None:
    lines = [f"Person {n}\tperson{n}@school.example" for n in range(500)]
    event = coming(capacity=498)
    refused = fill_in(client, event, pasted="\n".join([*lines, "One More"]))
    assert refused.errors[0].startswith("The list has 501 people")
    check = client.submit(refused, {"pasted": "\n".join(lines)}, button="Continue")
    done = client.submit(check, button="Book 498 places, 2 on the waiting list")
    assert done.h1 == "498 places are booked"
    assert len(lines_of(done)) == 500
    assert len(bookings()) == 500
    assert "and 492 more" in client.get("/bookings").words
    places = client.get(f"/bookings/for-others/{event.reference}")
    assert len(lines_of(places)) == 100


def test_a_booker_sees_the_name_they_gave_and_the_address_and_nothing_else(
    client: PageClient, office: Person
) -> None:
    event = coming()
    sam = make_person(
        name="Samira Ali-Khan",
        email=SAM[1],
        organisation=make_organisation(name="Secret Workplace"),
        sector=office.sector,
    )
    booking = make_booking(
        event,
        sam,
        booked_by=office,
        origin=BookingOrigin.COLLEAGUE,
        name_given="Sam Ali",
        adjustments="A hearing loop",
    )
    db.session.commit()
    path = f"/bookings/{booking.reference}"
    pages = [
        client.get(address)
        for address in (
            path,
            f"{path}/cancel",
            f"{path}/move",
            f"{path}/hand-over",
            "/bookings",
            f"/bookings/for-others/{event.reference}",
        )
    ]
    for page in pages:
        assert page.status_code == 200
        assert "Sam Ali" in page.words
        for secret in ("Samira", "Secret Workplace", "hearing loop"):
            assert secret not in page.text, (page.request.path, secret)
    assert SAM[1] in pages[0].words
    for hidden in ("adjustments", "certificate"):
        assert client.get(f"{path}/{hidden}").status_code == 404
    done = client.submit(pages[1], button="Cancel this booking")
    assert done.h1 == "The booking for Sam Ali is cancelled"
    assert "Samira" not in done.text + client.get("/bookings").text


def test_a_place_that_staff_booked_is_not_theirs_to_see_as_bookers(client: PageClient) -> None:
    staff, sam = make_person(Role.DELIVERY), make_person(email=SAM[1])
    event = coming()
    booking = make_booking(event, sam, booked_by=staff, origin=BookingOrigin.STAFF)
    sign_in(client, staff)
    for rest in ("", "/cancel", "/move", "/hand-over", "/join", "/held"):
        assert client.get(f"/bookings/{booking.reference}{rest}").status_code == 404
    assert "Booked for colleagues" not in client.get("/bookings").words


def test_a_booker_who_gives_up_a_kept_place_is_not_told_by_letter(
    client: PageClient, office: Person
) -> None:
    held = make_booking(
        coming(),
        make_person(email=SAM[1]),
        booked_by=office,
        origin=BookingOrigin.COLLEAGUE,
        name_given="Sam Ali",
        state=BookingState.HELD,
        held_until=clock.now() + timedelta(hours=5),
    )
    db.session.commit()
    reference = held.reference
    page = client.get(f"/bookings/{reference}/held")
    client.submit(page, button="Give it up")
    ended = db.session.scalars(select(Booking).where(Booking.reference == reference)).one()
    assert ended.cancelled_because is CancelReason.DECLINED
    kinds = db.session.scalars(select(OutboxMessage.kind)).all()
    assert "booking_declined" not in kinds


def _by_office(office: Person, person: Person, **changes: Any) -> Booking:
    facts = {"booked_by": office, "origin": BookingOrigin.COLLEAGUE, "name_given": "Sam Ali"}
    booking = make_booking(changes.pop("event", None) or coming(), person, **facts | changes)
    db.session.commit()
    return booking


@pytest.mark.parametrize(
    ("state", "heading", "button"),
    [
        (BookingState.CONFIRMED, "Can't come?", "Cancel this booking"),
        (BookingState.WAITING, "Can't come?", "Leave the waiting list"),
        (BookingState.REQUESTED, "Withdraw the request?", "Withdraw the request"),
    ],
)
def test_a_colleague_says_no_by_the_link_and_the_booker_is_told(
    client: PageClient, office: Person, state: BookingState, heading: str, button: str
) -> None:
    booking = _by_office(office, make_person(name="Samira", email=SAM[1]), state=state)
    path = urlsplit(links.link(booking, Purpose.CANT_COME)).path
    sign_out(client)
    page = client.get(path)
    assert page.h1 == heading
    client.submit(page, button=button)
    told = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "booking_declined")
    ).one()
    assert told.to_email == office.email
    assert told.subject.startswith("Sam Ali cannot come: ")
    assert "Samira" not in told.html_body


def test_a_line_manager_whom_the_booker_named_reads_what_the_booker_wrote(
    client: PageClient, office: Person
) -> None:
    sam = make_person(
        name="Samira Ali-Khan",
        email=SAM[1],
        organisation=make_organisation(name="Secret Workplace"),
        sector=office.sector,
    )
    asked = make_request(coming(), sam, asked_at=clock.now())
    booking = asked.booking
    booking.booked_by, booking.origin = office, BookingOrigin.COLLEAGUE
    booking.name_given = "Sam Ali"
    db.session.commit()
    path = urlsplit(links.link(booking, Purpose.APPROVAL, asked)).path
    sign_out(client)
    page = client.get(path)
    assert page.h1 == "May Sam Ali take part?"
    assert "Pat Office asks for a place for Sam Ali" in page.words
    assert "Samira" not in page.text
    assert "Secret Workplace" not in page.text


def test_whoever_has_the_place_after_a_hand_over_is_theirs_to_know(
    client: PageClient, office: Person
) -> None:
    sam, kim = make_person(email=SAM[1]), make_person(name="Kim Secret")
    old = _by_office(
        office,
        sam,
        state=BookingState.CANCELLED,
        cancelled_at=clock.now(),
        cancelled_because=CancelReason.HANDED_OVER,
    )
    new = make_booking(
        db.session.merge(old).event,
        kim,
        booked_by=sam,
        origin=BookingOrigin.COLLEAGUE,
        name_given="Kim Secret",
        replaces_id=old.id,
    )
    db.session.commit()
    page = client.get(f"/bookings/{old.reference}")
    assert page.h1 == "The place of Sam Ali went to a colleague"
    assert "Kim" not in page.text
    assert client.get(f"/bookings/{new.reference}").status_code == 404

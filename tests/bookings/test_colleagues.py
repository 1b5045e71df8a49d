"""Booking several colleagues at once, on a real database: rows, not calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from app.accounts import throttle
from app.accounts.models import Person, Post, PostKind
from app.accounts.rules import Act, CountedBy
from app.accounts.throttle import TooOften
from app.audit.models import AuditLine
from app.bookings import operations
from app.bookings.colleague_group import ALREADY_BOOKED
from app.bookings.colleague_rules import CANNOT_SAY, Became, Line, LineOutcome
from app.bookings.colleagues import book_colleagues, foresee
from app.bookings.models import (
    Approval,
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    BookingTerms,
)
from app.bookings.places import terms_of
from app.bookings.requests import Manager
from app.catalogue.models import Event, EventMode
from app.kernel.db import db
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_partnership,
    make_person,
)

pytestmark = pytest.mark.usefixtures("app")
KEY = "k" * 20
SAM, JO, ALEX = (
    Line("Sam Ali", "sam@school.example"),
    Line("Jo Bell", "jo@school.example"),
    Line("Alex Cole"),
)
BOOKED, WAITING, REQUESTED, REFUSED = Became


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


@pytest.fixture
def office() -> Person:
    return make_person(name="Pat Office", email="office@school.example")


def book(event: Event, booker: Person, *lines: Line, **changes: Any) -> list[LineOutcome]:
    facts: dict[str, Any] = {"form_key": KEY, "mode": event.mode, "now": NOW}
    return book_colleagues(event.id, lines, booked_by=booker, **facts | changes)


def became(outcomes: list[LineOutcome]) -> list[Became]:
    return [one.became for one in outcomes]


def bookings() -> list[Booking]:
    return list(db.session.scalars(select(Booking).order_by(Booking.form_key, Booking.id)))


def letters() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(OutboxMessage.kind, OutboxMessage.to_email).order_by(OutboxMessage.id)
    )
    return [(kind.removeprefix("booking_"), to) for kind, to in rows]


def terms_for(event: Event, **changes: Any) -> None:
    lists: dict[str, Any] = {"sectors": [], "establishments": [], "posts": []}
    db.session.add(BookingTerms(offer_id=event.offer_id, updated_at=NOW, **lists | changes))
    db.session.flush()


def test_each_colleague_has_a_booking_a_letter_and_a_calendar_entry_of_their_own(
    office: Person,
) -> None:
    event = make_event(days=2)
    outcomes = book(event, office, SAM, JO, ALEX)
    assert became(outcomes) == [BOOKED] * 3
    made = bookings()
    assert [one.reference for one in outcomes] == [b.reference for b in made]
    assert [b.name_given for b in made] == ["Sam Ali", "Jo Bell", "Alex Cole"]
    assert {(b.origin, b.booked_by_id, b.state) for b in made} == {
        (BookingOrigin.COLLEAGUE, office.id, BookingState.CONFIRMED)
    }
    assert [b.person.email for b in made] == ["sam@school.example", "jo@school.example", None]
    assert {b.organisation_id for b in made} == {office.organisation_id}
    assert [len(b.calendar_entries) for b in made] == [2, 2, 2]
    assert sorted(letters()) == sorted(
        (kind, to)
        for kind in ("confirmed", "date")
        for to in ("sam@school.example", "jo@school.example", "office@school.example")
    )
    assert (event.places_taken, event.waiting_count) == (3, 0)
    verbs = db.session.scalars(select(AuditLine.verb)).all()
    assert verbs == ["booked"] * 3


def test_an_event_that_fills_half_way_books_exactly_the_lines_it_says(office: Person) -> None:
    event = make_event(capacity=3)
    make_booking(event)
    outcomes = book(event, office, SAM, JO, ALEX, Line("Bo Dee", "bo@school.example"))
    assert became(outcomes) == [BOOKED, BOOKED, WAITING, WAITING]
    states = {b.reference: b.state for b in bookings()}
    assert [states[one.reference] for one in outcomes] == [
        BookingState.CONFIRMED,
        BookingState.CONFIRMED,
        BookingState.WAITING,
        BookingState.WAITING,
    ]
    assert (event.places_taken, event.waiting_count) == (3, 2)
    waiting = [b for b in bookings() if b.state is BookingState.WAITING]
    assert waiting[0].joined_waiting_at
    assert waiting[1].joined_waiting_at
    assert waiting[0].joined_waiting_at < waiting[1].joined_waiting_at
    told = db.session.scalars(
        select(OutboxMessage.text_body)
        .where(OutboxMessage.kind == "booking_waiting")
        .order_by(OutboxMessage.id)
    ).all()
    assert ["number 1 on" in told[0], "number 2 on" in told[1]] == [True, True]


def test_the_same_form_sent_twice_books_once_and_tells_the_same(office: Person) -> None:
    event = make_event(capacity=2)
    left = make_person(email="left@elsewhere.example", deactivated_at=NOW)
    lines = (SAM, Line("Somebody Left", left.email or ""), ALEX, JO)
    first = book(event, office, *lines)
    before = letters()
    second = book(event, office, *lines)
    assert [(o.became, o.reference) for o in second] == [(o.became, o.reference) for o in first]
    assert became(first) == [BOOKED, REFUSED, BOOKED, WAITING]
    assert (letters(), len(bookings())) == (before, 3)
    assert (event.places_taken, event.waiting_count) == (2, 1)


def test_a_used_form_with_another_list_or_from_somebody_else_is_refused(office: Person) -> None:
    event = make_event()
    book(event, office, SAM, ALEX)
    for lines in ((JO, ALEX), (SAM,)):
        with pytest.raises(Refused, match="used already"):
            book(event, office, *lines)
    with pytest.raises(Refused, match="used already"):
        book(event, make_person(), SAM, ALEX)
    with pytest.raises(Refused, match="used already"):
        book(make_event(), office, SAM, ALEX)


def test_a_colleague_without_address_is_the_same_person_next_time(office: Person) -> None:
    book(make_event(), office, ALEX)
    book(make_event(), office, Line("alex cole"), form_key="m" * 20)
    book(make_event(), make_person(), ALEX, form_key="n" * 20)
    first, second, of_another = bookings()
    assert first.person_id == second.person_id != of_another.person_id


def test_a_shared_mailbox_is_nobodys_own(office: Person) -> None:
    event = make_event()
    shared = office.email or ""
    book(event, office, Line("Sam Ali", shared), Line("Jo Bell", shared.upper()))
    assert [(b.person.name, b.person.email) for b in bookings()] == [
        ("Sam Ali", None),
        ("Jo Bell", None),
    ]
    assert {to for _, to in letters()} == {shared}


def test_bookers_on_their_own_list_book_for_themselves(office: Person) -> None:
    book(make_event(), office, Line("pat office", office.email or ""), SAM)
    own, of_sam = bookings()
    assert (own.person_id, own.origin, own.name_given) == (office.id, BookingOrigin.SELF, "")
    assert of_sam.origin is BookingOrigin.COLLEAGUE


def test_a_name_that_somebody_gave_themselves_stays(office: Person) -> None:
    known = make_person(name="Samira Ali-Khan", email=SAM.email)
    [outcome] = book(make_event(), office, SAM)
    assert (known.name, outcome.line.name) == ("Samira Ali-Khan", "Sam Ali")
    assert bookings()[0].name_given == "Sam Ali"


def test_somebody_booked_before_is_booked_by_the_earlier_booking(office: Person) -> None:
    [first] = book(make_event(), office, SAM)
    sam = bookings()[0].person
    sam.email = "new.address@school.example"
    [outcome] = book(make_event(), office, Line("", earlier=first.reference), form_key="m" * 20)
    assert (outcome.became, outcome.line.name) == (BOOKED, "Sam Ali")
    assert {b.person_id for b in bookings()} == {sam.id}


def test_a_booking_that_somebody_else_made_names_nobody(office: Person) -> None:
    [theirs] = book(make_event(), make_person(), SAM)
    [outcome] = book(make_event(), office, Line("x", earlier=theirs.reference), form_key="m" * 20)
    assert (outcome.became, outcome.words) == (REFUSED, CANNOT_SAY)
    assert len(bookings()) == 1


def test_of_another_organisation_only_that_it_could_not_be_done_is_told(office: Person) -> None:
    event = make_event()
    own = make_person(email="own@school.example", organisation=office.organisation, sector=None)
    other = make_person(email="other@elsewhere.example")
    gone = make_person(email="gone@elsewhere.example", deactivated_at=NOW)
    make_booking(event, own, sector_id=office.sector_id)
    make_booking(event, other)
    lines = [Line("A Name", p.email or "") for p in (own, other, gone)]
    outcomes = book(event, office, *lines, SAM)
    assert became(outcomes) == [REFUSED, REFUSED, REFUSED, BOOKED]
    assert [one.words for one in outcomes] == [ALREADY_BOOKED, CANNOT_SAY, CANNOT_SAY, ""]
    foreseen = foresee(event, terms_of(event.offer_id), lines, booked_by=office)
    assert became(foreseen) == [REFUSED, BOOKED, BOOKED]


def test_refused_lines_leave_nobody_behind(office: Person) -> None:
    event = make_event()
    terms_for(event, sectors=["somewhere-else"])
    before = db.session.scalar(select(func.count()).select_from(Person))
    outcomes = book(event, office, SAM, ALEX)
    assert became(outcomes) == [REFUSED] * 2
    assert "This session is for people who work or volunteer in" in outcomes[0].words
    assert db.session.scalar(select(func.count()).select_from(Person)) == before
    assert (bookings(), letters()) == ([], [])


def test_posts_are_asked_of_each(office: Person) -> None:
    event = make_event()
    terms_for(event, posts=["dsl"])
    lead = make_person(
        email=JO.email, organisation=office.organisation, sector=office.sector, name="Jo Bell"
    )
    db.session.add(
        Post(
            person_id=lead.id,
            organisation_id=lead.organisation_id,
            kind=PostKind.DSL,
            from_on=NOW.date(),
        )
    )
    outcomes = book(event, office, SAM, JO)
    assert became(outcomes) == [REFUSED, BOOKED]
    assert "Designated Safeguarding Leads" in outcomes[0].words


def test_a_limit_counts_the_lines_before(office: Person) -> None:
    event = make_event(capacity=10)
    terms_for(event, most_per_organisation=2)
    stranger = make_person(email="other@elsewhere.example")
    lines = (SAM, JO, ALEX, Line("Somebody Other", stranger.email or ""))
    assert became(book(event, office, *lines)) == [BOOKED, BOOKED, WAITING, BOOKED]
    third = bookings()[2]
    assert third.passed_over_reason == "One organisation may have at most 2 places"
    assert (event.places_taken, event.waiting_count) == (3, 1)


def test_one_line_manager_is_asked_for_all_but_themselves(office: Person) -> None:
    event = make_event()
    terms_for(event, approved_by=ApprovedBy.MANAGER)
    with pytest.raises(Refused, match="line manager"):
        book(event, office, SAM)
    head = make_person(
        name="The Head",
        email="head@school.example",
        organisation=office.organisation,
        sector=office.sector,
    )
    manager = Manager("The Head", "head@school.example")
    outcomes = book(event, office, SAM, Line("The Head", head.email or ""), ALEX, manager=manager)
    assert became(outcomes) == [REQUESTED, REFUSED, REQUESTED]
    asked = db.session.scalars(select(Approval)).all()
    assert {one.manager_email for one in asked} == {"head@school.example"}
    assert (len(asked), event.places_taken) == (2, 0)


def test_nobody_is_booked_on_a_closed_session_or_without_saying_how(office: Person) -> None:
    closed = make_event(booking_closes_at=NOW - timedelta(hours=1))
    with pytest.raises(Refused, match="closed"):
        book(closed, office, SAM)
    hybrid = make_event(mode=EventMode.HYBRID, venue="Hub")
    with pytest.raises(Refused, match="in person or join online"):
        book(hybrid, office, SAM)
    assert became(book(hybrid, office, SAM, mode=EventMode.FACE_TO_FACE)) == [BOOKED]


def test_declining_frees_the_place_and_tells_the_booker(office: Person) -> None:
    event = make_event(capacity=1)
    book(event, office, SAM, JO)
    of_sam, of_jo = bookings()
    of_sam.person.name = "Samira Ali-Khan"
    operations.cancel_booking(of_sam.id, actor=of_sam.person, now=NOW)
    assert of_jo.state is BookingState.CONFIRMED
    assert ("declined", office.email) in letters()
    told = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "booking_declined")
    ).one()
    assert told.subject.startswith("Sam Ali cannot come: ")
    assert "Samira" not in told.text_body + told.html_body


@pytest.mark.slow
def test_five_hundred_lines_take_as_few_statements_as_five(office: Person) -> None:
    def counted(count: int, key: str) -> int:
        event = make_event(capacity=count - 2)
        db.session.commit()
        statements: list[str] = []

        def note(*arguments: Any) -> None:
            statements.append(arguments[2])

        sql_event.listen(db.engine, "before_cursor_execute", note)
        try:
            lines = [Line(f"Person {n}", f"{key[0]}{n}@school.example") for n in range(count)]
            outcomes = book(event, office, *lines, form_key=key)
            db.session.commit()
        finally:
            sql_event.remove(db.engine, "before_cursor_execute", note)
        assert became(outcomes) == [BOOKED] * (count - 2) + [WAITING] * 2
        return len([s for s in statements if "SAVEPOINT" not in s])

    few, many = counted(5, "a" * 20), counted(500, "b" * 20)
    assert many <= few + 2  # a database takes only so many values in one statement
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 505
    assert len({b.person_id for b in bookings()}) == 505


def test_a_list_is_not_changed_by_being_foreseen(office: Person) -> None:
    event = make_event(capacity=1)
    outcomes = foresee(event, terms_of(event.offer_id), [SAM, JO], booked_by=office)
    assert became(outcomes) == [BOOKED, WAITING]
    assert (bookings(), event.places_taken) == ([], 0)


def test_so_many_people_a_day_can_be_booked_and_one_more_is_refused(office: Person) -> None:
    whom, act = {CountedBy.PERSON: office.reference}, Act.BOOK_FOR_OTHERS
    for times in (500, 100):
        throttle.admit(act, whom, now_real=NOW, times=times)
        throttle.count(act, whom, now_real=NOW, times=times)
    with pytest.raises(TooOften, match="You can book 600 people a day"):
        throttle.admit(act, whom, now_real=NOW)
    throttle.admit(act, whom, now_real=NOW + timedelta(days=1), times=500)
    throttle.admit(act, {CountedBy.PERSON: "somebody else"}, now_real=NOW, times=500)

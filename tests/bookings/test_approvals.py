"""Requests: asked, approved, declined, lapsed; by a line manager's link and by staff."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import jobs
from app.accounts.models import Person
from app.audit.models import AuditLine
from app.bookings import approvals, links, operations
from app.bookings.links import Purpose
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    ApprovedBy,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.bookings.requests import Manager
from app.catalogue.models import Event
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_partnership,
    make_person,
    make_request,
    make_terms,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MAX = Manager("Max Head", "max.head@example.org")
CONFIRMED, WAITING = BookingState.CONFIRMED, BookingState.WAITING
REQUESTED, CANCELLED = BookingState.REQUESTED, BookingState.CANCELLED


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def make_asking_event(approved_by: ApprovedBy = ApprovedBy.MANAGER, **changes: Any) -> Event:
    """An event whose places need a yes."""
    event = make_event(**changes)
    make_terms(event.offer, approved_by=approved_by)
    return event


def ask(
    event: Event,
    person: Person | None = None,
    *,
    manager: Manager | None = MAX,
    now: datetime = NOW,
    **changes: Any,
) -> Booking:
    person = person or make_person()
    facts: dict[str, Any] = {
        "booked_by": person,
        "origin": BookingOrigin.SELF,
        "mode": event.mode,
        "form_key": None,
        "manager": manager,
        "now": now,
    }
    return operations.book(event.id, person, **facts | changes)


def kinds(booking: Booking) -> list[str]:
    """What was queued about this booking, in order."""
    db.session.flush()
    about = select(OutboxMessage.kind).where(OutboxMessage.about_reference == booking.reference)
    return [
        kind.removeprefix("booking_")
        for kind in db.session.scalars(about.order_by(OutboxMessage.id))
    ]


def approval_of(booking: Booking) -> Approval:
    return db.session.get_one(Approval, booking.id)


def approve(booking: Booking, *, actor: Person | None = None, now: datetime = NOW) -> Booking:
    return approvals.approve(booking.id, actor=actor, now=now)


def test_asking_takes_no_place_and_writes_to_both() -> None:
    event = make_asking_event(capacity=1)
    booking = ask(event)
    assert booking.state is REQUESTED
    assert (event.places_taken, event.waiting_count) == (0, 0)
    assert sorted(kinds(booking)) == ["approval", "requested"]
    assert approval_of(booking).expires_at == min(NOW + 14 * DAY, event.booking_closes_at)


def test_staff_who_book_for_somebody_ask_nobody() -> None:
    assert ask(make_asking_event(), origin=BookingOrigin.STAFF, manager=None).state is CONFIRMED


@pytest.mark.parametrize("manager", [None, Manager("Me", "me@example.org")])
def test_a_line_manager_must_be_named_and_be_somebody_else(manager: Manager | None) -> None:
    with pytest.raises(Refused, match="line manager"):
        ask(make_asking_event(), make_person(email="me@example.org"), manager=manager)


def test_approving_gives_the_place_with_its_calendar_entry_once() -> None:
    event = make_asking_event()
    booking = ask(event)
    approve(booking)
    approve(booking, now=NOW + SECOND)
    assert booking.state is CONFIRMED
    assert event.places_taken == 1
    assert kinds(booking).count("confirmed") == 1
    assert len(booking.calendar_entries) == 1
    assert approval_of(booking).decision is ApprovalDecision.APPROVED
    verbs = [(line.actor, line.verb) for line in db.session.scalars(select(AuditLine))]
    assert verbs.count(("line manager", "approved")) == 1


def test_who_is_approved_when_it_is_full_joins_the_waiting_list_at_that_moment() -> None:
    event = make_asking_event(capacity=1)
    asked_first, asked_second, other = ask(event), ask(event), ask(event)
    approve(other)
    approve(asked_second, now=NOW + SECOND)
    approve(asked_first, now=NOW + 2 * SECOND)
    assert [b.state for b in (other, asked_second, asked_first)] == [CONFIRMED, WAITING, WAITING]
    assert asked_second.joined_waiting_at
    assert asked_first.joined_waiting_at
    assert asked_second.joined_waiting_at < asked_first.joined_waiting_at
    assert kinds(asked_first)[-1] == "waiting"
    operations.cancel_booking(other.id, actor=other.person, now=NOW + 3 * SECOND)
    assert (asked_second.state, asked_first.state) == (CONFIRMED, WAITING)


def test_a_limit_counts_when_the_yes_comes_not_when_it_is_asked_for() -> None:
    event = make_event(capacity=5)
    make_terms(event.offer, approved_by=ApprovedBy.DELIVERY, most_per_organisation=1)
    first = make_person()
    colleague = make_person(organisation=first.organisation, sector=first.sector)
    one, other = (ask(event, person, manager=None) for person in (first, colleague))
    officer = make_person(Role.DELIVERY)
    approve(other, actor=officer)
    approve(one, actor=officer)
    assert (other.state, one.state) == (CONFIRMED, WAITING)
    assert one.passed_over_reason == "One organisation may have 1 place"
    assert approval_of(one).decided_by_id == officer.id


def test_declining_says_why_and_frees_the_person_to_ask_again() -> None:
    event = make_asking_event()
    booking = ask(event)
    for _ in range(2):
        approvals.decline(booking.id, reason="Short of staff", actor=None, now=NOW)
    assert (booking.state, booking.cancelled_because) == (CANCELLED, CancelReason.NOT_APPROVED)
    assert kinds(booking).count("not_approved") == 1
    assert not booking.cancelled_late
    with pytest.raises(Refused, match="declined already"):
        approve(booking)
    assert ask(event, booking.person, now=NOW + SECOND).state is REQUESTED


@pytest.mark.parametrize(("after", "is_too_late"), [(-1, False), (0, True), (1, True)])
def test_the_second_at_which_a_request_lapses(after: int, is_too_late: bool) -> None:
    booking = ask(make_asking_event(starts_at=NOW + 40 * DAY))
    now = approval_of(booking).expires_at + after * SECOND
    assert (approvals.requests_to_lapse(now=now) == [booking.id]) is is_too_late
    if is_too_late:
        with pytest.raises(Refused, match="lapsed"):
            approve(booking, now=now)
        assert approvals.lapse(booking.id, now=now) == 1
        assert (booking.state, booking.cancelled_because) == (CANCELLED, CancelReason.LAPSED)
        assert kinds(booking)[-1] == "lapsed"
        assert approvals.requests_to_lapse(now=now) == []
    else:
        assert approvals.lapse(booking.id, now=now) == 0
        assert approve(booking, now=now).state is CONFIRMED
    assert approvals.lapse(booking.id, now=now) == 0


def test_nobody_is_approved_once_the_session_has_started() -> None:
    event = make_event()
    booking = make_request(event, expires_at=event.ends_at).booking
    for verb in (
        lambda: approve(booking, now=event.starts_at),
        lambda: approvals.decline(booking.id, reason="", actor=None, now=event.starts_at),
    ):
        with pytest.raises(Refused, match="has started"):
            verb()


def test_a_request_that_was_withdrawn_can_no_longer_be_answered() -> None:
    booking = ask(make_asking_event())
    operations.cancel_booking(booking.id, actor=booking.person, now=NOW)
    assert booking.cancelled_because is CancelReason.PERSON
    with pytest.raises(Refused, match="withdrawn"):
        approve(booking)
    assert approvals.lapse(booking.id, now=NOW + 30 * DAY) == 0


def test_an_event_called_off_ends_its_requests() -> None:
    event = make_asking_event()
    booking = ask(event)
    operations.cancel_event(event.id, reason="", actor=make_person(), now=NOW)
    with pytest.raises(Refused, match="withdrawn"):
        approve(booking)


def test_naming_another_manager_ends_the_link_of_the_first() -> None:
    booking = ask(make_asking_event())
    asked = approval_of(booking)
    first = links.link(booking, Purpose.APPROVAL, asked)
    later = NOW + DAY
    other = Manager("Mo Lead", "mo@example.org")
    approvals.ask_again(booking.id, other, actor=booking.person, now=later)
    assert links.link(booking, Purpose.APPROVAL, asked) != first
    assert asked.manager_email == "mo@example.org"
    assert kinds(booking).count("approval") == 2
    for number in range(3):
        again = later + (number + 1) * SECOND
        approvals.ask_again(booking.id, other, actor=booking.person, now=again)
    with pytest.raises(Refused, match="5 times"):
        approvals.ask_again(booking.id, MAX, actor=booking.person, now=later + DAY)


def test_the_job_lets_requests_lapse_and_tells_the_people(client: PageClient) -> None:
    now = clock.now()
    booking = make_request(
        make_event(starts_at=now + DAY), asked_at=now - 20 * DAY, expires_at=now - DAY
    ).booking
    db.session.commit()
    assert sum(jobs.let_requests_lapse(now)) == 1
    assert db.session.get_one(Booking, booking.id).state is CANCELLED


# The pages


def asked_through_the_page(client: PageClient, event: Event, person: Person) -> str:
    """Ask for a place as a practitioner does; the booking's reference."""
    reference = event.reference
    sign_in(client, person)
    page = client.click(client.get(f"/events/{reference}"), "Ask for a place")
    assert "Your line manager is asked before you get a place." in page.words
    page = client.submit(page, {"manager_name": "", "manager_email": "Max"})
    assert len(page.errors) == 2
    named = {"manager_name": "Max Head", "manager_email": "Max.Head@example.org"}
    page = client.submit(page, named, button="Ask for this place")
    assert page.h1 == "You have asked for a place"
    assert "Max Head (max.head@example.org)" in page.words
    return str(db.session.scalars(select(Booking.reference)).one())


def link_in_the_letter() -> str:
    letter = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.kind == "booking_approval")
        .order_by(OutboxMessage.id.desc())
    ).all()[0]
    start = letter.text_body.index("http://localhost/bookings/")
    link = letter.text_body[start:].split()[0].strip("<>()")
    db.session.rollback()
    return link.removeprefix("http://localhost")


def coming_and_asking(**changes: Any) -> Event:
    return make_asking_event(starts_at=clock.now() + 20 * DAY, **changes)


def test_a_line_manager_approves_without_signing_in_and_sees_no_more_than_needed(
    client: PageClient, app: Flask
) -> None:
    person = make_person(name="Ana Osei", email="ana@example.org")
    reference = asked_through_the_page(client, coming_and_asking(), person)
    other = app.test_client()
    assert isinstance(other, PageClient)
    link = link_in_the_letter()
    page = other.get(link)
    assert page.h1 == "May Ana Osei take part?"
    assert "ana@example.org" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    page = other.submit(page, button="Approve")
    assert page.h1 == "Thank you: you have approved this"
    assert not page.page.forms
    assert db.session.scalars(select(Booking.state)).one() is CONFIRMED
    assert "Approved By Max Head, " in client.get(f"/bookings/{reference}").words


def test_a_line_manager_declines_and_the_person_reads_why(client: PageClient, app: Flask) -> None:
    person = make_person()
    reference = asked_through_the_page(client, coming_and_asking(), person)
    other = app.test_client()
    assert isinstance(other, PageClient)
    page = other.get(link_in_the_letter())
    page = other.submit(page, {"reason": "We need you that day"}, button="Decline")
    assert page.h1 == "You have declined this"
    page = client.get(f"/bookings/{reference}")
    assert page.h1 == "The request was not approved"
    assert "We need you that day" in page.words


def test_a_person_names_another_manager_and_withdraws(client: PageClient) -> None:
    reference = asked_through_the_page(client, coming_and_asking(), make_person())
    old = link_in_the_letter()
    page = client.get(f"/bookings/{reference}")
    page = client.click(page, "Ask again, or ask another line manager")
    page = client.submit(page, {"manager_name": "Mo Lead", "manager_email": "mo@example.org"})
    assert "Mo Lead (mo@example.org)" in page.words
    assert "Mo Lead can answer until" in client.get("/bookings").words
    assert client.get(old).status_code == 404
    new = link_in_the_letter()
    page = client.click(client.get(f"/bookings/{reference}"), "Withdraw the request")
    client.submit(page, button="Withdraw the request")
    assert client.get(new).h1 == "There is nothing left to decide"


def test_links_that_are_wrong_or_for_something_else_say_so(client: PageClient) -> None:
    asked = make_request(coming_and_asking())
    reference = asked.booking.reference
    for_another = links.link(asked.booking, Purpose.CANT_COME).rpartition("/")[2]
    db.session.commit()
    words = {for_another: "This link is for something else", "x" * 64: "This link does not work"}
    for token, heading in words.items():
        page = client.get(f"/bookings/{reference}/approval/{token}")
        assert (page.status_code, page.h1) == (404, heading)
        assert "wscp@example.org" in page.words


def test_a_request_whose_time_is_over_says_so(client: PageClient) -> None:
    now = clock.now()
    asked = make_request(coming_and_asking(), asked_at=now - 15 * DAY, expires_at=now - SECOND)
    link = links.link(asked.booking, Purpose.APPROVAL, asked).removeprefix("http://localhost")
    db.session.commit()
    page = client.get(link)
    assert page.h1 == "It is too late to answer"
    assert not page.page.forms


def test_staff_decide_from_a_list_with_the_oldest_request_first(client: PageClient) -> None:
    now = clock.now()
    event = coming_and_asking(approved_by=ApprovedBy.DELIVERY)
    facts = {"approved_by": ApprovedBy.DELIVERY, "manager_name": "", "manager_email": None}
    for name, days in (("Young Request", 1), ("Old Request", 3)):
        make_request(event, make_person(name=name), asked_at=now - days * DAY, **facts)
    reference = event.reference
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get("/manage/approvals")
    assert page.words.index("Old Request") < page.words.index("Young Request")
    page = client.click(page, "Decide on the request of Old Request")
    page = client.submit(page, button="Approve")
    assert "Old Request has a place, and has been told" in page.words
    page = client.click(page, "Decide on the request of Young Request")
    page = client.submit(page, {"reason": "Another date suits better"}, button="Decline")
    assert "Young Request gets no place, and has been told" in page.words
    assert "No request waits for an answer." in page.words
    assert "Requested: 0" in client.get(f"/manage/events/{reference}/bookings").words


def test_the_desk_and_the_bookings_tab_show_what_waits(client: PageClient) -> None:
    event = coming_and_asking()
    make_request(event, make_person(name="Ana Osei"), asked_at=clock.now())
    make_booking(event)
    reference = event.reference
    sign_in(client, make_person(Role.DELIVERY))
    assert "1 asked" in client.get("/manage").words
    page = client.get(f"/manage/events/{reference}/bookings?show=requested")
    assert "Ana Osei" in page.words
    assert "Requested: 1" in page.words
    assert "Booked: 1" in page.words


def test_what_is_pressed_must_be_one_of_the_two(client: PageClient) -> None:
    with transaction():
        asked = make_request(coming_and_asking(), asked_at=clock.now())
        link = links.link(asked.booking, Purpose.APPROVAL, asked).removeprefix("http://localhost")
    page = client.get(link)
    token = page.page.forms[0].values["csrf_token"]
    page = client.post(link, data={"csrf_token": token, "decision": "perhaps"})
    assert page.errors == ["Choose whether to approve or to decline"]
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0

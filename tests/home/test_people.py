"""People as staff find and correct them, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Capacity, Person
from app.audit.models import AuditLine
from app.bookings import operations as bookings
from app.bookings.models import Booking, BookingOrigin, BookingState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.outbox.models import MessageState, OutboxMessage
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_organisation,
    make_outbox_message,
    make_partnership,
    make_person,
    make_sector,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

pytestmark = pytest.mark.usefixtures("now")
DAY = timedelta(days=1)


@pytest.fixture
def staff(app: Flask) -> Person:
    make_partnership()
    return make_person(Role.DELIVERY, name="Del Ivery", email="del@example.org")


@pytest.fixture
def desk(client: PageClient, staff: Person) -> PageClient:
    sign_in(client, staff)
    return client


@pytest.fixture
def sam(staff: Person) -> Person:
    library = make_organisation(name="Castleford Library")
    person = make_person(
        name="Sam Reed", email="sam.reed@example.org", organisation=library, sector=library.sector
    )
    db.session.commit()
    return person


def page_of(person: Person, rest: str = "") -> str:
    return f"/manage/people/{person.reference}{rest}"


def facts(verb: str) -> dict[str, object]:
    db.session.rollback()
    line = db.session.scalars(select(AuditLine).where(AuditLine.verb == verb)).one()
    return dict(line.facts)


def book(person: Person, days: int = 20) -> Booking:
    event = make_event(starts_at=clock.now() + days * DAY)
    booking = bookings.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        form_key=None,
        now=clock.now(),
    )
    db.session.commit()
    return booking


class TestFinding:
    @pytest.mark.parametrize("words", ["reed sam", "SAM.REED@", "castleford reed", "library"])
    def test_by_name_address_or_organisation(
        self, desk: PageClient, sam: Person, words: str
    ) -> None:
        page = desk.get("/manage/people", query_string={"q": words})
        assert "Sam Reed" in page.words
        assert "Del Ivery" not in page.words

    def test_what_is_no_word_of_anybody_finds_nobody(self, desk: PageClient, sam: Person) -> None:
        page = desk.get("/manage/people", query_string={"q": "%"})
        assert "Nobody fits" in page.words

    def test_who_was_erased_or_merged_is_not_listed(self, desk: PageClient, sam: Person) -> None:
        make_person(name="", email=None, deactivated_at=NOW, reference="gone")
        db.session.commit()
        assert "2 people" in desk.get("/manage/people").words
        assert desk.get("/manage/people/gone").status_code == 404

    def test_lists_of_mail_in_trouble_of_doubles_and_of_those_deactivated(
        self, desk: PageClient, sam: Person
    ) -> None:
        make_person(name="sam reed", organisation=sam.organisation, sector=sam.sector)
        make_person(name="Sam Reed")  # of another body
        closed = make_person(name="Cora Lunn", deactivated_at=NOW)
        make_outbox_message(
            person_reference=closed.reference,
            to_email=closed.email,
            state=MessageState.FAILED,
            last_error="550 no such mailbox",
            queued_at=clock.real_now(),
        )
        db.session.commit()
        assert "2 people" in desk.get("/manage/people?show=twice").words
        for show in ("trouble", "deactivated"):
            page = desk.get(f"/manage/people?show={show}")
            assert "Cora Lunn" in page.words
            assert "1 person" in page.words

    def test_a_long_list_is_paged(self, desk: PageClient, sam: Person) -> None:
        for _ in range(30):
            make_person(organisation=sam.organisation, sector=sam.sector)
        db.session.commit()
        page = desk.get("/manage/people?q=castleford")
        assert "31 people" in page.words
        assert len(page.select("tbody")[0].select("tr")) == 25
        assert len(desk.get("/manage/people?q=castleford&page=2").select("tr")) == 7


class TestCorrecting:
    def test_one_page_shows_what_is_known(self, desk: PageClient, sam: Person) -> None:
        make_attendance(make_booking(make_event(starts_at=clock.now() - 9 * DAY), sam))
        make_booking(make_event(), sam, state=BookingState.WAITING)
        twin = make_person(name="Sam Reed", organisation=sam.organisation, sector=sam.sector)
        db.session.commit()
        page = desk.get(page_of(sam))
        assert page.h1 == "Sam Reed"
        for words in ("Castleford Library", "1 entry, the last of", "Came", "Waiting list"):
            assert words in page.words
        assert "Perhaps here twice" in page.words
        assert page.select("a", href=page_of(twin, f"/merge/{sam.reference}"))

    def test_name_and_capacity(self, desk: PageClient, sam: Person) -> None:
        page = desk.get(page_of(sam, "/details"))
        answer = desk.submit(page, {"name": "Sam Read", "capacity": "volunteer", "job_title": "X"})
        assert answer.h1 == "Sam Read"
        db.session.refresh(sam)
        assert (sam.capacity, sam.job_title) == (Capacity.VOLUNTEER, None)
        assert facts("corrected") == {"parts": "name, capacity, job_title"}

    def test_the_organisation_by_a_former_name(self, desk: PageClient, sam: Person) -> None:
        from_then_on = make_organisation(name="Vico Homes")
        booking = book(sam)
        former = make_organisation(name="Wakefield District Housing")
        db.session.commit()
        close = f"/manage/organisations/{former.reference}/close?q=vico"
        desk.submit(desk.get(close), {"successor": from_then_on.reference})
        page = desk.get(page_of(sam, "/organisation?q=wakefield+district+housing"))
        assert "Vico Homes" in page.words
        answer = desk.submit(page, {"organisation": from_then_on.reference})
        assert "Vico Homes" in answer.words
        db.session.refresh(sam)
        assert sam.sector_id == from_then_on.sector_id
        assert db.session.get_one(Booking, booking.id).organisation_name == "Castleford Library"

    def test_no_organisation_but_a_sector(self, desk: PageClient, sam: Person) -> None:
        sector = make_sector("Police")
        db.session.commit()
        page = desk.get(page_of(sam, "/organisation"))
        answer = desk.post_form(page, {"organisation": "none", "sector": ""})
        assert answer.errors == ["Choose the sector of somebody who is with no organisation"]
        desk.submit(page, {"organisation": "none", "sector": sector.slug})
        db.session.refresh(sam)
        assert (sam.organisation_id, sam.sector_id) == (None, sector.id)

    def test_the_address_is_told_to_both_and_to_the_calendar(
        self, desk: PageClient, sam: Person
    ) -> None:
        booking = book(sam)
        late = make_outbox_message(
            kind="notice_reminder",
            person_reference=sam.reference,
            about_kind="booking",
            about_reference=booking.reference,
            to_email=sam.email,
            state=MessageState.FAILED,
            last_error="550 no such mailbox",
            queued_at=clock.real_now(),
        )
        db.session.commit()
        assert "550 no such mailbox" in desk.get(page_of(sam)).words
        page = desk.get(page_of(sam, "/address"))
        assert "Send again what did not arrive: 1 message" in page.words
        answer = desk.submit(page, {"email": "Sam@New.example.org"})
        assert "2 messages are on their way there" in answer.words
        assert "550" not in answer.words
        db.session.refresh(late)
        assert (late.state, late.to_email) == (MessageState.QUEUED, "sam@new.example.org")
        told = db.session.execute(
            select(OutboxMessage.kind, OutboxMessage.to_email).order_by(OutboxMessage.id.desc())
        ).all()
        assert set(map(tuple, told[:3])) == {
            ("booking_date", "sam@new.example.org"),
            ("address_in_use", "sam@new.example.org"),
            ("address_given_up", "sam.reed@example.org"),
        }
        assert "sam" not in str(facts("corrected")).lower()

    def test_an_address_that_is_somebody_elses_is_refused(
        self, desk: PageClient, sam: Person, staff: Person
    ) -> None:
        page = desk.get(page_of(sam, "/address"))
        answer = desk.post_form(page, {"email": "del@example.org"})
        assert answer.errors == [
            "This is the address of Del Ivery. If they are one person, merge the two"
        ]
        assert desk.post_form(page, {"email": str(sam.email)}).errors

    def test_staff_are_left_to_administrators(self, desk: PageClient, sam: Person) -> None:
        admin = make_person(Role.ADMINISTRATOR)
        db.session.commit()
        for rest, typed in (
            ("/address", {"email": "a@b.example.org"}),
            ("/state", {"reason": "x"}),
        ):
            answer = desk.post_form(desk.get(page_of(admin, rest)), typed)
            assert "Only an administrator" in answer.errors[0]

    def test_deactivated_with_a_reason_and_back(
        self, desk: PageClient, client: PageClient, sam: Person
    ) -> None:
        book(sam)
        page = desk.get(page_of(sam, "/state"))
        assert "1 booking to come stays as booked" in page.words
        assert desk.post_form(page, {"reason": ""}).errors == ["Enter the reason"]
        answer = desk.submit(page, {"reason": "Left the library"})
        assert "Deactivated" in answer.words
        assert facts("deactivated") == {"reason": "Left the library"}
        desk.submit(desk.get(page_of(sam, "/state")), {"reason": "Came back"})
        db.session.refresh(sam)
        assert sam.deactivated_at is None

    def test_nobody_deactivates_themselves(self, client: PageClient, staff: Person) -> None:
        both = make_person(Role.DELIVERY, Role.ADMINISTRATOR)
        db.session.commit()
        sign_in(client, both)
        answer = client.post_form(client.get(page_of(both, "/state")), {"reason": "x"})
        assert answer.errors == ["You cannot deactivate yourself"]


class TestMerging:
    def test_what_would_happen_is_said_first(self, desk: PageClient, sam: Person) -> None:
        twin = make_person(name="Sam Read", email="sam@home.example.org")
        both = make_event(starts_at=clock.now() + 9 * DAY)
        make_booking(both, sam, state=BookingState.WAITING)
        make_booking(both, twin)
        make_booking(make_event(starts_at=clock.now() + 30 * DAY), twin)
        db.session.commit()
        before = db.session.scalars(select(Booking.person_id).order_by(Booking.id)).all()
        found = desk.get(page_of(sam, "/merge?q=read"))
        page = desk.click(found, "Compare with Sam Read")
        for words in (
            "2 bookings go to the person who stays",
            "The booking of the duplicate is kept (booked), the other ends",
            "sam@home.example.org is no longer used",
            "This cannot be undone",
        ):
            assert words in page.words
        assert db.session.scalars(select(Booking.person_id).order_by(Booking.id)).all() == before
        answer = desk.submit(page, button="Merge them for good")
        assert "The two are one person now" in answer.words
        assert "Was booked twice" in answer.words
        moved = desk.get(page_of(twin))
        assert moved.location == page_of(sam)

    def test_who_cannot_be_merged_is_said_before(self, desk: PageClient, sam: Person) -> None:
        trainer = make_person(Role.TRAINER)
        db.session.commit()
        page = desk.get(page_of(trainer, f"/merge/{sam.reference}"))
        assert "Only an administrator can merge them" in page.words
        assert not [form for form in page.page.forms if "Merge" in form.element.words]

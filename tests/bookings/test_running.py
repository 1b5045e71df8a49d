"""Who runs an event and what they see; recordings and who is shown them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Person
from app.bookings.models import BookingState, CancelReason
from app.bookings.operations import book_own
from app.catalogue.models import Event, EventMode, RecordingFor, event_trainer
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
)
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

RECORDING = "https://video.example.org/neglect"


@pytest.fixture
def event(now: datetime) -> Event:
    make_partnership()
    made = make_event(make_offer(slug="neglect"), starts_at=now + timedelta(days=7), capacity=20)
    make_booking(made, make_person(name="Ana Bell"), adjustments="A hearing loop")
    db.session.commit()
    return made


def sign_in_trainer(client: PageClient, *events: Event) -> Person:
    trainer = make_person(Role.TRAINER, name="Tia Reed")
    for one in events:
        db.session.execute(event_trainer.insert().values(event_id=one.id, person_id=trainer.id))
    db.session.commit()
    sign_in(client, trainer)
    return trainer


@pytest.mark.parametrize("page", ["", "/bookings", "/register"])
def test_a_trainer_sees_their_own_event(client: PageClient, event: Event, page: str) -> None:
    sign_in_trainer(client, event)

    answer = client.get(f"/manage/events/{event.reference}{page}")

    assert answer.status_code == 200
    assert "Change" not in [link.words for link in answer.select("a")]


@pytest.mark.parametrize("page", ["", "/bookings", "/register"])
def test_a_trainer_sees_no_other_event(
    client: PageClient, event: Event, page: str, now: datetime
) -> None:
    other = make_event(starts_at=now + timedelta(days=8))
    sign_in_trainer(client, other)

    assert client.get(f"/manage/events/{event.reference}{page}").status_code == 403


@pytest.mark.parametrize(
    "page", ["/change", "/cancel", "/messages", "/waiting-list", "/recording", "/trainers"]
)
def test_a_trainer_changes_nothing_of_their_own_event(
    client: PageClient, event: Event, page: str
) -> None:
    sign_in_trainer(client, event)

    assert client.get(f"/manage/events/{event.reference}{page}").status_code == 403


def test_a_trainer_reads_what_people_need_and_no_addresses(
    client: PageClient, event: Event
) -> None:
    gone = make_person(name="Gone Away")
    make_booking(
        event,
        gone,
        state=BookingState.CANCELLED,
        cancelled_at=event.created_at,
        cancelled_because=CancelReason.PERSON,
    )
    sign_in_trainer(client, event)

    page = client.get(f"/manage/events/{event.reference}/bookings?show=cancelled")

    assert "A hearing loop" in page.words
    assert "Gone Away" not in page.words
    assert "@" not in page.page.one("table").words


def test_somebody_who_plans_too_sees_every_event(client: PageClient, event: Event) -> None:
    sign_in(client, make_person(Role.TRAINER, Role.DELIVERY))

    assert client.get(f"/manage/events/{event.reference}").status_code == 200


def test_trainers_are_named_and_named_anew(client: PageClient, event: Event) -> None:
    tia, max_ = make_person(Role.TRAINER, name="Tia Reed"), make_person(Role.TRAINER, name="Max")
    ids = [str(tia.id), str(max_.id)]
    db.session.commit()
    sign_in(client, make_person(Role.DELIVERY))
    address = f"/manage/events/{event.reference}/trainers"

    page = client.submit(client.get(address), {"trainers": ids[:1]}, button="Save")
    assert "Tia Reed" in page.words
    page = client.submit(client.get(address), {"trainers": ids[1:]}, button="Save")

    assert "Tia Reed" not in page.words
    assert [str(id_) for id_ in db.session.scalars(select(event_trainer.c.person_id))] == ids[1:]


def share(client: PageClient, event: Event, **changes: str) -> list[str]:
    """Share a recording as staff; what was refused."""
    sign_in(client, make_person(Role.DELIVERY))
    page = client.get(f"/manage/events/{event.reference}/recording")
    values = {"url": RECORDING, "shown_to": "booked", "captions": "yes", **changes}
    return client.submit(page, values, button="Save").errors


def test_a_recording_for_those_booked_is_shown_on_their_page_and_nowhere_else(
    client: PageClient, event: Event
) -> None:
    bo = make_person()
    booking = make_booking(event, bo)
    db.session.commit()
    assert share(client, event) == []

    sign_in(client, bo)

    page = client.get(f"/bookings/{booking.reference}")
    assert page.page.link("Watch the recording") == RECORDING
    assert "with captions" in page.words
    assert RECORDING not in client.get("/learning/neglect").text
    assert RECORDING not in client.get(f"/events/{event.reference}").text


def test_a_recording_for_everyone_is_listed_by_its_offer(client: PageClient, event: Event) -> None:
    before = client.get("/learning/neglect").text

    assert share(client, event, shown_to="everyone", captions="no") == []

    assert "Recordings" not in before
    page = client.get("/learning/neglect")
    assert RECORDING in page.text
    assert "without captions" in page.words


def test_somebody_who_waits_is_not_shown_the_recording(client: PageClient, event: Event) -> None:
    waits = make_person()
    booking = make_booking(event, waits, state=BookingState.WAITING)
    db.session.commit()
    share(client, event)

    sign_in(client, waits)

    assert RECORDING not in client.get(f"/bookings/{booking.reference}").text


@pytest.mark.parametrize("url", ["http://video.example.org", "javascript:alert(1)", "video"])
def test_only_an_address_that_is_secret_on_the_way_is_taken(
    client: PageClient, event: Event, url: str
) -> None:
    [error, *_] = share(client, event, url=url)

    assert error.startswith("Address of the recording")
    assert db.session.scalars(select(Event.recording_url)).all() == [""]


def test_a_recording_is_taken_away_again(client: PageClient, event: Event) -> None:
    share(client, event, shown_to="everyone")

    assert share(client, event, url="") == []

    found = db.session.scalars(select(Event)).one()
    assert (found.recording_url, found.recording_captioned) == ("", None)
    assert found.recording_for is RecordingFor.BOOKED


def test_the_page_of_an_event_says_how_many_are_missing(client: PageClient, event: Event) -> None:
    db.session.merge(event).minimum = 8
    db.session.commit()
    sign_in(client, make_person(Role.ADVISOR))

    assert "7 more needed" in client.get(f"/manage/events/{event.reference}").words


def test_an_event_booked_elsewhere_leads_there_and_takes_no_booking(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    offer = make_offer(slug="sleep", provider="The college")
    made = make_event(
        offer, starts_at=now + timedelta(days=9), booking_url="https://college.example.org/book"
    )
    reference = made.reference
    db.session.commit()

    page = client.get(f"/events/{reference}")
    assert page.page.link("Book with The college") == "https://college.example.org/book"
    assert "Booked elsewhere" in client.get("/learning").words
    assert client.get(f"/events/{reference}.ics").status_code == 200

    with pytest.raises(Refused, match="booked with the organisation that runs it"), transaction():
        book_own(reference, make_person(), mode=EventMode.ONLINE, form_key=None, now=now)


def test_an_event_for_one_organisation_is_there_for_its_staff_only(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    school = make_organisation()
    made = make_event(
        make_offer(slug="sleep"), starts_at=now + timedelta(days=9), in_house_for_id=school.id
    )
    own, other = make_person(organisation=school), make_person()
    reference = made.reference
    db.session.commit()

    for address in ("/learning", "/calendar.ics", "/learning.json", "/", "/sitemap.xml"):
        assert reference not in client.get(address).text
    assert client.get(f"/events/{reference}").status_code == 404
    sign_in(client, other)
    assert client.get(f"/events/{reference}").status_code == 404
    sign_in(client, own)
    assert client.get(f"/events/{reference}").status_code == 200

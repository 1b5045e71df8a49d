"""An offer gets another title, and every calendar that names it follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask
from sqlalchemy import select

from app import jobs
from app.bookings import operations, retitled
from app.bookings.models import Booking, BookingOrigin
from app.catalogue.models import Event, Offer
from app.catalogue.operations import OfferDetails, edit_offer
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from tests.support.factories import NOW, make_event, make_offer, make_partnership, make_person

pytestmark = pytest.mark.usefixtures("app")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def offer(app: Flask) -> Offer:
    make_partnership()
    return make_offer(title="Neglect")


def edit(offer: Offer, **changes: Any) -> None:
    details = OfferDetails(offer.title, offer.kind, offer.summary, "What it is", offer.who_for)
    edit_offer(offer.id, replace(details, **changes), actor=make_person(), now=LATER)


def book(event: Event, **changes: Any) -> Booking:
    person = make_person(**changes)
    booked_by = person if person.email else make_person()
    return operations.book(
        event.id,
        person,
        booked_by=booked_by,
        origin=BookingOrigin.SELF if person.email else BookingOrigin.COLLEAGUE,
        mode=event.mode,
        form_key=None,
        now=NOW,
    )


def correct() -> list[OutboxMessage]:
    """What the job of the worker writes."""
    last = db.session.scalar(select(OutboxMessage.id).order_by(OutboxMessage.id.desc()).limit(1))
    db.session.commit()
    list(jobs.correct_titles(LATER))
    return list(
        db.session.scalars(
            select(OutboxMessage).where(OutboxMessage.id > (last or 0)).order_by(OutboxMessage.id)
        )
    )


def entry_in(message: OutboxMessage) -> Any:
    return icalendar.Calendar.from_ical(message.calendar_text or "").walk("VEVENT")[0]


def test_each_person_gets_one_update_for_each_date_and_no_second_one(offer: Offer) -> None:
    event = make_event(offer, days=2, subtitle="Autumn")
    mine, theirs = book(event), book(event, email=None, name="Kim Lee")
    edit(offer, title="Neglect and poverty")
    written = correct()
    assert [m.kind for m in written] == ["booking_changed"] * 4
    assert [m.about_reference for m in written] == [mine.reference] * 2 + [theirs.reference] * 2
    entries = [entry_in(message) for message in written]
    assert {int(entry["SEQUENCE"]) for entry in entries} == {1}
    assert [str(entry["SUMMARY"]) for entry in entries] == [
        "Neglect and poverty, Autumn",
        "Neglect and poverty, Autumn",
        "Neglect and poverty, Autumn (for Kim Lee)",
        "Neglect and poverty, Autumn (for Kim Lee)",
    ]
    assert "Title: Neglect, Autumn" in written[0].text_body
    assert correct() == []


def test_a_title_made_shorter_is_told_too(offer: Offer) -> None:
    book(make_event(offer, subtitle="Autumn"))
    edit(offer, title="Neg")
    assert [str(entry_in(message)["SUMMARY"]) for message in correct()] == ["Neg, Autumn"]


def test_another_description_is_told_to_nobody(offer: Offer) -> None:
    book(make_event(offer), name="Kim Lee", email=None)
    edit(offer, description="Something else", summary="In other words")
    assert correct() == []


def test_nobody_hears_of_what_is_over_called_off_cancelled_or_waited_for(offer: Offer) -> None:
    past = make_event(offer, starts_at=NOW + timedelta(minutes=5), hours=0.5)
    off, full = make_event(offer), make_event(offer, capacity=1)
    book(past)
    book(off)
    gone = book(make_event(offer))
    with_place = book(full)
    book(full)
    operations.cancel_event(off.id, reason="", actor=make_person(), now=NOW)
    operations.cancel_booking(gone.id, actor=gone.person, now=NOW)
    edit(offer, title="Another")
    assert [m.about_reference for m in correct()] == [with_place.reference]


def test_the_second_of_two_sessions_is_told_while_the_first_is_over(offer: Offer) -> None:
    event = make_event(offer, starts_at=NOW + timedelta(minutes=5), hours=0.5, days=2)
    book(event)
    edit(offer, title="Another")
    [message] = correct()
    assert entry_in(message)["DTSTART"].dt == event.dates[1].starts_at


def test_correcting_twice_corrects_once(offer: Offer) -> None:
    event = make_event(offer)
    book(event)
    edit(offer, title="Another")
    assert retitled.correct_calendars(event.id, now=LATER) == 1
    db.session.expire_all()
    assert retitled.correct_calendars(event.id, now=LATER) == 0

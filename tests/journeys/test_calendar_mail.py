"""A booking's life as a mail server receives it: booked, moved across a clock change, cancelled."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask

from app import jobs
from app.bookings import operations
from app.bookings.event_changes import PLAIN_FIELDS
from app.bookings.models import BookingOrigin
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import transaction
from app.kernel.london import from_london
from tests.support.calendar_readers import instants_by_every_reader
from tests.support.factories import NOW, make_event, make_partnership, make_person
from tests.support.smtp import MailServer, Received

WITH_CALENDAR = [
    "multipart/mixed",
    "multipart/alternative",
    "text/plain",
    "text/html",
    "text/calendar",
    "application/ics",
]
LENGTH = timedelta(hours=3)
CLOCK_CHANGES = {"spring": date(2027, 3, 28), "autumn": date(2027, 10, 31)}


@pytest.mark.parametrize("change_on", CLOCK_CHANGES.values(), ids=CLOCK_CHANGES.keys())
def test_moved_across_a_clock_change_every_reader_sees_the_right_instant(
    app: Flask, mail_server: MailServer, change_on: date
) -> None:
    app.config["MAIL_URL"] = mail_server.url + "/?tls=never"
    app.config["MAIL_PER_MINUTE"] = 0
    before = from_london(change_on - timedelta(days=2), time(9, 30))
    after = from_london(change_on + timedelta(days=2), time(9, 30))
    assert after - before != timedelta(days=4)  # the clocks did change in between

    with transaction():
        make_partnership()
        event = make_event(starts_at=before, booking_opens_at=NOW, booking_closes_at=before)
        person, officer = make_person(), make_person(Role.DELIVERY)
        booking = operations.book(
            event.id,
            person,
            booked_by=person,
            origin=BookingOrigin.SELF,
            mode=event.mode,
            form_key=None,
            now=NOW,
        )
        event_id, booking_id = event.id, booking.id
    with transaction():
        operations.change_event(event_id, moved_to(event, after), actor=officer, now=NOW)
    with transaction():
        operations.cancel_booking(booking_id, actor=person, now=NOW)
    list(jobs.deliver_mail(NOW))

    booked, changed, cancelled = mail_server.received
    for received, method, start in (
        (booked, "REQUEST", before),
        (changed, "REQUEST", after),
        (cancelled, "CANCEL", after),
    ):
        assert [part.get_content_type() for part in received.message.walk()] == WITH_CALENDAR
        assert calendar_part(received)["content-type"].params["method"] == method
        assert "Content-Disposition" not in calendar_part(received)
        assert instants_by_every_reader(calendar_text(received)) == {(start, start + LENGTH)}
    entries = [entry_of(received) for received in (booked, changed, cancelled)]
    assert len({str(entry["UID"]) for entry in entries}) == 1
    assert [int(entry["SEQUENCE"]) for entry in entries] == [0, 1, 2]


def moved_to(event: Event, start: datetime) -> operations.EventChange:
    """The event as it is, on another day."""
    [only] = event.dates
    plain = {name: getattr(event, name) for name in PLAIN_FIELDS}
    there = operations.DateChange(only.id, start, start + LENGTH)
    return operations.EventChange(dates=(there,), **plain | {"booking_closes_at": start})


def calendar_part(received: Received) -> Any:
    """The part that mail programs read as an invitation (RFC 6047)."""
    [part] = [p for p in received.message.walk() if p.get_content_type() == "text/calendar"]
    return part


def calendar_text(received: Received) -> str:
    return str(calendar_part(received).get_content())


def entry_of(received: Received) -> Any:
    [entry] = icalendar.Calendar.from_ical(calendar_text(received)).walk("VEVENT")
    return entry

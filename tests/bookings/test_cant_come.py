"""The link "can't come": it shows, a button acts, and what no longer works says so."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from app.bookings import links
from app.bookings.links import Purpose
from app.bookings.models import Booking, BookingState, CancelReason
from app.kernel import clock
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from tests.support.factories import make_booking, make_event, make_person
from tests.support.page_client import PageClient


def a_booking(**changes: object) -> Booking:
    event = make_event(starts_at=clock.now() + timedelta(days=20))
    booking = make_booking(event, make_person(), **changes)
    db.session.commit()
    return booking


def path_of(booking: Booking, purpose: Purpose = Purpose.CANT_COME) -> str:
    return urlsplit(links.link(booking, purpose)).path


def test_looking_changes_nothing_and_the_button_cancels_once(client: PageClient) -> None:
    booking = a_booking()
    path, booking_id = path_of(booking), booking.id
    page = client.get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert db.session.scalar(select(Booking.state)) is BookingState.CONFIRMED
    done = client.submit(page, button="Cancel this booking")
    assert "This booking is cancelled" in done.page.words
    db.session.expire_all()
    ended = db.session.get_one(Booking, booking_id)
    assert ended.cancelled_because is CancelReason.PERSON
    client.get(path)
    assert len(db.session.scalars(select(OutboxMessage.id)).all()) == 1


def test_a_link_for_something_else_or_cut_off_says_so(client: PageClient) -> None:
    booking = a_booking()
    other = path_of(booking, Purpose.HELD).replace("/held/", "/cant-come/")
    assert "for something else" in client.get(other).words
    assert "does not work" in client.get(path_of(booking)[:-3]).words
    assert db.session.scalar(select(Booking.state)) is BookingState.CONFIRMED


def test_after_the_start_there_is_no_button(client: PageClient) -> None:
    booking = make_booking(make_event(starts_at=clock.now() - timedelta(minutes=5)))
    db.session.commit()
    page = client.get(path_of(booking))
    assert "has started" in page.words
    assert "Cancel this booking" not in page.words

"""The letters around an event, word by word.

They stand in letters/*.txt, to be read. RIPPLE_WRITE_LETTERS=1 writes them anew.
"""

from __future__ import annotations

import os
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.bookings import links
from app.bookings.links import Purpose
from app.bookings.models import Booking, BookingOrigin
from app.catalogue.models import EventMode
from app.kernel.london import from_london
from app.notices import emails
from app.notices.models import NoticeKind
from tests.support.factories import (
    NOW,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)

LETTERS = Path(__file__).parent / "letters"
START = from_london(date(2026, 12, 1), time(9, 30))


@pytest.fixture(autouse=True)
def _partnership(app: Flask) -> None:
    make_partnership()


def online() -> Booking:
    offer = make_offer(title="Multi-Agency Neglect", slug="neglect")
    event = make_event(offer, starts_at=START, joining_notes="Please have a case ready.")
    return make_booking(event, make_person(name="Sam Ali"), reference="BOOKING-REF")


def at_a_venue_for_a_colleague() -> Booking:
    event = make_event(
        make_offer(title="Safer Sleep", slug="sleep"),
        starts_at=START,
        days=2,
        mode=EventMode.FACE_TO_FACE,
        venue="Castleford Hub",
        venue_address="WF10 1DP",
    )
    make_event(event.offer, starts_at=START + timedelta(days=28), reference="next-one")
    return make_booking(
        event,
        make_person(name="Sam Ali", email=None),
        booked_by=make_person(name="Jo Office"),
        mode=EventMode.FACE_TO_FACE,
        reference="BOOKING-REF",
    )


@pytest.mark.parametrize("kind", [NoticeKind.REMINDER, NoticeKind.JOINING_INSTRUCTIONS])
def test_whoever_a_colleague_booked_need_not_sign_in_to_say_no(kind: NoticeKind) -> None:
    event, person = make_event(starts_at=START), make_person()
    booking = make_booking(
        event, person, booked_by=make_person(name="Jo Office"), origin=BookingOrigin.COLLEAGUE
    )
    letter = emails.write(kind, booking, event, event.dates, next_dates="")
    assert links.link(booking, Purpose.CANT_COME) in letter.text
    booking.origin = BookingOrigin.SELF
    assert "cant-come" not in emails.write(kind, booking, event, event.dates, next_dates="").text


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("occasion", [online, at_a_venue_for_a_colleague])
def test_the_letters_read_as_they_are_written_down(kind: NoticeKind, occasion: object) -> None:
    booking: Booking = occasion()  # type: ignore[operator]
    event = booking.event
    offered = emails.next_dates(event, now=NOW) if kind is NoticeKind.MISSED_YOU else ""
    letter = emails.write(kind, booking, event, event.dates, next_dates=offered)
    text = f"Subject: {letter.subject}\n\n{letter.text}"
    file = LETTERS / f"{kind.value}_{occasion.__name__}.txt"  # type: ignore[attr-defined]
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert "None" not in letter.text
    assert "secret-room" not in letter.text + letter.html

"""A certificate follows the register and nothing else; a code says whether it still stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from app.accounts.rules import LIMITS, Act
from app.bookings.models import AttendanceOutcome, Booking, BookingOrigin, BookingState
from app.kernel.db import db
from app.kernel.tokens import REFERENCE_ALPHABET, new_reference
from app.record import certificates
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.hostile import MARKUP
from tests.support.page_client import PageClient
from tests.support.signing_in import sign_in

ATTENDED = AttendanceOutcome.ATTENDED
IN_PART = AttendanceOutcome.ATTENDED_IN_PART
ABSENT = AttendanceOutcome.DID_NOT_ATTEND
CANCELLED, WAITING = BookingState.CANCELLED, BookingState.WAITING


def a_booking(
    now: datetime,
    *outcomes: AttendanceOutcome,
    ended_ago: timedelta = timedelta(days=3),
    **changes: object,
) -> Booking:
    """A booking of an event with a date for each outcome, over since then."""
    days = len(outcomes) or 1
    starts_at = now - ended_ago - timedelta(weeks=days - 1, hours=3)
    offer = make_offer(title="Neglect", learning_outcomes="Spot the signs\n- Share what you know")
    event = make_event(offer, starts_at=starts_at, days=days)
    booking = make_booking(
        event, make_person(name="Ana Osei"), **{"reference": new_reference(), **changes}
    )
    for attendance, outcome in zip(make_attendance(booking), outcomes, strict=False):
        attendance.outcome = outcome
    if not outcomes:
        for attendance in list(booking.attendances):
            db.session.delete(attendance)
    db.session.commit()
    return booking


@pytest.mark.parametrize(
    ("outcomes", "changes", "words"),
    [
        pytest.param([ATTENDED], {}, "attended", id="attended"),
        pytest.param([ATTENDED, ATTENDED], {}, "attended", id="both dates"),
        pytest.param([IN_PART], {}, "attended in part", id="in part"),
        pytest.param([ATTENDED, ABSENT], {}, "attended in part", id="one date of two"),
        pytest.param([ATTENDED, IN_PART], {}, "attended in part", id="one date in part"),
        pytest.param([ABSENT], {}, None, id="did not attend"),
        pytest.param([], {}, None, id="no register"),
        pytest.param([ATTENDED], {"state": CANCELLED}, None, id="cancelled"),
        pytest.param([], {"state": WAITING}, None, id="waiting"),
        pytest.param([ATTENDED], {"state": WAITING}, None, id="waiting, yet on the register"),
        pytest.param([ATTENDED], {"origin": BookingOrigin.REGISTER}, "attended", id="walked in"),
        pytest.param([ATTENDED], {"origin": BookingOrigin.HISTORY}, "attended", id="from history"),
        pytest.param([ATTENDED], {"origin": BookingOrigin.COLLEAGUE}, "attended", id="by another"),
        pytest.param(
            [ATTENDED], {"ended_ago": timedelta(hours=-1)}, None, id="the session is not over"
        ),
    ],
)
def test_who_has_a_certificate(
    client: PageClient,
    now: datetime,
    outcomes: list[AttendanceOutcome],
    changes: dict[str, object],
    words: str | None,
) -> None:
    make_partnership()
    if changes.get("state") is CANCELLED:
        changes = {**changes, "cancelled_at": now}
    booking = a_booking(now, *outcomes, **changes)  # type: ignore[arg-type]
    page = client.get(f"/certificates/{certificates.code_of(booking.reference)}")
    if words is None:
        assert page.status_code == 410
        assert "This certificate is not valid" in page.text
        assert "Ana Osei" not in page.text
        return
    assert page.status_code == 200
    assert f"Ana Osei {words} Neglect" in page.page.one("div", **{"class": "certificate"}).words


def test_what_a_certificate_says(app: Flask, client: PageClient, now: datetime) -> None:
    make_partnership()
    booking = a_booking(now, ATTENDED, IN_PART)
    code = certificates.code_of(booking.reference)
    page = client.get(f"/certificates/{code}")
    words = page.page.one("div", **{"class": "certificate"}).words
    for part in (
        "Saturday 31 October 2026",
        "Saturday 7 November 2026 (in part)",
        "3 hours, and part of 3 more",
        "Spot the signs",
        "Share what you know",
        "Wakefield Safeguarding Children Partnership",
        code,
        "http://localhost/certificates",
    ):
        assert part in words
    assert "Example data" not in words
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    app.config["EXAMPLE"] = True
    example = client.get(f"/certificates/{code}").page.one("div", **{"class": "certificate"}).words
    assert "Example data: this person and this attendance are invented" in example


def test_a_corrected_register_or_an_erased_person_ends_it(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    corrected, erased = a_booking(now, ATTENDED), a_booking(now, ATTENDED)
    codes = [certificates.code_of(booking.reference) for booking in (corrected, erased)]
    assert [client.get(f"/certificates/{code}").status_code for code in codes] == [200, 200]
    corrected.attendances[0].outcome = ABSENT
    erased.person.name = ""
    db.session.commit()
    for code in codes:
        page = client.get(f"/certificates/{code}")
        assert (page.status_code, "This certificate is not valid" in page.text) == (410, True)


def test_no_slip_of_one_letter_and_no_swap_makes_another_code(app: Flask) -> None:
    reference = "k7m2p9qr"
    whole = certificates.code_of(reference).replace("-", "")
    assert certificates.reference_in(whole) == reference
    slips = {
        whole[:at] + letter + whole[at + 1 :]
        for at in range(len(whole))
        for letter in REFERENCE_ALPHABET
    } | {whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :] for at in range(len(whole) - 1)}
    read = {slip: certificates.reference_in(slip) for slip in slips - {whole}}
    assert len(read) > 350
    assert {slip for slip, found in read.items() if found} == set()


WAYS: dict[str, Callable[[str], str]] = {
    "as printed": str,
    "with space around": lambda code: f"  {code} ",
    "in capitals": str.upper,
    "with spaces": lambda code: code.replace("-", " "),
    "in one go": lambda code: code.replace("-", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_code_may_be_typed_as_it_comes(client: PageClient, now: datetime, way: str) -> None:
    make_partnership()
    code = certificates.code_of(a_booking(now, ATTENDED).reference)
    given = WAYS[way](code)
    answer = client.post_form(client.get("/certificates"), {"code": given})
    assert answer.status_code == 302
    assert answer.location == f"/certificates/{code}"
    assert client.get(f"/certificates/{given.strip()}", follow_redirects=True).status_code == 200


@pytest.mark.parametrize("code", ["k7m2-p9qr-abcd", "x", "---", MARKUP, "k" * 5000, "ë\u202e"])
def test_a_wrong_code_gets_a_clear_sentence(client: PageClient, now: datetime, code: str) -> None:
    make_partnership()
    answer = client.post_form(client.get("/certificates"), {"code": code})
    assert answer.status_code == 200
    sentences = " ".join(answer.errors)
    assert "No certificate has this code" in sentences or "200 characters or fewer" in sentences


def test_guessing_is_stopped_and_right_codes_are_not_counted(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    right = certificates.code_of(a_booking(now, ATTENDED).reference)
    [limit] = LIMITS[Act.CHECK_CERTIFICATE]
    for _ in range(limit.most + 5):
        assert client.get(f"/certificates/{right}").status_code == 200
    for number in range(limit.most):
        assert client.get(f"/certificates/wrong-{number}").status_code == 404
    for address in ("/certificates/wrong", f"/certificates/{right}"):
        page = client.get(address)
        assert page.status_code == 429
        assert "Many wrong codes have been tried" in page.text


def test_the_booking_page_leads_to_ones_own_certificate_only(
    client: PageClient, now: datetime
) -> None:
    make_partnership()
    came, missed = a_booking(now, ATTENDED), a_booking(now, ABSENT)
    booker = make_person()
    came.booked_by = booker
    missed.person = came.person
    db.session.commit()
    sign_in(client, came.person)
    link = f"/bookings/{came.reference}/certificate"
    assert client.get(f"/bookings/{came.reference}").select("a", href=link)
    assert client.get(link).h1 == "Certificate of attendance"
    page = client.get(f"/bookings/{missed.reference}")
    assert "Certificate of attendance" not in page.text
    assert client.get(f"/bookings/{missed.reference}/certificate").status_code == 404
    sign_in(client, booker)
    assert "Certificate of attendance" not in client.get(f"/bookings/{came.reference}").text
    assert client.get(link).status_code == 404

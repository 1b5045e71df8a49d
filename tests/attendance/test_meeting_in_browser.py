"""One session in a browser: its register by keyboard, a Teams file, its closing; phone as well."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.bookings.models import Attendance, Booking
from app.catalogue.models import Event
from app.kernel.access import Role
from app.kernel.db import db
from tests.attendance.test_register_in_browser import staff_cookie
from tests.conftest import make_app
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.factories import make_booking, make_event, make_person
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.browser

# 9/10/25 in the file is 10 September or 9 October: only the session can say which.
STARTS = datetime(2025, 10, 9, 13, 45, tzinfo=UTC)
FILE = """1. Summary
Meeting title\tNeglect
Start time\t9/10/25, 2:40:05 PM

2. Participants
Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole
Ann Zeal\t9/10/25, 2:45:00 PM\t9/10/25, 5:45:00 PM\t2h 30m\tann.zeal@example.org\t\tAttendee
Gus Guest (Guest)\t9/10/25, 2:50:00 PM\t9/10/25, 5:45:00 PM\t2h 55m\t\t\tAttendee

3. In-Meeting Activities
Name\tJoin time\tLeave time\tDuration\tEmail\tRole
Ann Zeal\t9/10/25, 2:45:00 PM\t9/10/25, 4:00:00 PM\t1h 15m\tann.zeal@example.org\tAttendee
Ann Zeal\t9/10/25, 4:30:00 PM\t9/10/25, 5:45:00 PM\t1h 15m\tann.zeal@example.org\tAttendee
Gus Guest (Guest)\t9/10/25, 2:50:00 PM\t9/10/25, 5:45:00 PM\t2h 55m\t\tAttendee
"""
NAMES = ("Ann Zeal", "Bob Able", "Cy Moor")


def prepared(app: Flask) -> tuple[str, str]:
    """Where the pages of a session of the past stand, and the cookie of somebody who may."""
    with app.app_context():
        event = make_event(starts_at=STARTS)
        for name in NAMES:
            email = f"{name.replace(' ', '.').lower()}@example.org"
            make_booking(event, make_person(name=name, email=email))
        path, cookie = f"/manage/events/{event.reference}", staff_cookie(app, Role.DELIVERY)
    return path, cookie


def opened(page: Page, server: LiveServer, app: Flask, cookie: str, path: str) -> Page:
    """The page at this address, for somebody signed in."""
    name = app.config["SESSION_COOKIE_NAME"]
    page.context.add_cookies([{"name": name, "value": cookie, "url": server.url}])
    page.goto(path)
    return page


def recorded(app: Flask, path: str) -> dict[str, tuple[str, int | None]]:
    """What the register says, by name."""
    with app.app_context():
        rows = db.session.scalars(
            select(Attendance)
            .join(Attendance.booking)
            .join(Booking.event)
            .where(Event.reference == path.rpartition("/")[2])
        )
        return {row.booking.person.name: (row.outcome.value, row.minutes) for row in rows}


def choose(page: Page, file: Path) -> None:
    """Choose the attendance file on the page that asks for it."""
    page.set_input_files("#files", file)
    page.get_by_role("button", name="Read the file").click()


def test_a_session_from_register_to_closing(
    open_page: OpenPage, live_server: LiveServer, tmp_path: Path
) -> None:
    settings = live_server.environment
    app: Any = make_app(settings["DATABASE_URL"], SECRET_KEY=settings["SECRET_KEY"])
    path, cookie = prepared(app)
    file = tmp_path / "report.csv"
    file.write_bytes(b"\xff\xfe" + FILE.replace("\n", "\r\n").encode("utf-16-le"))

    page = opened(open_page(size=DESKTOP), live_server, app, cookie, f"{path}/register")
    page.locator("[data-register] input").first.focus()
    for key in "nap":  # Able, Moor, Zeal
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-notification-banner")
    assert recorded(app, path)["Bob Able"] == ("did_not_attend", None)

    page.get_by_role("link", name="Take it from a meeting file").click()
    assert_accessible(page)
    choose(page, file)
    assert_accessible(page)
    ann = page.locator("fieldset", has_text="Ann Zeal").first
    assert "150 minutes" in ann.inner_text()
    assert "came for a part" in ann.inner_text()  # the register, by hand
    ann.locator("input").first.focus()
    page.keyboard.press("a")  # and on to whoever came without booking
    page.keyboard.press("a")
    page.get_by_role("button", name="Save the register").last.click()
    expect(page.get_by_role("link", name="Enter the email address of Gus Guest")).to_be_visible()
    assert_accessible(page)

    phone = opened(
        open_page(size=PHONE, javascript=False),
        live_server,
        app,
        cookie,
        f"{path}/register/meeting/check",
    )
    assert_accessible(phone)
    page.get_by_label("Email address of Gus Guest").fill("gus@example.org")
    page.get_by_role("button", name="Save the register").last.click()
    page.wait_for_selector(".govuk-notification-banner")
    assert recorded(app, path) == {
        "Ann Zeal": ("attended", 150),
        "Bob Able": ("did_not_attend", None),
        "Cy Moor": ("attended", None),
        "Gus Guest": ("attended", 175),
    }

    page.get_by_role("link", name="Close", exact=True).click()
    assert_accessible(page)
    page.get_by_role("button", name="Close the session").click()
    assert "The session is closed." in page.locator(".govuk-notification-banner").inner_text()
    phone.goto(f"{path}/close")
    assert_accessible(phone)

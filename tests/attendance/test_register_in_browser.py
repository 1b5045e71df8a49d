"""The register at a keyboard: 30 people in well under a minute, with and without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page
from sqlalchemy import func, select

from app.accounts.sign_in_models import SignInSession
from app.accounts.signed_in import TOKEN_KEY
from app.bookings.models import Attendance, Booking
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.tokens import new_reference, token_hash
from tests.conftest import make_app
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.factories import make_booking, make_event, make_person
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.browser

PEOPLE = 30
# Somebody who types a key every half second is slow, and 120 keys take them a minute.
MOST_KEYS = 120


@pytest.fixture
def app_of_server(live_server: LiveServer) -> Flask:
    """The application on the database that the server serves."""
    settings = live_server.environment
    return make_app(settings["DATABASE_URL"], SECRET_KEY=settings["SECRET_KEY"])


def staff_cookie(app: Flask, role: Role) -> str:
    """The cookie of somebody new with this role, signed in with both factors; commits."""
    token, real_now = new_reference(40), clock.real_now()
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=make_person(role).id,
            started_at=real_now,
            last_seen_at=real_now,
            expires_at=real_now + timedelta(hours=1),
            second_factor_at=real_now,
        )
    )
    db.session.commit()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    return str(signer.dumps({TOKEN_KEY: token}))


def path_of_register(app: Flask) -> tuple[str, str]:
    """Where the register of a session with 30 people is, and the cookie of somebody who may."""
    with app.app_context():
        event = make_event(starts_at=clock.now() - timedelta(hours=1), capacity=PEOPLE)
        for number in range(PEOPLE):
            make_booking(event, make_person(name=f"Person Number{number:02}"))
        return f"/manage/events/{event.reference}/register", staff_cookie(app, Role.DELIVERY)


def opened(page: Page, app: Flask, server: LiveServer) -> Page:
    """The page with the register on it."""
    path, cookie = path_of_register(app)
    name = app.config["SESSION_COOKIE_NAME"]
    page.context.add_cookies([{"name": name, "value": cookie, "url": server.url}])
    page.goto(path)
    return page


def recorded(app: Flask) -> dict[str, int]:
    """How many of each outcome were saved by the last register."""
    with app.app_context():
        latest = select(func.max(Booking.event_id)).scalar_subquery()
        rows = db.session.execute(
            select(Attendance.outcome, func.count())
            .join(Attendance.booking)
            .where(Booking.event_id == latest)
            .group_by(Attendance.outcome)
        )
        return {outcome.value: count for outcome, count in rows}


def test_one_key_answers_for_each_person(
    open_page: OpenPage, app_of_server: Flask, live_server: LiveServer
) -> None:
    page = opened(open_page(size=DESKTOP), app_of_server, live_server)
    assert_accessible(page)
    page.locator("[data-register] input").first.focus()
    keys = ["n" if number % 10 == 9 else "p" if number % 10 == 4 else "a" for number in range(30)]
    for key in keys:
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.id") == "name_1"
    late = ["Nia New", "Tab", "nia@example.org", "Enter"]
    for word in late:
        if word in {"Tab", "Enter"}:
            page.keyboard.press(word)
        else:
            page.keyboard.type(word)
    page.wait_for_selector(".govuk-notification-banner")
    assert len(keys) + len("".join(late)) < MOST_KEYS
    expected = {"attended": 25, "attended_in_part": 3, "did_not_attend": 3}
    assert recorded(app_of_server) == expected


def test_everyone_came_is_three_keys(
    open_page: OpenPage, app_of_server: Flask, live_server: LiveServer
) -> None:
    page = opened(open_page(size=DESKTOP), app_of_server, live_server)
    page.get_by_role("button", name="Everyone came").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-notification-banner")
    assert recorded(app_of_server) == {"attended": 29, "did_not_attend": 1}


def test_without_javascript_two_keys_answer_for_each_person(
    open_page: OpenPage, app_of_server: Flask, live_server: LiveServer
) -> None:
    page = opened(open_page(size=PHONE, javascript=False), app_of_server, live_server)
    assert_accessible(page)
    page.locator("[data-register] input").first.focus()
    for _ in range(PEOPLE):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-notification-banner")
    assert 2 * PEOPLE + 1 < MOST_KEYS
    assert recorded(app_of_server) == {"attended": PEOPLE}

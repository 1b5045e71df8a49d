"""A survey is begun on a small phone without scripts, left, and ended at a desk."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browser import OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser]
SMALL: ViewportSize = {"width": 320, "height": 640}
MONTHS_LATER = (
    "SELECT i.reference FROM survey_invitation i JOIN wave w ON w.id = i.wave_id "
    "JOIN questionnaire_version v ON v.id = w.version_id "
    "JOIN questionnaire q ON q.id = v.questionnaire_id "
    "WHERE i.state = 'sent' AND q.slug = 'impact' ORDER BY i.closes_at DESC LIMIT 1"
)


def open_link(server: LiveServer) -> str:
    """The path in the letter of somebody who was asked months later and has not answered."""
    with closing(sqlite3.connect(server.folder / "ripple.sqlite")) as connection:
        [reference] = connection.execute(MONTHS_LATER).fetchone()
    key = server.environment["SECRET_KEY"].encode()
    return f"/surveys/{hmac.new(key, f'survey:{reference}'.encode(), hashlib.sha256).hexdigest()}"


def go_on(page: Page, *, button: str = "Continue") -> None:
    page.get_by_role("button", name=button).click()


def choose(page: Page, words: str) -> None:
    page.get_by_label(words, exact=True).check()
    go_on(page)


def test_a_survey_is_begun_on_a_phone_and_ended_on_a_desktop(
    open_page: OpenPage, live_server: LiveServer
) -> None:
    link = open_link(live_server)
    phone = open_page(size=SMALL, javascript=False)
    phone.goto(link)
    expect(phone.get_by_text("Two minutes, confidential.")).to_be_visible()
    expect(phone.get_by_text("Question 1 of 13")).to_be_visible()
    go_on(phone)
    expect(phone.get_by_role("alert")).to_contain_text("Choose an answer")
    assert_accessible(phone)
    choose(phone, "Yes")
    go_on(phone)  # left out
    choose(phone, "Yes")
    choose(phone, "Occasionally")
    expect(phone.get_by_text("Question 5 of 13")).to_be_visible()

    desk = open_page()
    desk.goto(link)
    expect(desk.get_by_text("Question 5 of 13")).to_be_visible()
    desk.get_by_role("link", name="Back").click()
    expect(desk.get_by_label("Occasionally")).to_be_checked()
    for _question in range(4):  # how often, how useful, recommending, being informed
        go_on(desk)
    desk.get_by_label("8", exact=True).check()
    assert_accessible(desk)
    for _question in range(4):
        go_on(desk)
    desk.get_by_role("textbox").fill("In supervision.")
    expect(desk.get_by_text("What you write is read within a working day")).to_be_visible()
    assert_accessible(desk)
    go_on(desk, button="Send my answers")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Thank you, you have answered")
    assert_accessible(desk)
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, you have answered")

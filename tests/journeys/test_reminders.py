"""Staff word the reminder anew and add another one, seeing first whom it would mail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, OpenPage, assert_fits
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_reminder_is_worded_added_and_sent(live_server: LiveServer, open_page: OpenPage) -> None:
    """Everything on a phone without JavaScript; tests/notices looks at the pages with axe."""
    live_server.flask("worker", "--once")  # makes the rules a new service starts with
    page = open_page(size=PHONE, javascript=False)
    become_delivery(page)
    page.goto("/manage")
    page.get_by_role("link", name="Reminders", exact=True).click()
    look(page, "Reminders")

    page.get_by_role("link", name="Wording of messages").click()
    look(page, "Wording of messages")
    page.get_by_role("link", name="Reminder", exact=True).click()
    look(page, "Reminder")
    page.get_by_label("Message").fill("Not long now, {nonsense}")
    page.get_by_role("button", name="Save and use these words").click()
    look(page, "Reminder")
    assert "{nonsense} cannot be used in this message" in page.inner_text("main")
    page.get_by_label("Message").fill("Not long now until {session}.")
    page.get_by_role("button", name="See how it reads").click()
    look(page, "Reminder")
    assert "Not long now until Impact" in page.inner_text("main")
    page.get_by_role("button", name="Save and use these words").click()
    look(page, "Reminder")
    assert "Your words are in use" in page.inner_text("main")

    page.goto("/manage/notices")
    page.get_by_role("button", name="Add a rule").click()
    look(page, "Add a rule")
    page.get_by_label("Reminder", exact=True).check()
    page.get_by_label("Number of days").fill("2")
    page.get_by_label("Time of day").fill("5pm")
    page.get_by_role("button", name="See whom it would mail").click()
    look(page, "Check whom it would mail")
    assert re.search(r"It would mail \d+ people about \d+ sessions", page.inner_text("main"))
    session = page.get_by_role("row").nth(1).get_by_role("link").get_attribute("href")
    page.get_by_role("button", name="Switch it on").click()
    look(page, "Reminders")
    assert "2 days before, at 5pm" in page.inner_text("main")

    live_server.flask("worker", "--once")  # plans it
    page.goto(f"{session}/notices")
    look(page, "Reminders")
    assert "Planned" in page.inner_text("main")


def become_delivery(page: Page) -> None:
    page.goto("/dev")
    heading = page.get_by_role("heading", name=re.compile("Delivery"))
    page.get_by_role("listitem").filter(has=heading).get_by_role("button").first.click()


def look(page: Page, heading: str) -> None:
    """The page is there, and no wider than the phone."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert_fits(page)

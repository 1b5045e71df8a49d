"""The delivery group plans a term of six sessions from last year's, then moves a booked date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIX = 6
OFFER = "multi-agency-neglect"


def test_six_sessions_from_last_years_and_a_booked_date_is_moved(open_page: OpenPage) -> None:
    at_the_desk, on_the_way = open_page(size=DESKTOP), open_page(size=PHONE)
    for page in (at_the_desk, on_the_way):
        become_delivery(page)
        plan_six(page)
    move_a_booked_date(on_the_way)


def become_delivery(page: Page) -> None:
    page.goto("/dev")
    heading = page.get_by_role("heading", name=re.compile("^Delivery"))
    entry = page.get_by_role("listitem").filter(has=heading)
    with page.expect_navigation():
        entry.get_by_role("button").first.click()


def plan_six(page: Page) -> None:
    page.goto("/manage/offers")
    follow(page, "Plan last year’s sessions again")
    today = datetime.now(tz=UTC).date()
    page.get_by_label("From").fill(f"{today - timedelta(days=300):%d %m %Y}")
    page.get_by_label("Until").fill(f"{today - timedelta(days=60):%d %m %Y}")
    press(page, "Show these")
    look(page, "Plan last year's sessions again")
    chosen = page.locator("input[name=events]")
    for number in range(SIX, chosen.count()):
        chosen.nth(number).uncheck()
    press(page, "See the new dates")
    look(page, "Look through the new dates")
    for box in page.get_by_label(re.compile("^Save this date")).all():
        box.check()
    press(page, "Save as drafts")
    look(page, "Offers")
    assert "6 sessions saved as drafts" in page.locator("main").inner_text()


def move_a_booked_date(page: Page) -> None:
    page.goto(f"/manage/offers/{OFFER}/events")
    booked = page.get_by_role("row").filter(has_text="Published").filter(has_text="taken")
    with page.expect_navigation():
        booked.first.get_by_role("link").first.click()
    look(page, "Multi-Agency Neglect")
    follow(page, "Change")
    page.get_by_label("Start of date 1").fill("8am")
    press(page, "Continue")
    look(page, "Check what changes")
    words = page.locator("main").inner_text()
    will_be_told = re.search(r"(\d+) (person|people) will be told", words)
    assert will_be_told, words
    named = page.get_by_role("region", name="Who is told what", include_hidden=True)
    assert named.locator("tbody tr").count() == int(will_be_told[1])
    press(page, "Save and tell them")
    look(page, "Multi-Agency Neglect")
    assert "The session is changed" in page.locator("body").inner_text()


def follow(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.click()


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).last.click()


def look(page: Page, heading: str) -> None:
    assert_accessible(page)
    assert heading in page.locator("h1").inner_text()

"""Staff change the schedule and ask a list of people, on a phone and without JavaScript."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from app.kernel.london import LONDON, date_words
from app.kernel.typed_times import read_day
from tests.support.browser import PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASTED = "Dee Park <dee.park@example.org>\nOsei, Ana; ana.osei@example.org\nBo Lunn, bo@example"


def test_a_survey_is_moved_another_skipped_and_a_list_is_asked(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    # Axe needs scripts to look at a page, so a second window looks at what the first has made.
    phone, looking = open_page(size=PHONE, javascript=False), open_page(size=PHONE)
    for page in (phone, looking):
        page.goto("/dev")
        page.locator("button[name=who][value=delivery]").click()
    phone.goto("/manage/surveys?state=coming&period=coming")
    addresses = [link.get_attribute("href") or "" for link in phone.locator("tbody a").all()]
    move(phone, addresses[2])
    skip(phone, addresses[3])
    make_a_list(phone)
    live_server.flask("worker", "--once")
    phone.goto("/manage/surveys?period=coming")
    schedule = phone.get_by_role("main")
    expect(schedule).to_contain_text("School holidays")
    expect(schedule).to_contain_text("The course has been replaced")
    phone.goto("/manage/surveys?period=coming&about=sleep+under-ones")
    expect(schedule).to_contain_text("People on a list")
    expect(schedule).to_contain_text("2 to ask")
    listed = "/manage/evaluations/safer-sleep-for-under-ones"
    for path in ("/manage/surveys?period=coming", addresses[2], f"{listed}/people"):
        looking.goto(path)
        assert_accessible(looking)


def move(page: Page, address: str) -> None:
    """Move a line of the schedule to another day; without a reason it is refused."""
    page.goto(address)
    due = page.locator(".facts dd").first.inner_text()
    page.get_by_role("button", name="Ask on another day").click()
    next_day = date_words(read_day(due.partition(",")[0].split(maxsplit=1)[1]) + timedelta(days=1))
    page.get_by_label("Ask on", exact=True).fill(next_day.split(maxsplit=1)[1])
    page.get_by_role("button", name="Ask on that day").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the reason")
    page.get_by_label("Reason").fill("School holidays")
    page.get_by_role("button", name="Ask on that day").click()
    expect(page.get_by_role("main")).to_contain_text(f"Moved to {next_day}")


def skip(page: Page, address: str) -> None:
    """Skip another one."""
    page.goto(address)
    page.get_by_role("button", name="Skip it").click()
    page.get_by_label("Reason").fill("The course has been replaced")
    page.get_by_role("button", name="Skip it").click()
    expect(page.get_by_role("main")).to_contain_text("skipped")


def make_a_list(page: Page) -> None:
    """An evaluation after a practice review, of a pasted list of which one line is wrong."""
    page.goto("/manage/evaluations")
    page.get_by_role("button", name="Ask a list of people").click()
    page.get_by_label("A recommendation of a practice review").check()
    page.get_by_label("Title").fill("Safer sleep for under-ones")
    page.get_by_label("What questions call it").fill("the new safer sleep guidance")
    page.get_by_label("The recommendation", exact=True).fill("Every setting names a lead")
    three_weeks_ago = datetime.now(LONDON) - timedelta(days=21)
    page.get_by_label("Day to count from").fill(f"{three_weeks_ago:%d %B %Y}")
    page.get_by_label("3 months later", exact=True).check()
    page.get_by_role("button", name="Make the evaluation").click()
    page.get_by_label("Names and email addresses").fill(PASTED)
    page.get_by_label("Sector of people").select_option(index=3)
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("alert")).to_contain_text("bo@example")
    page.get_by_role("button", name="Go on without that line").click()
    expect(page.get_by_role("main")).to_contain_text("When these 2 people are asked")
    page.get_by_role("button", name="Add 2 people").click()
    expect(page.get_by_role("main")).to_contain_text("2 people are on the list now")

"""A report is written, published, read without scripts, corrected; a sentence is copied."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVALUATION = "/impact/evaluations/exploitation-hub-and-exchanges-2025"
TITLE = "The exploitation hub: what changed"
SENTENCE = (
    "Of the 63 who have used or accessed it, 94% (59 of 63) shared feeling more informed and "
    "confident."
)


def test_a_report_is_written_published_read_corrected_and_quoted(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    desk = open_page(size=DESKTOP)
    desk.goto("/dev")
    desk.locator("button[name=who][value=delivery]").click()
    write(desk)
    publish(desk)
    expect(desk.get_by_role("main")).to_contain_text("is public")
    address = desk.get_by_role("link", name="read it as everybody does").get_attribute("href")
    assert address == "/evaluation-reports/the-exploitation-hub-what-changed"

    visitor = open_page(size=PHONE, javascript=False)
    visitor.goto("/evaluation-reports")
    visitor.get_by_role("link", name=TITLE).click()
    look(visitor, TITLE)
    expect(visitor.get_by_role("main")).to_contain_text("59 of 63")
    expect(visitor.get_by_role("main").locator("strong").first).to_have_text("two in three")
    expect(visitor.get_by_role("main")).to_contain_text("Example data")
    assert visitor.locator("textarea").filter(has_text=SENTENCE).count() == 1

    correct(desk)
    visitor.goto(address)
    expect(visitor.get_by_role("main")).to_contain_text("The year was wrong.")
    visitor.get_by_role("link", name="Version 1").click()
    expect(visitor.get_by_role("main")).to_contain_text("Superseded")

    copy_the_sentence(desk, address)


def write(page: Page) -> None:
    """Begin the report, write one of its sections, and look at the whole."""
    page.goto(EVALUATION)
    page.get_by_role("button", name="Write the report").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("Summary").fill("90 people told us of the hub.")
    page.get_by_role("button", name="Begin the report").click()
    look(page, TITLE)
    page.get_by_role("link", name="Write Why we offered it").click()
    look(page, "Why we offered it")
    page.get_by_label("Words (optional)").fill("Audits said **two in three** did not know.")
    page.get_by_role("button", name="Save the section").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("main")).to_contain_text("59 of 63")
    page.get_by_role("link", name="The draft").click()


def publish(page: Page) -> None:
    """Freeze the figures and let everybody read them."""
    page.get_by_role("link", name="Publish", exact=True).click()
    page.get_by_role("button", name="Freeze and publish").click()


def correct(page: Page) -> None:
    """Put one thing right, with the figures as they were."""
    page.get_by_role("button", name="Correct it").click()
    look(page, "Correct the report")
    page.get_by_role("button", name="Begin the correction").click()
    page.get_by_label("What this correction changes").fill("The year was wrong.")
    page.get_by_role("button", name="Save").click()
    publish(page)


def copy_the_sentence(page: Page, address: str) -> None:
    """One click on the button beside it."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    figure = page.locator("#figure-open-informed")
    figure.locator("summary", has_text="Copy this figure").click()
    assert_accessible(page)
    figure.get_by_role("button", name="Copy Sentence 1").click()
    expect(figure.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == SENTENCE


def look(page: Page, heading: str) -> None:
    """The page with this heading, accessible."""
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(heading)))
    assert_accessible(page)

"""Staff build a questionnaire with routing on a phone, then preview and publish it at a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_questionnaire_is_built_previewed_and_published(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    phone = open_page(size=PHONE)
    become_delivery(phone)
    phone.goto("/manage/surveys")
    phone.get_by_role("link", name="Questionnaires").click()
    look(phone, "Questionnaires")
    phone.get_by_role("button", name="Make a questionnaire").click()
    phone.get_by_label("Title").fill("Neglect in schools")
    phone.get_by_label("Months later, or by an open link").check()
    phone.get_by_role("button", name="Make the draft").click()
    add_questions(phone)
    phone.get_by_role("link", name="Whom to ask How confident").click()
    look(phone, "Whom to ask")
    phone.get_by_role("group", name="Have you used").get_by_label("Yes").check()
    phone.get_by_role("button", name="Save whom to ask").click()
    look(phone, "Neglect in schools")
    for _ in range(2):  # under the heading before, then before what it depends on
        phone.get_by_role("button", name="Move up How confident").click()
    expect(phone.get_by_role("main")).to_contain_text("behind the question that it depends on")
    phone.get_by_role("button", name="Move down How confident").click()
    expect(phone.get_by_role("main")).not_to_contain_text("Before you can publish it")

    desk = open_page(size=DESKTOP)
    become_delivery(desk)
    desk.goto("/manage/questionnaires/neglect-in-schools/versions/1")
    preview(desk)
    desk.get_by_role("button", name="Publish").click()
    look(desk, "Publish version 1")
    desk.get_by_role("button", name="Publish it").click()
    look(desk, "Neglect in schools")
    assert "Version 1 is published." in desk.inner_text("main")
    assert "Nowhere yet" in desk.inner_text("main")


def add_questions(page: Page) -> None:
    """A standard question, and one of our own on a scale."""
    page.get_by_role("link", name="Standard questions").click()
    look(page, "Standard questions")
    page.get_by_label("Have you used or accessed").check()
    page.get_by_role("button", name="Add the questions").click()
    page.get_by_role("link", name="A scale with labelled ends").click()
    page.get_by_label("Question", exact=True).fill("How confident are you to act on {subject}?")
    page.get_by_label("Heading").fill("In your work")
    page.get_by_label("What 1 stands for").fill("Not at all")
    page.get_by_label("What the highest number stands for").fill("Very")
    page.get_by_label("What it measures").select_option("confidence")
    page.get_by_role("button", name="Save the question").click()
    look(page, "Add a question")
    assert "Enter how many of the answers count, from 1 to 4" in page.inner_text("main")
    page.get_by_label("How many of the answers count").fill("2")
    page.get_by_role("button", name="Save the question").click()


def preview(page: Page) -> None:
    """What is routed comes up after the answer that leads to it, and nothing is kept."""
    page.get_by_role("link", name="Preview").click()
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Continue").click()
    look(page, "How confident are you to act on the course “Multi-Agency Neglect”?")
    assert "How confident are you to act on the course" in page.inner_text("main")
    page.get_by_label("4", exact=True).check(force=True)
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End of the preview")
    page.get_by_role("button", name="Back to the questions").click()


def become_delivery(page: Page) -> None:
    page.goto("/dev")
    heading = page.get_by_role("heading", name=re.compile("Delivery"))
    page.get_by_role("listitem").filter(has=heading).get_by_role("button").first.click()


def look(page: Page, heading: str) -> None:
    """The page is there, no wider than the screen, and anybody can use it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert_accessible(page)

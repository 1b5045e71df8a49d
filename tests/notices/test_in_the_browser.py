"""The pages of records, wishes, the bulletin and reminders on a phone, looked at with axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, OpenPage, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_every_page_fits_a_phone_and_is_accessible(open_page: OpenPage) -> None:
    page = open_page(size=PHONE)
    become(page, "Designated safeguarding lead")
    of_a_person(page)
    become(page, "Delivery")
    of_staff(page)


def of_a_person(page: Page) -> None:
    look(page, "/", "Learn to keep children safe")
    expect(page.locator("main")).to_contain_text("Designated safeguarding lead training: due again")
    look(page, "/record", "Learning record")
    address = page.get_by_role("link", name=re.compile("Certificate of")).first.get_attribute(
        "href"
    )
    assert address
    look(page, address, "Certificate of attendance")
    only_the_certificate_is_printed(page)
    look(page, f"{address[:-2]}zz", "No certificate has this code")
    look(page, "/certificates", "Check a certificate")
    look(page, "/record/elsewhere/new", "Add learning done elsewhere")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter what you learned")
    assert_accessible(page)
    look(page, "/learning/internal-dsl/tell-me", "Tell me about new dates")


def only_the_certificate_is_printed(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.get_by_text("Code", exact=False).first).to_be_visible()
    for hidden in (page.locator(".site-header"), page.locator(".site-footer")):
        expect(hidden).to_be_hidden()
    page.emulate_media(media="screen")


def of_staff(page: Page) -> None:
    look(page, "/manage/bulletin", "Text for the e-bulletin")
    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    page.get_by_role("button", name="Make the text").click()
    expect(page.get_by_role("heading", name="For social media")).to_be_visible()
    assert_accessible(page)
    look(page, "/manage/offers/internal-dsl/new-dates", "Who waits for new dates")
    look(page, "/manage/notices/new", "Add a rule")
    page.get_by_label("Reminder", exact=True).check()
    page.get_by_label("Number of days").fill("2")
    page.get_by_label("Time of day").fill("5pm")
    page.get_by_role("button", name="See whom it would mail").click()
    seen(page, "Check whom it would mail")
    page.get_by_role("button", name="Switch it on").click()
    seen(page, "Reminders")
    look(page, "/manage/wording", "Wording of messages")
    page.get_by_role("link", name="Reminder", exact=True).click()
    page.get_by_role("button", name="See how it reads").click()
    expect(page.get_by_role("heading", name="How it reads")).to_be_visible()
    assert_accessible(page)


def become(page: Page, title: str) -> None:
    page.goto("/dev")
    heading = page.get_by_role("heading", name=re.compile(title))
    page.get_by_role("listitem").filter(has=heading).get_by_role("button").first.click()
    expect(page).not_to_have_url(re.compile("/dev$"))


def look(page: Page, address: str, heading: str) -> None:
    page.goto(address)
    seen(page, heading)


def seen(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert_accessible(page)

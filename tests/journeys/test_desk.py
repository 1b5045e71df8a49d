"""The desk and where its lines lead: every page fits a phone and is accessible."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.support.browser import PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

PAGES = (
    "/manage",
    "/manage/needs",
    "/manage/needs/new",
    "/manage/actions",
    "/manage/offers/neglect-toolkit/why",
    "/manage/evidence",
    "/manage/in-house",
    "/learning/basic-awareness-refresher/in-house",
)


@pytest.mark.slow
@pytest.mark.browser
def test_the_desk_and_the_pages_behind_it_fit_a_phone_and_are_accessible(
    live_server: LiveServer, open_page: OpenPage
) -> None:
    phone = open_page(size=PHONE)
    phone.goto("/dev")
    phone.locator("button[name=who][value=delivery]").click()
    for path in PAGES:
        phone.goto(path)
        assert_accessible(phone)
    phone.goto("/manage/needs")
    phone.locator(".undated-row h2 a").last.click()
    assert_accessible(phone)
    for page in ("register/heads", "messages", "write"):
        phone.goto(f"{_session_over(phone)}/{page}")
        assert_accessible(phone)


def _session_over(page: Page) -> str:
    """The address of a session that the desk wants closed."""
    page.goto("/manage")
    address = page.locator("a[href$='/close'][href*='/events/']").first.get_attribute("href")
    assert address
    return address.removesuffix("/close")

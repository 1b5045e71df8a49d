"""The example's own pages as a browser shows them, on a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser]


@pytest.mark.parametrize(
    "size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]
)
def test_a_newcomer_becomes_somebody_and_reads_their_mail(
    open_page: OpenPage, live_server: LiveServer, size: ViewportSize
) -> None:
    page: Page = open_page(size=size)
    page.goto("/dev")
    assert_accessible(page)
    page.get_by_role("button", name="Be Joanne Kellfold").click()
    expect(page.get_by_text("You are now Joanne Kellfold")).to_be_visible()
    live_server.flask("worker", "--once")
    page.goto("/dev/mail")
    assert_accessible(page)
    page.get_by_role("link", name="Joanne Kellfold", exact=True).click()
    page.locator(".mail-list a").first.click()
    expect(page.get_by_text("Dear Joanne Kellfold").first).to_be_visible()
    assert_accessible(page)

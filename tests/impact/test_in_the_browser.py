"""The impact pages as a browser shows them, on a desk and on a phone, every table opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible

pytestmark = [pytest.mark.browser]
REPORT = "/impact/evaluations/multi-agency-neglect"
BY_LINK = "/impact/evaluations/neglect-training-and-toolkit-2025"


@pytest.mark.parametrize(
    "size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]
)
def test_an_evaluator_reads_figures_charts_and_tables(
    open_page: OpenPage, size: ViewportSize
) -> None:
    page: Page = open_page(size=size)
    page.goto("/dev")
    page.locator("button[name=who][value=evaluator]").click()
    page.goto("/impact")
    assert_accessible(page)
    for address, words in ((REPORT, "who were asked"), (BY_LINK, "94 of 104, likely between 83%")):
        page.goto(address)
        expect(page.locator(".measure__sure", has_text=words).first).to_be_visible()
        page.locator("summary").first.click()
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert_accessible(page)
    page.goto("/impact/offers/multi-agency-neglect?period=2024-25")
    expect(page.get_by_text("97 people at 4 sessions")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Sessions of").select_option("2024-25-q1")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Quarter 1 of 2024-25, April to June 2024.").first).to_be_visible()
    page.goto("/impact/compare?measure=quality")
    expect(page.get_by_text("this is no ranking")).to_be_visible()
    assert_accessible(page)

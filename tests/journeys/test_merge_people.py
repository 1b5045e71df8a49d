"""Staff find somebody who is here twice, see what would happen, and make one person of two."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_two_people_who_are_one_are_merged_on_a_phone_without_scripts(open_page: OpenPage) -> None:
    page = open_page(size=PHONE, javascript=False)
    page.goto("/dev")
    page.locator("button[name=who][value=delivery]").click()
    page.goto("/manage")
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("searchbox").fill("aisha")
    page.get_by_role("button", name="Search").click()
    kept, duplicate = page.locator("tbody a").all_inner_texts()[:2]
    page.get_by_role("link", name=kept).click()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="Merge with another person").click()
    page.get_by_role("searchbox").fill(duplicate)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=f"Compare with {duplicate}").click()
    expect(page.get_by_role("main")).to_contain_text("This cannot be undone")
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Merge them for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(kept)
    expect(page.get_by_role("alert")).to_contain_text("The two are one person now")
    page.goto("/manage/organisations?q=wakefield+district+housing")
    page.get_by_role("link", name="Vico Homes").click()
    expect(page.get_by_role("link", name="Wakefield District Housing")).to_be_visible()
    assert_fits(page)

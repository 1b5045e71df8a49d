"""The quarterly report: choose the quarter, read it, take the Excel file, print for the group."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUARTER = "Quarter 3 of 2024-25, October to December 2024"


def sign_in(page: Page, who: str) -> None:
    page.goto("/dev")
    page.locator(f"button[name=who][value={who}]").click()


def test_the_report_of_a_quarter_is_chosen_read_taken_away_and_printed(open_page: OpenPage) -> None:
    desk = open_page(size=DESKTOP)
    sign_in(desk, "delivery")
    desk.goto("/manage")
    desk.get_by_role("link", name="Report of a period").click()
    desk.get_by_label("Quarter or year").select_option(label=QUARTER)
    desk.get_by_role("button", name="Show", exact=True).click()
    expect(desk.get_by_role("heading", level=2).first).to_have_text(QUARTER)
    held = desk.locator(".chain__number").first.inner_text()
    assert int(held) > 0
    desk.locator("summary", has_text="What each figure counts").click()
    assert_accessible(desk)
    with desk.expect_download() as taken:
        desk.get_by_role("link", name="All tables (Excel)").click()
    book = openpyxl.load_workbook(io.BytesIO(taken.value.path().read_bytes()), read_only=True)
    assert book.sheetnames[:2] == ["Contents", "Against the time before"]
    sessions = next(row for row in book[book.sheetnames[1]].values if row[0] == "Sessions held")
    assert sessions[2] == int(held)
    desk.get_by_role("link", name="Pages for the Strategic Group").click()
    expect(desk.get_by_role("main")).to_contain_text(f"{held} sessions of")
    assert_accessible(desk)
    assert len(re.findall(rb"/Type\s*/Page[^s]", desk.pdf(format="A4"))) in {2, 3, 4}

    phone = open_page(size=PHONE, javascript=False)
    sign_in(phone, "evaluator")
    phone.goto("/impact")
    phone.get_by_role("link", name="Report of a period").click()
    phone.get_by_label("Quarter or year").select_option(label=QUARTER)
    phone.get_by_role("button", name="Show", exact=True).click()
    expect(phone.locator(".chain__number").first).to_have_text(held)
    assert_accessible(phone)
    phone.get_by_text("Any other days").click()
    phone.get_by_label("From").fill("1 May 2026")
    phone.get_by_role("button", name="Show these days").click()
    expect(phone.get_by_role("alert")).to_contain_text("Enter the last day")
    assert_accessible(phone)

"""A file from Microsoft Forms becomes figures: chosen, confirmed, brought in, looked at."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.support.browser import PHONE, OpenPage, assert_accessible
from tests.support.forms_files import TOOLKIT_QUESTIONS, excel, toolkit_answers
from tests.support.live_server import LiveServer

pytestmark = [pytest.mark.browser]
ABOUT = "multi-agency-neglect"
FILE = FilePayload(
    name="Toolkit 2024.xlsx",
    mimeType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    buffer=excel(TOOLKIT_QUESTIONS, toolkit_answers(60)),
)


def test_a_forms_file_is_imported_on_a_phone_and_its_figures_are_there(
    open_page: OpenPage, live_server: LiveServer
) -> None:
    page: Page = open_page(size=PHONE)
    page.goto("/dev")
    page.locator("button[name=who][value=delivery]").click()
    page.goto(f"/manage/surveys/import?evaluation={ABOUT}")
    page.get_by_label("When people were asked").select_option("12 months later")
    assert_accessible(page)
    page.get_by_label("File from Microsoft Forms").set_input_files([FILE])
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm what each question is")
    assert_accessible(page)
    page.get_by_role("button", name="Import these answers").click()
    live_server.flask("worker", "--once")
    page.get_by_role("button", name="See whether it is done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imported answers")
    assert_accessible(page)
    page.get_by_role("link", name="Look at the figures").click()
    expect(
        page.get_by_text("60 answers imported from a Microsoft Forms file").first
    ).to_be_visible()
    label = "12 months later, Microsoft Forms March 2025"
    expect(page.locator(".measure__when", has_text=label).first).to_be_visible()
    assert_accessible(page)

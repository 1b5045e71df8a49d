"""A comment's way to the quote bank, on a phone without JavaScript: read, cut, themed, released."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import PHONE, OpenPage, assert_accessible

pytestmark = [pytest.mark.browser]
WITH_A_NAME = "Since the course I ask Theo what he wants"
CUT = "Since the course I ask [removed] what he wants before his mum answers."


def be(page: Page, who: str) -> None:
    page.goto("/dev")
    page.locator(f"button[name=who][value={who}]").click()


def leave_out(page: Page, label: str, *words: str) -> None:
    """Delete these words in a text, as somebody would by hand."""
    box = page.get_by_label(label, exact=True)
    text = box.input_value()
    for each in words:
        assert each in text
        text = text.replace(each, "")
    box.fill(text)


def test_a_comment_becomes_a_quotation_that_an_evaluator_finds(open_page: OpenPage) -> None:
    page: Page = open_page(size=PHONE, javascript=False)
    be(page, "delivery")
    page.goto("/impact/words")
    page.get_by_role("link", name="Multi-Agency Neglect").click()
    assert_accessible(page)
    page.locator("li", has_text=WITH_A_NAME).get_by_role("link", name="Take words out").click()
    leave_out(page, "The comment", "Theo", "at Brindle Court")
    assert_accessible(page)
    page.get_by_role("button", name="Take the words out").click()
    expect(page.locator("blockquote")).to_contain_text(CUT)
    page.get_by_role("link", name="Propose a quotation").click()
    leave_out(page, "Words to quote", "about the nights [removed], and we could act on it")
    page.get_by_role("button", name="Propose these words").click()
    page.get_by_label("A new theme").fill("Listening to children")
    assert_accessible(page)
    page.get_by_role("button", name="Keep, and mark as read").click()
    expect(page.get_by_role("button", name="I have read these 4 comments")).to_be_visible()

    be(page, "advisor")
    page.goto("/impact/quotes?state=proposed&words=Since+the+course")
    page.get_by_role("link", name="Read and decide").click()
    assert_accessible(page)
    page.get_by_role("button", name="Release it").click()
    expect(page.get_by_text("The quotation is released.")).to_be_visible()

    be(page, "evaluator")
    page.goto("/impact")
    page.get_by_role("link", name="Quote bank").click()
    page.get_by_label("Words in a quotation").fill("since the course")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".result-count")).to_have_text("One quotation")
    words = "“Since the course I ask […] what he wants before his mum answers. He told me […].”"
    expect(page.locator("blockquote")).to_have_text(words)
    expect(page.locator(".tag", has_text="Listening to children")).to_be_visible()
    assert_accessible(page)

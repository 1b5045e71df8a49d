"""The service is served as in production, and pages of it stand in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.support.browser import assert_accessible

pytestmark = pytest.mark.browser


PUBLIC = ("/", "/learning", "/sign-in", "/accessibility", "/nowhere")


def test_public_pages_are_accessible_on_a_desktop(desktop_page: Page) -> None:
    for path in PUBLIC:
        desktop_page.goto(path)
        assert_accessible(desktop_page)


def test_public_pages_are_accessible_on_a_phone(phone_page: Page) -> None:
    for path in PUBLIC:
        phone_page.goto(path)
        assert_accessible(phone_page)


def test_public_pages_are_accessible_without_javascript(plain_page: Page) -> None:
    for path in PUBLIC:
        plain_page.goto(path)
        assert_accessible(plain_page)

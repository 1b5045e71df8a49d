"""The browser helpers find what they are there to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browser import assert_accessible, assert_fits, listen

pytestmark = pytest.mark.browser

HOST = "ripple.example"
GOOD = '<html lang="en"><title>Learning</title><main><h1>Learning</h1></main></html>'


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def show(new_context: Callable[..., Any], complaints: list[str]) -> Callable[..., Page]:
    """Show a page written here, answered under an address that does not exist."""

    def show_one(html: str, *, policy: str = "script-src 'self'", javascript: bool = True) -> Page:
        context = new_context(java_script_enabled=javascript)
        headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
        context.route("**/*", lambda route: route.fulfill(body=html, headers=headers))
        page: Page = context.new_page()
        listen(page, complaints, HOST)
        page.goto(f"http://{HOST}/")
        return page

    return show_one


def test_a_good_page_is_accessible(show: Callable[..., Page], complaints: list[str]) -> None:
    assert_accessible(show(GOOD))
    assert complaints == []


def test_a_page_without_javascript_is_judged_as_it_is_shown(show: Callable[..., Page]) -> None:
    unlabelled = "<noscript><input></noscript>"
    with_scripts = GOOD.replace("</main>", unlabelled + "</main>")
    assert_accessible(show(with_scripts))
    with pytest.raises(AssertionError, match="label: "):
        assert_accessible(show(with_scripts, javascript=False))


def test_a_field_without_a_label_is_found(show: Callable[..., Page]) -> None:
    with pytest.raises(AssertionError, match="label: "):
        assert_accessible(show(GOOD.replace("</main>", "<input></main>")))


def test_a_page_found_sound_is_looked_at_again_unless_only_words_and_tokens_changed(
    show: Callable[..., Page],
) -> None:
    field = '<label>Name <input></label><input type="hidden" value="t0k3n"><a href="/a">A</a>'
    sound = GOOD.replace("</main>", field + "</main>")
    for javascript in (True, False):
        assert_accessible(show(sound, javascript=javascript))
        changed = sound.replace("t0k3n", "another").replace("/a", "/b").replace("Name", "Age")
        assert_accessible(show(changed, javascript=javascript))
        with pytest.raises(AssertionError, match="label: "):
            assert_accessible(show(changed.replace("Age", " "), javascript=javascript))


def test_a_page_that_is_too_wide_is_found(show: Callable[..., Page]) -> None:
    wide = '<img alt="" width="5000" height="10">'
    with pytest.raises(AssertionError, match="wide in"):
        assert_fits(show(GOOD.replace("</main>", wide + "</main>")))


def test_what_the_content_security_policy_forbids_is_noted(
    show: Callable[..., Page], complaints: list[str]
) -> None:
    show(GOOD.replace("</main>", "<script>1</script></main>"))
    assert "Content Security Policy" in complaints[0]


def test_a_script_that_fails_is_noted(show: Callable[..., Page], complaints: list[str]) -> None:
    show(GOOD.replace("</main>", "<script>nowhere()</script>"), policy="default-src *")
    show(
        GOOD.replace("</main>", "<script>nowhere()</script>"),
        policy="script-src 'unsafe-inline'",
    )
    assert "nowhere is not defined" in complaints[-1]


def test_a_request_to_another_host_is_noted(
    show: Callable[..., Page], complaints: list[str]
) -> None:
    show(GOOD.replace("</main>", '<img alt="" src="http://other.example/x"></main>'))
    assert "asked another host: http://other.example/x" in complaints[0]

"""Pages in a real browser on a live server, and what every such page must survive."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Route, ViewportSize

from tests.support.live_server import LiveServer, prepared_database

PHONE = ViewportSize(width=375, height=812)
DESKTOP = ViewportSize(width=1280, height=900)
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# What a page may differ in without being another page to axe: hidden values, where links lead, and
# which words stand where there are words.
NOT_JUDGED = re.compile(
    r'(?<=\s)(?:href|action)="/(?!static|brand)[^"]*"|(?<=type="hidden" )value="[^"]*"'
    r"|(?<=>)[^<>]*[^<>\s][^<>]*(?=<)"
)
# Pages in which axe found nothing, in this process: it need not look at the same page twice.
_sound: set[int] = set()
_copies: WeakKeyDictionary[BrowserContext, Page] = WeakKeyDictionary()

OpenPage = Callable[..., Page]


@pytest.fixture
def live_server(tmp_path: Path) -> Iterator[LiveServer]:
    """The example programme, served as in production from a database of this test's own."""
    made = prepared_database(Path(os.environ["RIPPLE_TEST_RUN"]))
    own = shutil.copy(made, tmp_path / "ripple.sqlite")
    server = LiveServer(tmp_path, f"sqlite:///{own}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_page(new_context: Callable[..., Any], live_server: LiveServer) -> Iterator[OpenPage]:
    """Open a browser page on the live server: open_page(size=PHONE, javascript=False)."""
    complaints: list[str] = []

    def open_one(*, size: ViewportSize = DESKTOP, javascript: bool = True) -> Page:
        context = new_context(
            base_url=live_server.url,
            viewport=size,
            java_script_enabled=javascript,
            locale="en-GB",
            timezone_id="Europe/London",
        )
        page: Page = context.new_page()
        listen(page, complaints, urlsplit(live_server.url).netloc)
        return page

    yield open_one
    assert not complaints, "the browser complained: " + "; ".join(complaints)


@pytest.fixture
def desktop_page(open_page: OpenPage) -> Page:
    """A page 1280 pixels wide."""
    return open_page(size=DESKTOP)


@pytest.fixture
def phone_page(open_page: OpenPage) -> Page:
    """A page 375 pixels wide."""
    return open_page(size=PHONE)


@pytest.fixture
def plain_page(open_page: OpenPage) -> Page:
    """A page on a phone without JavaScript."""
    return open_page(size=PHONE, javascript=False)


def listen(page: Page, complaints: list[str], host: str) -> None:
    """Note script errors, console errors and requests to any other host than this one."""

    def on_console(message: ConsoleMessage) -> None:
        is_status = message.text.startswith("Failed to load resource: the server responded")
        if message.type == "error" and not is_status:
            complaints.append(f"{page.url}: {message.text}")

    def on_request(request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in {"http", "https"} and asked.netloc != host:
            complaints.append(f"{page.url} asked another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", on_request)


def assert_accessible(page: Page) -> None:
    """Fail with what axe finds against WCAG 2.2 AA, and if the page is wider than its window."""
    assert_fits(page)
    scripts = not page.evaluate("matchMedia('(scripting: none)').matches")
    judged = hash((NOT_JUDGED.sub("x", page.content()), repr(page.viewport_size), scripts))
    if judged in _sound:
        return
    _assert_nothing_found(page if scripts else _copy_without_its_scripts(page))
    _sound.add(judged)


def assert_fits(page: Page) -> None:
    """Fail if the page must be scrolled sideways."""
    page.wait_for_load_state("load")  # before that its style sheets may be missing
    page_width, window_width = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert page_width <= window_width, f"{page.url} is {page_width} wide in {window_width} pixels"


def _assert_nothing_found(page: Page) -> None:
    options = {"resultTypes": ["violations"], "runOnly": WCAG_22_AA}
    page.evaluate(Axe().axe_script)
    # All that axe has to tell would take as long to bring over as it took to find out.
    found = page.evaluate("options => axe.run(options).then(told => told.violations)", options)
    lines = [
        f"{rule['id']}: {rule['help']}: " + ", ".join(str(node["target"]) for node in rule["nodes"])
        for rule in found
    ]
    assert not lines, f"{page.url}:\n" + "\n".join(lines)


def _copy_without_its_scripts(page: Page) -> Page:
    """The page as it is shown, where axe can run: axe waits for ever with JavaScript off."""
    copy = _copies.get(page.context) or _page_for_copies(page)
    _copies[page.context] = copy
    shown = re.sub(r"</?noscript[^>]*>", "", page.content())

    def answer(route: Route) -> None:
        kind = route.request.resource_type
        if kind == "document":
            route.fulfill(body=shown, content_type="text/html; charset=utf-8")
        elif kind == "script":
            route.abort()
        else:
            route.continue_()

    copy.context.unroute_all()
    copy.context.route("**/*", answer)
    copy.goto(page.url)
    return copy


def _page_for_copies(page: Page) -> Page:
    """A page beside this one, which goes when the browser does."""
    assert page.context.browser
    context = page.context.browser.new_context(viewport=page.viewport_size)
    context.set_default_timeout(10_000)
    return context.new_page()

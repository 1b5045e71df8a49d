"""Which browser is used, and how it is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType

NO_BROWSER = (
    "no browser: run 'playwright install chromium', install Chromium or set RIPPLE_CHROMIUM"
)
ON_THE_PATH = ("chromium", "chromium-browser", "google-chrome")
# A browser under test asks nobody but the server under test.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


def chromium(browser_type: BrowserType) -> str | None:
    """The browser to start: RIPPLE_CHROMIUM, Playwright's own (None), or one on the path.

    Without any, the test is skipped, or fails when REQUIRE_BROWSER is set.
    """
    named = os.environ.get("RIPPLE_CHROMIUM")
    if named or Path(browser_type.executable_path).exists():
        return named
    found = on_the_path()
    if not found:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)
    return found


def on_the_path() -> str | None:
    """A browser that this machine offers to everybody."""
    return next(filter(None, map(shutil.which, ON_THE_PATH)), None)


def launch_options(browser_type: BrowserType) -> dict[str, Any]:
    """How the browser is started: quietly, and without its sandbox where we are root."""
    arguments = [*QUIET]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    executable = chromium(browser_type)
    named = {"executable_path": executable} if executable else {}
    return {"args": arguments, **named}

"""Runs every check and sums up: what `python3 run.py test` does once its tools are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from app.checks.throwaway_postgres import find_binaries
from tests.support import chromium

PROJECT = Path(__file__).parents[1]
DOWNLOAD_SECONDS = 240
OUTCOMES = ("passed", "failed", "skipped")
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
NOTHING_TO_RUN = 5  # pytest's exit code when the options left no test


@dataclass
class Result:
    """How one step went: its counts if it ran tests, and why it was not run if so."""

    step: str
    is_good: bool
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    not_run: str = ""

    @property
    def words(self) -> str:
        """The result as one phrase."""
        if self.not_run:
            return f"not run: {self.not_run}"
        counted = [f"{self.counts[name]} {name}" for name in OUTCOMES if self.counts.get(name)]
        return ", ".join(counted) or ("passed" if self.is_good else "FAILED")


def main(arguments: Sequence[str]) -> int:
    """Run the steps asked for; 0 if all went well."""
    rest = [argument for argument in arguments if argument != "--quick"]
    quick = "--quick" in arguments
    on_sqlite = "not browser and not postgres" + (" and not slow" if quick else "")
    results = [
        command_step("lint (ruff check)", "ruff", "check", "."),
        command_step("format (ruff format)", "ruff", "format", "--check", "."),
        command_step("types (mypy)", "mypy"),
        pytest_step("tests on SQLite", on_sqlite, *rest),
    ]
    if not quick:
        results.append(postgres_step(rest))
        results.append(browser_step(rest))
    return report(results)


def report(results: Sequence[Result]) -> int:
    """Print the table and the total; 0 if all went well."""
    print("\n" + "\n".join(f"{r.step:<22}{r.seconds:>7.1f} s   {r.words}" for r in results))
    total = {name: sum(r.counts.get(name, 0) for r in results) for name in OUTCOMES}
    total["failed"] += sum(not r.is_good and not r.counts.get("failed") for r in results)
    print("TOTAL: " + ", ".join(f"{total[name]} {name}" for name in OUTCOMES))
    return 0 if all(r.is_good for r in results) else 1


def command_step(step: str, *module_and_arguments: str) -> Result:
    """Run one of the tools as a module."""
    print(f"--- {step}", flush=True)
    began = time.monotonic()
    code = subprocess.call([sys.executable, "-m", *module_and_arguments], cwd=PROJECT)
    return Result(step, code == 0, time.monotonic() - began)


def pytest_step(step: str, marked: str, *arguments: str) -> Result:
    """Run the tests so marked, showing what pytest says and counting at the end."""
    print(f"--- {step}", flush=True)
    began = time.monotonic()
    processes = str(max(2, os.cpu_count() or 2))
    command = [sys.executable, "-m", "pytest", "-q", "-n", processes, "-m", marked, *arguments]
    said = ""
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        for line in running.stdout:
            print(line, end="", flush=True)
            said = line if line.strip() else said
    is_good = running.returncode in {0, NOTHING_TO_RUN}
    return Result(step, is_good, time.monotonic() - began, counts_in(said))


def counts_in(last_line: str) -> dict[str, int]:
    """The counts of pytest's last line, errors counted as failures."""
    counts: dict[str, int] = {}
    for number, word in COUNTED.findall(last_line):
        name = "failed" if word.startswith("error") else word
        counts[name] = counts.get(name, 0) + int(number)
    return counts


def postgres_step(arguments: Sequence[str]) -> Result:
    """The tests that use a database, once more on a real PostgreSQL."""
    step = "tests on PostgreSQL"
    if not has_postgres() and not apt_get("postgresql"):
        return missing(step, "REQUIRE_PG", "sudo apt-get install -y postgresql")
    only = ("--db", "postgres", "--only-database")
    return pytest_step(step, "not browser", *only, *arguments)


def has_postgres() -> bool:
    """Whether the tests' harness will find a server."""
    return "TEST_DATABASE_URL" in os.environ or find_binaries() is not None


def browser_step(arguments: Sequence[str]) -> Result:
    """The tests in a real browser, which is fetched if there is none."""
    fetch: list[Callable[[], bool]] = [
        lambda: True,
        download_browser,
        lambda: apt_get("chromium", "libatomic1"),
    ]
    if any(attempt() and has_browser() for attempt in fetch):
        return pytest_step("browser tests", "browser", *arguments)
    line = "sudo apt-get install -y chromium libatomic1"
    return missing("browser tests", "REQUIRE_BROWSER", line)


def has_browser() -> bool:
    """Whether Playwright's own program runs here and there is a browser for it."""
    try:
        with sync_playwright() as playwright:
            own = Path(playwright.chromium.executable_path).exists()
    except (PlaywrightError, OSError):
        return False
    return own or bool(os.environ.get("RIPPLE_CHROMIUM") or chromium.on_the_path())


def download_browser() -> bool:
    """Try Playwright's own download."""
    print("No browser yet: trying Playwright's download", flush=True)
    return _quietly(sys.executable, "-m", "playwright", "install", "chromium")


def apt_get(*packages: str) -> bool:
    """Install packages where that is possible without asking: as root, on Debian."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"Trying apt-get install {' '.join(packages)}", flush=True)
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)
    return _quietly("apt-get", "update", "-q") and _quietly(*install)


def _quietly(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def missing(step: str, required_by: str, line: str) -> Result:
    """A step that cannot be done here; a failure only where it is required."""
    return Result(step, not os.environ.get(required_by), not_run=line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs every check and sums up: what `python3 run.py test` does once its tools are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from app.checks.throwaway_postgres import find_binaries
from tests.support import chromium, reckoning
from tests.support.reckoning import BROWSER, OUTCOMES, POSTGRES

PROJECT = Path(__file__).parents[1]
DOWNLOAD_SECONDS = 240
DO_NOT_KEEP = "PYTHONDONTWRITEBYTECODE"
QUICK = "not browser and not postgres and not slow"
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
    results = [
        command_step("lint (ruff check)", "ruff", "check", "."),
        command_step("format (ruff format)", "ruff", "format", "--check", "."),
    ]
    with ThreadPoolExecutor(1) as aside:
        # Beside the tests, which do not keep every processor busy all the time.
        types = aside.submit(quiet_step, "types (mypy)", "mypy")
        results += test_steps(rest) if not quick else pytest_step(QUICK, *rest)
        results.insert(2, types.result())
    return report(results)


def test_steps(arguments: Sequence[str]) -> list[Result]:
    """Every test that can be run here, all in one pool, and what could not be."""
    not_run = [found for found in (missing_postgres(), missing_browser()) if found]
    absent = {found.step for found in not_run}
    database = "sqlite" if POSTGRES in absent else "both"
    marked = "not browser" if BROWSER in absent else ""
    return [*pytest_step(marked, "--db", database, *arguments), *not_run]


def report(results: Sequence[Result]) -> int:
    """Print the table and the total; 0 if all went well."""
    print("\nseconds of work, the tests' counted by process")
    print("\n".join(f"{r.step:<22}{r.seconds:>7.1f} s   {r.words}" for r in results))
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


def quiet_step(step: str, *module_and_arguments: str) -> Result:
    """The same, but what the tool says is printed at its end, and only if something is wrong."""
    began = time.monotonic()
    command = [sys.executable, "-m", *module_and_arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"\n--- {step}\n{done.stdout}{done.stderr}", flush=True)
    return Result(step, done.returncode == 0, time.monotonic() - began)


def pytest_step(marked: str, *arguments: str) -> list[Result]:
    """Run the tests so marked in one pool; a result for each kind of test."""
    print("--- tests", flush=True)
    # One more than there are processors: while a test waits for a browser, another runs.
    processes = str((os.cpu_count() or 2) + 1)
    command = [sys.executable, "-m", "pytest", "-q", "-n", processes, "--dist", "worksteal"]
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        environment = {**compiling_once(os.environ), reckoning.SUMMARY: str(summary)}
        code = subprocess.call([*command, "-m", marked, *arguments], cwd=PROJECT, env=environment)
        found = json.loads(summary.read_text()) if summary.exists() else {}
    print_slowest(found.get("files", {}))
    results = results_of(found.get("kinds", {}))
    if code not in {0, NOTHING_TO_RUN} and all(result.is_good for result in results):
        results.append(Result("test run", False))
    return results


def compiling_once(environment: Mapping[str, str]) -> dict[str, str]:
    """The same, but what one process has compiled the others read, wherever they run."""
    rest = {name: value for name, value in environment.items() if name != DO_NOT_KEEP}
    return {"PYTHONPYCACHEPREFIX": str(PROJECT / ".venv" / "bytecode"), **rest}


def results_of(kinds: Mapping[str, Any]) -> list[Result]:
    """What the run noted of each kind of test, as results."""
    return [
        Result(kind, not noted["counts"].get("failed"), noted["seconds"], noted["counts"])
        for kind, noted in kinds.items()
    ]


def print_slowest(files: Mapping[str, float]) -> None:
    """Say which files the time went to, so that it is seen when one grows."""
    print("\nthe ten slowest files, in seconds of one process")
    for file, seconds in files.items():
        print(f"{seconds:>7.1f}   {file}")


def missing_postgres() -> Result | None:
    """Why there are no tests on PostgreSQL, after trying to fetch one."""
    if has_postgres() or apt_get("postgresql"):
        return None
    return missing(POSTGRES, "REQUIRE_PG", "sudo apt-get install -y postgresql")


def has_postgres() -> bool:
    """Whether the tests' harness will find a server."""
    return "TEST_DATABASE_URL" in os.environ or find_binaries() is not None


def missing_browser() -> Result | None:
    """Why there are no tests in a real browser, after trying to fetch one."""
    fetch: list[Callable[[], bool]] = [
        lambda: True,
        download_browser,
        lambda: apt_get("chromium", "libatomic1"),
    ]
    if any(attempt() and has_browser() for attempt in fetch):
        return None
    line = "sudo apt-get install -y chromium libatomic1"
    return missing(BROWSER, "REQUIRE_BROWSER", line)


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

"""Counts what a test run did, by kind of test and by file, for the summary at its end."""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

SUMMARY = "RIPPLE_TEST_SUMMARY"  # names the file to write, if anybody wants to read it
ON_POSTGRES = re.compile(r"\[postgres\b")
SQLITE, POSTGRES, BROWSER = "tests on SQLite", "tests on PostgreSQL", "browser tests"
OUTCOMES = ("passed", "failed", "skipped")


class Reckoning:
    """What has been reported so far, in the process that hears of every test."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts: dict[str, Counter[str]] = {}
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.files: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of a test: what it cost, and how the test went."""
        kind = kind_of(report)
        self.seconds[kind] += report.duration
        self.files[report.nodeid.split("::")[0]] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.counts.setdefault(kind, Counter())[report.outcome] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read is a failure too."""
        if report.failed:
            self.counts.setdefault(SQLITE, Counter())["failed"] += 1

    def pytest_unconfigure(self) -> None:
        """Write it down."""
        kinds = {
            kind: {"seconds": round(self.seconds[kind], 1), "counts": dict(self.counts[kind])}
            for kind in sorted(self.counts)
        }
        slowest = sorted(self.files.items(), key=lambda file: -file[1])[:10]
        found = {"kinds": kinds, "files": {file: round(spent, 1) for file, spent in slowest}}
        Path(os.environ[SUMMARY]).write_text(json.dumps(found))


def kind_of(report: pytest.TestReport) -> str:
    """Which line of the summary a test belongs to; code without a database stands with SQLite."""
    if "browser" in report.keywords:
        return BROWSER
    return POSTGRES if ON_POSTGRES.search(report.nodeid) else SQLITE

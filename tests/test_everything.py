"""The summary of `python3 run.py test` says what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import everything
from tests.everything import Result
from tests.support import reckoning

SOME_TESTS = """
import pytest

@pytest.mark.parametrize("kind", ["sqlite", "postgres-x"])
def test_here(kind):
    if kind == "sqlite":
        pytest.skip("not today")

@pytest.fixture
def broken_at_the_end():
    yield
    raise ValueError

def test_broken(broken_at_the_end):
    pass

@pytest.mark.browser
def test_seen():
    assert 1 == 2
"""


def test_a_run_is_counted_by_kind_and_by_file(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(SOME_TESTS)
    (tmp_path / "conftest.py").write_text(
        "from tests.support.reckoning import Reckoning\n"
        "def pytest_configure(config):\n"
        "    config.addinivalue_line('markers', 'browser: seen')\n"
        "    config.pluginmanager.register(Reckoning())\n"
    )
    summary = tmp_path / "summary.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, reckoning.SUMMARY: str(summary), "PYTHONPATH": os.getcwd()}
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    found = json.loads(summary.read_text())
    assert {kind: noted["counts"] for kind, noted in found["kinds"].items()} == {
        "browser tests": {"failed": 1},
        "tests on PostgreSQL": {"passed": 1},
        "tests on SQLite": {"skipped": 1, "passed": 1, "failed": 1},
    }
    assert list(found["files"]) == ["test_some.py"]
    assert [result.is_good for result in everything.results_of(found["kinds"])] == [
        False,
        True,
        False,
    ]


def test_the_total_adds_up_what_ran(capsys: pytest.CaptureFixture[str]) -> None:
    code = everything.report(
        [
            Result("lint", True, 0.3),
            Result("tests", True, 10.0, {"passed": 100, "skipped": 2}),
            Result("more tests", True, 10.0, {"passed": 23}),
        ]
    )
    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == "TOTAL: 123 passed, 0 failed, 2 skipped"


def test_a_failed_step_counts_as_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    results = [Result("lint", False), Result("tests", False, 1.0, {"passed": 9, "failed": 1})]
    assert everything.report(results) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "TOTAL: 9 passed, 2 failed, 0 skipped"


def test_what_was_not_run_says_what_would_install_it(capsys: pytest.CaptureFixture[str]) -> None:
    everything.report([everything.missing("browser tests", "REQUIRE_NOTHING", "apt-get x")])
    assert "not run: apt-get x" in capsys.readouterr().out


def test_what_was_not_run_is_a_failure_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REQUIRE_PG", raising=False)
    assert everything.missing("tests on PostgreSQL", "REQUIRE_PG", "apt-get x").is_good
    monkeypatch.setenv("REQUIRE_PG", "1")
    assert not everything.missing("tests on PostgreSQL", "REQUIRE_PG", "apt-get x").is_good

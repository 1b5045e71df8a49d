"""The summary of `python3 run.py test` says what happened."""

from __future__ import annotations

import pytest

from tests import everything
from tests.everything import Result


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("812 passed, 3 skipped in 61.20s (0:01:01)", {"passed": 812, "skipped": 3}),
        ("1 failed, 9 passed, 2 errors in 3.1s", {"failed": 3, "passed": 9}),
        ("1 error in 0.52s", {"failed": 1}),
        ("no tests ran in 0.01s", {}),
        ("5 passed, 800 deselected, 1 warning in 2.0s", {"passed": 5}),
    ],
)
def test_pytests_last_line_is_counted(line: str, counts: dict[str, int]) -> None:
    assert everything.counts_in(line) == counts


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

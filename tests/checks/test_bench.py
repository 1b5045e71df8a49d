"""The bench in small: every row is measured, nothing is measured that went wrong."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from app.checks.bench import measuring, report, servers
from app.checks.bench.data import Size
from app.checks.throwaway_postgres import Server
from tests.conftest import run_folder
from tests.support import postgres

SMALL = Size(
    events=8, people=400, answers=40, few_answers=5, invitations=60, past_events=2, places=30
)
ROWS = [
    "catalogue",
    "catalogue_first",
    "event",
    "event_first",
    "calendar",
    "booking",
    "booking_bare",
    "booking_strict",
    "results",
    "answering",
    "memory",
    "start",
]
AIMS = {
    "catalogue": 0.5,
    "event": 0.5,
    "calendar": 0.5,
    "booking": 0.25,
    "results": 0.25,
    "answering": 0.9,
    "memory": 120,
    "start": 1.0,
}


@pytest.fixture
def server_and_name() -> Iterator[tuple[Server, str]]:
    server, name = postgres.server_for_run(run_folder()), f"bench_{secrets.token_hex(4)}"
    yield server, name
    server.drop(name)


@pytest.mark.slow
@pytest.mark.postgres
def test_every_row_of_the_table_is_measured(server_and_name: tuple[Server, str]) -> None:
    said: list[str] = []
    rows, circumstances = measuring.run_on(
        *server_and_name, seconds=0.2, rounds=1, size=SMALL, say=said.append
    )
    told = json.loads(report.as_json(rows, circumstances))
    assert [row["key"] for row in told["rows"]] == ROWS
    assert {row["key"]: row["aim"] for row in told["rows"] if row["aim"]} == AIMS
    assert all(row["ripple"] > 0 and row["floor"] > 0 for row in told["rows"])
    assert all((row["is_met"] is None) == (row["aim"] is None) for row in told["rows"])
    assert told["circumstances"]["postgresql_settings"].keys() == measuring.POSTGRES.keys()
    assert len(report.as_table(rows).split("\n\n")[0].splitlines()) == len(ROWS) + 2
    assert said[0] == "Making the data"


def test_a_server_that_does_not_answer_is_not_measured() -> None:
    told = {
        "way": "look",
        "port": servers.free_port(),
        "seconds": 0.1,
        "visitors": 1,
        "errands": [{"path": "/learning"}],
    }
    with pytest.raises(servers.CannotMeasure, match="refused"):
        servers.burst(told)


@pytest.mark.parametrize(
    ("floor", "ripple", "share", "is_met"),
    [
        pytest.param([100, 100, 100], [50, 50, 50], 0.5, True, id="just met"),
        pytest.param([100, 100, 100], [49, 49, 49], 0.49, False, id="just not met"),
        pytest.param([100, 10, 100], [60, 1, 60], 0.6, True, id="one bad round counts little"),
        pytest.param([100, 50, 200], [60, 30, 120], 0.6, True, id="both slow in the same round"),
    ],
)
def test_the_share_is_the_median_of_the_rounds_shares(
    floor: list[float], ripple: list[float], share: float, is_met: bool
) -> None:
    row = report.share_row("event", "One event", floor, ripple, aim=0.5)
    assert row.share == pytest.approx(share)
    assert row.is_met is is_met


def test_more_memory_than_aimed_at_is_said_to_be_too_much() -> None:
    row = report.most_row("memory", "Memory of a worker", "MiB", 40, 121, aim=120)
    assert "| at most 120 MiB | **not met** |" in report.as_table([row])


def test_processor_time_has_a_share_of_its_own() -> None:
    row = report.share_row("event", "One event", [100], [50], aim=0.5)
    assert row.cpu_share is None
    assert "| 0.50 |  | at least 0.50 | met |" in report.as_table([row])

"""One PostgreSQL for a test run: given by its address, or a cluster thrown away at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.checks import throwaway_postgres
from app.checks.throwaway_postgres import Cluster, Server

NO_SERVER = "no PostgreSQL: set TEST_DATABASE_URL, or install requirements/dev.txt, which holds one"
# Nothing of a test run needs to survive a power cut.
SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "deadlock_timeout": "200ms",
}
LOCK_WAIT_SECONDS = 180


def server_for_run(run_folder: Path) -> Server:
    """The run's server, started by whoever asks first; skips, or fails when REQUIRE_PG is set."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return Server(given)
    with only_one_at_a_time(run_folder / "postgres.lock"):
        address = run_folder / "postgres.url"
        if not address.exists():
            address.write_text(_start(run_folder))
        return Server(address.read_text())


def stop_server_of_run(run_folder: Path, template: str) -> None:
    """Stop the run's server, if it has one, and remove all it wrote; on another's, our template."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        Server(given).drop(template)
        return
    note = run_folder / "postgres.folder"
    if note.exists():
        home, binaries = (Path(line) for line in note.read_text().splitlines())
        Cluster(home, binaries).stop()


@contextmanager
def only_one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock between processes: a folder can be made only once. TimeoutError after a while."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{lock} was never let go") from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.rmdir()


def _start(run_folder: Path) -> str:
    try:
        cluster = throwaway_postgres.start(SERVER_SETTINGS)
    except LookupError:
        if os.environ.get("REQUIRE_PG"):
            pytest.fail(NO_SERVER, pytrace=False)
        pytest.skip(NO_SERVER)
    (run_folder / "postgres.folder").write_text(f"{cluster.home}\n{cluster.binaries}\n")
    return cluster.url

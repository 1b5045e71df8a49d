"""The results of an offer with 100,000 responses beside one with 1,000, on PostgreSQL; answering
beside one with 10."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import flask_migrate

import config
from app import create_app
from app.checks import results_data, stage
from app.checks.bench import measuring, servers
from app.checks.bench.data import GIVEN, cookie
from app.checks.bench.load import Visitor, look
from app.checks.results_data import Asked
from app.checks.throwaway_postgres import Server, throwaway_cluster
from app.impact import keeping
from app.kernel import clock
from app.kernel.db import db, transaction

FEW, FEWEST = 1_000, 10
MOST_SECONDS, MOST_TIMES, MOST_TIMES_ANSWERING = 1.0, 3.0, 1.25
TO_ANSWER = 400
OPENINGS = 15
BURST_SECONDS = 4.0
# Two bursts of the very same work differ by a tenth or two on a machine that does other things,
# which only ever slows one: the best of several says how long the work itself takes.
BURSTS = 6


def results(*, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Open pages of both offers and answer both surveys in turn."""
    with (
        throwaway_cluster(measuring.POSTGRES) as cluster,
        tempfile.TemporaryDirectory(prefix="ripple-results-") as folder,
    ):
        port = servers.free_port()
        settings = {
            "DATABASE_URL": Server(cluster.url).create(f"results_{seed}"),
            "SECRET_KEY": "a drill keeps nothing secret, and uses this key",
            "BASE_URL": f"http://127.0.0.1:{port}",
            "MAIL_URL": f"file:{Path(folder) / 'mail'}",
        }
        reader, fewest, few, many, seconds_to_keep = _make(settings, size)
        opened = {
            page: _open(settings, port, reader, [few.pages[page], many.pages[page]], rounds)
            for page in many.pages
        }
        answering = _answer(settings, port, fewest, many)
    ratios = {
        page: {when: found["many"][when] / found["few"][when] for when in found["many"]}
        for page, found in opened.items()
    }
    return {
        "ok": all(max(found["many"].values()) < MOST_SECONDS for found in opened.values())
        and all(max(found.values()) <= MOST_TIMES for found in ratios.values())
        and answering["times_as_long"] <= MOST_TIMES_ANSWERING,
        "responses": {"fewest": FEWEST, "few": FEW, "many": size},
        "opened": opened,
        "times_as_long": ratios,
        "answering": answering,
        "worker_seconds_to_count_ahead": seconds_to_keep,
    }


def _make(settings: dict[str, str], size: int) -> tuple[str, Asked, Asked, Asked, float]:
    app = create_app(config.load(settings))
    with app.app_context():
        try:
            flask_migrate.upgrade(str(stage.PROJECT / "migrations"))
            with transaction():
                stage.make_partnership()
                token = results_data.make_reader()
                fewest, few, many = (
                    results_data.make_offer_with_answers(count, still_to_answer=TO_ANSWER)
                    for count in (FEWEST, FEW, size)
                )
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
            began = time.monotonic()
            for evaluation_id in keeping.large_evaluations():
                with transaction():
                    keeping.keep_counts(evaluation_id, now=clock.now())
            return cookie(app, token), fewest, few, many, time.monotonic() - began
        finally:
            db.session.remove()
            db.engine.dispose()


def _open(
    settings: dict[str, str], port: int, reader: str, pages: list[str], rounds: int
) -> dict[str, dict[str, float]]:
    """Seconds to open each page, the first time after a start and later: the medians."""
    firsts: tuple[list[float], list[float]] = ([], [])
    later: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        order = (0, 1) if number % 2 else (1, 0)
        for which in order:
            # A server of its own for each, so that neither finds what the other has warmed.
            with servers.ripple(settings, port):
                firsts[which].append(_seconds(port, pages[which], reader))
        with servers.ripple(settings, port):
            for turn in range(OPENINGS):
                for which in order:
                    seconds = _seconds(port, pages[which], reader)
                    if turn > OPENINGS // 3:  # by then both processes have opened both
                        later[which].append(seconds)
    return {
        name: {"first_seconds": median(firsts[which]), "seconds": median(later[which])}
        for which, name in enumerate(("few", "many"))
    }


def _seconds(port: int, page: str, reader: str) -> float:
    visitor = Visitor(port)
    began = time.monotonic()
    try:
        look(visitor, {"path": page, "cookie": reader})
    finally:
        visitor.close()
    return time.monotonic() - began


def _answer(settings: dict[str, str], port: int, few: Asked, many: Asked) -> dict[str, float]:
    """Whole surveys answered in a second, in turn; how many times as long the larger takes."""
    with servers.ripple(settings, port) as ours:
        sides = [
            measuring.Side(ours, "answer_survey", _errands(asked), again=False)
            for asked in (few, many)
        ]
        rates: tuple[list[float], list[float]] = ([], [])
        for number in range(BURSTS):
            for which in (0, 1) if number % 2 else (1, 0):
                rates[which].append(sides[which].rate(BURST_SECONDS / BURSTS))
    few_rate, many_rate = map(max, rates)
    return {
        "few_per_second": few_rate,
        "many_per_second": many_rate,
        "times_as_long": few_rate / many_rate,
    }


def _errands(asked: Asked) -> Iterator[dict[str, Any]]:
    return iter([{"path": f"/surveys/{token}", "form": GIVEN} for token in asked.tokens])


if __name__ == "__main__":
    asked = dict(zip(("rounds", "size", "seed"), map(int, sys.argv[1:]), strict=True))
    sys.stdout.write(json.dumps(results(**asked)))

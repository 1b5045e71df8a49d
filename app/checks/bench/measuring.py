"""What is measured, row by row: short bursts, the floor and Ripple in turn, the median share."""

from __future__ import annotations

import itertools
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

import config
from app import create_app
from app.checks.bench import data, floor, report, servers
from app.checks.bench.data import GIVEN, Measured, Size
from app.checks.bench.load import Visitor, look
from app.checks.bench.report import Row
from app.checks.bench.servers import Serving
from app.checks.throwaway_postgres import Server, throwaway_cluster
from app.kernel.db import db

VISITORS = 8
MOST_PER_SECOND = 3_000
STARTS = 3
FIRST_PAGES_PER_ROUND = 5
WARM_SECONDS = 0.7
AS_FAST = 0.9  # two bursts of the very same work differ by as much
# As PostgreSQL comes: a commit is on the disk before it is answered.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

Say = Callable[[str], None]
Errands = Iterator[dict[str, Any]]


@dataclass
class Side:
    """One server with the errands to do there."""

    server: Serving
    way: str
    errands: Errands
    again: bool = True  # an errand may be repeated
    cpu_seconds: float = 0.0
    done: int = 0

    def rate(self, seconds: float) -> float:
        """Errands done in a second, over so many seconds."""
        most = 500 if self.again else int(MOST_PER_SECOND * seconds)
        some = list(itertools.islice(self.errands, most))
        told = {
            "way": self.way,
            "port": self.server.port,
            "seconds": seconds,
            "visitors": VISITORS,
            "errands": some,
            "again": self.again,
        }
        spent = self.server.cpu_seconds() or 0.0
        found = servers.burst(told)
        self.cpu_seconds += (self.server.cpu_seconds() or 0.0) - spent
        self.done += found["done"]
        if not self.again:
            self.errands = itertools.chain(some[found["begun"] :], self.errands)
        return float(found["rate"])

    def cpu_ms(self) -> float:
        """Processor time of the web processes for one errand, in milliseconds."""
        return 1000 * self.cpu_seconds / max(self.done, 1)


@dataclass
class Comparison:
    """One row under measurement: two sides and their rates, round after round."""

    key: str
    words: str
    aim: float | None
    floor: Side
    ripple: Side
    note: str = ""
    rates: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def measure(self, seconds: float, *, keep: bool = True) -> None:
        """One burst at each; who begins takes turns."""
        sides = [(self.floor, self.rates[0]), (self.ripple, self.rates[1])]
        for side, rates in sides if len(self.rates[0]) % 2 == 0 else sides[::-1]:
            rate = side.rate(seconds)
            if keep:
                rates.append(rate)
            else:
                side.cpu_seconds = side.done = 0

    def row(self) -> Row:
        """What came of it."""
        theirs, ours = self.rates
        row = report.share_row(self.key, self.words, theirs, ours, aim=self.aim, note=self.note)
        floor_ms, ripple_ms = self.floor.cpu_ms(), self.ripple.cpu_ms()
        return replace(row, floor_cpu_ms=floor_ms, ripple_cpu_ms=ripple_ms)


def run(*, seconds: float, rounds: int, size: Size, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Measure on a cluster of its own; LookupError without PostgreSQL, CannotMeasure on errors."""
    with throwaway_cluster(POSTGRES) as cluster:
        return run_on(
            Server(cluster.url), "bench", seconds=seconds, rounds=rounds, size=size, say=say
        )


def run_on(
    server: Server, database: str, *, seconds: float, rounds: int, size: Size, say: Say
) -> tuple[list[Row], dict[str, Any]]:
    """Measure in a new database of this server; the rows, and the circumstances."""
    url, port = server.create(database), servers.free_port()
    with tempfile.TemporaryDirectory(prefix="ripple-bench-") as name:
        settings = _settings(url, Path(name), port)
        say("Making the data")
        measured = _make_data(settings, size)
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(floor.TABLES)
            circumstances = _circumstances(connection, seconds, rounds, size)
            say("Starting both servers")
            rows = _measure(settings, port, measured, connection, seconds, rounds, say)
    return rows, circumstances


def _settings(url: str, folder: Path, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": "a bench keeps nothing secret, and uses this key",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"file:{folder / 'mail'}",
    }


def _make_data(settings: dict[str, str], size: Size) -> Measured:
    app = create_app(config.load(settings))
    with app.app_context():
        try:
            return data.fill(app, size)
        finally:
            db.session.remove()
            db.engine.dispose()


def _measure(
    settings: dict[str, str],
    port: int,
    measured: Measured,
    connection: psycopg.Connection[Any],
    seconds: float,
    rounds: int,
    say: Say,
) -> list[Row]:
    starts: tuple[list[float], list[float]] = ([], [])
    for _start in range(min(STARTS, rounds) - 1):
        with servers.floor(settings) as theirs:
            starts[0].append(theirs.start_seconds)
        with servers.ripple(settings, port) as ours:
            starts[1].append(ours.start_seconds)
    with servers.floor(settings) as theirs, servers.ripple(settings, port) as ours:
        starts[0].append(theirs.start_seconds)
        starts[1].append(ours.start_seconds)
        compared = comparisons(theirs, ours, measured)
        for comparison in compared:
            comparison.measure(min(WARM_SECONDS, seconds), keep=False)
        for number in range(rounds):
            say(f"Round {number + 1} of {rounds}")
            for comparison in compared:
                comparison.measure(seconds)
        rows = [comparison.row() for comparison in compared]
        again = partial(
            _first_pages,
            rounds * FIRST_PAGES_PER_ROUND,
            theirs.port,
            ours.port,
            measured.events[0],
            connection,
        )
        rows.insert(1, again("catalogue_first", "/learning"))
        rows.insert(3, again("event_first", f"/events/{measured.events[0]}"))
        rows.append(_memory_row(theirs, ours))
    words = "Start to first page"
    mid = median(starts[0]), median(starts[1])
    return [*rows, report.most_row("start", words, "s", *mid, aim=1.0)]


def comparisons(theirs: Serving, ours: Serving, measured: Measured) -> list[Comparison]:
    """Every row that is a rate, for these two servers."""

    def looking(key: str, words: str, path: str) -> Comparison:
        return Comparison(
            key, words, 1 / 2, Side(theirs, "look", _one(path)), Side(ours, "look", _one(path))
        )

    return [
        looking("catalogue", "Catalogue page", "/learning"),
        looking("event", "One event", f"/events/{measured.events[0]}"),
        looking("calendar", "Calendar feed of 200 events", "/calendar.ics"),
        *_bookings(theirs, ours, measured),
        *_surveys_compared(theirs, ours, measured),
    ]


def _bookings(theirs: Serving, ours: Serving, measured: Measured) -> list[Comparison]:
    """A booking beside three floors, each of which does less than the one before."""
    same = Side(theirs, "open_and_send", _pairs(measured, 0), again=False)
    opened = Side(theirs, "open_and_send", _pairs(measured, 0, "forms"), again=False)
    sent = Side(theirs, "send_form", _pairs(measured, 1, "forms"), again=False)
    booked = Side(ours, "open_and_send", _pairs(measured, 0), again=False)
    return [
        Comparison(
            "booking",
            "A booking, through the pages",
            1 / 4,
            same,
            booked,
            "both signed in; key, lock, booking, calendar entry, letter, audit line, commit",
        ),
        Comparison(
            "booking_bare",
            "The same, against a floor without sign-in, letter and audit line",
            None,
            opened,
            booked,
        ),
        Comparison(
            "booking_strict",
            "The same, against a floor that only takes the form",
            None,
            sent,
            booked,
        ),
    ]


def _surveys_compared(theirs: Serving, ours: Serving, measured: Measured) -> list[Comparison]:
    evaluation_id, slug, tokens = measured.many
    results = {"path": f"/impact/evaluations/{slug}", "cookie": measured.evaluator_cookie}
    return [
        Comparison(
            "results",
            "Results of a survey with 10,000 answers",
            1 / 4,
            Side(theirs, "look", _one(f"/results/{evaluation_id}")),
            Side(ours, "look", itertools.repeat(results)),
            "10,000 people's answers to 12 questions; the floor is one GROUP BY, as JSON",
        ),
        Comparison(
            "answering",
            "Answering that survey, beside one with 10 answers",
            AS_FAST,
            Side(ours, "answer_survey", _surveys(measured.few[2]), again=False),
            Side(ours, "answer_survey", _surveys(tokens), again=False),
            "no floor: the first figure is Ripple with 10 answers; whole surveys of 5 screens",
        ),
    ]


def _one(path: str) -> Errands:
    return itertools.repeat({"path": path})


def _pairs(measured: Measured, part: int, where: str = "events") -> Errands:
    """Bookings, each person once at each event; part 0 or 1 are different people."""
    half = len(measured.people) // 2
    people = measured.people[part * half : (part + 1) * half]
    for number in itertools.count():
        turn, event = divmod(number, len(measured.events))
        if turn >= len(people):
            return
        person_id, cookie = people[(turn + event) % len(people)]
        path = f"/{where}/{measured.events[event]}/book"
        filled_in = {"person_id": person_id, "adjustments": ""}
        yield {"path": path, "cookie": cookie, "form": filled_in}


def _surveys(tokens: Sequence[str]) -> Errands:
    return iter([{"path": f"/surveys/{token}", "form": GIVEN} for token in tokens])


def _first_pages(
    count: int,
    theirs: int,
    ours: int,
    event: str,
    connection: psycopg.Connection[Any],
    key: str,
    path: str,
) -> Row:
    """A page made anew each time, since a booking has just raised the event's revision."""
    rates: tuple[list[float], list[float]] = ([], [])
    for _page in range(count):
        for port, kept in ((theirs, rates[0]), (ours, rates[1])):
            connection.execute(
                "UPDATE event SET revision = revision + 1 WHERE reference = %s", [event]
            )
            visitor = Visitor(port)
            began = time.monotonic()
            look(visitor, {"path": path})
            kept.append(1 / (time.monotonic() - began))
            visitor.close()
    words = "The same, the first time after a booking"
    note = "one visitor; nothing kept: every statement and the template"
    return report.share_row(key, words, *rates, aim=None, note=note)


def _memory_row(theirs: Serving, ours: Serving) -> Row:
    floor_memory, memory = theirs.memory_mib(), ours.memory_mib()
    if floor_memory is None or memory is None:
        raise servers.CannotMeasure("this system does not tell how much memory a process holds")
    note = f"RSS after all of this; PSS {memory[1]:.0f} MiB, the floor's {floor_memory[1]:.0f} MiB"
    figures = (floor_memory[0], memory[0])
    return report.most_row("memory", "Memory of a worker", "MiB", *figures, aim=120, note=note)


def _circumstances(
    connection: psycopg.Connection[Any], seconds: float, rounds: int, size: Size
) -> dict[str, Any]:
    version = connection.info.server_version
    shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in POSTGRES}
    return {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "postgresql": f"{version // 10000}.{version % 10000}",
        "postgresql_settings": {name: row[0] for name, row in shown.items() if row},
        "gunicorn": servers.GUNICORN,
        "visitors": VISITORS,
        "seconds": seconds,
        "rounds": rounds,
        "events": size.events,
        "answers": size.answers,
    }

"""Long tests of races, crashes and speed, on throw-away databases: JSON, exit 0 or 2."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import click

from app.checks import (
    disclosure_attack,
    import_drill,
    invented_answers,
    invented_doors,
    kill_drill,
    large_import_drill,
    naive_rules,
    opinion_drill,
    race_drill,
    stage,
)
from app.checks.crowd import Crowd, without_the_lock
from app.checks.verify import verify
from app.kernel import clock
from app.kernel.db import db, transaction

PLACES = 20
MESSAGES_PER_KILL = 30
NAIVELY = (1, 2, 3)  # data sets in which withholding the groups only must be found out


def race(settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Races for 20 places, cancellations at once, and the race that must oversell."""
    with transaction():
        stage.make_partnership()
        people = stage.make_people(size)
    found, moved_up, oversold = [], [], []
    with Crowd(settings) as crowd:
        for number in range(seed, seed + rounds):
            found.append(race_drill.race(crowd, people, places=PLACES, seed=number))
            moved_up.append(race_drill.cancel_at_once(crowd, places=PLACES, waiting=2 * PLACES))
        faults = _faults()
        for number in range(seed, seed + rounds):
            without = race_drill.race(
                crowd, people, places=PLACES, seed=number, way=without_the_lock
            )
            oversold.append(without.confirmed_count)
    kept = all(not one.violations for one in found + moved_up) and not faults
    return {
        "ok": kept and all(count > PLACES for count in oversold),
        "races": [one.as_dict() for one in found],
        "cancellations": [one.as_dict() for one in moved_up],
        "verify": faults,
        "confirmed_without_the_lock": oversold,
    }


def kill(settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Workers killed while they send, `size` times in each round."""
    with transaction():
        stage.make_partnership()
    environment = {
        "DATABASE_URL": settings["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": settings["SECRET_KEY"],
        "BASE_URL": settings["BASE_URL"],
    }
    found = []
    for number in range(seed, seed + rounds):
        messages = size * MESSAGES_PER_KILL
        found.append(
            kill_drill.kill_workers(environment, messages=messages, kills=size, seed=number)
        )
    faults = _faults()
    return {
        "ok": all(not one.violations for one in found) and not faults,
        "rounds": [one.as_dict() for one in found],
        "verify": faults,
    }


def results(_settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Summaries of offers with `size` responses and with 1,000, on a PostgreSQL of its own."""
    return _run("app.checks.results_drill", rounds, size, seed)


def report(_settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """The report of a year of `size` bookings, on SQLite and on a PostgreSQL of its own."""
    return _run("app.checks.report_drill", rounds, size, seed)


def _run(module: str, *numbers: int) -> dict[str, Any]:
    """A program of its own, like the bench, so that nothing of it loads here."""
    command = [sys.executable, "-m", module, *map(str, numbers)]
    done = subprocess.run(command, cwd=stage.PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def disclosure(_settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """Attack what pages show of so many invented evaluations; `rounds` does nothing."""
    with transaction():
        invented_answers.prepare()
    broken, figures = {}, 0
    for number in range(seed, seed + size):
        invented = invented_answers.invent(number)
        found, shown = disclosure_attack.attack(invented, invented_doors.play(invented))
        db.session.rollback()
        figures += shown
        if found != disclosure_attack.SAFE:
            broken[number] = found
    naive = [number for number in NAIVELY if _is_found_out(number)]
    return {
        "ok": not broken and len(naive) == len(NAIVELY),
        "data_sets": size,
        "figures": figures,
        "broken": broken,
        "found_out_when_only_the_groups_are_withheld": naive,
    }


def _is_found_out(number: int) -> bool:
    """Whether the attack finds a small group where nothing but small groups is withheld."""
    invented = invented_answers.invent(number)
    with naive_rules.only_the_groups_withheld():
        found, _ = disclosure_attack.attack(invented, invented_doors.play(invented))
    db.session.rollback()
    return found != disclosure_attack.SAFE


def imports(_settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """So many damaged files for everything that imports; `rounds` does nothing."""
    return import_drill.try_all(size=size, seed=seed)


def large_imports(
    _settings: dict[str, Any], *, rounds: int, size: int, seed: int
) -> dict[str, Any]:
    """A file of `size` rows of each kind, read, taken in and undone; the rest does nothing."""
    return large_import_drill.try_all(size=size)


def opinions(settings: dict[str, Any], *, rounds: int, size: int, seed: int) -> dict[str, Any]:
    """A round of opinions for `size` establishments, its worker killed `rounds` times."""
    with transaction():
        stage.make_partnership()
    found = opinion_drill.ask_everybody(settings, size=size, kills=rounds, seed=seed)
    return {"ok": not found.violations, **found.as_dict()}


def _faults() -> list[str]:
    faults = [finding.name for finding in verify(now=clock.now()) if finding.violations]
    db.session.rollback()
    return faults


# Each drill with what its size means and is by default.
DRILLS = {
    "race": (race, 200),
    "kill": (kill, 10),
    "results": (results, 100_000),
    "report": (report, 100_000),
    "disclosure": (disclosure, 200),
    "imports": (imports, 10_000),
    "large-imports": (large_imports, 50_000),
    "opinions": (opinions, 5_000),
}


@click.command("drill")
@click.argument("name", type=click.Choice(sorted(DRILLS)))
@click.option("--rounds", default=3, show_default=True, help="How often.")
@click.option("--size", type=int, help="People in a race, kills in a round, responses, bookings.")
@click.option("--seed", default=1, show_default=True, help="The same seed does the same again.")
@click.option("--database", help="An empty database, else a new SQLite file.")
@click.pass_context
def drill_command(
    context: click.Context, name: str, rounds: int, size: int | None, seed: int, database: str
) -> None:
    """Try races or crashes on a throw-away database: JSON, exit 0 if all held and 2 if not."""
    drill, usual_size = DRILLS[name]
    with stage.throw_away(database) as (_app, settings):
        result = drill(settings, rounds=rounds, size=size or usual_size, seed=seed)
    click.echo(json.dumps({"drill": name, "seed": seed, **result}, indent=2))
    if not result["ok"]:
        context.exit(2)

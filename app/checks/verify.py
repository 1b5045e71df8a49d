"""Read the whole database and say what must be true of it and is not; nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Select, select

from app.checks import (
    verify_bookings,
    verify_exchanges,
    verify_impact,
    verify_mail,
    verify_reports,
    verify_storage,
    verify_surveys,
    verify_waiting,
)
from app.checks.moment import Find, Moment
from app.kernel import clock
from app.kernel.db import db

EXAMPLES_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """How often one invariant is broken, with a few references of what breaks it."""

    name: str
    violations: int
    examples: tuple[str, ...]


# Each name is the sentence that must be true; each function finds what makes it false.
INVARIANTS: dict[str, Find] = {
    **verify_bookings.INVARIANTS,
    **verify_waiting.INVARIANTS,
    **verify_exchanges.INVARIANTS,
    **verify_mail.INVARIANTS,
    **verify_surveys.INVARIANTS,
    **verify_impact.INVARIANTS,
    **verify_reports.INVARIANTS,
    **verify_storage.INVARIANTS,
}


def verify(*, now: datetime) -> Iterator[Finding]:
    """Every invariant in turn with what breaks it; only reads; `now` as bookings see it.

    Whoever asks on a live system lets go of what was read between two of them.
    """
    moment = Moment(
        now=now,
        real_now=clock.real_now(),
        example_made_at=db.session.scalar(select(clock.ExampleClock.made_at)),
    )
    for name, find in INVARIANTS.items():
        yield _finding(name, find(moment))


def _finding(name: str, found: Select[Any] | Iterable[str]) -> Finding:
    what = db.session.scalars(found) if isinstance(found, Select) else found
    references = sorted({str(reference) for reference in what})
    return Finding(name, len(references), tuple(references[:EXAMPLES_SHOWN]))


def as_json(findings: Iterable[Finding]) -> str:
    """The findings as people and programs read them."""
    checks = [
        {"name": f.name, "violations": f.violations, "examples": list(f.examples)} for f in findings
    ]
    is_ok = all(check["violations"] == 0 for check in checks)
    return json.dumps({"ok": is_ok, "checks": checks}, indent=2)


@click.command("verify")
@click.pass_context
def verify_command(context: click.Context) -> None:
    """Check what must be true of the database: JSON, exit 0 if it is and 2 if not."""
    findings = []
    for finding in verify(now=clock.now()):
        findings.append(finding)
        db.session.rollback()  # SQLite lets nobody write while somebody reads
    click.echo(as_json(findings))
    if any(finding.violations for finding in findings):
        context.exit(2)

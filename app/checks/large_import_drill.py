"""Files of 50,000 rows, as somebody brings them in: seconds and memory of each part.

Each file in a process of its own, whose memory is that of one import.
"""

from __future__ import annotations

import hashlib
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import jobs
from app.accounts.imports import (
    leads,
    leads_columns_rules,
    organisations,
    organisations_rules,
    queries,
    schools,
    staging,
)
from app.accounts.imports.column_rules import read_table, suggest
from app.accounts.imports.models import ImportOf, ImportState
from app.accounts.imports.readers.schools_register import read_register
from app.accounts.models import Organisation, OrganisationKind
from app.accounts.operations import find_or_add_person
from app.attendance import history, history_rules
from app.checks import list_samples, stage
from app.kernel import clock
from app.kernel.db import db, insert_together, transaction
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.partnership.models import Sector

MOST_MEGABYTES = 400  # with the whole application in it; what it had before is told beside it
ALONE = "from app.checks.large_import_drill import main; main()"


class Watch:
    """How long each part took."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.seconds: dict[str, float] = {}

    def time(self, what: str, do: Callable[[], Any]) -> Any:
        """Do it, and note how long that took."""
        began = time.perf_counter()
        found = do()
        self.seconds[what] = round(time.perf_counter() - began, 2)
        return found


def _keep(kind: ImportOf, content: Any, **choices: Any) -> str:
    with transaction():
        reference = staging.keep_file(
            kind,
            content,
            rows_count=len(content["rows"]),
            file_name="large.csv",
            file_sha256=hashlib.sha256(b"").hexdigest(),
            actor="drill",
            now=clock.now(),
        )
        staging.choose(reference, **choices)
    return reference


def read_schools(content: bytes, watch: Watch) -> str:
    """The schools register."""
    authority, file = list_samples.AUTHORITY, io.BytesIO(content)
    found = watch.time("read", lambda: read_register(file, authority=authority))
    with transaction():
        return schools.keep_register(
            found,
            authority=authority,
            file_name="Results.zip",
            file_sha256="0",
            actor="drill",
            now=clock.now(),
        )


def _table(content: bytes, fields: Any, watch: Watch) -> tuple[Any, dict[str, int]]:
    found = watch.time("read", lambda: read_table(content, fields))
    names = suggest(found["headings"], fields, {})
    return found, {name: place for place, name in enumerate(names) if name}


def read_bodies(content: bytes, watch: Watch) -> str:
    """A list of organisations."""
    fields = organisations_rules.FIELDS
    found, columns = _table(content, fields, watch)
    choices = {"columns": columns, "sector": "education"}
    watch.time("check", lambda: organisations.read_again(found, choices))
    return _keep(ImportOf.ORGANISATIONS, found, **choices)


def read_past(content: bytes, watch: Watch) -> str:
    """Past attendance, its courses archived offers."""
    found, columns = _table(content, history_rules.FIELDS, watch)
    offers = {f"course {number}": "new" for number in range(40)}
    choices = {"columns": columns, "hours": 3.0, "mode": "online", "sector": "education"}
    choices |= {"offers": offers, "order": "day_first"}

    def check() -> None:
        reading = history.read_some(found, choices, today=london_date(clock.now()))
        history.plan_for(reading.came, found, choices)

    watch.time("check", check)
    return _keep(ImportOf.ATTENDANCE, found, **choices)


def _add_schools(names: set[str]) -> None:
    sector_id = db.session.scalars(select(Sector.id).order_by(Sector.position)).first()
    insert_together(
        [
            Organisation(
                reference=new_reference(),
                name=name,
                kind=OrganisationKind.SCHOOL,
                sector_id=sector_id,
                postcode="",
                trust_name="",
            )
            for name in names
        ]
    )


def read_leads(content: bytes, watch: Watch) -> str:
    """Safeguarding leads, of as many schools as the file names."""
    found, columns = _table(content, leads_columns_rules.FIELDS, watch)
    with transaction():
        _add_schools({row[columns["school"] + 1] for row in found["rows"]})
    choices = {"columns": columns}

    def check() -> None:
        reading = leads.read_again(found, choices, today=london_date(clock.now()))
        leads.plan_now(reading, choices)

    watch.time("check", check)
    return _keep(ImportOf.LEADS, found, **choices)


def large_register(size: int) -> bytes:
    """Results.zip."""
    return list_samples.packed(list_samples.register(size))


Read = Callable[[bytes, Watch], str]
FILES: dict[str, tuple[ImportOf, Callable[[int], bytes], Read]] = {
    "schools": (ImportOf.SCHOOLS, large_register, read_schools),
    "organisations": (ImportOf.ORGANISATIONS, list_samples.bodies, read_bodies),
    "attendance": (ImportOf.ATTENDANCE, list_samples.past, read_past),
    "leads": (ImportOf.LEADS, list_samples.leads, read_leads),
}


def try_one(name: str, content: bytes, database: str | None) -> dict[str, Any]:
    """Bring one large file in, and undo it; in this process."""
    kind, _make, read = FILES[name]
    watch = Watch()
    with stage.throw_away(database):
        before = _megabytes()
        with transaction():
            stage.make_partnership()
            person = find_or_add_person("drill@example.org", now=clock.now())
            actor = person.reference
        reference = read(content, watch)
        with transaction():
            staging.confirm(reference, actor=actor, now=clock.now())
        steps = watch.time(
            "take in", lambda: sum(1 for _ in jobs.take_in(reference, kind, clock.now()))
        )
        line = queries.find_import(reference, [kind])
        done = line is not None and line.state is ImportState.DONE

        def undo() -> None:
            with transaction():
                staging.undo(reference, actor=actor, now=clock.now())

        if done:
            watch.time("undo", undo)
        db.session.rollback()
    return {
        "ok": done and _megabytes() <= MOST_MEGABYTES,
        "bytes": len(content),
        "seconds": watch.seconds,
        "steps": steps,
        "gave": json.loads(line.counts) if line else {},
        "refused": line.refusal if line else "",
        "megabytes_before": before,
        "megabytes": _megabytes(),
    }


def _megabytes() -> int:
    """The most memory this process has used; on Linux, without what its parent had used."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells begins with the most that the parent had used.
        [peak] = [one for one in status.read_text().splitlines() if one.startswith("VmHWM:")]
        return round(int(peak.split()[1]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def try_all(*, size: int) -> dict[str, Any]:
    """Every kind of file, each in a process of its own."""
    found: dict[str, Any] = {}
    for name, (_kind, make, _read) in FILES.items():
        done = subprocess.run(
            [sys.executable, "-c", ALONE, name],
            cwd=stage.PROJECT,
            input=make(size),
            stdout=subprocess.PIPE,
            check=True,
        )
        found[name] = json.loads(done.stdout)
    return {"ok": all(one["ok"] for one in found.values()), "rows": size, "files": found}


def main() -> None:
    """Try the file that comes in, of the kind that the command names, and tell what came of it."""
    told = try_one(sys.argv[1], sys.stdin.buffer.read(), None)
    sys.stdout.write(json.dumps(told))

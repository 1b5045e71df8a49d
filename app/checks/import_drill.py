"""Damaged files by the thousand for everything that imports: time, memory, and bombs.

Each importer reads them in a process of its own, whose memory is that of one importer.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from app.accounts.imports import (
    leads_columns_rules,
    leads_plan_rules,
    leads_rules,
    organisations_rules,
    schools_rules,
)
from app.accounts.imports.column_rules import Field, read_table, suggest
from app.accounts.imports.leads_schools_rules import KnownSchool, schools_by_words
from app.accounts.imports.leads_words_rules import USUAL_POSTS
from app.accounts.imports.organisations_rules import Meanings
from app.accounts.imports.readers.schools_register import read_register
from app.attendance import history_plan_rules, history_rules
from app.attendance.history_plan_rules import Chosen, Known
from app.attendance.listed_day_rules import Order
from app.attendance.presence_rules import OrderUnclear, attendees_of, day_order
from app.attendance.readers.meeting_file import read_meeting_file
from app.checks.import_samples import MEETING_DAY, MEETING_FILES
from app.checks.list_samples import AUTHORITY, BODY_FILES, LEAD_FILES, PAST_FILES, SCHOOL_FILES
from app.checks.mutations import bombs, mutated
from app.checks.stage import PROJECT
from app.kernel.refusals import Refused

SCHOOLS = [KnownSchool(id_, str(id_), f"Saint Invented’s School {id_}", 1) for id_ in range(170)]
MOST_SECONDS, MOST_BOMB_SECONDS, MOST_MEGABYTES = 2.0, 1.0, 200


def read_meeting(content: bytes) -> None:
    """Read an attendance file as far as the page that shows its piles does."""
    report = read_meeting_file(content)
    attendees_of([(report, day_order(report, [MEETING_DAY], None))])


def read_schools(content: bytes) -> None:
    """Read a schools register, and compare it with schools we know."""
    found = read_register(io.BytesIO(content), authority=AUTHORITY)
    schools_rules.compare(found.schools, [], authority=AUTHORITY, today=MEETING_DAY)


def read_bodies(content: bytes) -> None:
    """Read a list of organisations as far as the page that shows what it adds does."""
    table = read_table(content, organisations_rules.FIELDS)
    columns = _columns(table, organisations_rules.FIELDS)
    meanings = Meanings(organisations_rules.USUAL_KINDS, {}, sector="education")
    reading = organisations_rules.read_rows(table["rows"], columns, meanings)
    organisations_rules.compare(reading.given, [])


def read_past(content: bytes) -> None:
    """Read past attendance as far as the page that shows what it adds does."""
    table = read_table(content, history_rules.FIELDS)
    columns = _columns(table, history_rules.FIELDS)
    order = Order.DAY_FIRST
    reading = history_rules.read_rows(table["rows"], columns, order=order, today=MEETING_DAY)
    history_plan_rules.plan(reading.came, Known({}, {}, {}, {}), Chosen({}, {}), {})


def read_leads(content: bytes) -> None:
    """Read a list of safeguarding leads as far as the page that shows what it changes does."""
    table = read_table(content, leads_columns_rules.FIELDS)
    columns = _columns(table, leads_columns_rules.fields_for(table["headings"]))
    if leads_columns_rules.wrong_with_columns(columns):
        raise Refused("Its columns are not clear")
    reading = leads_rules.read_rows(table["rows"], columns, USUAL_POSTS, today=MEETING_DAY)
    known = leads_plan_rules.Known({}, [])
    leads_plan_rules.plan(reading, schools_by_words(SCHOOLS), known, ends_others=True)


def _columns(table: dict[str, Any], fields: Sequence[Field]) -> dict[str, int]:
    names = suggest(table["headings"], fields, {})
    return {name: place for place, name in enumerate(names) if name}


# Known files of each importer, and how it reads one: Refused is an answer, anything else a fault.
IMPORTERS: dict[str, tuple[Sequence[bytes], Callable[[bytes], object]]] = {
    "meetings": (MEETING_FILES, read_meeting),
    "schools": (SCHOOL_FILES, read_schools),
    "organisations": (BODY_FILES, read_bodies),
    "past attendance": (PAST_FILES, read_past),
    "safeguarding leads": (LEAD_FILES, read_leads),
}
ANSWERS = (Refused, OrderUnclear)
ALONE = "from app.checks.import_drill import main; main()"


def try_one(read: Callable[[bytes], object], content: bytes) -> tuple[float, str]:
    """Seconds it took, and what came of it: read, refused, or the fault."""
    began = time.process_time()
    try:
        read(content)
        outcome = "read"
    except ANSWERS:
        outcome = "refused"
    except Exception as fault:
        outcome = f"{type(fault).__name__}: {fault}"[:300]
    return time.process_time() - began, outcome


def try_importer(name: str, *, size: int, seed: int) -> dict[str, Any]:
    """What came of so many damaged files, and of bombs; in this process."""
    samples, read = IMPORTERS[name]
    slowest, counts, faults = 0.0, {"read": 0, "refused": 0}, []
    for number, content in enumerate(mutated(samples, count=size, seed=seed)):
        seconds, outcome = try_one(read, content)
        slowest = max(slowest, seconds)
        if outcome in counts:
            counts[outcome] += 1
        else:
            faults.append(f"file {number}: {outcome}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    exploded = {
        bomb: f"{outcome} in {seconds:.2f} s"
        for bomb, content in bombs().items()
        for seconds, outcome in [try_one(read, content)]
        if outcome != "refused" or seconds > MOST_BOMB_SECONDS
    }
    is_fine = not faults and slowest <= MOST_SECONDS and megabytes <= MOST_MEGABYTES
    return {
        "ok": is_fine and not exploded,
        **counts,
        "slowest_seconds": round(slowest, 2),
        "megabytes": round(megabytes),
        "faults": faults[:20],
        "bombs": exploded,
    }


def try_all(*, size: int, seed: int) -> dict[str, Any]:
    """Every importer, each in a process of its own."""
    found: dict[str, Any] = {}
    for name in IMPORTERS:
        command = [sys.executable, "-c", ALONE, name, str(size), str(seed)]
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
        found[name] = json.loads(done.stdout)
    return {"ok": all(one["ok"] for one in found.values()), "importers": found}


def main() -> None:
    """Try the importer that the command names, and tell what came of it."""
    told = try_importer(sys.argv[1], size=int(sys.argv[2]), seed=int(sys.argv[3]))
    sys.stdout.write(json.dumps(told))

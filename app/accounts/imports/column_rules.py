"""Which column of somebody's spreadsheet holds what: suggested by its heading, then confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts.rules import working_email
from app.kernel.refusals import Refused
from app.kernel.sheet import Row, read_numbered_rows

MOST_COLUMNS = 60
MOST_SAMPLES = 3
MOST_PROBLEMS = 20
LEAVE_OUT = ""
# Most addresses look like this; the rest is for the library, which takes a thousand times as long.
ORDINARY_ADDRESS = re.compile(
    r"[a-z0-9_+'-]{1,60}(\.[a-z0-9_+'-]{1,60}){0,5}@([a-z0-9]+(-[a-z0-9]+)*\.){1,6}(uk|com|org|net)"
)
MOST_OF_AN_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a column may hold: its name in code, for people, and usual headings."""

    name: str
    words: str
    headings: tuple[str, ...]
    is_needed: bool = False


def plain(text: str) -> str:
    """Words as they are compared."""
    return " ".join(text.replace("\u00a0", " ").replace("_", " ").casefold().split())


def read_table(content: bytes, fields: Sequence[Field]) -> dict[str, Any]:
    """Headings and numbered rows of a spreadsheet; Refused if it is none, or too wide."""
    usual = {heading for field in fields for heading in field.headings}

    def likeness(row: Row) -> int:
        return sum(1 + 5 * (plain(cell) in usual) for cell in row if cell)

    rows = read_numbered_rows(content, likeness)
    if len(rows) < 2:
        raise Refused("This file has headings at most: it needs a row for each thing to import")
    (_number, headings), *rest = rows
    if len(headings) > MOST_COLUMNS:
        raise Refused(f"This file has more than {MOST_COLUMNS} columns: take out those of no use")
    return {
        "headings": [heading or f"Column {place}" for place, heading in enumerate(headings, 1)],
        "rows": [[number, *row] for number, row in rest],
    }


def suggest(
    headings: Sequence[str], fields: Sequence[Field], remembered: Mapping[str, str]
) -> list[str]:
    """For each column the field it probably holds: as it was last time, else by its heading."""
    names = {field.name for field in fields}
    usual = {heading: field.name for field in reversed(fields) for heading in field.headings}
    found: list[str] = []
    for heading in map(plain, headings):
        known = remembered.get(heading, usual.get(heading, LEAVE_OUT))
        is_free = known in names and known not in found
        found.append(known if is_free else LEAVE_OUT)
    return found


def columns_chosen(
    chosen: Sequence[str], fields: Sequence[Field]
) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Which column holds each field, and what is wrong: the column's place and words."""
    places: dict[str, int] = {}
    wrong: list[tuple[int, str]] = []
    words = {field.name: field.words for field in fields}
    for place, name in enumerate(chosen):
        if name == LEAVE_OUT:
            continue
        if name not in words:
            wrong.append((place, "Choose from the list what each column holds"))
        elif name in places:
            wrong.append((place, f"Two columns hold “{words[name]}”: leave one of them out"))
        else:
            places[name] = place
    missing = [field for field in fields if field.is_needed and field.name not in places]
    if missing and not wrong:
        wrong.append((0, f"Choose which column holds “{missing[0].words}”"))
    return places, wrong


def samples(rows: Sequence[Sequence[Any]], place: int) -> list[str]:
    """A few different values of a column."""
    seen: dict[str, None] = {}
    for row in rows[:200]:
        if row[place + 1]:
            seen.setdefault(str(row[place + 1])[:60])
        if len(seen) == MOST_SAMPLES:
            break
    return list(seen)


def cell(row: Sequence[Any], columns: Mapping[str, int], name: str) -> str:
    """A row's value of a field, on one line; empty if no column holds it."""
    place = columns.get(name)
    return " ".join(str(row[place + 1]).split()) if place is not None else ""


def problem(row: Sequence[Any], words: str, value: str, what: str) -> str:
    """What is wrong with one cell, for whoever made the file."""
    return (
        f"Row {row[0]}, {words}: “{value[:60]}” {what}"
        if value
        else (f"Row {row[0]}, {words} {what}")
    )


def address_of(words: str) -> str | None:
    """An address in lower case; None if it is none that mail can be sent to."""
    lowered = words.lower()
    if len(lowered) <= MOST_OF_AN_ADDRESS and ORDINARY_ADDRESS.fullmatch(lowered):
        return lowered
    try:
        return working_email(words)
    except Refused:
        return None

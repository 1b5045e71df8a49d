"""An invented schools register, made in code: no real school's or person's name."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping

OWN, NEXT_DOOR, FAR = "384", "381", "926"
HEADINGS = (
    *("URN", "LA (code)", "LA (name)", "EstablishmentNumber", "EstablishmentName"),
    *("TypeOfEstablishment (name)", "EstablishmentTypeGroup (name)"),
    *("EstablishmentStatus (name)", "OpenDate", "CloseDate", "PhaseOfEducation (name)"),
    *("Postcode", "HeadTitle (name)", "HeadFirstName", "HeadLastName", "Trusts (name)"),
    *(f"Column {number}" for number in range(1, 10)),
)
TREES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Rowan")
PLACES = ("Mill", "Brook", "Field", "Gate", "Hill", "Lane", "Moor", "Rise", "Vale", "Wood")
# Of every ten: what the register calls them, and their phase.
SORTS = (
    *(("Local authority maintained schools", "Primary"),) * 4,
    *(("Academies", "Primary"),) * 2,
    *(("Academies", "Secondary"),) * 2,
    ("Special schools", "Not applicable"),
    ("Colleges", "16 plus"),
)
HEAD = ("Ms", "Invented", "Headteacher-Surname")
Row = dict[str, str]


def school(number: int, authority: str = OWN, **changes: str) -> Row:
    """A row; the number is its URN and makes its name. Names hold é and ’, which Windows writes."""
    group, phase = SORTS[number % len(SORTS)]
    row = dict.fromkeys(HEADINGS, "")
    row |= {
        "URN": str(100_000 + number),
        "LA (code)": authority,
        "LA (name)": f"Authority {authority}",
        "EstablishmentNumber": str(2_000 + number),
        "EstablishmentName": f"Saint {TREES[number % 10]}é’s {PLACES[number // 10 % 10]} {number}",
        "EstablishmentTypeGroup (name)": group,
        "EstablishmentStatus (name)": "Open",
        "OpenDate": "01-09-1999",
        "PhaseOfEducation (name)": phase,
        "Postcode": f"ZZ{number // 100 % 100} {number % 10}ZZ",
        "HeadTitle (name)": HEAD[0],
        "HeadFirstName": HEAD[1],
        "HeadLastName": HEAD[2],
        "Trusts (name)": f"Trust {number % 7}" if group == "Academies" else "",
    }
    return row | changes


def closed(number: int, authority: str = OWN, day: str = "31-08-2026", **changes: str) -> Row:
    """A school that closed on that day."""
    gone = {"EstablishmentStatus (name)": "Closed", "CloseDate": day}
    return school(number, authority, **gone, **changes)


def three_authorities() -> list[Row]:
    """170 open schools of our own authority among others, closed ones and ones to come."""
    rows = [school(number) for number in range(1, 166)]
    rows += [
        school(number, **{"EstablishmentStatus (name)": "Open, but proposed to close"})
        for number in range(166, 171)
    ]
    rows += [closed(number) for number in range(171, 191)]
    rows += [
        school(number, **{"EstablishmentStatus (name)": "Proposed to open", "OpenDate": ""})
        for number in range(191, 193)
    ]
    rows += [school(number, NEXT_DOOR) for number in range(200, 300)]
    rows += [closed(number, NEXT_DOOR) for number in range(300, 310)]
    rows += [school(number, FAR) for number in range(400, 450)]
    return rows


def register(rows: Iterable[Mapping[str, str]], *, encoding: str = "cp1252") -> bytes:
    """The register with these rows, as it is downloaded."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADINGS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def packed(
    content: bytes, name: str = "edubasealldata20261101.csv", beside: dict[str, bytes] | None = None
) -> bytes:
    """Results.zip with this file in it, and others beside it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
        for other, held in (beside or {}).items():
            file.writestr(other, held)
    return made.getvalue()

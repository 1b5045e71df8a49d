"""The national schools register (“Establishment fields CSV”), one row at a time, by name of column.

The file holds head teachers' names; a row is let go once the columns that are used were taken.
"""

from __future__ import annotations

import csv
import enum
import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO

from app.kernel.refusals import Refused

MOST_BYTES = 100 * 1024 * 1024  # the file with every school of the country has 60 MB
MOST_ROWS = 200_000
MOST_LINE_BYTES = 64 * 1024
MOST_PROBLEMS = 20
ZIP = b"PK\x03\x04"
ROWS_BETWEEN_REPORTS = 1_000

NEEDED = {
    "urn": "URN",
    "authority": "LA (code)",
    "name": "EstablishmentName",
    "status": "EstablishmentStatus (name)",
}
USEFUL = {
    "number": "EstablishmentNumber",
    "type_group": "EstablishmentTypeGroup (name)",
    "phase": "PhaseOfEducation (name)",
    "opened": "OpenDate",
    "closed": "CloseDate",
    "postcode": "Postcode",
    "trust": "Trusts (name)",
}
HEADINGS = {**NEEDED, **USEFUL}

WHERE_FROM = (
    "choose the file “Establishment fields CSV” from Get Information About Schools, or the "
    "Results.zip it comes in"
)
DAMAGED = f"This file is damaged: {WHERE_FROM}"
TOO_LARGE = f"This file is larger than the register is: {WHERE_FROM}"


class Status(enum.StrEnum):
    """What the register says of a school, in its own words."""

    OPEN = "open"
    OPEN_CLOSING = "open, but proposed to close"
    PROPOSED = "proposed to open"
    CLOSED = "closed"


OPEN_NOW = frozenset({Status.OPEN, Status.OPEN_CLOSING})


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """One school as the register has it."""

    urn: str
    authority: str
    name: str
    status: Status
    number: str  # within its authority; most schools keep it when they become academies
    type_group: str
    phase: str
    opened_on: date | None
    closed_on: date | None
    postcode: str
    trust: str


@dataclass(frozen=True, slots=True)
class Register:
    """The rows of one authority, and of schools we know elsewhere."""

    schools: tuple[SchoolRow, ...]
    rows_count: int  # of the whole file


class BadLines(Refused):
    """Some lines cannot be used; each is said in words."""

    def __init__(self, lines: list[str]) -> None:
        """Keep what is wrong with each line."""
        super().__init__("Some lines of this file cannot be used: nothing was taken in")
        self.lines = lines


def read_register(
    file: IO[bytes],
    *,
    authority: str,
    known_urns: Collection[str] = (),
    tell: Callable[[int], None] = lambda _rows: None,
) -> Register:
    """Schools of one authority (three digits); Refused, or BadLines, if the file cannot be used.

    `tell` hears after every thousand rows how many were read.
    """
    reading = _Reading(authority, frozenset(known_urns))
    rows = csv.reader(_lines(_opened(file)), strict=True)
    count = 0
    try:
        columns = _columns(next(rows, []))
        for count, row in enumerate(rows, start=1):
            if count % ROWS_BETWEEN_REPORTS == 0:
                tell(count)
            reading.take(row, columns, rows.line_num)
            if count > MOST_ROWS or len(reading.problems) >= MOST_PROBLEMS:
                break
    except csv.Error as error:
        raise Refused(f"Line {rows.line_num} of this file is damaged: {WHERE_FROM}") from error
    if count > MOST_ROWS:
        raise Refused(TOO_LARGE)
    return Register(reading.schools(), count)


@dataclass
class _Reading:
    """What was found so far."""

    authority: str
    known_urns: frozenset[str]
    found: list[SchoolRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, row: list[str], columns: _Columns, line: int) -> None:
        """Keep a row that is wanted, and what is wrong with one that cannot be read."""
        if len(row) != columns.width:
            if any(row):
                self.problems.append(_uneven(line, row, columns))
        elif (
            row[columns.place["authority"]].strip() == self.authority
            or row[columns.place["urn"]].strip() in self.known_urns
        ):
            _take(row, columns, line, self.found, self.problems)

    def schools(self) -> tuple[SchoolRow, ...]:
        """The schools; BadLines, or Refused, where there are none to use."""
        if self.problems:
            raise BadLines(self.problems)
        if not any(school.authority == self.authority for school in self.found):
            raise Refused(f"No school of the local authority {self.authority} is in this file")
        _refuse_doubled(self.found)
        return tuple(self.found)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each column that is used stands."""

    place: dict[str, int]
    width: int

    def cell(self, row: list[str], name: str) -> str:
        place = self.place.get(name)
        return " ".join(row[place].split()) if place is not None else ""


def _columns(headings: list[str]) -> _Columns:
    there = {" ".join(cell.split()).lower(): place for place, cell in enumerate(headings)}
    missing = [column for column in NEEDED.values() if column.lower() not in there]
    if missing:
        raise Refused(f"This file has no column “{missing[0]}”: {WHERE_FROM}")
    wanted = {**NEEDED, **USEFUL}
    place = {
        name: there[column.lower()] for name, column in wanted.items() if column.lower() in there
    }
    return _Columns(place, len(headings))


def _take(
    row: list[str], columns: _Columns, line: int, found: list[SchoolRow], problems: list[str]
) -> None:
    """Read one row; what is wrong with it becomes a problem in words."""
    cells = {name: columns.cell(row, name) for name in columns.place}
    wrong: list[tuple[str, str]] = []
    if not re.fullmatch(r"\d{5,7}", cells["urn"]):
        wrong.append(("urn", "is not the number of a school"))
    if not 0 < len(cells["name"]) <= 200:
        wrong.append(("name", "must be 1 to 200 characters"))
    status = next((one for one in Status if one.value == cells["status"].lower()), None)
    if status is None:
        wrong.append(("status", "is not a status of the register"))
    days: dict[str, date | None] = {}
    for name in ("opened", "closed"):
        try:
            days[name] = _day(cells.get(name, ""))
        except ValueError:
            wrong.append((name, "is not a day, as 31-08-2026"))
    for name, what in wrong:
        problems.append(f"Line {line}, column {HEADINGS[name]}: “{cells[name][:40]}” {what}")
    if wrong or status is None:
        return
    found.append(
        SchoolRow(
            urn=cells["urn"],
            authority=cells["authority"],
            name=cells["name"],
            status=status,
            number=cells.get("number", ""),
            type_group=cells.get("type_group", "")[:100],
            phase=_phase(cells.get("phase", "")),
            opened_on=days["opened"],
            closed_on=days["closed"],
            postcode=cells.get("postcode", "").upper()[:10],
            trust=cells.get("trust", "")[:200],
        )
    )


def _phase(words: str) -> str:
    return "" if words.lower() == "not applicable" else words[:100]


def _day(words: str) -> date | None:
    if not words:
        return None
    found = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", words)
    if not found:
        raise ValueError
    day, month, year = map(int, found.groups())
    return date(year, month, day)


def _uneven(line: int, row: list[str], columns: _Columns) -> str:
    return f"Line {line} has {len(row)} cells where the headings have {columns.width}"


def _refuse_doubled(found: list[SchoolRow]) -> None:
    seen: set[str] = set()
    for school in found:
        if school.urn in seen:
            raise Refused(f"The school {school.urn} is in this file twice: {WHERE_FROM}")
        seen.add(school.urn)


def _opened(file: IO[bytes]) -> IO[bytes]:
    """The CSV itself, also where it comes packed."""
    start = file.read(4)
    file.seek(0)
    if not start:
        raise Refused(f"This file is empty: {WHERE_FROM}")
    if start != ZIP:
        return file
    try:
        packed = zipfile.ZipFile(file)
        entries = [one for one in packed.infolist() if one.filename.lower().endswith(".csv")]
        named = [one for one in entries if "edubasealldata" in one.filename.lower()] or entries
        if len(named) != 1:
            raise Refused(f"This packed file does not hold one CSV file: {WHERE_FROM}")
        if named[0].file_size > MOST_BYTES:
            raise Refused(TOO_LARGE)
        return packed.open(named[0])
    # Damage shows as any of these, deep inside the archive; a password as a RuntimeError.
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError) as error:
        raise Refused(DAMAGED) from error


def _lines(file: IO[bytes]) -> Iterator[str]:
    """The lines as text: UTF-8 for as long as they are, from then on as Windows writes it."""
    encoding, read, first = "utf-8", 0, True
    while True:
        try:
            line = file.readline(MOST_LINE_BYTES)
        # An archive that is damaged further on raises whatever its unpacking stumbles over.
        except Exception as error:
            raise Refused(DAMAGED) from error
        if not line:
            return
        read += len(line)
        if read > MOST_BYTES:
            raise Refused(TOO_LARGE)
        if b"\x00" in line or (len(line) == MOST_LINE_BYTES and not line.endswith(b"\n")):
            raise Refused(f"This is not the schools register: {WHERE_FROM}")
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            encoding = "cp1252"
            text = _as_windows(line)
        yield text.removeprefix("\ufeff") if first else text
        first = False


def _as_windows(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError as error:
        raise Refused(
            f"This file is neither UTF-8 nor Windows-1252, as the register is: {WHERE_FROM}"
        ) from error

"""A meeting's attendance file in any layout that is known; a clear sentence for any other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from app.attendance.readers import comings, teams, zoom
from app.attendance.readers.visits import Headings, MeetingReport, Row, Visit, headings_of
from app.kernel.refusals import Refused
from app.kernel.sheet import MOST_BYTES, MOST_CELL_CHARACTERS, MOST_ROWS, NOT_A_SHEET, decoded

# The number after a layout is raised whenever it is read differently.
LAYOUTS: tuple[tuple[str, Callable[[Sequence[Row], Headings], list[Visit] | None]], ...] = (
    ("Teams report 1", teams.read_numbered),
    ("Teams report of 2021 1", teams.read_of_2021),
    ("Teams list of 2020 1", comings.read_list_of_2020),
    ("Teams live event 1", comings.read_live_event),
    ("Zoom participants 1", zoom.read_zoom),
)
DELIMITERS = ("\t", ",", ";")
MOST_PEOPLE = 2_000
MOST_COLUMNS = 300
MOST_HEADINGS = 500
MOST_OF_A_LINE = 100_000  # characters
NUMBERED = re.compile(r"\s*\"?\d{1,2}\.\s+\S")

EMPTY = "This file is empty: choose another"
TOO_LARGE = "The file must be smaller than 10 MB"
TOO_LONG = f"This file has more than {MOST_ROWS:,} rows: it cannot be of one meeting"
TOO_MANY = f"This file names more than {MOST_PEOPLE:,} people: it cannot be of one session"
NOBODY = "This file names nobody who was in the meeting: choose another"
NOT_TEXT = (
    "Choose the attendance file as it came from Teams or Zoom (.csv), not an Excel, PDF or other"
    " file made from it"
)
TRANSLATED = (
    "This looks like a Teams report in another language. Ask whoever ran the meeting to set Teams"
    " to English and download the report again"
)
UNKNOWN = (
    "This is not an attendance file we can read. Choose the attendance report from Microsoft Teams"
    " or the participants report from Zoom, as it was downloaded"
)


def read_meeting_file(content: bytes) -> MeetingReport:
    """Who was there, as the file says; Refused with what to do instead."""
    if not content.strip(b"\x00 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise Refused(EMPTY)
    if len(content) > MOST_BYTES:
        raise Refused(TOO_LARGE)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise Refused(NOT_TEXT)
    text = _text(content)
    if max(map(len, text.split("\n"))) > MOST_OF_A_LINE:
        raise Refused(UNKNOWN)
    found = [report for delimiter in DELIMITERS if (report := _read(text, delimiter))]
    if not found:
        is_numbered = sum(bool(NUMBERED.match(line)) for line in text.split("\n", 5_000)) > 1
        raise Refused(TRANSLATED if is_numbered else UNKNOWN)
    report = max(found, key=lambda one: len(one.visits))
    if not report.visits:
        raise Refused(NOBODY)
    if len({visit.who for visit in report.visits}) > MOST_PEOPLE:
        raise Refused(TOO_MANY)
    return report


def _text(content: bytes) -> str:
    try:
        return decoded(content)
    except Refused as refusal:
        raise Refused(NOT_TEXT if str(refusal) == NOT_A_SHEET else str(refusal)) from refusal


def _read(text: str, delimiter: str) -> MeetingReport | None:
    """What the text says if this stands between its cells; None if that makes no sense."""
    if delimiter not in text:
        return None
    rows = _rows(text, delimiter, csv.QUOTE_MINIMAL)
    report = _recognised(rows) if rows else None
    if rows is None or any("\n" in cell and delimiter in cell for row in rows for cell in row):
        # A quotation that nobody closed may have swallowed lines: read without quotations.
        other = _recognised(_rows(text, delimiter, csv.QUOTE_NONE) or [])
        if other and (report is None or len(other.visits) > len(report.visits)):
            return other
    return report


def _recognised(rows: Sequence[Row]) -> MeetingReport | None:
    headings = list(islice(headings_of(rows), MOST_HEADINGS))
    for layout, read in LAYOUTS:
        visits = read(rows, headings)
        if visits is not None:
            return MeetingReport(layout, tuple(visits))
    return None


def _rows(text: str, delimiter: str, quoting: int) -> list[Row] | None:
    """The rows; None where quotations are damaged; Refused where there are too many."""
    try:
        rows: list[Row] = []
        for row in islice(_parsed(text, delimiter, quoting), MOST_ROWS + 1):
            if any(len(cell) > MOST_CELL_CHARACTERS for cell in row):
                return None
            rows.append(row[:MOST_COLUMNS])
    except csv.Error:
        return None
    if len(rows) > MOST_ROWS:
        raise Refused(TOO_LONG)
    return rows


def _parsed(text: str, delimiter: str, quoting: int) -> Iterator[list[str]]:
    # One of the constants of csv, whose stub wants them as literals.
    for row in csv.reader(io.StringIO(text), delimiter=delimiter, quoting=quoting):  # type: ignore[arg-type]
        if len(row) == 1 and delimiter in row[0] and quoting == csv.QUOTE_MINIMAL:
            # Whole rows were put into quotation marks when the file was saved again.
            row = next(csv.reader([row[0]], delimiter=delimiter), [])
        yield row

"""A spreadsheet file as rows of text: Excel or CSV, any encoding; nothing is calculated."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from app.kernel.refusals import Refused

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 1_000
MOST_CELLS_OF_A_ROW = 20_000  # empty ones at its end among them
MOST_CELL_CHARACTERS = 32_767  # as many as Excel has room for
MOST_ENTRIES = 200
MOST_UNPACKED_BYTES = 60 * 1024 * 1024
MOST_EMPTY_ROWS = 1_000
MOST_OF = {  # elements of an Excel file, by how they begin
    b"<row": MOST_ROWS + MOST_EMPTY_ROWS + 1,
    b"<c": 2_000_000,  # cells
    b"<si": 500_000,  # texts
}

PIECE = 1 << 20
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
DELIMITERS = (",", ";", "\t", "|")
FORBIDDEN_XML = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}

Row = tuple[str, ...]
IsHeader = Callable[[Row], int]  # how much a row looks like the headings

NOT_A_SHEET = "Choose an Excel file (.xlsx) or a CSV file: this one is neither"
DAMAGED = "This Excel file is damaged: download it again from where it came"
TOO_LARGE = "This file unpacks to more than it should: save it again in Excel, then import that"
TOO_MANY_ROWS = f"This file has more than {MOST_ROWS:,} rows: split it into smaller files"
TOO_LONG = f"A cell has more than {MOST_CELL_CHARACTERS:,} characters: shorten it in the file"


def read_rows(content: bytes, looks_like_header: IsHeader) -> list[Row]:
    """The rows of the first sheet that hold anything, the headings first; Refused if unreadable."""
    return [row for _number, row in read_numbered_rows(content, looks_like_header)]


def read_numbered_rows(content: bytes, looks_like_header: IsHeader) -> list[tuple[int, Row]]:
    """The same, each with its number as spreadsheet programs show it."""
    if not content.strip(b"\x00 \r\n\t"):
        raise Refused("This file is empty: choose another")
    if len(content) > MOST_BYTES:
        raise Refused("The file must be smaller than 10 MB: split it into smaller files")
    if content.startswith(OLD_EXCEL):
        raise Refused("Save this file as .xlsx without a password, then import that")
    rows = _of_excel(content) if content.startswith(ZIP) else _of_csv(content, looks_like_header)
    return _gathered(rows)


def _gathered(rows: Iterable[Row]) -> list[tuple[int, Row]]:
    """Rows that hold anything; Refused where there are too many, or cells are too long."""
    found: list[tuple[int, Row]] = []
    for number, row in enumerate(rows, start=1):
        if len(found) > MOST_ROWS or number > MOST_ROWS + MOST_EMPTY_ROWS + 1:
            raise Refused(TOO_MANY_ROWS)
        if not any(row):
            continue
        if max(map(len, row)) > MOST_CELL_CHARACTERS:
            raise Refused(TOO_LONG)
        found.append((number, row))
    return found


def _of_excel(content: bytes) -> Iterator[Row]:
    """Rows of an Excel file's first sheet, as stored; formulas give what Excel last showed."""
    _look_into(content)
    from openpyxl import load_workbook  # slow to load

    # openpyxl raises whatever its parsers stumble over: to us each means a damaged file.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            sheet: Any = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size need not be true
            rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
            yield from _texts(rows)
    except Refused:
        raise
    except Exception as error:
        raise Refused(DAMAGED) from error


def _texts(rows: Iterable[Iterable[Any]]) -> Iterator[Row]:
    """The cells as text, as far to the right as the headings reach."""
    width = 0
    for cells in rows:
        row = tuple(map(_text, islice(cells, width or None)))
        if not width:
            width = max((place for place, cell in enumerate(row, 1) if cell), default=0)
            row = row[:width]
            if width > MOST_COLUMNS:
                raise Refused(f"This file has more than {MOST_COLUMNS:,} columns")
        yield row


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        text = (value or "").replace("\r\n", "\n").replace("_x000D_\n", "\n").strip("\r\n ")
        return "" if text in ERRORS else text
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        moment = value.replace(microsecond=0)
        return moment.date().isoformat() if moment.time() == time(0) else moment.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _look_into(content: bytes) -> None:
    """Unpack piece by piece and keep nothing; Refused if it is too much, or not plain XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            entries = packed.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Refused(TOO_LARGE)
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
                raise Refused(TOO_LARGE)
            if "xl/workbook.xml" not in packed.namelist():
                raise Refused(NOT_A_SHEET)
            _unpack(packed, entries)
    except Refused:
        raise
    # Damage shows as any of these, deep inside the archive.
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, LookupError) as error:
        raise Refused(DAMAGED) from error
    except Exception as error:  # zlib.error and NotImplementedError have no better common name
        raise Refused(DAMAGED) from error


def _unpack(packed: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo]) -> None:
    unpacked = 0
    for entry in entries:
        found = dict.fromkeys(MOST_OF, 0)
        with packed.open(entry) as file:
            while piece := file.read(PIECE):
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED_BYTES:
                    raise Refused(TOO_LARGE)
                if FORBIDDEN_XML.search(piece):
                    raise Refused(DAMAGED)
                for begin, most in MOST_OF.items():
                    found[begin] += piece.count(begin)
                    if found[begin] > most:
                        raise Refused(TOO_MANY_ROWS if begin == b"<row" else TOO_LARGE)


def _of_csv(content: bytes, looks_like_header: IsHeader) -> Iterator[Row]:
    text = decoded(content)
    first_line, _, rest = text.partition("\n")
    named = re.fullmatch(r"sep=(.)\s*", first_line)  # Excel's own way to name the delimiter
    text = rest if named else text
    delimiter = named[1] if named else _delimiter_of(text, looks_like_header)
    width = 0
    for number, cells in enumerate(parsed(text, delimiter), start=1):
        if len(cells) > MOST_CELLS_OF_A_ROW:
            raise Refused(f"This file has more than {MOST_COLUMNS:,} columns")
        row = tuple(_text(cell) for cell in cells)
        if not width and any(row):
            width = max(place for place, cell in enumerate(row, 1) if cell)
            if width > MOST_COLUMNS:
                raise Refused(f"This file has more than {MOST_COLUMNS:,} columns")
        if any(row[width:]):
            raise Refused(f"Row {number} has more cells than there are headings: mend it")
        yield (*row[:width], *[""] * (width - len(row)))


def _delimiter_of(text: str, looks_like_header: IsHeader) -> str:
    """What separates cells: that under which the first row looks most like the headings."""

    def likeness(delimiter: str) -> int:
        try:
            rows = islice(parsed(text[:PIECE], delimiter), 5)
            first = next((row for row in rows if any(row)), [])
        except Refused:
            return -1
        return looks_like_header(tuple(first[:MOST_COLUMNS]))

    return max(DELIMITERS, key=likeness)


def parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of delimited text; Refused where it is damaged."""
    try:
        # A damaged quotation may swallow the rest of the file: the parser's limit ends it.
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Refused("This CSV file is damaged: save it as .xlsx, then import that") from error


def decoded(content: bytes) -> str:
    """The text, by its mark, by its empty bytes, as UTF-8, or as Windows writes it."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _as(content, encoding)
    start = content[:2_000]
    if start[1::2].count(0) > len(start) // 4:
        return _as(content, "utf-16-le")
    if start[::2].count(0) > len(start) // 4:
        return _as(content, "utf-16-be")
    try:
        return _plain(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _as(content, "cp1252")


def _as(content: bytes, encoding: str) -> str:
    try:
        return _plain(content.decode(encoding))
    except UnicodeDecodeError as error:
        raise Refused(NOT_A_SHEET) from error


def _plain(text: str) -> str:
    if any(sign in text for sign in "\x00\x01\x02\x03\x04\x05\x06"):
        raise Refused(NOT_A_SHEET)
    return text.replace("\r\n", "\n").replace("\r", "\n")

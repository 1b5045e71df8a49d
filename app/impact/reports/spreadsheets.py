"""Tables as files: what a page shows and nothing else, as Excel and as CSV."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from app.impact.reports.documents import PlainTable
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WHOLE = re.compile(r"\d{1,3}(,\d{3})*|\d+")
DECIMAL = re.compile(r"[+-]?\d+\.\d")
PERCENT = re.compile(r"(\d{1,3})(\.\d)?%")
NOT_IN_A_NAME = re.compile(r"[\\/*?:\[\]']")
MOST_NAME_LETTERS = 31
WIDEST = 60
NOT_PRINTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
Lines = Sequence[Sequence[str]]


def as_csv(first_lines: Lines, tables: Iterable[PlainTable]) -> str:
    """The first lines, then each table with its title above it and an empty line before."""
    rows: list[Sequence[str]] = list(first_lines)
    for table in tables:
        rows += [(), (table["title"],), table["columns"], *table["rows"]]
        rows += [(table["note"],)] if table["note"] else []
    return BYTE_ORDER_MARK + csv_text(rows)


def as_excel(
    title: str,
    method: Lines,
    tables: Iterable[PlainTable],
    *,
    example: str,
    made_at: datetime,
    first_sheet: str = "Method",
    has_contents: bool = False,
    by_figure: bool = False,
) -> bytes:
    """A sheet that says how the figures were made, then a sheet for each table, or each figure.

    With contents the first sheet leads to each table, with its title in full.
    """
    from openpyxl import Workbook  # takes a fifth of a second to load, which most pages do without

    book = Workbook()
    book.properties.title, book.properties.creator = title, ""
    book.properties.created = book.properties.modified = made_at.replace(tzinfo=None)
    first = book.active
    assert first is not None  # noqa: S101 - a new book has a sheet
    _write_method(first, title, method, example=example)
    first.title = first_sheet
    taken = {first_sheet.lower()}
    if has_contents and by_figure:
        _write(first.cell(first.max_row + 2, 1), "Contents", as_words=True)
        _embolden(first, first.max_row)
    for title, own in groupby(tables, _figure_of if by_figure else itemgetter("title")):
        sheet = book.create_sheet(_sheet_name(title, taken))
        for table in own:
            row = _write_table(sheet, table, example=example)
            if has_contents:
                _add_to_contents(first, sheet.title, row, table)
    return _bytes_of(book)


def _figure_of(table: PlainTable) -> str:
    """What the tables of one figure have in common: "Use", "Use: all answers"."""
    return table["title"].partition(": ")[0]


def _add_to_contents(first: Any, name: str, at: int, table: PlainTable) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    row = first.max_row + 1
    cell = first.cell(row, 1)
    _write(cell, table["title"], as_words=True)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A{at}")
    cell.font = Font(underline="single")
    rows = len(table["rows"])
    _write(first.cell(row, 2), f"{rows:,} {'row' if rows == 1 else 'rows'}", as_words=True)


def _bytes_of(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_method(sheet: Any, title: str, method: Lines, *, example: str) -> None:
    lines: list[Sequence[str]] = [(title,), *([(example,)] if example else []), *method]
    for row, line in enumerate(lines, start=1):
        for column, words in enumerate(line, start=1):
            _write(sheet.cell(row, column), words, as_words=True)
    _embolden(sheet, 1)
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 100


def _write_table(sheet: Worksheet, table: PlainTable, *, example: str) -> int:
    """Title, whether it is an example, headings, rows, the note, under what stands there.

    Headings of a sheet's first table stay while one scrolls. Returns the row of the title.
    """
    from openpyxl.utils import get_column_letter

    is_first = sheet.max_row == 1 and sheet["A1"].value is None
    top = 1 if is_first else sheet.max_row + 2
    above = [table["title"], *([example] if example and is_first else [])]
    for row, words in enumerate(above, start=top):
        _write(sheet.cell(row, 1), words, as_words=True)
    heading = top + len(above)
    for column, words in enumerate(table["columns"], start=1):
        _write(sheet.cell(heading, column), words, as_words=True)
    for row, line in enumerate(table["rows"], start=heading + 1):
        for column, words in enumerate(line, start=1):
            _write(sheet.cell(row, column), words, as_words=column == 1)
    if table["note"]:
        _write(sheet.cell(heading + len(table["rows"]) + 1, 1), table["note"], as_words=True)
    _embolden(sheet, top)
    _embolden(sheet, heading)
    if is_first:
        sheet.freeze_panes = f"A{heading + 1}"
    for column in range(1, len(table["columns"]) + 1):
        cells = [table["columns"], *table["rows"]]
        longest = max((len(line[column - 1]) for line in cells if len(line) >= column), default=0)
        dimension = sheet.column_dimensions[get_column_letter(column)]
        so_far = 10 if is_first else dimension.width
        dimension.width = min(WIDEST, max(so_far, longest + 2))
    return top


def _write(cell: Cell | Any, words: str, *, as_words: bool) -> None:
    """A number as a number that is shown as on the page; anything else as text, never a formula."""
    number = None if as_words else _number(words)
    if number:
        cell.value, cell.number_format = number
        return
    cell.value = NOT_PRINTED.sub("", words)
    cell.data_type = "s"
    cell.quotePrefix = words.startswith(("=", "+", "-", "@"))


def _number(words: str) -> tuple[float | int, str] | None:
    if WHOLE.fullmatch(words):
        return int(words.replace(",", "")), "#,##0"
    if DECIMAL.fullmatch(words):
        return float(words), "+0.0;-0.0;0.0" if words[0] in "+-" else "0.0"
    found = PERCENT.fullmatch(words)
    if found:
        return round(float(words[:-1]) / 100, 4), "0.0%" if found[2] else "0%"
    return None


def _embolden(sheet: Any, row: int) -> None:
    from openpyxl.styles import Font

    for cell in sheet[row]:
        cell.font = Font(bold=True)


def _sheet_name(title: str, taken: set[str]) -> str:
    """The title as Excel takes it for a sheet: short, without its own signs, no two alike."""
    plain = " ".join(NOT_IN_A_NAME.sub(" ", title).split()) or "Table"
    name, number = plain[:MOST_NAME_LETTERS].strip(), 2
    while name.lower() in taken:
        ending = f" {number}"
        name, number = f"{plain[: MOST_NAME_LETTERS - len(ending)].strip()}{ending}", number + 1
    taken.add(name.lower())
    return name

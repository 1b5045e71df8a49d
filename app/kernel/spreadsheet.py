"""Text for spreadsheet programs: nothing that somebody typed is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

PLAIN_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?%?")
# What a spreadsheet program takes for a formula, or skips before it looks for one.
STARTS_A_FORMULA = tuple("=+-@\t\r\n")
# Tells spreadsheet programs that the text is UTF-8.
BYTE_ORDER_MARK = "\ufeff"


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """The rows as the text of a CSV file; an empty row is an empty line."""
    file = io.StringIO()
    csv.writer(file).writerows([safe(cell) for cell in row] for row in rows)
    return file.getvalue()


def safe(cell: str) -> str:
    """Text that a spreadsheet program could take for a formula is marked as text (S16)."""
    if cell.startswith(STARTS_A_FORMULA) and not PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell

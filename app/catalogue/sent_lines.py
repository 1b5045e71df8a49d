"""The lines of a run as a page sent them back, and what to send with them again."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import MultiDict

from app.catalogue.run_forms import MOST_LINES, LinesForm, lines_form
from app.kernel import clock

OF_A_LINE = ("keep_", "of_", "seen_", "day_", "starts_", "ends_", "subtitle_")
NOT_CARRIED = {"csrf_token", "step", "size"}


def sent_lines() -> LinesForm | None:
    """The lines that were sent, read and judged; None if these are still to be worked out."""
    size = request.form.get("size", "")
    if not (size.isascii() and size.isdecimal() and 1 <= int(size[:9]) <= MOST_LINES):
        return None
    form = lines_form(int(size))()
    form.not_before = clock.now()
    form.validate()
    return form


def carried(sent: MultiDict[str, str]) -> list[tuple[str, str]]:
    """What the page before asked, to be sent again with the lines."""
    return [
        (name, value)
        for name in sent
        if name not in NOT_CARRIED and not _is_of_a_line(name)
        for value in sent.getlist(name)
    ]


def _is_of_a_line(name: str) -> bool:
    start, _, number = name.rpartition("_")
    return f"{start}_" in OF_A_LINE and number.isdecimal()

"""Zoom's list of participants: a row for each stay, or one for each user."""

from __future__ import annotations

from collections.abc import Sequence

from app.attendance.readers.visits import (
    Headings,
    Row,
    Visit,
    cell_of,
    columns_of,
    heading,
    length_of,
    visit,
)

NAME = ("name", "name original name", "user name")
EMAIL = ("user email", "email")
LENGTH = ("total duration", "duration")
OF_ZOOM = ("guest", "join time", "in waiting room", "recording consent", "consent")


def read_zoom(rows: Sequence[Row], headings: Headings) -> list[Visit] | None:
    """The people of a Zoom file, without those kept waiting; None if it is no such file."""
    for number, columns in headings:
        has_names = any(name in columns for name in NAME) and "role" not in columns
        is_zoom = any(name in columns for name in OF_ZOOM)
        if has_names and is_zoom and any(name in columns for name in LENGTH):
            return _participants(rows, number)
    return None


def _participants(rows: Sequence[Row], number: int) -> list[Visit]:
    columns, found = columns_of(rows[number]), []
    in_minutes = any(
        "minute" in cell.casefold() for cell in rows[number] if heading(cell) in LENGTH
    )
    for row in rows[number + 1 :]:
        name, email = cell_of(row, columns, *NAME), cell_of(row, columns, *EMAIL)
        is_waiting = cell_of(row, columns, "in waiting room").casefold() in {"yes", "true", "y"}
        if is_waiting or not (name or email):
            continue
        found.append(
            visit(
                name,
                email=email,
                has_original=True,
                joined=cell_of(row, columns, "join time"),
                left=cell_of(row, columns, "leave time"),
                seconds=length_of(row, columns, *LENGTH, in_minutes=in_minutes),
                is_total="total duration" in columns,
            )
        )
    return found

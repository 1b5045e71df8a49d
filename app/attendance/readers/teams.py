"""Microsoft Teams: the report of numbered sections and that of 2021-22.

Sections are known by the shape of their headings: their titles are translated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from app.attendance.readers.visits import (
    Columns,
    Headings,
    Row,
    Visit,
    cell_of,
    length_of,
    visit,
)

SECTION = re.compile(r"\d+\.\s+\S.*")
NAME = ("name", "full name")
JOINS, LEAVES = ("join time", "first join time"), ("leave time", "last leave time")
FIRST_JOIN = ("first join", "first join time")
LAST_LEAVE = ("last leave", "last leave time")
LENGTH = ("in-meeting duration", "in meeting duration", "duration", "attendance duration")
EMAIL = ("email", "e-mail", "registration email", "registration e-mail")
USER_NAME = ("participant id", "upn")


def _has(columns: Columns, *names: str) -> bool:
    return any(name in columns for name in names)


def _is_of_people(columns: Columns) -> bool:
    return _has(columns, *NAME) and _has(
        columns, "first join", "last leave", "in-meeting duration", "in meeting duration"
    )


def _is_of_stays(columns: Columns) -> bool:
    return _has(columns, *NAME) and _has(columns, "join time") and _has(columns, "leave time")


def _is_names_only(columns: Columns) -> bool:
    """Where the organisation lets reports say only who attended."""
    return _has(columns, *NAME) and _has(columns, *USER_NAME, "role") and _has(columns, *EMAIL)


def _section(rows: Sequence[Row], first: int, end: int | None = None) -> Iterator[Row]:
    """The rows below a heading, to the next empty row or title, or to the row of that number."""
    for number in range(first, len(rows) if end is None else end):
        row = rows[number]
        filled = [cell for cell in row if cell.strip()]
        if not filled or (len(filled) == 1 and SECTION.fullmatch(row[0].strip())):
            return
        yield row


def read_numbered(rows: Sequence[Row], headings: Headings) -> list[Visit] | None:
    """The current report; None if it is something else."""
    people: list[Visit] | None = None
    stays_below: list[tuple[int, Columns]] = []
    for number, columns in headings:
        if people is None and (_is_of_people(columns) or _is_names_only(columns)):
            if _is_of_stays(columns) and not _is_of_people(columns):
                return None  # the report of 2021-22
            people = list(_people(_section(rows, number + 1), columns))
        elif people is not None and _is_of_stays(columns):
            stays_below.append((number, columns))
    if people is None:
        return None
    # Each row is read under one heading, however often a damaged file repeats them.
    ends = [*(number for number, _ in stays_below[1:]), None]
    stays = [
        stay
        for (number, columns), end in zip(stays_below, ends, strict=False)
        for stay in _stays(_section(rows, number + 1, end), columns)
    ]
    return _together(people, stays)


def _people(rows: Iterator[Row], columns: Columns) -> Iterator[Visit]:
    knows_registered = any(name.startswith("registration") for name in columns)
    for row in rows:
        joined, left = cell_of(row, columns, *FIRST_JOIN), cell_of(row, columns, *LAST_LEAVE)
        if knows_registered and not (joined or left or cell_of(row, columns, *LENGTH)):
            continue  # registered for the webinar and did not come
        if found := _visit(row, columns, joined, left, is_total=True):
            yield found


def _stays(rows: Iterator[Row], columns: Columns) -> Iterator[Visit]:
    for row in rows:
        joined, left = cell_of(row, columns, *JOINS), cell_of(row, columns, *LEAVES)
        if found := _visit(row, columns, joined, left):
            yield found


def _visit(
    row: Row, columns: Columns, joined: str, left: str, *, is_total: bool = False
) -> Visit | None:
    name, email = cell_of(row, columns, *NAME), cell_of(row, columns, *EMAIL)
    if not (name or email):
        return None
    return visit(
        name,
        email=email,
        user_name=cell_of(row, columns, *USER_NAME),
        role=cell_of(row, columns, "role"),
        joined=joined,
        left=left,
        seconds=length_of(row, columns, *LENGTH),
        is_total=is_total,
    )


def _together(people: Sequence[Visit], stays: Sequence[Visit]) -> list[Visit]:
    """Stays where the file tells them, with what the list of people knows; else the totals."""
    by_who = {person.who: person for person in people}
    by_name: dict[str, set[str]] = defaultdict(set)
    for person in people:
        by_name[person.name.casefold()].add(person.who)
    found: list[Visit] = []
    told: set[str] = set()
    for stay in stays:
        same = by_name[stay.name.casefold()]
        who = stay.who if stay.email or len(same) != 1 else next(iter(same))
        known = by_who.get(who)
        told.add(who)
        found.append(
            Visit(
                who=who,
                name=stay.name,
                joined=stay.joined,
                left=stay.left,
                seconds=stay.seconds,
                email=known.email if known else stay.email,
                user_name=known.user_name if known else stay.user_name,
                is_phone=stay.is_phone,
                is_host=bool(known and known.is_host) or stay.is_host,
            )
        )
    return found + [person for person in people if person.who not in told]


def read_of_2021(rows: Sequence[Row], headings: Headings) -> list[Visit] | None:
    """The report of 2021-22: a block of headings, then a row for each stay."""
    for number, columns in headings:
        if _is_of_stays(columns) and _has(columns, "full name"):
            return list(_stays(_section(rows, number + 1), columns))
    return None

"""Files of comings and goings: the Teams list of 2020-21, the report of a live event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.attendance.readers.visits import Headings, Row, Visit, cell_of, visit

CAME, WENT = {"joined", "joined before"}, {"left"}
NOT_SAID = "not said"  # when somebody left: they may have gone without a word of it


def read_list_of_2020(rows: Sequence[Row], headings: Headings) -> list[Visit] | None:
    """The list downloaded during a meeting: a row for each coming and going, no addresses."""
    for number, columns in headings:
        if {"full name", "user action", "timestamp"} <= columns.keys():
            moves = (
                (cell_of(line, columns, "full name"), "")
                + (cell_of(line, columns, "user action"), cell_of(line, columns, "timestamp"))
                for line in rows[number + 1 :]
            )
            return list(_paired(moves, at_the_end=""))
    return None


def read_live_event(rows: Sequence[Row], headings: Headings) -> list[Visit] | None:
    """The engagement report of a live event: a row for each thing somebody did."""
    for number, columns in headings:
        if {"participantid", "utceventtimestamp"} <= columns.keys():
            moves = (
                (cell_of(line, columns, "fullname"), cell_of(line, columns, "participantid"))
                + (
                    cell_of(line, columns, "action", "eventtype", "useraction"),
                    cell_of(line, columns, "utceventtimestamp"),
                )
                for line in rows[number + 1 :]
            )
            return list(_paired(moves, at_the_end=NOT_SAID))
    return None


def _paired(moves: Iterator[tuple[str, str, str, str]], *, at_the_end: str) -> Iterator[Visit]:
    """Stays from comings and goings; `at_the_end`: when those who have not left did."""
    there: dict[tuple[str, str], list[str]] = {}
    unclear: set[tuple[str, str]] = set()
    for name, number, action, at in moves:
        who, word = (name, number), action.casefold()
        if not (name or number):
            continue
        joins = there.setdefault(who, [])
        if word in CAME:
            joins.append(at)
        elif word in WENT:
            yield visit(name, number=number, joined=joins.pop() if joins else "", left=at)
        else:
            unclear.add(who)
    for (name, number), joins in there.items():
        for joined in joins or [""] * ((name, number) in unclear):
            yield visit(name, number=number, joined=joined, left=at_the_end)

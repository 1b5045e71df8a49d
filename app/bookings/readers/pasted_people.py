"""Names and addresses as people paste them, from a spreadsheet or an address line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.kernel.refusals import Refused

MOST_PEOPLE = 500
ADDRESSEE = re.compile(r"(?P<name>[^<>]*)<\s*(?:mailto:)?(?P<email>[^<>\s]+)\s*>")
COUNTING = re.compile(r"^\d{1,4}[.)]?(\s+|$)")
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200e\u200f\ufeff"), None)
QUOTES = "\"“”'‘’"

NAME, FIRST_NAME, LAST_NAME, EMAIL, OTHER = "name", "first name", "last name", "email", "other"
# Headings as they are written, without space, hyphens and capitals.
HEADINGS = {
    NAME: "name names fullname staffname colleague delegate delegatename attendee person",
    FIRST_NAME: "firstname forename forenames givenname first",
    LAST_NAME: "lastname surname familyname last",
    EMAIL: "email emails emailaddress emailaddresses mail workemail workemailaddress address",
    OTHER: "no number title jobtitle role post job school organisation department team phone",
}
HEADING_OF = {word: kind for kind, words in HEADINGS.items() for word in words.split()}


@dataclass(frozen=True)
class PastedPerson:
    """One person as pasted; what was not there is empty, nothing is judged."""

    name: str
    email: str


NOBODY = PastedPerson("", "")


def read_pasted(text: str) -> list[PastedPerson]:
    """The people in a pasted text, in order; Refused if there are more than can be booked at once.

    A line is a person: cells parted by tabs, semicolons or commas, in either order, or "Name
    <address>", of which several may stand in one line. A name and an address in lines of their
    own belong together.
    """
    found: list[PastedPerson] = []
    columns: list[str] = []
    for number, line in enumerate(text.translate(UNSEEN).splitlines()):
        people = _addressees(line)
        if not people:
            cells = _cells(line)
            headings = _headings(cells) if number == 0 else []
            if headings:
                columns = headings
                continue
            people = _people(cells, columns)
        found += people or [NOBODY]  # an empty line parts what is around it
    joined = list(_joined(found))
    if len(joined) > MOST_PEOPLE:
        raise Refused(
            f"The list has {len(joined):,} people. Add {MOST_PEOPLE} at a time at most: "
            "shorten it, then come back with the rest"
        )
    return joined


def _addressees(line: str) -> list[PastedPerson]:
    return [
        PastedPerson(_name_of_addressee(one["name"]), one["email"])
        for one in ADDRESSEE.finditer(line)
    ]


def _name_of_addressee(written: str) -> str:
    name = _plain(written.strip(" ,;\t"))
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name


def _cells(line: str) -> list[str]:
    parted_by = next((mark for mark in "\t;," if mark in line), ",")
    [row] = list(csv.reader([line], delimiter=parted_by)) or [[]]
    return [_plain(cell) for cell in row]


def _plain(cell: str) -> str:
    return " ".join(cell.split()).strip(QUOTES + " ,;").removeprefix("mailto:")


def _headings(cells: Sequence[str]) -> list[str]:
    """What the columns are, if this is a line of headings."""
    words = ["".join(c for c in cell.lower() if c.isalpha()) for cell in cells]
    if not any(words) or any(word and word not in HEADING_OF for word in words):
        return []
    return [HEADING_OF.get(word, OTHER) for word in words]


def _people(cells: Sequence[str], columns: Sequence[str]) -> list[PastedPerson]:
    if {NAME, FIRST_NAME, EMAIL} & set(columns) and len(cells) > 1:
        by_column: dict[str, str] = {}
        for kind, cell in zip(columns, cells, strict=False):
            by_column.setdefault(kind, cell)
        whole = [by_column.get(kind, "") for kind in (NAME, FIRST_NAME, LAST_NAME)]
        found = PastedPerson(" ".join(filter(None, whole)), by_column.get(EMAIL, ""))
        return [found] if found.name or found.email else []
    return _people_without_headings([cell for cell in cells if cell and not cell.isdecimal()])


def _people_without_headings(cells: Sequence[str]) -> list[PastedPerson]:
    addresses = [cell for cell in cells if "@" in cell]
    if len(addresses) > 1:
        return _several_in_a_line(cells)
    if not addresses and len(cells) > 1:
        addresses = [cell for cell in cells if _is_meant_as_address(cell)][:1]
    others = [cell for cell in cells if cell not in addresses]
    email = addresses[0] if addresses else ""
    name = _name(others)
    if email and not name and " " in email:  # parted by a space alone
        *words, email = email.split()
        name = " ".join(words)
    return [PastedPerson(name, email)] if name or email else []


def _several_in_a_line(cells: Sequence[str]) -> list[PastedPerson]:
    alone = [PastedPerson("", cell) if "@" in cell else PastedPerson(cell, "") for cell in cells]
    return list(_joined(alone))


def _is_meant_as_address(cell: str) -> bool:
    return " " not in cell and "." in cell.strip(".")


def _name(cells: Sequence[str]) -> str:
    """The first cell if it is a whole name, else the first two: a first and a last name."""
    if not cells:
        return ""
    first = COUNTING.sub("", cells[0], count=1).strip()
    return first if " " in first else " ".join(filter(None, [first, *cells[1:2]]))


def _joined(people: Sequence[PastedPerson]) -> Iterator[PastedPerson]:
    """Put a name and an address together that stand alone one after the other.

    Only where the whole list is written so: with each address below a name, or with each above
    one. In any other list a line that stands alone is a stray one, and joins nobody.
    """
    parted = [*people, NOBODY]
    is_name_first = _is_in_pairs([NOBODY, *people])
    if not is_name_first and not _is_in_pairs(parted[::-1]):
        yield from (one for one in people if one != NOBODY)
        return
    is_taken = False
    for one, next_one in pairwise(parted):
        first, second = (one, next_one) if is_name_first else (next_one, one)
        if is_taken:
            is_taken = False
        elif _is_alone(first.name, first.email) and _is_alone(second.email, second.name):
            is_taken = True
            yield PastedPerson(first.name, second.email)
        elif one != NOBODY:
            yield one


def _is_in_pairs(people: Sequence[PastedPerson]) -> bool:
    """Whether an address never stands beside its name, and each comes next after a name alone."""
    return all(
        _is_alone(before.name, before.email) and not one.name
        for before, one in pairwise(people)
        if one.email
    )


def _is_alone(is_there: str, is_not: str) -> bool:
    return bool(is_there) and not is_not

"""What a meeting file says of one person's coming and going, before anybody is recognised."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.attendance.readers.meeting_times import one_space, read_length

Row = Sequence[str]
Columns = Mapping[str, int]

ADDED = re.compile(r"\s*\((?:external|unverified|guest|extern|gast)\)$", re.IGNORECASE)
COMPANY = re.compile(r"^\[[^\]]*\]\s*(?=\S)")
ORIGINAL = re.compile(r"(.+?)\s*\((.+)\)")
PHONE = re.compile(r"\+?[\d\s().*x-]{5,}", re.IGNORECASE)
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
HOSTS = {"organizer", "organiser", "co-organizer", "co-organiser", "presenter", "host"}
MOST_CHARACTERS = 200
FIRST_WORDS = ("name", "full name", "fullname", "user name", "participantid")


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a meeting, or what a file says of all stays of somebody together."""

    who: str  # tells people of the file apart: their address, else their name, in lower case
    name: str  # for staff to read: a telephone number is masked
    joined: str = ""  # as written
    left: str = ""
    seconds: int | None = None  # None if the file does not say
    is_total: bool = False  # joined and left stand around several stays
    email: str = ""
    user_name: str = ""  # the account's own name, which need not be a mailbox
    original_name: str = ""
    is_phone: bool = False
    is_host: bool = False


@dataclass(frozen=True, slots=True)
class MeetingReport:
    """A meeting file as read."""

    layout: str
    visits: tuple[Visit, ...]

    @property
    def says_sha256(self) -> str:
        """The same for every file that says the same, however it was saved."""
        said = sorted(repr(visit) for visit in self.visits)
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


def heading(cell: str) -> str:
    """A column's heading for comparison: in lower case, without brackets and odd spaces."""
    return one_space(re.sub(r"\([^)]*\)", " ", one_space(cell).casefold()))


def columns_of(row: Row) -> dict[str, int]:
    """Where each heading of the row stands; the first of two that are the same."""
    found: dict[str, int] = {}
    for place, cell in enumerate(row):
        found.setdefault(heading(cell), place)
    found.pop("", None)
    return found


Headings = Sequence[tuple[int, dict[str, int]]]  # the number of each such row, and its columns


def headings_of(rows: Sequence[Row]) -> Iterator[tuple[int, dict[str, int]]]:
    """The rows that may be headings of people, each with its number."""
    for number, row in enumerate(rows):
        # Most rows are none: a look at their beginnings is enough, and files may be long.
        if any(cell.lstrip(' "').casefold().startswith(FIRST_WORDS) for cell in row[:40]):
            yield number, columns_of(row)


def cell_of(row: Row, columns: Columns, *names: str) -> str:
    """The first cell under one of these headings that holds anything; rows may be short."""
    for name in names:
        place = columns.get(name)
        if place is not None and place < len(row) and (text := one_space(row[place])):
            return text[:MOST_CHARACTERS]
    return ""


def plain_name(text: str) -> str:
    """A name for comparison: in lower case, one way to write each letter, single spaces."""
    return one_space(unicodedata.normalize("NFKC", text)).casefold()


def visit(
    shown: str,
    *,
    email: str = "",
    user_name: str = "",
    role: str = "",
    has_original: bool = False,
    number: str = "",
    **times: str | int | bool | None,
) -> Visit:
    """A visit of whoever is shown under this name; `number` tells the nameless apart."""
    name = COMPANY.sub("", _without_additions(shown))
    email = email.lower() if ADDRESS.fullmatch(email) else ""
    user_name = user_name.lower() if ADDRESS.fullmatch(user_name) else ""
    is_phone = bool(PHONE.fullmatch(name)) and sum(map(str.isdigit, name)) >= 4
    original = ORIGINAL.fullmatch(name) if has_original and not is_phone else None
    if original:
        name = original[1]
    who = email or (f"name:{plain_name(name)}" if name else f"number:{number}")
    if is_phone:
        digits = "".join(filter(str.isdigit, name))
        who = f"phone:{hashlib.sha256(digits.encode()).hexdigest()[:16]}"
        name = f"Telephone number ending {digits[-2:]}"
    return Visit(
        who=who,
        name=name or email or "No name",
        email=email,
        user_name=user_name,
        original_name=_without_additions(original[2]) if original else "",
        is_phone=is_phone,
        is_host=role.casefold() in HOSTS,
        **times,  # type: ignore[arg-type]  # each is one of the fields of times above
    )


def _without_additions(shown: str) -> str:
    name = one_space(shown)
    while (shorter := ADDED.sub("", name)) != name:
        name = shorter
    return name


def length_of(row: Row, columns: Columns, *names: str, in_minutes: bool = False) -> int | None:
    """Seconds under one of these headings."""
    return read_length(cell_of(row, columns, *names), in_minutes=in_minutes)

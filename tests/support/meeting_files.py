"""Attendance files of meetings, invented: readable text, made into the bytes each of them names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from app.attendance.matching_rules import Booked, Line, Piles, sort_into_piles
from app.attendance.presence_rules import attendees_of, day_order, proposal
from app.attendance.readers.meeting_file import read_meeting_file
from app.bookings.models import AttendanceOutcome

FOLDER = Path(__file__).parents[1] / "attendance" / "meeting_files"
LASTS, PERCENT = timedelta(hours=3), 75
USUAL_SESSION = "2026-09-22 14:45"
TAB = "→"
MARKS = {
    "utf-8": b"\xef\xbb\xbf",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
}
ENDS = {"crlf": "\r\n", "lf": "\n", "cr": "\r"}

BOOKED = (
    Booked("ann", 1, "Ann Zeal", "ann.zeal@example.org"),
    Booked("bob", 2, "Bob Able", "bob.able@example.org"),
    Booked("cy", 3, "Cy Moor", "cy.moor@example.org"),
    Booked("sam1", 4, "Sam Same", "sam.same@example.org"),
    Booked("sam2", 5, "Sam Same", "sam@same.example"),
    Booked("wyn", 6, "Wyn Wait", "wyn.wait@example.org", has_place=False),
)


@dataclass(frozen=True)
class Case:
    """One invented file, and what is to come of it."""

    name: str
    facts: dict[str, str]
    body: str

    @property
    def content(self) -> bytes:
        """The bytes as they would be downloaded."""
        encoding, _, ends = self.facts["bytes"].partition(", ")
        kind, has_mark = encoding.removesuffix(" with mark"), encoding.endswith(" with mark")
        text = self.body.replace(TAB, "\t").replace("\n", ENDS[ends])
        return (MARKS[kind] if has_mark else b"") + text.encode(kind)

    @property
    def session(self) -> list[datetime]:
        """When the dates of the session begin."""
        said = self.facts.get("session", USUAL_SESSION)
        return [datetime.fromisoformat(text.strip()) for text in said.split(",")]

    @property
    def confirmed(self) -> dict[str, frozenset[int]]:
        """Names that staff have confirmed before."""
        pairs = [pair.split(" = ") for pair in self.facts.get("confirmed", "").split("; ") if pair]
        ids = {one.name: one.person_id for one in BOOKED}
        return {said: frozenset({ids[name]}) for said, name in pairs}


@cache
def cases() -> tuple[Case, ...]:
    """Every invented file, in order."""
    return tuple(_case(path) for path in sorted(FOLDER.glob("*.txt")))


def case_named(name: str) -> Case:
    """The invented file of this name."""
    return next(case for case in cases() if case.name.endswith(name))


def _case(path: Path) -> Case:
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.split("\n"))
    return Case(path.stem, facts, body)


def piles_of(case: Case) -> Piles:
    """The piles of a file, together with the file it is to be read with."""
    contents = [case.content]
    if other := case.facts.get("together with"):
        contents.insert(0, case_named(other).content)
    days = [moment.date() for moment in case.session]
    reports = [read_meeting_file(content) for content in contents]
    read = [(report, day_order(report, days, None)) for report in reports]
    return sort_into_piles(attendees_of(read), BOOKED, case.confirmed)


def told(piles: Piles) -> dict[str, str]:
    """The piles in the words of the invented files."""
    found = {
        "matched": [_line(line) for line in piles.matched],
        "unbooked": [_line(line) for line in piles.unbooked],
        "ambiguous": [f"{_line(line)} {line.doubt}" for line in piles.ambiguous],
    }
    words = {pile: "; ".join(lines) for pile, lines in found.items() if lines}
    return words | {"not seen": ", ".join(booked.name for booked in piles.not_seen)}


def _line(line: Line) -> str:
    attendee, presence = line.attendee, line.attendee.presence
    minutes = "?" if presence.seconds is None else str(presence.seconds // 60)
    suggested = {
        AttendanceOutcome.ATTENDED: "came",
        AttendanceOutcome.ATTENDED_IN_PART: "part",
        None: "ask",
    }[proposal(presence, LASTS, PERCENT)]
    least = ">=" if presence.is_at_least else ""
    host = " host" if attendee.is_host and not line.booked else ""
    return f"{attendee.name} {least}{minutes} {suggested}{host}"

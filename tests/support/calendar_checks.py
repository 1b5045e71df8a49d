"""What is wrong with a calendar message: said by looking at the bytes that left, never by ours.

Nothing here asks how the service writes: an entry's lines, names and values are taken apart anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from email import message_from_bytes
from email.parser import BytesHeaderParser
from email.policy import default
from itertools import pairwise
from urllib.parse import unquote

from tests.support.calendar_readers import READERS, Reading
from tests.support.calendar_stage import Told

MAIL_HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
PARTS = {
    "multipart/mixed": [],
    "multipart/alternative": ["Content-Type"],
    "text/plain": ["Content-Type", "Content-Transfer-Encoding"],
    "text/html": ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"],
    "text/calendar": ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"],
    "application/ics": [
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version",
    ],
}  # fmt: skip
OF_THE_CALENDAR = ["VERSION", "PRODID", "CALSCALE", "METHOD"]
OF_THE_ENTRY = (
    "ATTENDEE", "CLASS", "DESCRIPTION", "DTEND", "DTSTAMP", "DTSTART", "LOCATION", "ORGANIZER",
    "SEQUENCE", "STATUS", "SUMMARY", "TRANSP", "UID", "URL",
)  # fmt: skip
COMPONENTS = ["VCALENDAR", "VTIMEZONE", "DAYLIGHT", "STANDARD", "VEVENT"]
MOST_OCTETS = 75


def faults_of(told: Told, content: bytes | None = None, sender: str = "") -> list[str]:
    """What is wrong with a calendar message, and with the mail that carries it, in words.

    `sender` is the mailbox it leaves from, if that is no longer the one that once invited.
    """
    mailbox = sender or told.organiser_email
    found = [] if content is None else list(_faults_of_mail(content, told, mailbox))
    found += [*faults_of_lines(told.text.encode()), *_faults_of_names(told.text)]
    if not found:  # a reader may stumble over what is wrong already
        found += faults_of_readings([read(told.text) for read in READERS.values()], told)
    return [f"{told.kind}: {fault}" for fault in found]


def _faults_of_mail(content: bytes, told: Told, mailbox: str) -> Iterator[str]:
    head = content.split(b"\r\n\r\n", 1)[0]
    raw = [line.split(b":")[0].decode() for line in re.split(rb"\r\n(?![ \t])", head)]
    if raw != MAIL_HEADERS:
        yield f"headers are {raw}"
    if re.search(rb"[^\t\r\n\x20-\x7e]", head):
        yield "a header has characters that none may have"
    parts = list(message_from_bytes(content).walk())
    if [part.get_content_type() for part in parts] != list(PARTS):
        yield f"parts are {[part.get_content_type() for part in parts]}"
        return
    for part, names in zip(parts[1:], list(PARTS.values())[1:], strict=True):
        if sorted(part.keys()) != sorted(names):
            yield f"{part.get_content_type()} has the headers {part.keys()}"
    *_, calendar, file = parts
    said = {"text/calendar": "", "charset": "utf-8", "method": told.method}
    if dict(calendar.get_params([])) != said:
        yield f"the calendar part is {calendar['Content-Type']}"
    if any(part.get_payload(decode=True) != told.text.encode() for part in (calendar, file)):
        yield "what arrives is not what was written"
    headers = BytesHeaderParser(policy=default).parsebytes(head)
    for header, address in (("From", mailbox), ("To", told.to_email)):
        addresses = [one.addr_spec for one in headers[header].addresses]
        if addresses != [address]:
            yield f"{header} is {addresses}"


def faults_of_lines(octets: bytes) -> Iterator[str]:
    """Where lines are too long, cut inside a character or end otherwise than by CRLF."""
    if not octets.endswith(b"\r\n"):
        yield "the last line has no end"
    if re.search(rb"\r(?!\n)|(?<!\r)\n", octets):
        yield "a line ends otherwise than by CRLF"
    for line in octets.split(b"\r\n"):
        if len(line) > MOST_OCTETS:
            yield f"a line of {len(line)} octets"
        try:
            line.decode()
        except UnicodeDecodeError:
            yield "a line ends inside a character"
    text = octets.decode(errors="replace")
    if any(unicodedata.category(mark) == "Cc" and mark not in "\r\n" for mark in text):
        yield "a control character"


def _faults_of_names(text: str) -> Iterator[str]:
    """Lines as the most lenient reader takes them, so that nothing hides behind an odd break."""
    flat = re.sub(r"(\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])[ \t]", "", text)
    lines = [line for line in re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+", flat) if line]
    if (begun := [line[6:] for line in lines if line.upper().startswith("BEGIN:")]) != COMPONENTS:
        yield f"components are {begun}"
        return
    names = [re.split("[:;]", line, maxsplit=1)[0].upper() for line in lines]
    if (of_calendar := names[1 : names.index("BEGIN", 1)]) != OF_THE_CALENDAR:
        yield f"the calendar says {of_calendar}"
    entry = names[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    if sorted(entry) != list(OF_THE_ENTRY):
        yield f"the entry says {sorted(entry)}"


def faults_of_readings(readings: Sequence[Reading], told: Told) -> Iterator[str]:
    """Where what programs read differs from what the database said, or from one another."""
    for read in readings:
        yield from _faults_of_reading(read, told)
    if len(set(readings)) > 1:
        yield "not every program reads the same"


def _faults_of_reading(read: Reading, told: Told) -> Iterator[str]:
    wanted = {
        "method": str(told.method),
        "uid": told.uid,
        "starts_at": told.starts_at,
        "ends_at": told.ends_at,
        "summary": on_one_line(told.title),
        "location": on_one_line(told.location),
        "status": "CANCELLED" if told.method == "CANCEL" else "CONFIRMED",
        "components": ("VEVENT", "VTIMEZONE"),
        "properties": OF_THE_ENTRY,
    }
    for name, value in wanted.items():
        if getattr(read, name) != value:
            yield f"{name} is read as {getattr(read, name)!r} and not {value!r}"
    if _address(read.organiser) != told.organiser_email:
        yield f"organised by {read.organiser}"
    if [_address(one) for one in read.attendees] != [told.to_email]:
        yield f"addressed to {read.attendees}"
    if "Can't come? http://localhost/bookings/" not in read.description:
        yield "there is no link to say that one cannot come"


def _address(mailto: str) -> str:
    return unquote(mailto.removeprefix("mailto:"))


def on_one_line(words: str) -> str:
    """Words as a calendar may show them: no control characters, one space between them."""
    marks = (" " if mark.isspace() else mark for mark in words)
    return " ".join("".join(m for m in marks if unicodedata.category(m) != "Cc").split())


def faults_of_lives(messages: Iterable[Told]) -> list[str]:
    """What is wrong with messages about the same entries, in the order in which they left."""
    lives: dict[str, list[Told]] = {}
    dates: dict[tuple[int, int], set[str]] = {}
    for told in messages:
        lives.setdefault(told.uid, []).append(told)
        dates.setdefault((told.booking_id, told.date_id), set()).add(told.uid)
    found = [f"{of} has the UIDs {uids}" for of, uids in dates.items() if len(uids) > 1]
    if len(dates) != len(lives):
        found.append("two dates or bookings share a UID")
    for life in lives.values():
        found += _faults_of_life(life)
    return found


def _faults_of_life(life: Sequence[Told]) -> Iterator[str]:
    sequences = [int(_line(told, "SEQUENCE")) for told in life]
    if any(later <= earlier for earlier, later in pairwise(sequences)):
        yield f"sequences {sequences}"
    stamps = [_line(told, "DTSTAMP") for told in life]
    if any(later <= earlier for earlier, later in pairwise(stamps)):
        yield f"stamps {stamps}"
    methods = [_line(told, "METHOD") for told in life]
    if methods[0] != "REQUEST" or "CANCEL" in methods[:-1]:
        yield f"methods {methods}"
    for name in ("ORGANIZER", "ATTENDEE"):
        if len({_line(told, name) for told in life}) > 1:
            yield f"{name} changed"


def _line(told: Told, name: str) -> str:
    """What stands behind the name of a property, parameters and all."""
    flat = told.text.replace("\r\n ", "")
    [found] = re.findall(rf"^{name}[:;](.*)\r$", flat, re.MULTILINE)
    return str(found)

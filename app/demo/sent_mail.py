"""The messages that were sent, read from the folder into which the example delivers them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from itertools import islice
from pathlib import Path

MESSAGES_PER_PAGE = 25
MOST_LOOKED_AT = 2000
SECOND_IN_NAME = len("20261121T100658Z")
FILE_NAME = re.compile(r"[A-Za-z0-9@._-]{1,250}\.eml", re.ASCII)


@dataclass(frozen=True)
class Line:
    """One message of the list."""

    name: str
    to: str
    subject: str
    sent_at: datetime


@dataclass(frozen=True)
class SentMessage:
    """One message with its parts; the calendar part is empty if there is none."""

    name: str
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str
    calendar: str
    calendar_method: str
    source: bytes


def folder_of(mail_url: str) -> Path | None:
    """The folder messages are written to; None if they leave by a mail server."""
    return Path(mail_url.removeprefix("file:")) if mail_url.startswith("file:") else None


def newest(folder: Path, *, to: str, page: int) -> tuple[list[Line], bool]:
    """A page of messages, newest first, to one address or (empty) to all; whether more follow."""
    first = (page - 1) * MESSAGES_PER_PAGE
    found = list(islice(_lines(folder, to), first, first + MESSAGES_PER_PAGE + 1))
    return found[:MESSAGES_PER_PAGE], len(found) > MESSAGES_PER_PAGE


def open_message(folder: Path, name: str) -> SentMessage | None:
    """One message; None if there is no such file."""
    if not FILE_NAME.fullmatch(name):
        return None
    try:
        source = (folder / name).read_bytes()
    except OSError:
        return None
    message = message_from_bytes(source, policy=default)
    calendar = next(
        (part for part in message.walk() if part.get_content_type() == "text/calendar"), None
    )
    return SentMessage(
        name=name,
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        sent_at=message["Date"].datetime,
        text=_body(message, "plain"),
        html=_body(message, "html"),
        calendar=str(calendar.get_content()) if calendar else "",
        calendar_method=str(calendar.get_param("method", "")) if calendar else "",
        source=source,
    )


def _lines(folder: Path, to: str) -> Iterator[Line]:
    """Names begin with the second of sending; within it, what was written last comes first."""
    try:
        with os.scandir(folder) as entries:
            files = [
                (entry.name[:SECOND_IN_NAME], entry.stat().st_mtime_ns, entry.name)
                for entry in entries
                if FILE_NAME.fullmatch(entry.name)
            ]
    except OSError:
        return  # nothing has been sent yet, or something was taken away while we looked
    for _, _, name in sorted(files, reverse=True)[:MOST_LOOKED_AT]:
        try:
            with (folder / name).open("rb") as file:
                headers = BytesHeaderParser(policy=default).parse(file)
        except OSError:
            continue  # taken away while we looked
        if not to or to.lower() in str(headers["To"]).lower():
            yield Line(name, str(headers["To"]), str(headers["Subject"]), headers["Date"].datetime)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""

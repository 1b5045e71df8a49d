"""What the desk is made of: its lists by how soon somebody must act, and their lines."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.kernel.paging import Pages


class DeskList(enum.StrEnum):
    """The lists of the desk, by how soon somebody must act."""

    THIS_WEEK = "this-week"
    REGISTERS = "registers"
    REQUESTS = "requests"
    MAIL = "mail"
    COMMENTS = "comments"
    FILLING = "filling"
    WAITING = "waiting"
    CLOSING = "closing"
    SURVEYS = "surveys"
    RAISED = "raised"
    DRAFTS = "drafts"
    OFFERS = "offers"


# What somebody sees who trains and plans nothing.
OF_TRAINERS = (DeskList.THIS_WEEK, DeskList.REGISTERS)


class DeskWords(NamedTuple):
    """What a list of the desk is called, and what it says when it is empty."""

    title: str
    when_empty: str


DESK_WORDS = {
    DeskList.THIS_WEEK: DeskWords("The next 7 days", "No session in the next seven days."),
    DeskList.REGISTERS: DeskWords(
        "Registers to take", "Every register of the last half year is taken."
    ),
    DeskList.REQUESTS: DeskWords("Requests to decide", "Nobody waits for an answer to a request."),
    DeskList.MAIL: DeskWords("Mail in trouble", "Every message of the last month has left."),
    DeskList.COMMENTS: DeskWords(
        "Comments waiting to be read", "Every comment was read within a working day."
    ),
    DeskList.FILLING: DeskWords(
        "Filling slowly", "Every session of the next weeks has the people it needs."
    ),
    DeskList.WAITING: DeskWords("People waiting", "Nobody is waiting for a place."),
    DeskList.CLOSING: DeskWords(
        "Sessions to close", "Every session of the last four weeks is closed."
    ),
    DeskList.SURVEYS: DeskWords(
        "Surveys that fall due", "No survey leaves in the next seven days."
    ),
    DeskList.RAISED: DeskWords(
        "Raised and asked for", "Nothing new was raised or asked for, and no action is late."
    ),
    DeskList.DRAFTS: DeskWords("Draft sessions", "No session is waiting to be published."),
    DeskList.OFFERS: DeskWords("Offers in development", "Every offer is published or archived."),
}


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One thing to do, and where it is done."""

    words: str
    address: str
    when_words: str
    detail: str
    is_today: bool = False


@dataclass(frozen=True, slots=True)
class DeskSection:
    """One list of the desk, or one page of it."""

    kind: DeskList
    lines: list[DeskLine]
    length: int
    pages: Pages

    @property
    def words(self) -> DeskWords:
        """Its title, and what it says when it is empty."""
        return DESK_WORDS[self.kind]


LineOf = Callable[[Any], DeskLine]


class Listed(NamedTuple):
    """The statement of a list, and what makes a line of its rows."""

    statement: Any
    line_of: LineOf

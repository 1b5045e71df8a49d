"""What the pages about booking for others say of each line, and of the list as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.bookings.colleague_forms import Listed
from app.bookings.colleague_rules import Became, LineOutcome

FORESEEN = {
    Became.BOOKED: ("Gets a place", "tag--good"),
    Became.WAITING: ("Joins the waiting list", "tag--warm"),
    Became.REQUESTED: ("Is asked for", "tag--quiet"),
    Became.REFUSED: ("Cannot be booked", "tag--warm"),
}
HAPPENED = {
    Became.BOOKED: ("Booked", "tag--good"),
    Became.WAITING: ("Waiting list", "tag--warm"),
    Became.REQUESTED: ("Asked for", "tag--quiet"),
    Became.REFUSED: ("Not booked", "tag--warm"),
}
SOMEBODY = "Somebody you booked before"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of the list: who, and what becomes or became of them."""

    name: str
    email: str
    tag: str
    tag_class: str
    words: str
    reference: str
    is_refused: bool


@dataclass(frozen=True)
class ShownList:
    """The whole list in its order, and how many of each outcome there are."""

    lines: Sequence[ShownLine]
    booked: int
    waiting: int
    requested: int
    refused: int
    without_address: int

    @property
    def made(self) -> int:
        """How many get a place, wait or are asked for."""
        return self.booked + self.waiting + self.requested


def foreseen(
    listed: Sequence[Listed], outcomes: Sequence[LineOutcome], *, waiting_count: int
) -> ShownList:
    """What would become of each line, if the verb is right about those that can be booked."""
    waiting = [number for number, one in enumerate(outcomes) if one.became is Became.WAITING]
    positions = {number: place for place, number in enumerate(waiting, start=waiting_count + 1)}
    return _shown(listed, outcomes, FORESEEN, positions)


def happened(
    listed: Sequence[Listed], outcomes: Sequence[LineOutcome], positions: Mapping[str, int]
) -> ShownList:
    """What became of each line; `positions` are those of bookings on the waiting list."""
    places = {
        n: positions[one.reference] for n, one in enumerate(outcomes) if one.reference in positions
    }
    return _shown(listed, outcomes, HAPPENED, places)


def _shown(
    listed: Sequence[Listed],
    outcomes: Sequence[LineOutcome],
    tags: Mapping[Became, tuple[str, str]],
    positions: Mapping[int, int],
) -> ShownList:
    lines, became, without_address = list[ShownLine](), Counter[Became](), 0
    numbered = iter(enumerate(outcomes))
    for one in listed:
        if one.faults:
            became[Became.REFUSED] += 1
            lines.append(_left_out(one))
            continue
        number, outcome = next(numbered)
        became[outcome.became] += 1
        line = _line(outcome, tags, positions.get(number, 0))
        without_address += not line.is_refused and not line.email
        lines.append(line)
    return ShownList(
        lines,
        booked=became[Became.BOOKED],
        waiting=became[Became.WAITING],
        requested=became[Became.REQUESTED],
        refused=became[Became.REFUSED],
        without_address=without_address,
    )


def _line(outcome: LineOutcome, tags: Mapping[Became, tuple[str, str]], position: int) -> ShownLine:
    words = outcome.words
    if position:
        words = f"Number {position} on the list. {words}" + ("." if words else "")
    return ShownLine(
        outcome.line.name or SOMEBODY,
        outcome.line.email,
        *tags[outcome.became],
        words=words.strip(),
        reference=outcome.reference,
        is_refused=outcome.became is Became.REFUSED,
    )


def _left_out(one: Listed) -> ShownLine:
    words = one.faults.name or one.faults.email
    return ShownLine(
        one.line.name or "No name",
        one.line.email,
        "Left out",
        "tag--quiet",
        words=f"{words.removesuffix('.')}.",
        reference="",
        is_refused=True,
    )


def button_words(shown: ShownList) -> str:
    """What the button does: as many places as are booked, waited or asked for."""
    if shown.requested:
        return f"Ask for {_places(shown.requested)}"
    if not shown.booked:
        who = "1 person" if shown.waiting == 1 else f"{shown.waiting} people"
        return f"Put {who} on the waiting list"
    waiting = f", {shown.waiting} on the waiting list" if shown.waiting else ""
    return f"Book {_places(shown.booked)}{waiting}"


def result_heading(shown: ShownList) -> str:
    """What came of the whole list."""
    if not shown.made:
        return "Nobody was booked"
    if shown.requested:
        return f"You have asked for {_places(shown.requested)}"
    if not shown.booked:
        who = "1 person is" if shown.waiting == 1 else f"{shown.waiting} people are"
        return f"{who} on the waiting list"
    return f"{_places(shown.booked)} {'is' if shown.booked == 1 else 'are'} booked"


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"

"""Booking for others: what is wrong with a list, and who of it gets a place."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.accounts.rules import working_email
from app.bookings.rules import EventFacts, Outcome, decide
from app.bookings.terms_rules import Limit, Taken, Terms, limit_reached
from app.kernel.refusals import Refused

MOST_OF_A_NAME = 100
MOST_OF_AN_EMAIL = 254
CANNOT_SAY = "We could not book this person for you. Ask them to book for themselves."
ON_LIST_TWICE = "This person is on the list twice."
ADDRESS_TWICE = (
    "This address is on the list already. Give each person their own, or leave it empty: "
    "messages for them then come to you"
)


@dataclass(frozen=True)
class Line:
    """One person to book: a name, an address if any; or somebody the booker booked before."""

    name: str
    email: str = ""
    earlier: str = ""  # reference of the booking that the booker made for them

    @property
    def is_empty(self) -> bool:
        """Whether nobody is named."""
        return not (self.name or self.email or self.earlier)


@dataclass(frozen=True)
class Faults:
    """What must be mended in a line before anybody can be booked."""

    name: str = ""
    email: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.name or self.email)


def without_booker(line: Line, *, name: str, email: str) -> Line:
    """The line, reached through the booker if it has their own address and another name."""
    is_of_booker = line.email.lower() == email.lower()
    if is_of_booker and line.name.casefold() != name.casefold():
        return replace(line, email="")
    return replace(line, email=line.email.lower())


def with_plain_email(line: Line) -> Line:
    """The line with its address as mail needs it, once it is known to be one."""
    return line if line.email.isascii() else replace(line, email=working_email(line.email))


def faults_of(lines: Sequence[Line]) -> list[Faults]:
    """What is wrong with each line by itself, and beside those before it."""
    seen: dict[str, str] = {}
    found = []
    for line in lines:
        faults = Faults(_fault_of_name(line), _fault_of_email(line))
        who = line.earlier or line.email or line.name.casefold()
        name = line.name.casefold()
        if who in seen and not faults:
            is_same = seen[who] == name
            faults = Faults(name=ON_LIST_TWICE) if is_same else Faults(email=ADDRESS_TWICE)
        seen.setdefault(who, name)
        found.append(faults)
    return found


def _fault_of_name(line: Line) -> str:
    if not line.name and not line.earlier:
        return "Enter this person's full name"
    if len(line.name) > MOST_OF_A_NAME:
        return f"Name must be {MOST_OF_A_NAME} characters or fewer"
    return ""


def _fault_of_email(line: Line) -> str:
    if len(line.email) > MOST_OF_AN_EMAIL:
        return f"Email address must be {MOST_OF_AN_EMAIL} characters or fewer"
    try:
        return "" if not line.email or working_email(line.email) else ""
    except Refused as refusal:
        return str(refusal)


class Became(enum.StrEnum):
    """What became, or would become, of a line."""

    BOOKED = "booked"
    WAITING = "waiting"
    REQUESTED = "requested"
    REFUSED = "refused"


@dataclass(frozen=True)
class LineOutcome:
    """What became of a line: the booking's reference, or why there is none."""

    line: Line
    became: Became
    words: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Candidate:
    """One line as the rules see it; a reason of refusal, and whether the booker may know it."""

    line: Line
    organisation_id: int | None = None
    sector_id: int = 0
    refusal: str = ""
    may_be_told: bool = True

    @property
    def words(self) -> str:
        """The reason as the booker reads it: nothing about people of other organisations."""
        return self.refusal if self.may_be_told or not self.refusal else CANNOT_SAY


@dataclass(frozen=True)
class Share:
    """What one candidate gets, and the limit that keeps them from a place."""

    became: Became
    limit: Limit | None = None


OUTCOMES = {
    Outcome.CONFIRMED: Became.BOOKED,
    Outcome.WAITING: Became.WAITING,
    Outcome.REQUESTED: Became.REQUESTED,
}


def share_out(
    candidates: Sequence[Candidate],
    facts: EventFacts,
    terms: Terms,
    taken: Taken,
    *,
    waiting_barred: int,
    needs_yes: bool,
) -> list[Share]:
    """Give the places in the order of the list, as if each had booked after the one before."""
    shares = []
    for one in candidates:
        if one.refusal:
            shares.append(Share(Became.REFUSED))
            continue
        limit = limit_reached(terms, taken, one.organisation_id, one.sector_id)
        outcome = decide(
            facts,
            waiting_barred=waiting_barred,
            is_over_limit=limit is not None,
            needs_yes=needs_yes,
        )
        limit = limit if outcome is Outcome.WAITING else None
        shares.append(Share(OUTCOMES[outcome], limit))
        if outcome is Outcome.CONFIRMED:
            facts = replace(facts, places_taken=facts.places_taken + 1)
            taken = taken.with_one_more(one.organisation_id, one.sector_id)
        elif outcome is Outcome.WAITING:
            facts = replace(facts, waiting_count=facts.waiting_count + 1)
            waiting_barred += limit is not None
    return shares

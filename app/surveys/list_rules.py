"""People on a list to be asked: what is wrong with each line, and whether a plan can be kept."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.accounts.rules import working_email
from app.kernel.london import date_words, london_date
from app.kernel.refusals import Refused
from app.surveys import rules

MOST_OF_A_NAME = 100
MOST_OF_AN_EMAIL = 254
OLDEST_COMPLETED = timedelta(days=731)
FURTHEST_ASKED = timedelta(days=366)
NO_ADDRESS = "Add an email address: a survey can only be sent by email"
ADDRESS_TWICE = "This address is on the list twice: delete one of the lines"


class ListKind(enum.StrEnum):
    """Why people on a list are asked."""

    REVIEW = "review"
    ONE_OFF = "one_off"


@dataclass(frozen=True)
class ListLine:
    """One person as pasted; what must be mended before they can be added."""

    name: str
    email: str
    fault: str = ""

    @property
    def key(self) -> str:
        """What tells it from the others, for leaving it out; one address stands there once."""
        return f"{self.name}, {self.email}" if self.fault else self.email

    @property
    def words(self) -> str:
        """The line as staff read it."""
        return f"{self.name or 'No name'}, {self.email or 'no address'}"


@dataclass(frozen=True)
class Known:
    """What is known already of whoever has an address."""

    person_id: int
    name: str
    sector_id: int | None
    is_listed: bool = False
    has_stopped: bool = False
    has_left: bool = False

    @property
    def why_not(self) -> str:
        """Why they are not added, whatever is typed; empty if they can be."""
        if self.is_listed:
            return "Is on the list already"
        if self.has_stopped:
            return "Asked us not to send surveys"
        return "No longer uses this service" if self.has_left else ""


@dataclass(frozen=True)
class ListedPerson:
    """One line of the list as it would be added."""

    name: str
    email: str
    sector_id: int | None
    is_known: bool = False
    why_not: str = ""


def judged(pasted: Sequence[tuple[str, str]]) -> list[ListLine]:
    """The lines as name and address, each with what is wrong with it by itself or beside others."""
    seen: set[str] = set()
    lines = []
    for written_name, written in pasted:
        name, email, fault = _name(written_name), written, ""
        try:
            email = _address(name, written)
            if email in seen:
                fault = ADDRESS_TWICE
            seen.add(email)
        except Refused as refusal:
            fault = str(refusal)
        lines.append(ListLine(name, email, fault))
    return lines


def _name(written: str) -> str:
    """The name as people say it: Ana Osei for Osei, Ana."""
    last, _, first = (part.strip() for part in written.partition(","))
    return f"{first} {last}" if first and "," not in first else written


def _address(name: str, written: str) -> str:
    if not written:
        raise Refused(NO_ADDRESS)
    if len(name) > MOST_OF_A_NAME:
        raise Refused(f"Name must be {MOST_OF_A_NAME} characters or fewer")
    if len(written) > MOST_OF_AN_EMAIL:
        raise Refused(f"Email address must be {MOST_OF_AN_EMAIL} characters or fewer")
    return working_email(written)


def foreseen(
    lines: Sequence[ListLine],
    known: Mapping[str, Known],
    *,
    default_sector_id: int | None,
    sectors_chosen: Mapping[str, int],
) -> list[ListedPerson]:
    """The lines without faults, as they would be added: whose sector is known keep it."""
    found = []
    for line in lines:
        if line.fault:
            continue
        person = known.get(line.email)
        sector_id = person.sector_id if person else None
        sector_id = sector_id or sectors_chosen.get(line.email) or default_sector_id
        found.append(
            ListedPerson(
                name=(person.name if person else "") or line.name,
                email=line.email,
                sector_id=sector_id,
                is_known=bool(person and person.sector_id),
                why_not=person.why_not if person else "",
            )
        )
    return found


def check_list_plan(
    kind: ListKind, counted_from: date, months: Sequence[int], *, now: datetime
) -> None:
    """Refused if the day is a wrong one, or if it is too late for everything that is chosen."""
    today = london_date(now)
    if kind is ListKind.REVIEW and counted_from > today:
        raise Refused("The recommendation must have been completed: enter today or an earlier day")
    if kind is ListKind.REVIEW and counted_from < today - OLDEST_COMPLETED:
        raise Refused("Enter a day within the last two years: nobody can be asked after that")
    if kind is ListKind.ONE_OFF and counted_from < today:
        raise Refused("Enter today or a later day: nobody can be asked in the past")
    if kind is ListKind.ONE_OFF and counted_from > today + FURTHEST_ASKED:
        raise Refused("Enter a day within a year from now")
    too_late = [
        later
        for later in months
        if now > rules.list_window(later, counted_from=counted_from).send_by
    ]
    if too_late:
        words = rules.wave_words(too_late[0], of_list=True).lower()
        raise Refused(
            f"It is too late to ask {words}, counted from {date_words(counted_from)}: "
            "choose later times only"
        )

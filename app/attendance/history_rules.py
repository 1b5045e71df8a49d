"""Past attendance from somebody's spreadsheet: rows and what they mean, values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.accounts.imports.column_rules import MOST_PROBLEMS, Field, address_of, cell, problem
from app.attendance.listed_day_rules import Order, read_day
from app.bookings.models import AttendanceOutcome

FIRST_DAY = date(1990, 1, 1)
MOST_HOURS = 24
MOST_CHARACTERS = 200

FIELDS = (
    Field(
        "offer",
        "What it was",
        (
            "offer",
            "course",
            "course name",
            "course title",
            "training",
            "training course",
            "event",
            "event name",
            "title",
            "session",
            "forum",
        ),
        is_needed=True,
    ),
    Field(
        "date",
        "Date",
        (
            "date",
            "date attended",
            "course date",
            "event date",
            "training date",
            "session date",
            "date of training",
            "completed",
            "completion date",
            "date completed",
        ),
        is_needed=True,
    ),
    Field(
        "name",
        "Full name",
        (
            "name",
            "full name",
            "person",
            "delegate",
            "delegate name",
            "attendee",
            "learner",
            "participant",
        ),
    ),
    Field("first_name", "First name", ("first name", "forename", "given name")),
    Field("last_name", "Last name", ("last name", "surname", "family name")),
    Field(
        "email",
        "Email address",
        (
            "email",
            "e-mail",
            "email address",
            "e-mail address",
            "work email",
            "delegate email",
        ),
    ),
    Field(
        "organisation",
        "Organisation",
        (
            "organisation",
            "establishment",
            "school",
            "setting",
            "agency",
            "employer",
            "workplace",
            "organisation name",
            "school name",
        ),
    ),
    Field(
        "outcome",
        "Whether they attended",
        (
            "attended",
            "attendance",
            "outcome",
            "status",
            "attended?",
        ),
    ),
    Field("hours", "Hours it lasted", ("hours", "length in hours", "duration (hours)")),
)
WORDS = {one.name: one.words for one in FIELDS}

OUTCOMES = {
    AttendanceOutcome.ATTENDED: (
        "",
        "attended",
        "yes",
        "y",
        "present",
        "1",
        "x",
        "true",
        "complete",
        "completed",
        "full",
    ),
    AttendanceOutcome.ATTENDED_IN_PART: (
        "in part",
        "part",
        "partly",
        "partial",
        "attended in part",
    ),
    AttendanceOutcome.DID_NOT_ATTEND: (
        "no",
        "n",
        "absent",
        "0",
        "false",
        "did not attend",
        "dna",
        "not attended",
        "no show",
        "no-show",
    ),
}
OUTCOME_OF = {words: outcome for outcome, all_words in OUTCOMES.items() for words in all_words}


@dataclass(frozen=True, slots=True)
class Came:
    """One row: somebody, something, a day."""

    number: int  # of the row, as spreadsheet programs show it
    name: str
    email: str
    organisation: str
    offer: str
    day: date
    outcome: AttendanceOutcome
    hours: float | None


@dataclass
class Reading:
    """What rows say, and what they say wrongly."""

    came: list[Came] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_rows(
    rows: Sequence[Sequence[Any]],
    columns: Mapping[str, int],
    *,
    order: Order | None,
    today: date,
) -> Reading:
    """The rows; what is wrong is told by row and column, the first twenty."""
    found = Reading()

    for row in rows:
        if len(found.problems) >= MOST_PROBLEMS:
            break
        wrong: list[str] = []
        came = _came(row, columns, wrong, order, today)
        if wrong:
            found.problems += wrong
        else:
            found.came.append(came)
    return found


def _came(
    row: Sequence[Any],
    columns: Mapping[str, int],
    wrong: list[str],
    order: Order | None,
    today: date,
) -> Came:
    """One row; what is wrong with it is added to the list, and its value stands for nothing."""
    said = {name: cell(row, columns, name) for name in WORDS}
    name = said["name"] or f"{said['first_name']} {said['last_name']}".strip()
    address = address_of(said["email"]) if said["email"] else ""
    if address is None:
        wrong.append(problem(row, WORDS["email"], said["email"], "is not an email address"))
    elif not address and not (name and said["organisation"]):
        wrong.append(f"Row {row[0]} needs an email address, or a name and an organisation")
    wrong += [
        problem(row, WORDS[one], said[one], f"is longer than {MOST_CHARACTERS} characters")
        for one in ("name", "first_name", "last_name", "organisation", "offer")
        if len(said[one]) > MOST_CHARACTERS
    ]
    if not said["offer"]:
        wrong.append(problem(row, WORDS["offer"], "", "is empty"))
    outcome = OUTCOME_OF.get(said["outcome"].casefold())
    if outcome is None:
        what = "is not attended, attended in part or did not attend"
        wrong.append(problem(row, WORDS["outcome"], said["outcome"], what))
    return Came(
        number=row[0],
        name=name[:MOST_CHARACTERS],
        email=address or "",
        organisation=said["organisation"],
        offer=said["offer"],
        day=_day(row, said["date"], wrong, order, today),
        outcome=outcome or AttendanceOutcome.ATTENDED,
        hours=_hours(row, said["hours"], wrong),
    )


def _day(
    row: Sequence[Any], words: str, wrong: list[str], order: Order | None, today: date
) -> date:
    try:
        day = read_day(words, order)
    except ValueError:
        what = "is not a date, as 14/03/2025 or 14 March 2025" if words else "is empty"
        wrong.append(problem(row, WORDS["date"], words, what))
        return today
    if not FIRST_DAY <= day <= today:
        wrong.append(problem(row, WORDS["date"], words, "is to come, or very long ago"))
    return day


def _hours(row: Sequence[Any], words: str, wrong: list[str]) -> float | None:
    if not words:
        return None
    try:
        hours = float(words)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= MOST_HOURS:
        wrong.append(problem(row, WORDS["hours"], words, "is not a number of hours"))
        return None
    return hours

"""The schedule of the programme: where a line stands, and what staff may change in it (R42)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kernel.london import SURVEY_HOUR, add_months, date_words, from_london, london_date
from app.kernel.refusals import Refused
from app.surveys import rules
from app.surveys.models import MissedBecause

LATEST_MOVE = timedelta(days=366)


class LineState(enum.StrEnum):
    """Where one line of the schedule stands: one wave of one event, or of a list."""

    COMING = "coming"
    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    REPORTED = "reported"
    MISSED = "missed"
    SKIPPED = "skipped"


STATE_WORDS = {
    LineState.COMING: "Coming",
    LineState.WAITING: "Due, not sent",
    LineState.OPEN: "Open",
    LineState.CLOSED: "Closed",
    LineState.REPORTED: "Reported",
    LineState.MISSED: "Missed",
    LineState.SKIPPED: "Skipped",
}
MISSED_WORDS = {
    MissedBecause.LATE: "too late",
    MissedBecause.SKIPPED: "skipped",
    MissedBecause.EVENT_CANCELLED: "session cancelled",
    MissedBecause.UNREACHABLE: "no address any more",
}


@dataclass(frozen=True)
class Placed:
    """One wave and what it is counted from: an event, or a day for people on a list."""

    months_later: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    counted_from: date | None = None

    def window(self, moved_to: date | None = None) -> rules.Window:
        """When it falls due, and until when it may be sent."""
        if self.starts_at is None or self.ends_at is None:
            if self.counted_from is None:
                raise ValueError("a wave is counted from an event or from a day")
            return rules.list_window(
                self.months_later, counted_from=self.counted_from, moved_to=moved_to
            )
        return rules.window(
            self.months_later, starts_at=self.starts_at, ends_at=self.ends_at, moved_to=moved_to
        )


def check_move(line: Placed, to: date, *, now: datetime) -> None:
    """Refused if nobody can be asked on that day: it is past, before the session, or a year off."""
    own_day = london_date(line.window().due_at)
    if to < london_date(now):
        raise Refused("Choose today or a later day: nobody can be asked in the past")
    if line.months_later == rules.BEFORE:
        if line.starts_at and from_london(to, SURVEY_HOUR) >= line.starts_at:
            begins = date_words(line.starts_at)
            raise Refused(f"Choose a day before the session begins on {begins}, before 9am of it")
    elif line.ends_at and to <= london_date(line.ends_at):
        raise Refused(f"Choose a day after the session, which ends on {date_words(line.ends_at)}")
    elif line.counted_from and to < line.counted_from:
        raise Refused(f"Choose {date_words(line.counted_from)} or a later day")
    if to > own_day + LATEST_MOVE:
        raise Refused(f"Choose a day at most a year after its own, {date_words(own_day)}")
    if to == own_day:
        raise Refused("That is its own day already: choose another one")


def wait_words(waiting: int, until: datetime, *, one_day: bool) -> str:
    """That people are left alone for now, as staff read it."""
    who = "1 person waits" if waiting == 1 else f"{waiting} people wait"
    who += f" until {date_words(until)}"
    return f"{who}{'' if one_day else ' at the latest'}: they were asked something else"


def missed_words(counts: dict[MissedBecause, int]) -> str:
    """How many were never asked, and why: 3 too late, 12 skipped."""
    return ", ".join(f"{count} {MISSED_WORDS[why]}" for why, count in counts.items() if count)


@dataclass(frozen=True)
class Period:
    """A part of the schedule that can be looked at: London days, the last one included."""

    key: str
    words: str
    first_on: date
    last_on: date


def periods(today: date) -> list[Period]:
    """The parts that staff can choose: what is near, all that comes, quarters, financial years."""
    this_quarter = date(today.year, today.month - (today.month - 1) % 3, 1)
    year = today.year if today.month > 3 else today.year - 1
    quarters = (add_months(this_quarter, 3 * number) for number in range(-5, 5))
    return [
        Period(
            "near",
            "Around now",
            add_months(today, -2),
            add_months(today, 3),
        ),
        Period(
            "coming",
            "The last month and all that is coming",
            add_months(today, -1),
            add_months(today, 38),
        ),
        *(_quarter(first_on) for first_on in quarters),
        *(_financial_year(first) for first in (year - 1, year, year + 1)),
    ]


def _quarter(first_on: date) -> Period:
    last_on = add_months(first_on, 3) - timedelta(days=1)
    words = f"{first_on:%B} to {last_on:%B} {last_on.year}"
    return Period(f"{first_on.year}-{first_on.month}", words, first_on, last_on)


def _financial_year(year: int) -> Period:
    words = f"Financial year {year}-{(year + 1) % 100:02}"
    return Period(f"{year}-{year + 1}", words, date(year, 4, 1), date(year + 1, 3, 31))


def check_settings(months_later: int, open_days: int, reminder_days: Sequence[int]) -> None:
    """Refused if a survey would be open too shortly or long, or reminders come at a wrong time."""
    if not rules.FEWEST_OPEN_DAYS <= open_days <= rules.MOST_OPEN_DAYS:
        raise Refused(
            f"A survey stays open {rules.FEWEST_OPEN_DAYS} to {rules.MOST_OPEN_DAYS} days"
        )
    is_before = months_later == rules.BEFORE
    closes_after = rules.DAYS_BEFORE if is_before else open_days
    if any(not 1 <= days < closes_after for days in reminder_days):
        when = "the session begins, a week after asking" if is_before else "the survey closes"
        raise Refused(f"Remind people at least a day after asking and before {when}")
    gap = rules.DAYS_BETWEEN_REMINDERS
    if len(reminder_days) > 1 and reminder_days[1] < reminder_days[0] + gap:
        raise Refused(f"Leave at least {gap} days between the reminders")

"""What counts as learned, when it must be renewed, when to remind: values in, values out."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.bookings.models import AttendanceOutcome, BookingState
from app.kernel.london import add_months
from app.kernel.refusals import Refused

# Months before a renewal falls due at which people are reminded (formats 6.4), the first one first.
NOTICES = (3, 1)
DUE_SOON_MONTHS = NOTICES[0]
# A reminder that could not leave on its day is still of use within a week, then never.
STILL_TIMELY = timedelta(days=7)
YEAR_BEGINS = (4, 1)  # 1 April, as the year of the partnership's report does
PLACES_ON_REGISTER = frozenset({BookingState.CONFIRMED, BookingState.HELD})
MINUTES_AN_HOUR = 60
MOST_ENTRIES = 500


class How(enum.StrEnum):
    """How something came into the record."""

    ATTENDED = "attended"
    IN_PART = "in_part"
    ELSEWHERE = "elsewhere"


HOW_WORDS = {
    How.ATTENDED: "Attended",
    How.IN_PART: "Attended in part",
    How.ELSEWHERE: "Elsewhere, added by yourself",
}


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """What a register says of one person on one date."""

    booking_reference: str
    state: BookingState
    outcome: AttendanceOutcome
    learned_on: date
    minutes: int
    title: str
    provider: str
    is_over: bool  # the event, with all its dates
    refresher_id: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Learning elsewhere, as a person added it."""

    reference: str
    learned_on: date
    minutes: int | None
    title: str
    provider: str
    refresher_id: int | None


@dataclass(frozen=True, slots=True)
class Learned:
    """One line of a record: one date attended, or one entry of one's own."""

    learned_on: date
    title: str
    provider: str
    minutes: int | None
    how: How
    refresher_id: int | None = None
    booking_reference: str = ""  # where there is a certificate
    entry_reference: str = ""  # where it is one's own to change


def record_lines(register: Iterable[RegisterRow], entries: Iterable[Entry]) -> list[Learned]:
    """The record, the newest first."""
    lines = [_attended(row) for row in register if counts(row)]
    lines += [
        Learned(
            learned_on=entry.learned_on,
            title=entry.title,
            provider=entry.provider,
            minutes=entry.minutes,
            how=How.ELSEWHERE,
            refresher_id=entry.refresher_id,
            entry_reference=entry.reference,
        )
        for entry in entries
    ]
    return sorted(lines, key=lambda line: (-line.learned_on.toordinal(), line.title))


def counts(row: RegisterRow) -> bool:
    """Whether somebody learned on that date: they had a place, or came without one, and came."""
    return row.state in PLACES_ON_REGISTER and row.outcome is not AttendanceOutcome.DID_NOT_ATTEND


def _attended(row: RegisterRow) -> Learned:
    in_part = row.outcome is AttendanceOutcome.ATTENDED_IN_PART
    return Learned(
        learned_on=row.learned_on,
        title=row.title,
        provider=row.provider,
        minutes=row.minutes,
        how=How.IN_PART if in_part else How.ATTENDED,
        refresher_id=row.refresher_id,
        booking_reference=row.booking_reference if row.is_over else "",
    )


@dataclass(frozen=True, slots=True)
class Minutes:
    """Time spent learning: in full, and of dates attended in part, of which less was spent."""

    full: int = 0
    of_dates_in_part: int = 0


def minutes_between(lines: Iterable[Learned], first: date, last: date) -> Minutes:
    """Time spent learning from one day to another; what nobody said counts nothing."""
    shown = [line for line in lines if first <= line.learned_on <= last]
    return Minutes(
        sum(line.minutes or 0 for line in shown if line.how is not How.IN_PART),
        sum(line.minutes or 0 for line in shown if line.how is How.IN_PART),
    )


def year_around(today: date) -> tuple[date, date]:
    """The first and last day of the year that today is in: 1 April to 31 March."""
    begins = date(today.year, *YEAR_BEGINS)
    if today < begins:
        begins = date(today.year - 1, *YEAR_BEGINS)
    return begins, date(begins.year + 1, *YEAR_BEGINS) - timedelta(days=1)


def number_words(minutes: int) -> str:
    """Minutes as a number of hours: 3, 2.5, 0.33."""
    return f"{minutes / MINUTES_AN_HOUR:.2f}".rstrip("0").rstrip(".")


def hours_words(line: Learned) -> str:
    """The hours of one line."""
    if line.minutes is None:
        return "Not said"
    number = number_words(line.minutes)
    return f"Part of {number}" if line.how is How.IN_PART else number


def total_words(total: Minutes) -> str:
    """Hours of several lines: 6 hours, and part of 3 more."""
    number = number_words(total.full)
    words = f"{number} hour{'' if number == '1' else 's'}"
    if not total.of_dates_in_part:
        return words
    return f"{words}, and part of {number_words(total.of_dates_in_part)} more"


def check_entry(learned_on: date, *, today: date, others_count: int = 0) -> None:
    """Refused if learning cannot be added to a record."""
    if learned_on > today:
        raise Refused("The day of learning must not be in the future")
    if others_count >= MOST_ENTRIES:
        raise Refused(f"A record holds up to {MOST_ENTRIES} things you added: remove one first")


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that must be renewed after so many months."""

    id: int
    slug: str
    name: str
    months: int
    why: str


class RefresherState(enum.StrEnum):
    """How urgent a renewal is."""

    UP_TO_DATE = "up_to_date"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class RefresherDue:
    """When somebody must renew something."""

    rule: Rule
    done_on: date
    due_on: date
    state: RefresherState


def last_done(register: Sequence[RegisterRow], entries: Iterable[Entry]) -> dict[int, date]:
    """When each refresher was last done, by its id.

    An event counts once it is over and nothing of it was missed: coming in part renews nothing.
    """
    by_booking: dict[str, list[RegisterRow]] = {}
    for row in register:
        by_booking.setdefault(row.booking_reference, []).append(row)
    done = [(rows[0].refresher_id, _renewed_on(rows)) for rows in by_booking.values()]
    done += [(entry.refresher_id, entry.learned_on) for entry in entries]
    newest: dict[int, date] = {}
    for refresher_id, done_on in done:
        if refresher_id is not None and done_on is not None:
            newest[refresher_id] = max(done_on, newest.get(refresher_id, done_on))
    return newest


def _renewed_on(rows: list[RegisterRow]) -> date | None:
    """The last date of an event that somebody attended in full; None if they did not."""
    in_full = all(
        row.is_over
        and row.state in PLACES_ON_REGISTER
        and row.outcome is AttendanceOutcome.ATTENDED
        for row in rows
    )
    return max(row.learned_on for row in rows) if in_full else None


def refreshers_due(
    rules: Iterable[Rule], done: dict[int, date], *, today: date
) -> list[RefresherDue]:
    """When everything that was ever done must be renewed, the most urgent first."""
    due = [_due(rule, done[rule.id], today) for rule in rules if rule.id in done]
    return sorted(due, key=lambda one: (one.due_on, one.rule.name))


def _due(rule: Rule, done_on: date, today: date) -> RefresherDue:
    due_on = add_months(done_on, rule.months)
    return RefresherDue(rule, done_on, due_on, state_on(due_on, today=today))


def state_on(due_on: date, *, today: date) -> RefresherState:
    """How urgent it is; on the day itself it is not yet overdue."""
    if today > due_on:
        return RefresherState.OVERDUE
    if today >= add_months(due_on, -DUE_SOON_MONTHS):
        return RefresherState.DUE_SOON
    return RefresherState.UP_TO_DATE


def notice_on(due_on: date, *, today: date) -> int | None:
    """The reminder that is timely today, in months before; None for most days."""
    for months in NOTICES:
        first = add_months(due_on, -months)
        if first <= today <= first + STILL_TIMELY:
            return months
    return None


def days_to_look_at(months: int, *, today: date) -> list[tuple[date, date]]:
    """From when to when it must have been done for a reminder to be timely today.

    Months clamp, so the spans are some days wider than the answer: `notice_on` decides.
    """
    slack = timedelta(days=4)
    return [
        (
            add_months(today - STILL_TIMELY, notice - months) - slack,
            add_months(today, notice - months) + slack,
        )
        for notice in NOTICES
    ]

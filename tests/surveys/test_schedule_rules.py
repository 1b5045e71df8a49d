"""Where a line of the schedule may go, and what is said of it: values in, values out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.kernel.refusals import Refused
from app.surveys import rules, schedule_rules
from app.surveys.models import MissedBecause
from app.surveys.rules import AFTER, BEFORE
from app.surveys.schedule_rules import Placed, check_move

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)
ENDS = datetime(2026, 12, 10, 12, 30, tzinfo=UTC)


def nine(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00:00+00:00")


WINDOWS = {
    "moved later": (3, "2027-04-01", "2027-04-01T09:00+01:00", "2027-04-29T09:00+01:00"),
    "moved to before its own day": (3, "2027-01-05", "2027-01-05T09:00", "2027-02-02T09:00"),
    "its event has moved past it": (3, "2026-12-01", "2026-12-11T09:00", "2027-01-08T09:00"),
    "straight after, a week": (AFTER, "2026-12-14", "2026-12-14T09:00", "2026-12-21T09:00"),
    "before": (BEFORE, "2026-12-08", "2026-12-08T09:00", "2026-12-10T09:30"),
    "before, on the morning": (BEFORE, "2026-12-10", "2026-12-10T09:00", "2026-12-10T09:30"),
    "before, its event now earlier": (BEFORE, "2026-12-11", "2026-12-03T09:00", "2026-12-10T09:30"),
}


@pytest.mark.parametrize(("months", "to", "due", "send_by"), WINDOWS.values(), ids=WINDOWS)
def test_a_moved_line_falls_due_on_its_day_and_never_on_the_wrong_side_of_its_event(
    months: int, to: str, due: str, send_by: str
) -> None:
    found = Placed(months, STARTS, ENDS).window(date.fromisoformat(to))
    wanted = (datetime.fromisoformat(text) for text in (due, send_by))
    assert (found.due_at, found.send_by) == tuple(
        one if one.tzinfo else one.replace(tzinfo=UTC) for one in wanted
    )


LISTS = {
    "on the day": (0, None, "2026-11-30", "2026-12-28"),
    "months clamp": (3, None, "2027-02-28", "2027-03-28"),
    "moved": (3, "2027-03-10", "2027-03-10", "2027-04-07"),
    "never before the day it counts from": (3, "2026-01-01", "2026-11-30", "2026-12-28"),
}


@pytest.mark.parametrize(("months", "to", "due", "send_by"), LISTS.values(), ids=LISTS)
def test_a_list_is_asked_so_many_months_after_its_day(
    months: int, to: str | None, due: str, send_by: str
) -> None:
    line = Placed(months, counted_from=date(2026, 11, 30))
    found = line.window(date.fromisoformat(to) if to else None)
    assert found.due_at == nine(due)
    assert found.send_by.date() == date.fromisoformat(send_by)


def test_a_line_counted_from_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="counted from"):
        Placed(3).window()


AFTERWARDS = Placed(3, STARTS, ENDS)  # due on 10 March 2027
BEFOREHAND = Placed(BEFORE, STARTS, ENDS)  # due on 3 December
OF_LIST = Placed(3, counted_from=date(2026, 12, 1))
MOVES = {
    "past": (AFTERWARDS, "2026-11-20", "today or a later day"),
    "on the day of the session": (AFTERWARDS, "2026-12-10", "after the session, which ends on"),
    "its own day": (AFTERWARDS, "2027-03-10", "own day already"),
    "more than a year off": (AFTERWARDS, "2028-03-11", "at most a year after"),
    "after it has begun": (BEFOREHAND, "2026-12-11", "before the session begins on"),
    "before the list's day": (OF_LIST, "2026-11-30", "or a later day"),
    "next day": (AFTERWARDS, "2026-12-11", None),
    "a year off": (AFTERWARDS, "2028-03-10", None),
    "today": (BEFOREHAND, "2026-11-21", None),
    "the morning of the session": (BEFOREHAND, "2026-12-10", None),
    "of a list": (OF_LIST, "2026-12-01", None),
}


@pytest.mark.parametrize(("line", "to", "refusal"), MOVES.values(), ids=MOVES)
def test_where_a_line_may_be_moved(line: Placed, to: str, refusal: str | None) -> None:
    if refusal is None:
        check_move(line, date.fromisoformat(to), now=NOW)
        return
    with pytest.raises(Refused, match=refusal):
        check_move(line, date.fromisoformat(to), now=NOW)


def test_every_state_and_reason_has_words() -> None:
    assert set(schedule_rules.STATE_WORDS) == set(schedule_rules.LineState)
    assert set(schedule_rules.MISSED_WORDS) == set(MissedBecause)
    counts = {MissedBecause.LATE: 3, MissedBecause.SKIPPED: 0, MissedBecause.EVENT_CANCELLED: 1}
    assert schedule_rules.missed_words(counts) == "3 too late, 1 session cancelled"


def test_who_waits_and_until_when() -> None:
    until = rules.rests_until(datetime(2026, 11, 5, 9, 0, tzinfo=UTC))
    words = schedule_rules.wait_words(12, until, one_day=True)
    assert words == "12 people wait until Thursday 3 December 2026: they were asked something else"
    words = schedule_rules.wait_words(1, until, one_day=False)
    assert words.startswith("1 person waits until Thursday 3 December 2026 at the latest")

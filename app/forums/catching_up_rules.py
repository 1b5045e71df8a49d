"""Which forums somebody missed, and when they are told of a recording: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.forums.coverage_rules import Standing
from app.kernel.refusals import Refused

# Schools that look for the recording themselves need no letter; a forum long past is no news.
TELL_AFTER = timedelta(days=3)
STILL_NEWS = timedelta(days=70)


@dataclass(frozen=True)
class Presence:
    """One forum that was held: whether somebody was there, or somebody else of their school."""

    event_id: int
    was_there: bool
    school_was_there: bool


def since_last_there(held: Sequence[Presence]) -> int:
    """How many of these forums, the newest first, to show: back to the last one they were at.

    Who was never at one themselves is shown those since somebody of their school was.
    """
    for was_there in (
        [one.was_there for one in held],
        [one.school_was_there for one in held],
    ):
        if any(was_there):
            return was_there.index(True) + 1
    return len(held)


def check_watched(*, is_over: bool, has_recording: bool, was_there: bool) -> None:
    """Refused if somebody cannot have caught up with a forum."""
    if not is_over:
        raise Refused("The forum has not taken place yet: you can book a place at it")
    if was_there:
        raise Refused("You were at this forum: there is nothing to catch up with")
    if not has_recording:
        raise Refused("There is no recording of this forum: look again in a few days")


def is_to_tell(*, noticed_at: datetime, ended_at: datetime, now: datetime) -> bool:
    """Whether those who missed a forum are told of its recording now."""
    return noticed_at + TELL_AFTER <= now and is_news(ended_at=ended_at, now=now)


def is_news(*, ended_at: datetime, now: datetime) -> bool:
    """Whether a forum is recent enough to write about."""
    return now < ended_at + STILL_NEWS


def missed_periods(row: Sequence[tuple[int, Standing]]) -> set[int]:
    """The half terms, the newest last, that a school missed since it was last represented."""
    missed = set()
    for period_id, standing in reversed(row):
        if standing in {Standing.ATTENDED, Standing.WATCHED}:
            break
        if standing is Standing.NOT_REPRESENTED:
            missed.add(period_id)
    return missed

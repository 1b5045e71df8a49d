"""When a message is tried again, when it is given up, and how fast messages may leave."""

from __future__ import annotations

from datetime import datetime, timedelta

# A Friday evening to a Monday morning are 63 hours: a mail server may be away all weekend.
GIVE_UP_AFTER = timedelta(hours=72)
FIRST_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=60),
)
LATER_WAIT = timedelta(hours=1)
MOST_JITTER = 0.2
# A message during which a worker ends this often may be what ends it.
MOST_LOST_ATTEMPTS = 20

TOO_LATE = "too late to be of use"
WORKER_ENDED = "the worker ended each time while it was being sent"


def retry_at(
    *, attempts_count: int, queued_at: datetime, now: datetime, jitter: float
) -> datetime | None:
    """When to try again after so many attempts, jitter -0.2 to 0.2; None to give up (R15)."""
    if now - queued_at >= GIVE_UP_AFTER:
        return None
    tried_often = attempts_count > len(FIRST_WAITS)
    wait = LATER_WAIT if tried_often else FIRST_WAITS[max(attempts_count, 1) - 1]
    return now + wait * (1 + jitter)


def is_too_late(*, not_after: datetime | None, now: datetime) -> bool:
    """Whether a message would only confuse by now."""
    return not_after is not None and now > not_after


def is_given_up(*, lost_its_worker: bool, attempts_count: int) -> bool:
    """Whether a message that a worker left unfinished is not to be tried yet again (R19)."""
    return lost_its_worker and attempts_count >= MOST_LOST_ATTEMPTS


def pause_seconds(per_minute: int) -> float:
    """The shortest time from one message to the next; a limit of 0 is none."""
    return 60 / per_minute if per_minute else 0.0

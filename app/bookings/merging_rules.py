"""Which of two bookings stays when two people turn out to be one; values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState

# A place before one that must still be taken, that before waiting, that before a mere request.
BY_STATE = {
    BookingState.CONFIRMED: 4,
    BookingState.HELD: 3,
    BookingState.WAITING: 2,
    BookingState.REQUESTED: 1,
    BookingState.CANCELLED: 0,
}
BY_OUTCOME = {
    AttendanceOutcome.ATTENDED: 3,
    AttendanceOutcome.ATTENDED_IN_PART: 2,
    AttendanceOutcome.DID_NOT_ATTEND: 1,
}
# Known only from a list of who came: whoever had booked as well, had booked.
FROM_A_LIST = {BookingOrigin.REGISTER, BookingOrigin.IMPORT}


@dataclass(frozen=True)
class Standing:
    """One booking as the choice between two sees it."""

    booking_id: int
    state: BookingState
    origin: BookingOrigin
    since: datetime  # when the place was given, or the waiting list joined
    held_until: datetime | None = None


def better(one: Standing, other: Standing) -> Standing:
    """The booking that stays: the one that gives more, else the one that was first."""
    return min((one, other), key=_order)


def _order(standing: Standing) -> tuple[int, bool, float, datetime, int]:
    until = standing.held_until.timestamp() if standing.held_until else 0.0
    is_from_a_list = standing.origin in FROM_A_LIST
    return (-BY_STATE[standing.state], is_from_a_list, -until, standing.since, standing.booking_id)


def better_outcome(outcomes: Sequence[AttendanceOutcome]) -> int:
    """Which of these stays on the register: whoever came under either name, came."""
    return max(range(len(outcomes)), key=lambda at: (BY_OUTCOME[outcomes[at]], -at))

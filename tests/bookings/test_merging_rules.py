"""Which booking stays when two people are one, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.bookings.merging_rules import Standing, better, better_outcome
from app.bookings.models import AttendanceOutcome, BookingOrigin, BookingState

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SELF, REGISTER, IMPORT = BookingOrigin.SELF, BookingOrigin.REGISTER, BookingOrigin.IMPORT
CONFIRMED, HELD = BookingState.CONFIRMED, BookingState.HELD
WAITING, REQUESTED = BookingState.WAITING, BookingState.REQUESTED


def standing(
    number: int,
    state: BookingState = CONFIRMED,
    origin: BookingOrigin = SELF,
    since: datetime = NOW,
    held_until: datetime | None = None,
) -> Standing:
    return Standing(number, state, origin, since, held_until)


@pytest.mark.parametrize(
    ("stays", "ends"),
    [
        pytest.param(standing(2), standing(1, HELD, held_until=NOW), id="a place, not a held one"),
        pytest.param(
            standing(2, HELD, held_until=NOW), standing(1, WAITING), id="held, not waiting"
        ),
        pytest.param(standing(2, WAITING), standing(1, REQUESTED), id="waiting, not asking"),
        pytest.param(standing(2), standing(1, origin=REGISTER), id="booked, not walked in"),
        pytest.param(standing(2), standing(1, origin=IMPORT), id="booked, not from a file"),
        pytest.param(
            standing(2, origin=REGISTER), standing(1, WAITING), id="who came, not who waits"
        ),
        pytest.param(
            standing(2, WAITING, since=NOW - HOUR),
            standing(1, WAITING),
            id="who joined the waiting list first",
        ),
        pytest.param(
            standing(2, HELD, held_until=NOW + HOUR),
            standing(1, HELD, held_until=NOW),
            id="held for longer",
        ),
        pytest.param(standing(1), standing(2), id="alike: the older row"),
    ],
)
def test_the_better_booking_stays(stays: Standing, ends: Standing) -> None:
    assert better(stays, ends) == better(ends, stays) == stays


def test_whoever_came_under_either_name_came() -> None:
    came, part, missed = AttendanceOutcome
    assert better_outcome([missed, came]) == 1
    assert better_outcome([part, missed]) == 0
    assert better_outcome([came, came]) == 0

"""Registers: order, and which date is opened first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.attendance.rules import default_date, register_opens_at, register_order

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def test_names_stand_by_surname_in_any_case() -> None:
    names = ["Zoe Able", "ann able", "Bo", "", "Cy de Witt", "Al Ódonnell", "Jo Baker-Able"]
    assert sorted(names, key=register_order) == [
        "",
        "ann able",
        "Zoe Able",
        "Jo Baker-Able",
        "Bo",
        "Cy de Witt",
        "Al Ódonnell",
    ]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param([NOW + WEEK], 0, id="none has begun"),
        pytest.param([NOW + HOUR, NOW + WEEK], 0, id="the first opens now"),
        pytest.param([NOW - WEEK, NOW + HOUR, NOW + WEEK], 1, id="the second opens now"),
        pytest.param([NOW - WEEK, NOW + 2 * HOUR], 0, id="the second is not open yet"),
        pytest.param([NOW - 2 * WEEK, NOW - WEEK], 1, id="all are over"),
    ],
)
def test_the_latest_date_that_has_begun_is_opened(starts: list[datetime], expected: int) -> None:
    assert default_date(starts, NOW) == expected


def test_people_sign_in_before_the_start() -> None:
    assert register_opens_at(NOW) == NOW - HOUR

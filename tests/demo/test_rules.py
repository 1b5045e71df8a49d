from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.demo.rules import days_between, moved_on
from app.kernel.refusals import Refused

NOW = datetime(2026, 10, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        pytest.param("10d", datetime(2026, 11, 10, 9, 30, tzinfo=UTC), id="days"),
        pytest.param("2w", datetime(2026, 11, 14, 9, 30, tzinfo=UTC), id="weeks"),
        pytest.param("4m", datetime(2027, 2, 28, 9, 30, tzinfo=UTC), id="a shorter month's end"),
        pytest.param("6m", datetime(2027, 4, 30, 8, 30, tzinfo=UTC), id="same London hour"),
        pytest.param(" 1D ", datetime(2026, 11, 1, 9, 30, tzinfo=UTC), id="typed loosely"),
        pytest.param("36m", datetime(2029, 10, 31, 9, 30, tzinfo=UTC), id="three years"),
    ],
)
def test_time_moves_on_by_london_days_weeks_and_months(distance: str, expected: datetime) -> None:
    assert moved_on(NOW, distance) == expected


@pytest.mark.parametrize(
    "distance",
    ["", "0d", "-1d", "d", "4", "4y", "1.5m", "37m", "9999w", "99999d", "4m; drop", "٣d", "4m\n4m"],
)
def test_anything_else_is_refused_in_words(distance: str) -> None:
    with pytest.raises(Refused, match="10d, 2w or 4m"):
        moved_on(NOW, distance)


def test_every_day_in_between_is_lived_through_once_whatever_the_clocks_do() -> None:
    days = list(days_between(NOW, datetime(2026, 11, 3, 10, 0, tzinfo=UTC)))
    assert days == [datetime(2026, 11, day, 9, 30, tzinfo=UTC) for day in (1, 2, 3)]
    before = datetime(2027, 3, 27, 8, 0, tzinfo=UTC)
    assert [day.hour for day in days_between(before, before + timedelta(days=2))] == [9, 8]
    assert list(days_between(NOW, NOW + timedelta(hours=23))) == []
    assert list(days_between(NOW, NOW - timedelta(days=9))) == []

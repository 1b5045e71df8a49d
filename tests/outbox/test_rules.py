"""When a message is tried again and when it is given up, as tables."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.outbox import rules
from tests.support.factories import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts_count", "wait"),
    [
        pytest.param(1, MINUTE, id="first"),
        pytest.param(2, 5 * MINUTE, id="second"),
        pytest.param(3, 15 * MINUTE, id="third"),
        pytest.param(4, HOUR, id="fourth"),
        pytest.param(5, HOUR, id="then every hour"),
        pytest.param(70, HOUR, id="still every hour"),
        pytest.param(0, MINUTE, id="never counted"),
    ],
)
def test_waits_grow_to_an_hour(attempts_count: int, wait: timedelta) -> None:
    again = rules.retry_at(attempts_count=attempts_count, queued_at=NOW, now=NOW, jitter=0)
    assert again == NOW + wait


@pytest.mark.parametrize(("jitter", "minutes"), [(-0.2, 48), (0, 60), (0.2, 72)])
def test_jitter_spreads_a_wait_by_a_fifth(jitter: float, minutes: int) -> None:
    again = rules.retry_at(attempts_count=9, queued_at=NOW, now=NOW, jitter=jitter)
    assert again == NOW + minutes * MINUTE


@pytest.mark.parametrize(
    ("age", "is_given_up"),
    [
        pytest.param(timedelta(hours=63), False, id="Friday 6pm to Monday 9am"),
        pytest.param(timedelta(hours=72) - timedelta(seconds=1), False, id="a second before"),
        pytest.param(timedelta(hours=72), True, id="72 hours"),
        pytest.param(timedelta(days=30), True, id="a month"),
    ],
)
def test_a_message_is_given_up_after_72_hours(age: timedelta, is_given_up: bool) -> None:
    again = rules.retry_at(attempts_count=5, queued_at=NOW - age, now=NOW, jitter=0)
    assert (again is None) is is_given_up


def test_tried_by_the_longest_waits_a_weekend_is_bridged() -> None:
    now: datetime | None = NOW
    attempts_count = 0
    last = NOW
    while now is not None:
        last, attempts_count = now, attempts_count + 1
        now = rules.retry_at(attempts_count=attempts_count, queued_at=NOW, now=now, jitter=0.2)
    assert last - NOW >= timedelta(hours=72)


@pytest.mark.parametrize(
    ("not_after", "is_too_late"),
    [
        pytest.param(None, False, id="never"),
        pytest.param(NOW, False, id="at that very moment"),
        pytest.param(NOW - timedelta(seconds=1), True, id="a second after"),
        pytest.param(NOW + HOUR, False, id="an hour to go"),
    ],
)
def test_what_would_only_confuse_is_too_late(not_after: datetime | None, is_too_late: bool) -> None:
    assert rules.is_too_late(not_after=not_after, now=NOW) is is_too_late


@pytest.mark.parametrize(
    ("lost_its_worker", "attempts_count", "is_given_up"),
    [
        pytest.param(True, 1, False, id="a worker ended once"),
        pytest.param(True, 19, False, id="nineteen times"),
        pytest.param(True, 20, True, id="twenty times"),
        pytest.param(False, 70, False, id="the mail server was away all weekend"),
    ],
)
def test_a_message_that_ends_workers_is_given_up(
    lost_its_worker: bool, attempts_count: int, is_given_up: bool
) -> None:
    found = rules.is_given_up(lost_its_worker=lost_its_worker, attempts_count=attempts_count)
    assert found is is_given_up


@pytest.mark.parametrize(("per_minute", "seconds"), [(0, 0.0), (60, 1.0), (120, 0.5)])
def test_a_limit_per_minute_is_a_pause(per_minute: int, seconds: float) -> None:
    assert rules.pause_seconds(per_minute) == seconds

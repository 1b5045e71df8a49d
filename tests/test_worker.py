"""The worker: one works and the others stand by, stopping is clean, and the clock of an example."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.job_steps import one_by_one
from app.jobs import Job
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.leases import Lease
from app.outbox.models import MessageState, OutboxMessage
from app.surveys.models import InvitationState
from app.worker import LEASE_NAME, JobsFailed, Worker, catch_up, is_behind, run_once
from tests.conftest import make_app
from tests.support.commands import PROJECT
from tests.support.databases import let_go
from tests.support.factories import make_outbox_message, make_partnership
from tests.support.surveys import a_course_attended, invitations, messages


def stand_in(app: Flask, holder: str) -> Worker:
    """A worker as if in a process of its own."""
    worker = Worker(app)
    worker.holder = holder
    return worker


def fall_silent() -> None:
    """Let the lease run out, as it does after a minute without a heartbeat."""
    with transaction() as session:
        lease = session.get_one(Lease, LEASE_NAME)
        lease.until = clock.real_now() - timedelta(seconds=1)


def test_one_worker_works_and_the_other_stands_by(app: Flask) -> None:
    first, second = stand_in(app, "first"), stand_in(app, "second")
    first.keep_lease()
    second.keep_lease()
    assert (first.may_work(), second.may_work()) == (True, False)
    first.keep_lease()
    assert (first.may_work(), second.may_work()) == (True, False)


def test_a_stand_by_takes_over_from_a_worker_that_fell_silent(app: Flask) -> None:
    first, second = stand_in(app, "first"), stand_in(app, "second")
    first.keep_lease()
    fall_silent()
    second.keep_lease()
    assert second.may_work()
    first.holds_until = clock.real_now() - timedelta(seconds=1)
    first.keep_lease()
    assert not first.may_work()


def test_a_worker_that_was_frozen_knows_that_its_time_is_over(app: Flask) -> None:
    worker = stand_in(app, "first")
    worker.lease_lasts = timedelta(milliseconds=50)
    worker.keep_lease()
    assert worker.may_work()
    time.sleep(0.06)
    assert not worker.may_work()


def test_a_stopped_worker_stops_between_two_things(app: Flask) -> None:
    done: list[int] = []

    def count(_now: datetime) -> Iterator[int]:
        for number in range(10):
            done.append(number)
            yield 1

    worker = stand_in(app, "first")
    worker.keep_lease()
    worker._tick(Job("count", 1, count))
    assert len(done) == 10
    worker.stopping = True
    worker._tick(Job("count", 1, count))
    assert len(done) == 10


def test_a_worker_that_loses_its_lease_leaves_the_rest_to_the_next(app: Flask) -> None:
    done: list[int] = []
    worker = stand_in(app, "first")
    worker.keep_lease()

    def count(_now: datetime) -> Iterator[int]:
        for number in range(10):
            done.append(number)
            if number == 3:
                worker.holds_until = clock.real_now() - timedelta(seconds=1)
            yield 1

    worker._tick(Job("count", 1, count))
    assert done == [0, 1, 2, 3]


def test_moving_the_clock_of_an_example_sets_everything_going_at_once(app: Flask) -> None:
    with transaction():
        clock.mark_as_example(made_at=clock.real_now())
    app.config["EXAMPLE"] = True
    worker = stand_in(app, "first")
    worker.keep_lease()
    assert [entry.func for entry in worker.scheduler.get_jobs()] == []
    with transaction():
        clock.move_on(timedelta(days=30))
    worker.keep_lease()
    worker.keep_lease()
    assert [entry.func for entry in worker.scheduler.get_jobs()] == [worker._everything]


def example_moved_on(by: timedelta) -> None:
    """An example made when a session had just ended, yesterday, whose clock was moved on."""
    ended = clock.real_now() - timedelta(hours=20)
    a_course_attended(ended)
    clock.mark_as_example(made_at=ended)
    db.session.commit()
    with transaction():
        clock.move_on(by)


def test_an_example_moved_on_lives_through_the_days_between(app: Flask) -> None:
    app.config["EXAMPLE"] = True
    example_moved_on(timedelta(days=32))
    assert is_behind(clock.now())
    catch_up(clock.now())
    assert not is_behind(clock.now())
    [asked, *later] = invitations()
    assert asked.sent_at
    assert asked.sent_at - asked.due_at == timedelta(minutes=30)
    assert (asked.reminders_count, asked.state) == (2, InvitationState.CLOSED)
    assert {one.state for one in later} == {InvitationState.PLANNED}
    before = len(messages())
    catch_up(clock.now())
    assert len(messages()) == before == 3


def test_catching_up_stops_when_told_and_goes_on_where_it_was(app: Flask) -> None:
    app.config["EXAMPLE"] = True
    example_moved_on(timedelta(days=3))
    going_on = iter([True, True, False])
    catch_up(clock.now(), lambda: next(going_on))
    assert is_behind(clock.now())
    catch_up(clock.now())
    assert not is_behind(clock.now())


def test_nothing_but_an_example_is_ever_caught_up_with(app: Flask) -> None:
    assert not is_behind(clock.now())
    catch_up(clock.now(), lambda: pytest.fail("there is no day to live through"))


def test_a_job_waits_while_an_example_is_behind(app: Flask) -> None:
    app.config["EXAMPLE"] = True
    example_moved_on(timedelta(days=2))
    done: list[int] = []

    def count(_now: datetime) -> Iterator[int]:
        done.append(1)
        yield 1

    worker = stand_in(app, "first")
    worker.keep_lease()
    worker._tick(Job("count", 1, count))
    assert done == []
    worker._everything()
    worker._tick(Job("count", 1, count))
    assert done == [1]


def broken(_now: datetime) -> Iterator[int]:
    """A job that fails at once."""
    yield 1 // 0


def test_a_failing_job_is_logged_and_does_not_end_the_worker(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    worker = stand_in(app, "first")
    worker.keep_lease()
    worker._tick(Job("broken", 1, broken))
    assert "job broken failed" in caplog.text


def test_once_runs_the_other_jobs_and_names_the_one_that_failed(app: Flask) -> None:
    ran: list[datetime] = []

    def well(now: datetime) -> Iterator[int]:
        ran.append(now)
        yield 0

    with pytest.raises(JobsFailed, match="^broken$"):
        run_once(clock.now(), [Job("broken", 1, broken), Job("well", 1, well)])
    assert ran


def test_an_item_that_fails_leaves_nothing_and_the_others_are_done(app: Flask) -> None:
    make_partnership()
    db.session.commit()

    def queue(number: int, *, now: datetime) -> int:
        make_outbox_message(subject=str(number), queued_at=now)
        if number == 2:
            raise ZeroDivisionError
        return 1

    assert list(one_by_one([1, 2, 3], queue, clock.now())) == [1, 0, 1]
    assert list(db.session.scalars(select(OutboxMessage.subject))) == ["1", "3"]


# Commands


def test_once_says_what_each_job_did(app: Flask) -> None:
    make_partnership()
    make_outbox_message()
    db.session.commit()
    done = app.test_cli_runner().invoke(args=["worker", "--once"])
    assert done.exit_code == 0, done.output
    assert "deliver mail: 1" in done.output


def test_the_clock_of_a_real_database_cannot_be_moved(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["worker", "--once", "--at", "2099-01-01"])
    assert done.exit_code == 2
    assert "only in a database made by `flask demo`" in done.output


@pytest.mark.parametrize(
    ("at", "words"),
    [
        pytest.param("2001-01-01T09:00", "clock already stands at", id="back"),
        pytest.param("next week", "Write --at as", id="not a time"),
    ],
)
def test_the_clock_of_an_example_is_not_moved_back_or_by_words(
    app: Flask, at: str, words: str
) -> None:
    with transaction():
        clock.mark_as_example(made_at=clock.real_now())
    app.config["EXAMPLE"] = True
    done = app.test_cli_runner().invoke(args=["worker", "--once", "--at", at])
    assert done.exit_code == 2
    assert words in done.output


def test_the_clock_of_an_example_is_moved_on(app: Flask) -> None:
    make_partnership()
    with transaction():
        clock.mark_as_example(made_at=clock.real_now())
    app.config["EXAMPLE"] = True
    wanted = clock.real_now() + timedelta(days=10)
    done = app.test_cli_runner().invoke(args=["worker", "--once", "--at", wanted.isoformat()])
    assert done.exit_code == 0, done.output
    offset = db.session.scalar(select(clock.ExampleClock.offset_seconds))
    assert offset == pytest.approx(10 * 24 * 3600, abs=60)


# A process of its own


def test_a_worker_told_to_stop_ends_cleanly_and_the_next_may_begin(
    database_url: str, tmp_path: Path
) -> None:
    made = make_app(database_url, MAIL_URL=f"file:{tmp_path / 'mail'}")
    with made.app_context():
        make_partnership()
        make_outbox_message()
        db.session.commit()
        environment = {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only for tests, and long enough to be accepted",
            "BASE_URL": "http://localhost",
            "MAIL_URL": f"file:{tmp_path / 'mail'}",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
            cwd=PROJECT,
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                _wait_until_sent()
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=15)
            finally:
                process.kill()
        assert process.returncode == 0, said
        assert "Traceback" not in said
        lease = db.session.get_one(Lease, LEASE_NAME, populate_existing=True)
        assert lease.until <= clock.real_now()
    let_go(made)


def _wait_until_sent() -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = db.session.scalar(select(OutboxMessage.state))
        db.session.rollback()
        if state is MessageState.SENT:
            return
        time.sleep(0.1)
    raise AssertionError("the worker sent nothing")

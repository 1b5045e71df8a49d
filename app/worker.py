"""The worker: a metronome that asks every job what is due, behind a lease."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import FrameType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.demo import rules
from app.jobs import DAILY_JOBS, EVENING_JOBS, JOBS, Job
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.leases import give_up_lease, take_lease

log = logging.getLogger(__name__)

LEASE_NAME = "worker"
HEARTBEATS_PER_LEASE = 6
STEP_SECONDS = 0.1
MOST_ROUNDS = 10
UNTIL_EVENING = timedelta(hours=8)  # reminders leave at the hour at which people answer


class JobsFailed(RuntimeError):
    """Some jobs failed, the others have run; the text names them, the log says why."""


def run_once(
    now: datetime, jobs: Sequence[Job] = JOBS, *, most_rounds: int = MOST_ROUNDS
) -> dict[str, int]:
    """Run every job until a round finds nothing more; what each did, by name; JobsFailed."""
    done = {job.name: 0 for job in jobs}
    failed: set[str] = set()
    for _round in range(most_rounds):
        found = 0
        for job in jobs:
            try:
                count = sum(job.run(now))
            except Exception:
                log.exception("job %s failed", job.name)
                failed.add(job.name)
                continue
            done[job.name] += count
            found += count
        if not found:
            break
    if failed:
        raise JobsFailed(", ".join(sorted(failed)))
    return done


def is_behind(now: datetime) -> bool:
    """Whether days of an example went by unworked, for its clock was moved on."""
    return any(rules.days_between(clock.worked_until(), now))


def catch_up(now: datetime, may_go_on: Callable[[], bool] = lambda: True) -> None:
    """Live through the days of an example that were skipped, so that surveys fall due as in life.

    Anywhere else a time without a worker is what it was: what is too late is missed.
    """
    for morning in rules.days_between(clock.worked_until(), now):
        if not may_go_on():
            return
        with suppress(JobsFailed):  # the log says why
            run_once(morning, DAILY_JOBS, most_rounds=1)
        with suppress(JobsFailed):
            run_once(min(morning + UNTIL_EVENING, now), EVENING_JOBS, most_rounds=1)
        with transaction():
            clock.note_worked(morning)


class Worker:
    """Runs the jobs for as long as it holds the lease; stands by while another does."""

    def __init__(self, app: Flask, jobs: Sequence[Job] = JOBS) -> None:
        """A worker that has not begun; one process holds at most one."""
        self.app = app
        self.jobs = jobs
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.lease_lasts = timedelta(seconds=app.config["WORKER_LEASE_SECONDS"])
        self.holds_until = datetime.min.replace(tzinfo=UTC)
        self.stopping = False
        self.ahead_seconds = 0
        self.is_catching_up = False
        from apscheduler.schedulers.background import BackgroundScheduler  # not for the web

        self.scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def run(self) -> None:
        """Work until told to stop by SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for job in self.jobs:
            self.scheduler.add_job(self._tick, "interval", [job], seconds=job.every_seconds)
        self.scheduler.start()
        while not self.stopping:
            self.keep_lease()
            self._wait(self.lease_lasts.total_seconds() / HEARTBEATS_PER_LEASE)
        self.scheduler.shutdown(wait=True)
        self._give_up_lease()

    def may_work(self) -> bool:
        """Whether the lease is ours at this moment; a process that was frozen finds it is not."""
        return not self.stopping and clock.real_now() < self.holds_until

    def keep_lease(self) -> None:
        """The heartbeat; a database that is away costs the lease, never the process."""
        held_before, now = self.may_work(), clock.real_now()
        try:
            with self.app.app_context():
                held = take_lease(LEASE_NAME, self.holder, now=now, lasts=self.lease_lasts)
                ahead_seconds = round((clock.now() - clock.real_now()).total_seconds())
                behind = is_behind(clock.now())
        except SQLAlchemyError as error:
            log.error("the lease could not be kept: %s", type(error).__name__)
            return  # what is held ends by itself
        if held:
            self.holds_until = now + self.lease_lasts
        if held and not held_before:
            log.info("%s works", self.holder)
            for entry in self.scheduler.get_jobs():
                entry.modify(next_run_time=clock.real_now())
        is_moved = behind or ahead_seconds != self.ahead_seconds
        if held and is_moved and not self.is_catching_up:
            # Who moves an example's clock on need not wait for each job's next turn.
            self.ahead_seconds, self.is_catching_up = ahead_seconds, True
            self.scheduler.add_job(self._everything)

    def _everything(self) -> None:
        try:
            with self.app.app_context(), suppress(JobsFailed):
                now = clock.now()
                catch_up(now, self.may_work)
                if self.may_work():
                    run_once(now, self.jobs)
        except Exception:
            log.exception("the example's clock was moved on, and what fell due is tried again")
        finally:
            self.is_catching_up = False

    def _give_up_lease(self) -> None:
        try:
            with self.app.app_context():
                give_up_lease(LEASE_NAME, self.holder, now=clock.real_now())
        except SQLAlchemyError as error:
            log.error("the lease was not given up: %s", type(error).__name__)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _wait(self, seconds: float) -> None:
        """Sleep in steps, since a signal's handler may set a flag and nothing else."""
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(STEP_SECONDS)

    def _tick(self, job: Job) -> None:
        """Do what is due, one item after the other, for as long as we may."""
        if not self.may_work():
            return
        try:
            with self.app.app_context():
                if is_behind(clock.now()):
                    return
                for _count in job.run(clock.now()):
                    if not self.may_work():
                        break
        except Exception:
            log.exception("job %s failed and is tried again at its next turn", job.name)

"""Workers that are killed while they send: what arrives at a real mail server, and how often."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from typing import Any, Protocol

from flask import Flask, current_app
from sqlalchemy import delete, func, select

import app as ripple
from app.checks.stage import PROCESSES, PROJECT
from app.jobs import deliver_mail
from app.kernel import clock
from app.kernel.db import db, transaction
from app.outbox import delivery, operations
from app.outbox.delivery import Outcome, Sender
from app.outbox.letters import Letter
from app.outbox.models import MessageState, OutboxMessage
from app.outbox.transports import transport

# Short, so that a drill does not wait minutes for what a dead worker left.
LEASES = {"MAIL_LEASE_SECONDS": "2", "WORKER_LEASE_SECONDS": "1", "MAIL_PER_MINUTE": "0"}
PATIENCE_SECONDS = 180
BEFORE_TAKING, AFTER_TAKING, SOON_AFTER = "before taking", "after taking", "soon after"


@dataclass
class Delivered:
    """What arrived; `violations` is empty when all promises were kept."""

    queued_count: int
    kills: Counter[str] = field(default_factory=Counter)
    lost_count: int = 0
    duplicates_count: int = 0
    most_copies: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "kills": dict(self.kills)}


class MailServer:
    """Takes mail, and kills whoever sends the numbered messages, at the moment named for each.

    A sender says by its user name which process it is.
    """

    def __init__(self, kill_at: Mapping[int, str] | None = None) -> None:
        """Listen on a free port of this machine; needs the test libraries."""
        from aiosmtpd.controller import Controller  # a drill's library, not the service's
        from aiosmtpd.smtp import AuthResult

        self.kill_at = dict(kill_at or {})
        self.processes: dict[str, Callable[[], None]] = {}
        self.kills: Counter[str] = Counter()
        self.taken: list[str] = []
        self._arrivals = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

        def anybody(_server: Any, _session: Any, _envelope: Any, _how: str, who: Any) -> Any:
            return AuthResult(success=True, auth_data=who.login.decode())

        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=anybody,
            auth_require_tls=False,
        )

    def url_for(self, name: str) -> str:
        """The MAIL_URL of the sender of that name."""
        return f"smtp://{name}:drill@127.0.0.1:{self.port}?tls=never"

    def __enter__(self) -> MailServer:
        """Take mail from now on."""
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take no more."""
        self._controller.stop()

    # aiosmtpd looks for this name.
    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take one message, or be the death of its sender."""
        self._arrivals += 1
        moment = self.kill_at.get(self._arrivals)
        kill = self.processes.get(session.auth_data, lambda: None)
        if moment == BEFORE_TAKING:
            self._kill(moment, kill)
            return "451 4.3.0 not taken"
        self.taken.append(str(message_from_bytes(envelope.content)["Message-ID"]))
        if moment == AFTER_TAKING:
            self._kill(moment, kill)
        elif moment == SOON_AFTER:
            threading.Timer(0.004, self._kill, (moment, kill)).start()
        return "250 taken"

    def _kill(self, moment: str, kill: Callable[[], None]) -> None:
        self.kills[moment] += 1
        kill()


def queue_messages(count: int) -> None:
    """Put messages into the emptied outbox, in the caller's transaction."""
    db.session.execute(delete(OutboxMessage))
    for number in range(count):
        operations.queue(
            Letter(f"Message {number}", "What it says", "<p>What it says</p>"),
            dedupe_key=f"drill:{number}",
            kind="drill",
            about=("drill", str(number)),
            to_name="Somebody",
            to_email=f"somebody{number}@example.org",
            priority=5,
        )


class Worker(Protocol):
    """A process that can be looked at and ended."""

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""

    def kill(self) -> None:
        """End it at once."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self) -> int:
        """Its exit code, once it has ended."""


def start_worker(environment: dict[str, str]) -> Worker:
    """`flask worker` with these variables besides ours."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )


def kill_workers(
    environment: dict[str, str],
    *,
    messages: int,
    kills: int,
    seed: int,
    start: Callable[[dict[str, str]], Worker] = start_worker,
) -> Delivered:
    """Kill `flask worker` again and again while it sends; another stands by and takes over."""
    began = time.monotonic()
    with transaction():
        queue_messages(messages)
    with MailServer(_plan(messages, kills, seed)) as server:
        with _workers(server, environment, start) as keep_two:
            _wait_until_ended(keep_two)
        return _judged(server, messages, began)


def _plan(messages: int, kills: int, seed: int) -> dict[int, str]:
    """At which arrivals to kill, and at which of the three moments; each moment in turn."""
    chance = random.Random(seed)  # noqa: S311 - a drill can be repeated
    arrivals = sorted(chance.sample(range(1, messages), kills))
    moments = [BEFORE_TAKING, AFTER_TAKING, SOON_AFTER]
    return {arrival: moments[number % 3] for number, arrival in enumerate(arrivals)}


@contextmanager
def _workers(
    server: MailServer, environment: dict[str, str], start: Callable[[dict[str, str]], Worker]
) -> Iterator[Callable[[], None]]:
    """A function that starts workers until one works and one stands by; all are ended at last."""
    workers: list[Worker] = []

    def keep_two() -> None:
        wanted = 2 if server.kills.total() < len(server.kill_at) else 1
        while sum(worker.poll() is None for worker in workers) < wanted:
            name = f"worker{len(workers)}"
            worker = start({**environment, **LEASES, "MAIL_URL": server.url_for(name)})
            server.processes[name] = worker.kill
            workers.append(worker)

    try:
        yield keep_two
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


def _wait_until_ended(look_after: Callable[[], None]) -> None:
    """Return once no message is unfinished; RuntimeError if that takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        look_after()
        unfinished = db.session.scalar(
            select(func.count()).select_from(OutboxMessage).where(delivery.UNFINISHED)
        )
        db.session.rollback()
        if not unfinished:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{unfinished} messages had not left after {PATIENCE_SECONDS} seconds")


def _judged(server: MailServer, messages: int, began: float) -> Delivered:
    rows = db.session.execute(select(OutboxMessage.message_id, OutboxMessage.state)).all()
    db.session.rollback()
    copies = Counter(server.taken)
    told = Delivered(messages, server.kills, seconds=round(time.monotonic() - began, 1))
    told.lost_count = sum(not copies[row.message_id] for row in rows)
    told.duplicates_count = len(server.taken) - len(copies)
    told.most_copies = max(copies.values(), default=0)
    if len(rows) != messages or any(row.state is not MessageState.SENT for row in rows):
        told.violations.append(f"not all sent: {Counter(str(row.state) for row in rows)}")
    if told.lost_count:
        told.violations.append(f"{told.lost_count} lost")
    if set(copies) - {row.message_id for row in rows}:
        told.violations.append("a copy has a Message-ID of its own")
    if told.duplicates_count > server.kills.total():
        told.violations.append(f"{told.duplicates_count} duplicates")
    return told


# Several delivery loops at once, without the worker's lease


def deliver_together(
    settings: dict[str, Any],
    *,
    messages: int,
    processes: int,
    threads: int = 1,
    kill_at: Mapping[int, str] | None = None,
    in_wrong_order: bool = False,
) -> Delivered:
    """Let several processes, or threads in them, empty the outbox together; what arrived."""
    with transaction():
        queue_messages(messages)
    target = _finish_before_sending if in_wrong_order else _deliver
    with MailServer(kill_at) as server:
        began = time.monotonic()
        senders = []
        for number in range(processes):
            name = f"sender{number}"
            own = {**settings, "MAIL_URL": server.url_for(name), "MAIL_PER_MINUTE": 0}
            sender = PROCESSES.Process(target=_in_threads, args=(target, own, threads))
            server.processes[name] = sender.kill
            senders.append(sender)
            sender.start()
        for sender in senders:
            sender.join(PATIENCE_SECONDS)
            sender.close()
        return _judged(server, messages, began)


def _in_threads(target: Callable[[Flask], None], settings: dict[str, Any], count: int) -> None:
    app = ripple.create_app(settings)
    loops = [threading.Thread(target=target, args=(app,)) for _ in range(count)]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()


def _deliver(app: Flask) -> None:
    with app.app_context():
        for _sent in deliver_mail(clock.now()):
            pass


def _finish_before_sending(app: Flask) -> None:
    """Deliver as Ripple must not: say that a message was sent, and then send it."""
    sender = Sender("Drill", "drill@example.org")
    with app.app_context():
        send_by = transport(current_app.config["MAIL_URL"])
        while True:
            with transaction():
                claim = delivery.claim_next(
                    owner=str(os.getpid()), lasts=timedelta(minutes=3), now=clock.real_now()
                )
            if claim is None:
                return
            with transaction():
                delivery.finish(claim, Outcome(MessageState.SENT), now=clock.real_now())
            delivery.send(claim, sender, send_by, now=clock.real_now())

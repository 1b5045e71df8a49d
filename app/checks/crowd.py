"""Many people at once: threads in several processes, each process with an application of its own.

Everybody prepares first, then all are let go together; some come when others have their answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

import app as ripple
from app.accounts.models import Person
from app.accounts.signed_in import TOKEN_KEY
from app.bookings.models import BookingOrigin
from app.bookings.places import gather_facts
from app.bookings.taking import Asked, write_booking
from app.catalogue.models import EventMode
from app.checks.stage import PROCESSES
from app.kernel import clock
from app.kernel.db import db, transaction

WAIT_SECONDS = 60
SECONDS_BETWEEN_LOOKING_AND_WRITING = 0.05
ENTRANCE = "ripple-crowd"


@dataclass(frozen=True)
class Errand:
    """What one person does: open a page and send its form.

    Not before so many others in the same process have had their answers, and after a delay.
    """

    person_id: int
    event_id: int
    token: str
    path: str
    after_answers: int = 0
    delay: float = 0.0
    form: tuple[tuple[str, str], ...] = ()  # the form as somebody had it open before
    cookie: str = ""


@dataclass(frozen=True)
class Answer:
    """How it went: the HTTP status, where it led, and when, by a clock all processes share."""

    person_id: int
    status: int
    location: str
    sent: float
    answered: float
    error: str = ""


Go = Callable[[], None]
Way = Callable[[Flask, Errand, Go], Answer]


def through_the_pages(app: Flask, errand: Errand, go: Go) -> Answer:
    """Open the page and send its form, signed in, as a browser does."""
    client = app.test_client()
    fields = dict(errand.form) or open_form(client, errand.token, errand.path)
    if errand.cookie:
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], errand.cookie)
    go()
    sent = time.monotonic()
    response = client.post(errand.path, data=fields)
    return Answer(
        errand.person_id, response.status_code, response.location or "", sent, time.monotonic()
    )


def without_the_lock(app: Flask, errand: Errand, go: Go) -> Answer:
    """Book as Ripple must not: look, let go, and write what was true when looking."""
    with app.app_context():
        go()
        sent = time.monotonic()
        with transaction():
            facts = gather_facts(errand.event_id, errand.person_id)
        time.sleep(SECONDS_BETWEEN_LOOKING_AND_WRITING)
        with transaction():
            person = db.session.get_one(Person, errand.person_id)
            write_booking(
                errand.event_id,
                person,
                facts,
                Asked(booked_by=person, origin=BookingOrigin.SELF, mode=EventMode.ONLINE),
                now=clock.now(),
            )
    return Answer(errand.person_id, 302, "", sent, time.monotonic())


def open_form(client: FlaskClient, token: str, path: str) -> dict[str, str]:
    """The hidden fields of the form on a page, opened by whoever holds the sign-in token."""
    with client.session_transaction() as session:
        session[TOKEN_KEY] = token
    response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code} before the race")
    return hidden_fields(response.text)


def hidden_fields(page: str) -> dict[str, str]:
    """Names and values of a page's hidden fields."""
    reader = _HiddenFields()
    reader.feed(page)
    return reader.found


class _HiddenFields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "input" and named.get("type") == "hidden" and named.get("name"):
            self.found[named["name"] or ""] = named.get("value") or ""


class Crowd:
    """Processes that stay open for several rounds; to be used with `with`."""

    def __init__(self, settings: dict[str, Any], *, processes: int = 2) -> None:
        """Start the processes; each makes its own application with these settings."""
        self._pipes: list[Any] = []
        self._processes: list[Any] = []
        for _number in range(processes):
            ours, theirs = PROCESSES.Pipe()
            process = PROCESSES.Process(target=_serve, args=(settings, theirs), name=ENTRANCE)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Crowd:
        """Wait until every process has its application."""
        for pipe in self._pipes:
            self._receive(pipe)
        return self

    def __exit__(self, *_error: object) -> None:
        """Send everybody home."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with suppress(OSError):
                pipe.send(None)
            process.join(WAIT_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
            pipe.close()

    def run(self, errands: Sequence[Errand], way: Way = through_the_pages) -> list[Answer]:
        """Everybody does their errand at once; RuntimeError if somebody could not even begin."""
        for number, pipe in enumerate(self._pipes):
            pipe.send((way, list(errands[number :: len(self._pipes)])))
        for pipe in self._pipes:
            self._receive(pipe)
        begin_at = time.monotonic() + 0.05
        for pipe in self._pipes:
            pipe.send(begin_at)
        return [answer for pipe in self._pipes for answer in self._receive(pipe)]

    @staticmethod
    def _receive(pipe: Any) -> Any:
        if not pipe.poll(WAIT_SECONDS):
            raise RuntimeError("a process of the race does not answer")
        told = pipe.recv()
        if isinstance(told, str):
            raise RuntimeError(told)
        return told


def _serve(settings: dict[str, Any], pipe: Any) -> None:
    """What runs in each process: rounds of preparing, waiting and going together."""
    try:
        app = ripple.create_app(settings)
    except Exception as error:
        pipe.send(f"the application did not start: {error!r}")
        return
    pipe.send(True)
    while (told := pipe.recv()) is not None:
        way, errands = told
        answers = _Round(app, way, errands).run(pipe)
        pipe.send(answers)


class _Round:
    """One round in one process."""

    def __init__(self, app: Flask, way: Way, errands: Sequence[Errand]) -> None:
        self.app, self.way, self.errands = app, way, errands
        self.prepared = threading.Barrier(len(errands) + 1)
        self.gate = threading.Event()
        self.somebody_answered = threading.Condition()
        self.begin_at = 0.0
        self.answers: list[Answer] = []

    def run(self, pipe: Any) -> list[Answer]:
        threads = [threading.Thread(target=self._go, args=(one,)) for one in self.errands]
        for thread in threads:
            thread.start()
        self.prepared.wait(WAIT_SECONDS)
        pipe.send(True)
        self.begin_at = pipe.recv()
        self.gate.set()
        for thread in threads:
            thread.join()
        return self.answers

    def _go(self, errand: Errand) -> None:
        waited = False

        def go() -> None:
            nonlocal waited
            waited = True
            self.prepared.wait(WAIT_SECONDS)
            self.gate.wait(WAIT_SECONDS)
            with self.somebody_answered:
                self.somebody_answered.wait_for(
                    lambda: len(self.answers) >= errand.after_answers, WAIT_SECONDS
                )
            time.sleep(max(0.0, self.begin_at + errand.delay - time.monotonic()))

        try:
            answer = self.way(self.app, errand, go)
        except Exception as error:
            if not waited:
                go()
            now = time.monotonic()
            answer = Answer(errand.person_id, 0, "", now, now, error=repr(error))
        with self.somebody_answered:
            self.answers.append(answer)
            self.somebody_answered.notify_all()

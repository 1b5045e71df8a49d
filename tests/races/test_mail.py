"""Mail when workers die, when several send at once, and when the mail server is away."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from app import create_app
from app.accounts.models import Person
from app.bookings.models import Booking, BookingState
from app.checks import kill_drill, stage
from app.checks.crowd import Errand, through_the_pages
from app.checks.kill_drill import BEFORE_TAKING, deliver_together, kill_workers
from app.jobs import deliver_mail
from app.kernel import clock
from app.kernel.db import db, transaction
from app.outbox.models import MessageState, OutboxMessage
from tests.support.commands import Command
from tests.support.databases import let_go
from tests.support.smtp import MailServer

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of a service on this test's database, in whose context the test runs."""
    made = stage.settings_for(database_url, tmp_path)
    app = create_app(made)
    with app.app_context():
        with transaction():
            stage.make_partnership()
        yield made
    let_go(app)


def test_ten_killed_workers_lose_nothing_and_double_at_most_one_message_each(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    environment = {
        "DATABASE_URL": settings["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": settings["SECRET_KEY"],
        "BASE_URL": settings["BASE_URL"],
    }

    def start(variables: dict[str, str]) -> Command:
        return Command("flask", ["--app", "wsgi", "worker"], variables, tmp_path / "worker.log")

    told = kill_workers(environment, messages=300, kills=10, seed=1, start=start)
    print(told)
    assert told.violations == []
    assert told.kills.total() == 10
    assert told.most_copies <= 2
    assert told.duplicates_count >= told.kills[kill_drill.AFTER_TAKING]


def test_messages_are_lost_when_they_are_called_sent_before_they_are(
    settings: dict[str, Any],
) -> None:
    told = deliver_together(
        settings, messages=20, processes=2, kill_at={5: BEFORE_TAKING}, in_wrong_order=True
    )
    assert told.kills.total() == 1
    assert told.violations == ["1 lost"]


def test_four_delivery_loops_at_once_send_each_message_once(settings: dict[str, Any]) -> None:
    told = deliver_together(settings, messages=200, processes=2, threads=2)
    print(told)
    assert told.violations == []
    assert (told.lost_count, told.duplicates_count) == (0, 0)


def test_a_mail_server_that_is_away_delays_mail_and_nothing_else(
    settings: dict[str, Any], mail_server: MailServer
) -> None:
    current_app.config |= {"MAIL_URL": mail_server.url, "MAIL_PER_MINUTE": 0}
    mail_server.stop()
    with transaction():
        people = stage.make_people(3)
        event = stage.make_event(2)
        event_id, path = event.id, f"/events/{event.reference}/book"
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    for person_id, token in people:
        errand = Errand(person_id, event_id, token, path)
        answer = contextvars.Context().run(through_the_pages, app, errand, lambda: None)
        assert answer.status == 302
        assert sum(deliver_mail(clock.now())) == 0
    states = db.session.scalars(select(Booking.state).order_by(Booking.id)).all()
    assert states == [BookingState.CONFIRMED, BookingState.CONFIRMED, BookingState.WAITING]
    messages = db.session.scalars(select(OutboxMessage)).all()
    assert {message.state for message in messages} == {MessageState.QUEUED}
    with transaction():
        for message in db.session.scalars(select(OutboxMessage)):
            message.next_attempt_at = clock.real_now()
    mail_server.start()
    current_app.config["MAIL_URL"] = mail_server.url
    assert sum(deliver_mail(clock.now())) == 3
    reached = sorted(received.recipients[0] for received in mail_server.received)
    assert reached == sorted(filter(None, db.session.scalars(select(Person.email))))

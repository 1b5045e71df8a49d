"""Delivery on real rows, and to a real mail server."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from app import jobs
from app.jobs import deliver_mail
from app.kernel import clock
from app.kernel.db import db, transaction
from app.kernel.refusals import Refused
from app.outbox import delivery
from app.outbox.delivery import Claim, Sender
from app.outbox.models import CalendarMethod, MessageState, OutboxMessage
from app.outbox.queries import mail_facts
from app.outbox.transports import DeliveryDelayed
from tests.outbox.test_mime import CALENDAR
from tests.support.factories import make_outbox_message, make_partnership
from tests.support.smtp import MailServer

LASTS = timedelta(minutes=3)
SENDER = Sender("WSCP Learning and Development", "learning@example.org")
Changes = dict[str, Any]


@pytest.fixture(autouse=True)
def _ready(app: Flask) -> None:
    """An organiser to write in the name of, and no limit on how fast."""
    make_partnership()
    db.session.commit()
    app.config["MAIL_PER_MINUTE"] = 0


def kept(**changes: Any) -> int:
    """A message in the outbox, committed; its id."""
    message = make_outbox_message(**changes)
    db.session.commit()
    return message.id


def row(message_pk: int) -> OutboxMessage:
    db.session.rollback()
    return db.session.get_one(OutboxMessage, message_pk, populate_existing=True)


def claimed(owner: str = "one", later: timedelta = timedelta(0)) -> Claim | None:
    with transaction():
        return delivery.claim_next(owner=owner, lasts=LASTS, now=clock.real_now() + later)


def finished(claim: Claim, transport: Callable[[EmailMessage], None]) -> MessageState:
    outcome = delivery.send(claim, SENDER, transport, now=clock.real_now())
    with transaction():
        return delivery.finish(claim, outcome, now=clock.real_now())


def taken(_message: EmailMessage) -> None:
    """A transport that takes everything."""


def deliver(server: MailServer | None, app: Flask) -> int:
    """Run the worker's own job once against the server; how many left."""
    if server is not None:
        app.config["MAIL_URL"] = server.url
    return sum(deliver_mail(clock.now()))


def tried_later(message_pk: int) -> timedelta:
    """How long from now a message waits."""
    return row(message_pk).next_attempt_at - clock.real_now()


# To a mail server


def test_a_message_arrives_as_it_was_fixed(app: Flask, mail_server: MailServer) -> None:
    message_pk = kept(calendar_text=CALENDAR, calendar_method=CalendarMethod.REQUEST)
    assert deliver(mail_server, app) == 1
    (received,) = mail_server.received
    sent = row(message_pk)
    assert received.message["Message-ID"] == sent.message_id
    assert received.recipients == [sent.to_email]
    assert received.message["From"].addresses[0].addr_spec == "learning@example.org"
    assert (sent.state, sent.attempts_count, sent.lease_until) == (MessageState.SENT, 1, None)
    assert sent.sent_at
    assert deliver(mail_server, app) == 0
    assert len(mail_server.received) == 1


def test_the_most_urgent_leaves_first(app: Flask, mail_server: MailServer) -> None:
    for priority in (9, 1, 5):
        kept(priority=priority, subject=f"Priority {priority}")
    deliver(mail_server, app)
    subjects = [str(received.message["Subject"]) for received in mail_server.received]
    assert subjects == ["Priority 1", "Priority 5", "Priority 9"]


def test_a_refusal_for_now_is_tried_again_in_a_minute(app: Flask, mail_server: MailServer) -> None:
    message_pk = kept(to_email="bo@example.org")
    mail_server.answers["bo@example.org"] = "450 4.2.1 bo@example.org is busy"
    assert deliver(mail_server, app) == 0
    delayed = row(message_pk)
    assert delayed.state is MessageState.QUEUED
    assert delayed.last_error == "the mail server did not take the recipient (450 4.2.1)"
    assert timedelta(seconds=40) < tried_later(message_pk) < timedelta(seconds=80)
    mail_server.answers.clear()
    assert deliver(mail_server, app) == 0, "it is not due yet"


def test_a_refusal_for_good_fails_and_the_rest_leaves(app: Flask, mail_server: MailServer) -> None:
    refused = kept(to_email="gone@example.org", priority=1)
    others = [kept() for _ in range(3)]
    mail_server.answers["gone@example.org"] = "550 5.1.1 no such user"
    assert deliver(mail_server, app) == 3
    assert row(refused).state is MessageState.FAILED
    assert row(refused).last_error == "the mail server refused the recipient (550 5.1.1)"
    assert all(row(other).state is MessageState.SENT for other in others)


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param({"to_email": "not an address"}, id="no address"),
        pytest.param({"to_email": "zoë@example.org"}, id="not ASCII before the @"),
        pytest.param({"message_id": "<no\r\nBcc: all@example.org>"}, id="a header in a header"),
        pytest.param(
            {"calendar_text": "METHOD:CANCEL", "calendar_method": CalendarMethod.REQUEST},
            id="two methods",
        ),
    ],
)
def test_what_cannot_be_written_fails_and_the_rest_leaves(
    app: Flask, mail_server: MailServer, poison: Changes
) -> None:
    spoiled = kept(priority=1, **poison)
    good = kept()
    assert deliver(mail_server, app) == 1
    assert row(spoiled).state is MessageState.FAILED
    assert row(spoiled).last_error == "the message could not be written"
    assert row(good).state is MessageState.SENT


def test_an_unreachable_server_delays_and_nothing_else(app: Flask, mail_server: MailServer) -> None:
    messages = [kept() for _ in range(3)]
    app.config["MAIL_URL"] = mail_server.url
    mail_server.stop()
    assert deliver(None, app) == 0
    assert {row(message).state for message in messages} == {MessageState.QUEUED}
    assert {row(message).last_error for message in messages} == {
        "the mail server cannot be reached"
    }
    with transaction():
        for message in messages:
            db.session.get_one(OutboxMessage, message).next_attempt_at = clock.real_now()
    mail_server.start()
    assert deliver(mail_server, app) == 3


def test_no_more_than_the_limit_leaves_in_a_minute(app: Flask, mail_server: MailServer) -> None:
    app.config["MAIL_PER_MINUTE"] = 600
    for _ in range(4):
        kept()
    began = time.monotonic()
    assert deliver(mail_server, app) == 4
    assert time.monotonic() - began >= 0.3


def test_a_folder_takes_mail_without_a_limit(app: Flask, tmp_path: Path) -> None:
    app.config |= {"MAIL_PER_MINUTE": 1, "MAIL_URL": f"file:{tmp_path}"}
    kept(), kept()
    assert deliver(None, app) == 2
    assert len(list(tmp_path.iterdir())) == 2


# Leases


def test_a_claimed_message_is_nobody_elses() -> None:
    kept()
    assert claimed("one")
    assert claimed("two") is None
    assert not delivery.is_anything_due(now=clock.real_now())


def test_a_message_left_by_a_dead_worker_is_sent_by_the_next_with_the_same_id() -> None:
    message_pk = kept()
    first = claimed("one")
    second = claimed("two", LASTS + timedelta(seconds=1))
    assert first
    assert second
    assert first.content == second.content
    assert row(message_pk).attempts_count == 2


def test_a_worker_that_wakes_up_late_overwrites_nothing() -> None:
    message_pk = kept()
    slow = claimed("slow")
    quick = claimed("quick", LASTS + timedelta(seconds=1))
    assert slow
    assert quick
    assert finished(quick, taken) is MessageState.SENT

    def delayed(_message: EmailMessage) -> None:
        raise DeliveryDelayed("the mail server took too long")

    finished(slow, delayed)
    assert row(message_pk).state is MessageState.SENT
    assert row(message_pk).last_error is None


def test_the_same_worker_does_not_finish_an_earlier_claim_of_its_own() -> None:
    message_pk = kept()
    earlier, later = claimed("one"), claimed("one", LASTS + timedelta(seconds=1))
    assert earlier
    assert later
    finished(earlier, taken)
    assert row(message_pk).state is MessageState.SENDING
    finished(later, taken)
    assert row(message_pk).state is MessageState.SENT


def test_a_message_that_ends_workers_is_parked() -> None:
    spoiled = kept(priority=1, attempts_count=20, **in_flight(-timedelta(seconds=1)))
    good = kept()
    claim = claimed()
    assert claim
    assert claim.message_pk == good
    assert row(spoiled).state is MessageState.FAILED


def in_flight(ends_in: timedelta) -> Changes:
    """What a message looks like that a worker has claimed."""
    until = clock.real_now() + ends_in
    return {"state": MessageState.SENDING, "lease_owner": "dead", "lease_until": until}


def test_a_fault_of_ours_delays_one_message() -> None:
    message_pk = kept()
    claim = claimed()
    assert claim

    def broken(_message: EmailMessage) -> None:
        raise ZeroDivisionError

    assert finished(claim, broken) is MessageState.QUEUED
    assert row(message_pk).last_error == "a fault in this service"


def test_after_72_hours_a_message_has_failed() -> None:
    message_pk = kept(queued_at=clock.real_now() - timedelta(hours=72), attempts_count=70)
    claim = claimed()
    assert claim

    def away(_message: EmailMessage) -> None:
        raise DeliveryDelayed("the mail server cannot be reached")

    assert finished(claim, away) is MessageState.FAILED
    assert row(message_pk).last_error == (
        "given up after 72 hours: the mail server cannot be reached"
    )


# Too late, erased, sent again


def test_what_is_too_late_is_withheld_with_its_reason_and_not_sent() -> None:
    late = kept(priority=1, not_after=clock.real_now() - timedelta(seconds=1))
    timely = kept(not_after=clock.real_now() + timedelta(hours=1))
    claim = claimed()
    assert claim
    assert claim.message_pk == timely
    assert row(late).state is MessageState.WITHHELD
    assert row(late).last_error == "too late to be of use"


@pytest.mark.parametrize("server_answers", ["250 OK", "550 5.1.1 no such user"])
def test_secret_words_do_not_stay_once_a_message_has_ended(
    app: Flask, mail_server: MailServer, server_answers: str
) -> None:
    message_pk = kept(to_email="ana@example.org", erase_when_sent=True)
    mail_server.answers["ana@example.org"] = server_answers
    deliver(mail_server, app)
    ended = row(message_pk)
    assert (ended.text_body, ended.html_body) == ("", "")
    assert ended.body_erased_at


def test_secret_words_do_not_stay_when_it_is_too_late() -> None:
    message_pk = kept(erase_when_sent=True, not_after=clock.real_now() - timedelta(seconds=1))
    assert claimed() is None
    assert row(message_pk).text_body == ""


def test_secret_words_of_a_message_held_back_elsewhere_are_erased_later() -> None:
    held_back = kept(erase_when_sent=True, state=MessageState.WITHHELD)
    to_leave = kept(erase_when_sent=True)
    ordinary = kept(state=MessageState.WITHHELD)
    with transaction():
        assert delivery.erase_ended(now=clock.real_now()) == 1
    assert row(held_back).text_body == ""
    assert row(to_leave).text_body
    assert row(ordinary).text_body


def test_a_failed_message_is_given_another_72_hours() -> None:
    message_pk = kept(
        state=MessageState.FAILED,
        queued_at=clock.real_now() - timedelta(days=9),
        attempts_count=75,
        not_after=clock.real_now() - timedelta(days=1),
    )
    with transaction():
        delivery.send_again(db.session.get_one(OutboxMessage, message_pk), now=clock.real_now())
    claim = claimed()
    assert claim
    assert claim.attempt == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": MessageState.QUEUED}, id="still waiting"),
        pytest.param({"state": MessageState.FAILED, "body_erased_at": clock.real_now()}, id="gone"),
    ],
)
def test_what_cannot_be_sent_again_says_why(changes: Changes) -> None:
    message = make_outbox_message(**changes)
    with pytest.raises(Refused):
        delivery.send_again(message, now=clock.real_now())


# What it costs others


def test_looking_for_due_mail_locks_nothing_when_there_is_none(app: Flask) -> None:
    kept(state=MessageState.WITHHELD)
    kept(next_attempt_at=clock.real_now() + timedelta(hours=1))
    begun: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        begun.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert deliver(None, app) == 0
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert begun
    assert not [words for words in begun if "IMMEDIATE" in words or "FOR UPDATE" in words]


def test_looking_for_due_mail_reads_the_index_of_what_is_unfinished() -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table whole")
    statement = select(OutboxMessage.id).where(delivery.UNFINISHED, delivery._due(clock.real_now()))
    words = str(statement.compile(db.engine, compile_kwargs={"literal_binds": False}))
    plan = db.session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {words}", ("queued", "2026-01-01", "sending", "2026-01-01")
    )
    assert any("ix_outbox_message_due" in line[3] for line in plan)


def test_the_pace_is_kept_from_one_round_to_the_next() -> None:
    pace = jobs.Pace()
    pace.wait(0.2)
    began = time.monotonic()
    pace.wait(0.2)
    assert time.monotonic() - began >= 0.19


def test_the_desk_knows_how_the_mail_stands() -> None:
    now = clock.real_now()
    assert not mail_facts(now=now).is_late(now)
    kept(queued_at=now - timedelta(minutes=20))
    kept(state=MessageState.FAILED)
    kept(state=MessageState.FAILED, queued_at=now - timedelta(days=8))
    facts = mail_facts(now=now)
    assert (facts.unsent_count, facts.failed_count) == (1, 1)
    assert facts.is_late(now)

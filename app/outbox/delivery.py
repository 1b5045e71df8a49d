"""Send what is due: claim in one transaction, send outside any, finish by compare-and-set."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, text, update

from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused
from app.outbox import rules
from app.outbox.mime import build_message
from app.outbox.models import MessageState, OutboxMessage
from app.outbox.transports import DeliveryDelayed, DeliveryRefused

log = logging.getLogger(__name__)

Transport = Callable[[EmailMessage], None]
# In the words of the index of unfinished messages: SQLite does not see through parameters.
UNFINISHED = text("outbox_message.state IN ('queued', 'sending')")
ENDED = (MessageState.SENT, MessageState.FAILED, MessageState.WITHHELD)


@dataclass(frozen=True)
class Sender:
    """Whose name and mailbox stand on every message."""

    name: str
    email: str


@dataclass(frozen=True)
class Content:
    """What one message says, as it was fixed when it was queued."""

    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    message_id: str
    calendar_text: str | None
    calendar_method: str | None


@dataclass(frozen=True)
class Claim:
    """A message this worker may send until its lease ends, and nobody else meanwhile."""

    message_pk: int
    owner: str
    attempt: int
    queued_at: datetime
    erase_when_sent: bool
    content: Content


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: sent, failed for good, or queued to be tried again; and why."""

    state: MessageState
    reason: str | None = None


def is_anything_due(*, now: datetime) -> bool:
    """Whether a claim would find something; a read that locks nothing and ends at once."""
    found = db.session.scalar(select(OutboxMessage.id).where(UNFINISHED, _due(now)).limit(1))
    db.session.rollback()
    return found is not None


def claim_next(*, owner: str, lasts: timedelta, now: datetime) -> Claim | None:
    """Take the most urgent due message, or None; to be called in a transaction of its own.

    Messages that are too late, or that ended one worker after another, are put aside on the way.
    """
    while (message := _most_urgent(now)) is not None:
        if rules.is_too_late(not_after=message.not_after, now=now):
            _put_aside(message, MessageState.WITHHELD, rules.TOO_LATE, now=now)
            continue
        lost = message.state is MessageState.SENDING
        if rules.is_given_up(lost_its_worker=lost, attempts_count=message.attempts_count):
            _put_aside(message, MessageState.FAILED, rules.WORKER_ENDED, now=now)
            continue
        message.state = MessageState.SENDING
        message.lease_owner = owner
        message.lease_until = now + lasts
        message.attempts_count += 1
        return _claim(message, owner)
    return None


def send(claim: Claim, sender: Sender, transport: Transport, *, now: datetime) -> Outcome:
    """Send a claimed message, outside any transaction; whatever goes wrong is its outcome."""
    content = claim.content
    try:
        message = build_message(
            to_name=content.to_name,
            to_email=content.to_email,
            from_name=sender.name,
            from_email=sender.email,
            reply_to=None,
            subject=content.subject,
            text=content.text,
            html=content.html,
            message_id=content.message_id,
            sent_at=now,
            calendar_text=content.calendar_text,
            calendar_method=content.calendar_method,
        )
    except ValueError as error:
        log.error("outbox message %s: %s", claim.message_pk, type(error).__name__)
        return Outcome(MessageState.FAILED, "the message could not be written")
    try:
        transport(message)
    except DeliveryRefused as refusal:
        return Outcome(MessageState.FAILED, str(refusal))
    except DeliveryDelayed as delay:
        return Outcome(MessageState.QUEUED, str(delay))
    except Exception:
        # A fault of ours with one message must not stop those behind it.
        log.exception("outbox message %s could not be sent", claim.message_pk)
        return Outcome(MessageState.QUEUED, "a fault in this service")
    return Outcome(MessageState.SENT)


def finish(claim: Claim, outcome: Outcome, *, now: datetime) -> MessageState:
    """Write how the attempt ended, in a transaction; nothing if somebody else took the message."""
    values = _values(claim, outcome, now=now)
    result = db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == claim.message_pk,
            OutboxMessage.state == MessageState.SENDING,
            OutboxMessage.lease_owner == claim.owner,
            OutboxMessage.attempts_count == claim.attempt,
        )
        .values(lease_owner=None, lease_until=None, **values),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(result) != 1:
        log.warning("outbox message %s was taken over by another worker", claim.message_pk)
    state: MessageState = values["state"]
    return state


def send_again(message: OutboxMessage, *, now: datetime) -> None:
    """Give a failed or withheld message another 72 hours, at a person's wish."""
    if message.state not in {MessageState.FAILED, MessageState.WITHHELD}:
        raise Refused("Only a message that was not sent can be sent again")
    if message.body_erased_at:
        raise Refused("The words of this message have been erased, so it cannot be sent again")
    message.state = MessageState.QUEUED
    message.queued_at = message.next_attempt_at = now
    message.not_after = message.last_error = None
    message.attempts_count = 0


def erase_ended(*, now: datetime) -> int:
    """Erase what must not stay in the database from messages that have ended; how many."""
    result = db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.erase_when_sent.is_(True),
            OutboxMessage.body_erased_at.is_(None),
            OutboxMessage.state.in_(ENDED),
        )
        .values(_erased(now)),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(result)


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.next_attempt_at <= now),
        and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.lease_until < now),
    )


def _most_urgent(now: datetime) -> OutboxMessage | None:
    return db.session.scalar(
        select(OutboxMessage)
        .where(UNFINISHED, _due(now))
        .order_by(OutboxMessage.priority, OutboxMessage.next_attempt_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _claim(message: OutboxMessage, owner: str) -> Claim:
    return Claim(
        message_pk=message.id,
        owner=owner,
        attempt=message.attempts_count,
        queued_at=message.queued_at,
        erase_when_sent=message.erase_when_sent,
        content=Content(
            to_name=message.to_name,
            to_email=message.to_email,
            subject=message.subject,
            text=message.text_body,
            html=message.html_body,
            message_id=message.message_id,
            calendar_text=message.calendar_text,
            calendar_method=message.calendar_method,
        ),
    )


def _put_aside(message: OutboxMessage, state: MessageState, reason: str, *, now: datetime) -> None:
    message.state, message.last_error = state, reason
    message.lease_owner = message.lease_until = None
    if message.erase_when_sent:
        message.text_body = message.html_body = ""
        message.calendar_text = None
        message.body_erased_at = now
    db.session.flush()


def _values(claim: Claim, outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    """What the message's row says after the attempt."""
    state, reason = outcome.state, outcome.reason
    if state is MessageState.QUEUED:
        again = rules.retry_at(
            attempts_count=claim.attempt,
            queued_at=claim.queued_at,
            now=now,
            jitter=random.uniform(-1, 1) * rules.MOST_JITTER,  # noqa: S311 - guards nothing
        )
        if again is not None:
            return {"state": state, "next_attempt_at": again, "last_error": reason}
        state, reason = MessageState.FAILED, f"given up after 72 hours: {reason}"
    values: dict[str, Any] = {"state": state, "last_error": reason}
    if state is MessageState.SENT:
        values["sent_at"] = now
    return values | (_erased(now) if claim.erase_when_sent else {})


def _erased(now: datetime) -> dict[str, Any]:
    return {"text_body": "", "html_body": "", "calendar_text": None, "body_erased_at": now}

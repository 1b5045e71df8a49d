"""Put a message into the outbox, in the transaction of the thing it tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from app.kernel.clock import real_now
from app.kernel.db import db
from app.kernel.tokens import new_reference
from app.outbox.letters import Letter
from app.outbox.models import CalendarMethod, MessageState, OutboxMessage

SIGN_IN_PRIORITY = 1
BOOKING_PRIORITY = 5
NOTICE_PRIORITY = 7
SURVEY_PRIORITY = 9


def compose(
    letter: Letter,
    *,
    dedupe_key: str,
    kind: str,
    about: tuple[str, str],
    to_name: str,
    to_email: str,
    priority: int,
    person_reference: str | None = None,
    calendar: tuple[CalendarMethod, str] | None = None,
    not_after: datetime | None = None,
    erase_when_sent: bool = False,
) -> OutboxMessage:
    """One message to one person; `about` is a kind and a reference. It is not in the outbox yet."""
    now = real_now()
    method, calendar_text = calendar or (None, None)
    return OutboxMessage(
        dedupe_key=dedupe_key,
        kind=kind,
        about_kind=about[0],
        about_reference=about[1],
        person_reference=person_reference,
        to_name=to_name,
        to_email=to_email,
        subject=letter.subject,
        text_body=letter.text,
        html_body=letter.html,
        calendar_text=calendar_text,
        calendar_method=method,
        message_id=f"<{new_reference(20)}@{mail_host()}>",
        priority=priority,
        queued_at=now,
        next_attempt_at=now,
        not_after=not_after,
        erase_when_sent=erase_when_sent,
        state=MessageState.QUEUED,
    )


def queue(letter: Letter, **facts: Any) -> OutboxMessage:
    """Put one message into the outbox: fixed now, sent later; takes what `compose` takes."""
    message = compose(letter, **facts)
    db.session.add(message)
    return message


def mail_host() -> str:
    """The host name that Message-IDs and calendar UIDs end in."""
    return urlsplit(current_app.config["BASE_URL"]).hostname or "localhost"


def send_again(message: OutboxMessage, to_email: str) -> None:
    """Try a message that failed once more, at another address, as it was written."""
    message.to_email = to_email
    message.message_id = f"<{new_reference(20)}@{mail_host()}>"
    message.state, message.attempts_count, message.last_error = MessageState.QUEUED, 0, None
    message.next_attempt_at = real_now()

"""What must be true of the outbox."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.checks.moment import GRACE, Find, Moment
from app.kernel.db import db
from app.outbox.delivery import ENDED
from app.outbox.models import MessageState, OutboxMessage

Found = Select[Any]


def _references(*conditions: Any) -> Found:
    return select(OutboxMessage.dedupe_key).where(*conditions)


def messages_stuck(moment: Moment) -> Found:
    """Messages that should have left a quarter of an hour ago, or that a dead worker holds."""
    late = moment.real_now - GRACE
    return _references(
        or_(
            and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.next_attempt_at < late),
            and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.lease_until < late),
        )
    )


def messages_sent_without_trace(_moment: Moment) -> Found:
    """Messages called sent without a time, an attempt or a Message-ID."""
    return _references(
        OutboxMessage.state == MessageState.SENT,
        or_(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.attempts_count < 1,
            OutboxMessage.message_id.not_like("<%@%>"),
        ),
    )


def messages_held_without_reason(_moment: Moment) -> Found:
    """Messages that failed without saying why."""
    return _references(
        OutboxMessage.state == MessageState.FAILED,
        func.coalesce(OutboxMessage.last_error, "") == "",
    )


def secrets_kept(moment: Moment) -> Found:
    """Sign-in codes and survey links that stay in the database after their message has ended."""
    kept = or_(OutboxMessage.text_body != "", OutboxMessage.html_body != "")
    return _references(
        OutboxMessage.erase_when_sent.is_(True),
        OutboxMessage.state.in_(ENDED),
        OutboxMessage.queued_at < moment.real_now - 8 * GRACE,
        kept,
    )


def messages_to_nobody(_moment: Moment) -> list[str]:
    """Messages to more than one address, or to none."""
    not_one = or_(
        OutboxMessage.to_email.not_like("%@%"),
        OutboxMessage.to_email.like("%@%@%"),
        OutboxMessage.to_email.like("%,%"),
    )
    return list(db.session.scalars(_references(not_one)))


INVARIANTS: dict[str, Find] = {
    "no message is stuck": messages_stuck,
    "a message called sent was sent": messages_sent_without_trace,
    "a failed message says why": messages_held_without_reason,
    "codes and survey links are erased once sent": secrets_kept,
    "every message goes to one address": messages_to_nobody,
}

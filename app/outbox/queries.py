"""How the mail stands, for health checks and the staff's desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from app.kernel.db import db
from app.outbox.delivery import UNFINISHED
from app.outbox.models import MessageState, OutboxMessage

# Mail that has waited for this long means that somebody must look (R20).
WAITED_TOO_LONG = timedelta(minutes=15)
FAILED_LATELY = timedelta(days=7)
MOST_SHOWN = 50


@dataclass(frozen=True)
class MailFacts:
    """What staff must know of the mail; `waiting_since` is when the oldest unsent one was due."""

    unsent_count: int
    waiting_since: datetime | None
    failed_count: int

    def is_late(self, now: datetime) -> bool:
        """Whether mail has waited too long."""
        return self.waiting_since is not None and now - self.waiting_since > WAITED_TOO_LONG


def mail_facts(*, now: datetime) -> MailFacts:
    """How the mail stands, by the real clock; failures of the last 7 days."""
    unsent_count, waiting_since = db.session.execute(
        select(func.count(), func.min(OutboxMessage.queued_at)).where(
            UNFINISHED, or_(OutboxMessage.not_after.is_(None), OutboxMessage.not_after >= now)
        )
    ).one()
    failed_count = db.session.scalar(
        select(func.count()).where(
            OutboxMessage.state == MessageState.FAILED,
            OutboxMessage.queued_at > now - FAILED_LATELY,
        )
    )
    return MailFacts(unsent_count, waiting_since, failed_count or 0)


def failed_to(person_reference: str, email: str | None) -> list[OutboxMessage]:
    """Messages that did not reach somebody at the address we have now, the newest first."""
    if email is None:
        return []
    found = select(OutboxMessage).where(
        OutboxMessage.person_reference == person_reference,
        OutboxMessage.to_email == email,
        OutboxMessage.state == MessageState.FAILED,
    )
    return list(db.session.scalars(found.order_by(OutboxMessage.id.desc()).limit(MOST_SHOWN)))

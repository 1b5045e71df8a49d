"""What waits to leave is held back once its forum is called off, or its round is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app.catalogue.models import Event, EventState
from app.forums import invitations, opinion_emails, reminders
from app.forums.opinion_models import OpinionRound, RoundState
from app.kernel.db import db, rows_changed
from app.outbox.models import MessageState, OutboxMessage

CALLED_OFF, CLOSED = "the forum was cancelled", "the round was closed"


def withhold(*, now: datetime) -> int:
    """Hold back letters about cancelled forums and closed rounds of opinions; how many."""
    cancelled = select(Event.reference).where(Event.state == EventState.CANCELLED)
    closed = select(OpinionRound.reference).where(
        OpinionRound.state == RoundState.CLOSED, OpinionRound.closed_at <= now
    )
    waiting = update(OutboxMessage).where(OutboxMessage.state == MessageState.QUEUED)
    about_forums = waiting.where(
        OutboxMessage.kind.in_((invitations.KIND, reminders.KIND)),
        OutboxMessage.about_kind == "event",
        OutboxMessage.about_reference.in_(cancelled),
    ).values(state=MessageState.WITHHELD, last_error=CALLED_OFF)
    about_rounds = waiting.where(
        OutboxMessage.kind.in_([kind.value for kind in opinion_emails.Kind]),
        OutboxMessage.about_kind == opinion_emails.ABOUT,
        OutboxMessage.about_reference.in_(closed),
    ).values(state=MessageState.WITHHELD, last_error=CLOSED)
    silent = {"synchronize_session": False}
    return sum(
        rows_changed(db.session.execute(one, execution_options=silent))
        for one in (about_forums, about_rounds)
    )

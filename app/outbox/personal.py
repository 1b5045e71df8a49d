"""What the outbox holds about a person: messages to them, and messages that speak of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from app.kernel.db import db, rows_changed
from app.outbox.models import CalendarMethod, MessageState, OutboxMessage

NOBODY = "erased@erased.invalid"  # what is in the place of an address; leads nowhere (RFC 2606)
UNSENT = (MessageState.QUEUED, MessageState.SENDING)


@dataclass(frozen=True)
class Traces:
    """By what a message is known to be to somebody, or to speak of them."""

    person_reference: str
    email: str  # empty for somebody without one
    name: str
    booking_references: Collection[str]


def export(traces: Traces) -> dict[str, Any]:
    """Every message to somebody, with its words where they are still kept."""
    found = db.session.execute(
        select(
            OutboxMessage.kind,
            OutboxMessage.to_email,
            OutboxMessage.subject,
            OutboxMessage.state,
            OutboxMessage.queued_at,
            OutboxMessage.sent_at,
            OutboxMessage.text_body.label("words"),
        )
        .where(_is_to(traces))
        .order_by(OutboxMessage.id)
    )
    return {"messages": [row._asdict() for row in found]}


def unsent_count(traces: Traces) -> int:
    """How many messages to somebody, or about them, have not left yet."""
    where = and_(OutboxMessage.state.in_(UNSENT), _is_about(traces))
    count = db.session.scalar(select(func.count()).select_from(OutboxMessage).where(where))
    return count or 0


def withhold(traces: Traces) -> None:
    """Send nothing more of what waits for them, but what takes an entry out of a calendar."""
    no_cancel = OutboxMessage.calendar_method.is_distinct_from(CalendarMethod.CANCEL)
    db.session.execute(
        update(OutboxMessage)
        .where(_is_to(traces), OutboxMessage.state == MessageState.QUEUED, no_cancel)
        .values(state=MessageState.WITHHELD),
        execution_options={"synchronize_session": False},
    )


def merge(from_reference: str, into_reference: str) -> int:
    """Whatever was sent to one person was sent to the other; how many messages."""
    changed = db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.person_reference == from_reference)
        .values(person_reference=into_reference),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(changed)


def erase(traces: Traces, *, now_real: datetime) -> int:
    """Erase address and words of every such message; what has not left never will; how many."""
    about = list(db.session.scalars(select(OutboxMessage.id).where(_is_about(traces))))
    silent = {"synchronize_session": False}
    these = update(OutboxMessage).where(OutboxMessage.id.in_(about))
    db.session.execute(
        these.where(OutboxMessage.state.in_(UNSENT)).values(
            state=MessageState.WITHHELD, lease_owner=None, lease_until=None
        ),
        execution_options=silent,
    )
    changed = db.session.execute(
        these.values(
            subject="(erased)",
            text_body="",
            html_body="",
            calendar_text=None,
            last_error=None,
            body_erased_at=func.coalesce(OutboxMessage.body_erased_at, now_real),
        ),
        execution_options=silent,
    )
    _erase_addresses(traces)
    return rows_changed(changed)


def _erase_addresses(traces: Traces) -> None:
    silent = {"synchronize_session": False}
    db.session.execute(
        update(OutboxMessage).where(_is_to(traces)).values(to_name="", to_email=NOBODY),
        execution_options=silent,
    )
    if traces.email:  # the key of a letter to a line manager names its address
        in_key = OutboxMessage.dedupe_key.contains(traces.email, autoescape=True)
        without = func.replace(OutboxMessage.dedupe_key, traces.email, NOBODY)
        db.session.execute(
            update(OutboxMessage).where(in_key).values(dedupe_key=without),
            execution_options=silent,
        )


def _is_to(traces: Traces) -> ColumnElement[bool]:
    is_theirs = OutboxMessage.person_reference == traces.person_reference
    return or_(is_theirs, func.lower(OutboxMessage.to_email) == (traces.email or None))


def _is_about(traces: Traces) -> ColumnElement[bool]:
    """To them, about a booking of theirs, or with their whole name or address in its words."""
    ways = [
        _is_to(traces),
        and_(
            OutboxMessage.about_kind == "booking",
            OutboxMessage.about_reference.in_(traces.booking_references),
        ),
    ]
    whole_name = traces.name if " " in traces.name else ""  # Ana is in Diana, too
    for words in filter(None, (traces.email, whole_name)):
        ways += [
            column.contains(words, autoescape=True)
            for column in (
                OutboxMessage.subject,
                OutboxMessage.text_body,
                OutboxMessage.to_name,
                OutboxMessage.last_error,
            )
        ]
    return or_(*ways)

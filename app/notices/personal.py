"""What notices hold about a person: which messages around an event they were sent, or why not.

There is nothing to erase: a notice names a booking, and says its reason without a name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.bookings.models import Booking
from app.kernel.db import db
from app.notices.models import Notice, NoticeRound, NoticeRule


def export(person_id: int) -> dict[str, Any]:
    """What became of every message around an event for somebody's own bookings."""
    found = db.session.execute(
        select(
            Booking.reference.label("booking"),
            NoticeRule.kind,
            NoticeRound.about_at,
            NoticeRound.due_at,
            Notice.message_key.is_not(None).label("was_sent"),
            Notice.reason,
            Notice.decided_at,
        )
        .join(Notice.booking)
        .join(Notice.round)
        .join(NoticeRound.rule)
        .where(Booking.person_id == person_id)
        .order_by(Notice.id)
    )
    return {"notices": [row._asdict() for row in found]}

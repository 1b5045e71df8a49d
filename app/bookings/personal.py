"""What bookings hold about a person is erased when it has served."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.bookings.models import Booking
from app.catalogue.models import Event
from app.kernel.db import db, rows_changed

ADJUSTMENTS_KEPT = timedelta(days=30)


def erase_adjustments(*, now: datetime) -> int:
    """Erase access and dietary wishes 30 days after their event; how many."""
    over = select(Event.id).where(Event.ends_at < now - ADJUSTMENTS_KEPT)
    result = db.session.execute(
        update(Booking)
        .where(Booking.adjustments != "", Booking.event_id.in_(over))
        .values(adjustments=""),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(result)

"""What must be true of places that were moved to another date or handed over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.bookings.models import Booking, CancelReason
from app.catalogue.models import Event
from app.checks.moment import Find, Moment

EXCHANGED = (CancelReason.MOVED, CancelReason.HANDED_OVER)

Found = Select[Any]


def bookings_replaced_wrongly(_moment: Moment) -> Found:
    """Bookings that replace one which did not end so, or of another offer, event or person."""
    old = aliased(Booking)
    old_event, new_event = aliased(Event), aliased(Event)
    is_move = and_(
        old.cancelled_because == CancelReason.MOVED,
        old.person_id == Booking.person_id,
        old.event_id != Booking.event_id,
        old_event.offer_id == new_event.offer_id,
    )
    is_hand_over = and_(
        old.cancelled_because == CancelReason.HANDED_OVER,
        old.person_id != Booking.person_id,
        old.event_id == Booking.event_id,
    )
    return (
        select(Booking.reference)
        .join(old, old.id == Booking.replaces_id)
        .join(old_event, old_event.id == old.event_id)
        .join(new_event, new_event.id == Booking.event_id)
        .where(
            or_(
                old.cancelled_because.is_(None),
                not_(or_(is_move, is_hand_over)),
                Booking.booked_at < old.cancelled_at,
            )
        )
    )


def bookings_exchanged_for_nothing(_moment: Moment) -> Found:
    """Bookings that ended as moved or handed over and are not replaced by exactly one."""
    new = aliased(Booking)
    replacements = select(func.count(new.id)).where(new.replaces_id == Booking.id)
    return select(Booking.reference).where(
        Booking.cancelled_because.in_(EXCHANGED), replacements.scalar_subquery() != 1
    )


INVARIANTS: dict[str, Find] = {
    "a place moves within its offer, changes hands in its event": (bookings_replaced_wrongly),
    "who gave a place for another has exactly one instead": bookings_exchanged_for_nothing,
}

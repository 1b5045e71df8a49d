"""Links in messages that act without signing in: derived, never stored, good for one thing."""

from __future__ import annotations

import enum

from flask import current_app

from app.bookings.models import Approval, Booking
from app.kernel.tokens import derived_token, same


class Purpose(enum.StrEnum):
    """What a link is for; its value stands in the address."""

    CANT_COME = "cant-come"
    HELD = "held"
    APPROVAL = "approval"


class Reading(enum.Enum):
    """What a link turns out to be."""

    GOOD = enum.auto()
    FOR_SOMETHING_ELSE = enum.auto()
    WRONG = enum.auto()


def link(booking: Booking, purpose: Purpose, approval: Approval | None = None) -> str:
    """The full address; one for a manager needs the question, and ends with another manager."""
    token = _token(purpose, booking.reference, approval)
    return f"{current_app.config['BASE_URL']}/bookings/{booking.reference}/{purpose}/{token}"


def read(reference: str, purpose: Purpose, token: str, approval: Approval | None = None) -> Reading:
    """What a link is; whether it still has an effect is for the booking to say."""
    good = {other: same(token, _token(other, reference, approval)) for other in Purpose}
    if good.pop(purpose):
        return Reading.GOOD
    return Reading.FOR_SOMETHING_ELSE if any(good.values()) else Reading.WRONG


def _token(purpose: Purpose, reference: str, approval: Approval | None) -> str:
    subject = reference
    if purpose is Purpose.APPROVAL:
        subject = f"{reference}:{approval.manager_email if approval else ''}"
    return derived_token(f"booking-{purpose}", subject)

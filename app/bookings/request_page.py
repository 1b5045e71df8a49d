"""What the page of one booking says while it is a request, and when no place came of it."""

from __future__ import annotations

from datetime import datetime

from app.bookings.booking_page import BookingWords
from app.bookings.colleague_emails import name_for_booker
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    ApprovedBy,
    Booking,
    BookingState,
    CancelReason,
)
from app.bookings.requests import approver_words
from app.kernel.db import db
from app.kernel.london import clock_words, date_words, short_date_words

ENDED = {CancelReason.NOT_APPROVED, CancelReason.LAPSED}


def request_to_show(booking: Booking) -> Approval | None:
    """The request that this booking still is, or that it ended as; None for all others."""
    is_one = booking.state is BookingState.REQUESTED or booking.cancelled_because in ENDED
    return db.session.get(Approval, booking.id) if is_one else None


def approved_words(booking: Booking) -> str:
    """Who approved this booking and when; empty for one that nobody had to approve."""
    has_waited = booking.confirmed_at is not None and booking.confirmed_at != booking.booked_at
    if not (has_waited or booking.state is BookingState.WAITING):
        return ""  # confirmed as it was booked: there is nothing to look up
    approval = db.session.get(Approval, booking.id)
    if approval is None or approval.decision is not ApprovalDecision.APPROVED:
        return ""
    on = f", {short_date_words(approval.decided_at)}" if approval.decided_at else ""
    return f"By {approver_words(approval)}{on}"


def request_words(
    booking: Booking, approval: Approval, *, is_own: bool, now: datetime
) -> BookingWords:
    """Who was asked and until when, or why no place came of it."""
    name = name_for_booker(booking)
    if booking.state is BookingState.CANCELLED:
        return _ended(booking, approval)
    who = "You have" if is_own else f"{name} has"
    if now >= approval.expires_at:
        sentence = "Nobody has answered in time. If you still want a place, ask again."
        return BookingWords(f"{who} asked for a place", sentence, is_warm=True, can_cancel=True)
    until = f"{date_words(approval.expires_at)}, {clock_words(approval.expires_at)}"
    asked = "We look at each request and write to you."
    if approval.approved_by is ApprovedBy.MANAGER:
        on = date_words(approval.asked_at)
        asked = f"We wrote to {approval.manager_name} ({approval.manager_email}) on {on}."
    return BookingWords(
        f"{who} asked for a place",
        f"{asked} Without an answer by {until} the request lapses. Asking does not keep a place, "
        "and nothing goes into the calendar yet.",
        is_warm=True,
        can_cancel=True,
    )


def _ended(booking: Booking, approval: Approval) -> BookingWords:
    if booking.cancelled_because is CancelReason.LAPSED:
        sentence = "Nobody answered in time. While booking is open you can ask again."
        return BookingWords("The request has lapsed", sentence, is_warm=True)
    by = f" by {approval.manager_name}" if approval.decided_by_id is None else ""
    reason = f" The reason given: {approval.reason}" if approval.reason else ""
    again = "Once that is settled you can ask again, while booking is open."
    return BookingWords(
        "The request was not approved", f"It was declined{by}.{reason} {again}", is_warm=True
    )

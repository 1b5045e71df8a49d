"""Why a message about a booking was sent, in words for staff."""

from __future__ import annotations

# By the kind of the message in the outbox.
WHY = {
    "booking_confirmed": "They have a place",
    "booking_date": "Another date of the session, for the calendar",
    "booking_waiting": "They joined the waiting list",
    "booking_requested": "They asked for a place",
    "booking_approval": "Somebody must agree to a request",
    "booking_not_approved": "Their request was declined",
    "booking_lapsed": "Nobody answered their request in time",
    "booking_held": "A place is kept for them until a deadline",
    "booking_promoted": "A place came free for them",
    "booking_off_the_list": "They are no longer on the waiting list",
    "booking_cancelled": "Their place was cancelled",
    "booking_cancelled_by_us": "The session was called off",
    "booking_date_cancelled": "A date was called off, for the calendar",
    "booking_date_removed": "A date was taken out of the session",
    "booking_changed": "The session changed",
    "booking_declined": "A colleague does not take the place booked for them",
    "booking_moved": "They were moved to another session",
    "booking_moved_from": "They were moved from this session",
    "booking_handed_over": "They gave their place to a colleague",
    "booking_handed_over_to_you": "A colleague gave them a place",
    "notice_reminder": "Reminder before the session",
    "notice_joining_instructions": "Joining instructions",
    "notice_missed_you": "They had a place and did not come",
    "written_letter": "You wrote to them",
}


def why_sent(kind: str) -> str:
    """Why a message of that kind is sent; empty for one that is not about a place."""
    return WHY.get(kind, "")

"""The answer to a request: approved, declined or lapsed; and asking another line manager."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import request_letters
from app.bookings.ending import end, with_people_and_entries
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    ApprovedBy,
    Booking,
    BookingState,
    CancelReason,
)
from app.bookings.places import gather_facts, lock_event_of
from app.bookings.requests import Manager, approver_words, check_manager
from app.bookings.taking import Asked, give, tell_given
from app.bookings.terms_rules import Answerable, Terms, answerable, request_expires_at
from app.catalogue.models import Event
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.outbox.models import OutboxMessage

MANAGER, CLOCK = "line manager", "time"  # who decided, in the audit trail, if nobody signed in
# A request goes to this many addresses or as often to one: it is no way to send mail to anybody.
MOST_LETTERS = 5
# After a session began, that nobody answered in time is told for this long; later it would puzzle.
LAPSE_IS_NEWS = timedelta(days=7)

REFUSALS = {
    Answerable.APPROVED: "This request has been approved already",
    Answerable.DECLINED: "This request has been declined already",
    Answerable.LAPSED: "This request was not answered in time and has lapsed. They can ask again",
    Answerable.WITHDRAWN: "This request was withdrawn, so there is nothing left to decide",
    Answerable.STARTED: "This session has started, so nobody can be given a place any more",
}


@dataclass(frozen=True)
class _Request:
    """One request inside the lock of its event."""

    event: Event
    terms: Terms
    booking: Booking
    approval: Approval

    def answerable(self, now: datetime) -> Answerable:
        return answerable_now(self.booking, self.approval, self.event, now=now)


def approve(booking_id: int, *, actor: Person | None, now: datetime) -> Booking:
    """Give the place, or one on the waiting list from this moment; actor None: by the link.

    Approving again does nothing; Refused if it was decided otherwise or can no longer be.
    """
    request, actor = _lock(booking_id), _again(actor)
    booking, event = request.booking, request.event
    state = request.answerable(now)
    if state is Answerable.APPROVED:
        return booking
    _check(state)
    by = actor.reference if actor else MANAGER
    rows: list[Base] = [audit.line(by, "approved", "booking", booking.reference, now=now)]
    facts = gather_facts(event.id, booking.person_id)
    asked = Asked(
        booked_by=booking.booked_by, origin=booking.origin, mode=booking.mode, chooses_way=False
    )
    with db.session.no_autoflush:
        give(event, booking, facts, asked, request.terms, now=now)
        _decide(request.approval, ApprovalDecision.APPROVED, actor, now)
        approver = approver_words(request.approval)
        tell_given(booking, event, request.terms, approver=approver, now=now, into=rows)
    db.session.flush()
    insert_together(rows)
    return booking


def decline(booking_id: int, *, reason: str, actor: Person | None, now: datetime) -> Booking:
    """End the request and tell the person why; declining again does nothing."""
    request, actor = _lock(booking_id), _again(actor)
    state = request.answerable(now)
    if state is Answerable.DECLINED:
        return request.booking
    _check(state)
    request.approval.reason = reason
    by = actor.reference if actor else MANAGER
    _decide(request.approval, ApprovalDecision.DECLINED, actor, now)
    _end(request, CancelReason.NOT_APPROVED, "declined", by, now)
    return request.booking


def lapse(booking_id: int, *, now: datetime) -> int:
    """End a request that nobody answered in time; tell the person while it is news; 1 if done."""
    request = _lock(booking_id)
    is_over = now >= request.approval.expires_at
    if request.booking.state is not BookingState.REQUESTED or not is_over:
        return 0
    _decide(request.approval, ApprovalDecision.LAPSED, None, now)
    is_news = now < max(request.event.starts_at, request.approval.expires_at + LAPSE_IS_NEWS)
    _end(request, CancelReason.LAPSED, "let lapse", CLOCK, now, is_told=is_news)
    return 1


def requests_to_lapse(*, now: datetime) -> list[int]:
    """The bookings whose request nobody answered in time, those longest over first."""
    over = (
        select(Booking.id)
        .join(Approval, Approval.booking_id == Booking.id)
        .where(Booking.state == BookingState.REQUESTED, Approval.expires_at <= now)
        .order_by(Approval.expires_at, Booking.id)
    )
    return list(db.session.scalars(over))


def ask_again(booking_id: int, manager: Manager, *, actor: Person, now: datetime) -> Booking:
    """Put the question anew, to the same manager or another; links to another before end."""
    request, actor = _lock(booking_id), read_again(actor)
    booking, approval = request.booking, request.approval
    _check(request.answerable(now))
    if approval.approved_by is not ApprovedBy.MANAGER:
        raise Refused("This request is with us, so there is no line manager to ask")
    check_manager(booking.person, manager)
    if letters_sent(booking) >= MOST_LETTERS:
        raise Refused(
            f"We have written {MOST_LETTERS} times about this request: ring or write to us instead"
        )
    approval.manager_name, approval.manager_email = manager.name, manager.email
    approval.asked_at = now
    closes_at = request.event.booking_closes_at
    approval.expires_at = max(approval.expires_at, request_expires_at(closes_at=closes_at, now=now))
    rows: list[Base] = [
        audit.line(actor.reference, "asked again about", "booking", booking.reference, now=now)
    ]
    request_letters.tell_manager(booking, request.event, approval, now=now, into=rows)
    db.session.flush()
    insert_together(rows)
    return booking


def letters_sent(booking: Booking) -> int:
    """How many letters to line managers there have been about a booking."""
    about = select(func.count()).where(
        OutboxMessage.about_kind == "booking",
        OutboxMessage.about_reference == booking.reference,
        OutboxMessage.kind == "booking_approval",
    )
    return db.session.scalar(about) or 0


def answerable_now(
    booking: Booking, approval: Approval, event: Event, *, now: datetime
) -> Answerable:
    """Whether a request can be answered, or what became of it."""
    return answerable(
        decision=approval.decision,
        is_requested=booking.state is BookingState.REQUESTED,
        expires_at=approval.expires_at,
        starts_at=event.starts_at,
        now=now,
    )


def _lock(booking_id: int) -> _Request:
    event, terms = lock_event_of(booking_id)
    booking = with_people_and_entries(booking_id)
    approval = db.session.get(Approval, booking_id, populate_existing=True)
    if approval is None:
        raise LookupError(f"booking {booking_id} was never a request")
    return _Request(event, terms, booking, approval)


def _again(actor: Person | None) -> Person | None:
    return read_again(actor) if actor else None


def _check(state: Answerable) -> None:
    if state in REFUSALS:
        raise Refused(REFUSALS[state])


def _decide(
    approval: Approval, decision: ApprovalDecision, actor: Person | None, now: datetime
) -> None:
    approval.decision, approval.decided_at = decision, now
    approval.decided_by_id = actor.id if actor else None


def _end(
    request: _Request,
    because: CancelReason,
    verb: str,
    by: str,
    now: datetime,
    *,
    is_told: bool = True,
) -> None:
    booking = request.booking
    rows: list[Base] = [audit.line(by, verb, "booking", booking.reference, now=now)]
    end(request.event, booking, because, now=now)
    if is_told:
        request_letters.tell_not_given(booking, request.event, request.approval, now=now, into=rows)
    db.session.flush()
    insert_together(rows)

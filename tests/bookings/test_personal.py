"""What bookings hold about a person goes when it has served."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings import operations
from app.bookings.models import (
    ApprovalDecision,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
    NewDatesWish,
)
from app.bookings.personal import erase, erase_adjustments
from app.kernel.db import db
from app.outbox.models import OutboxMessage
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_partnership,
    make_person,
    make_request,
)


@pytest.mark.parametrize(
    ("days_since", "is_kept"), [(-1, True), (29, True), (30, True), (30.1, False), (31, False)]
)
def test_wishes_are_erased_30_days_after_the_event(
    app: Flask, days_since: float, is_kept: bool
) -> None:
    event = make_event(starts_at=NOW - timedelta(days=days_since, hours=3), hours=3)
    wish, none = make_booking(event, adjustments="Step-free access"), make_booking(event)
    assert erase_adjustments(now=NOW) == (0 if is_kept else 1)
    db.session.expire_all()
    assert (wish.adjustments, none.adjustments) == ("Step-free access" if is_kept else "", "")


def test_the_30_days_run_from_the_last_date_of_the_event(app: Flask) -> None:
    make_booking(make_event(starts_at=NOW - timedelta(days=38), days=2), adjustments="A diet")
    assert erase_adjustments(now=NOW - timedelta(days=1)) == 0
    assert erase_adjustments(now=NOW) == 1


def messages_to(person_email: str | None) -> list[tuple[str, str | None]]:
    found = select(OutboxMessage).where(OutboxMessage.to_email == person_email)
    rows = db.session.scalars(found.order_by(OutboxMessage.id))
    return [(row.kind, row.calendar_method) for row in rows]


def test_erasing_a_person_frees_their_places_and_takes_them_out_of_the_calendar(
    app: Flask,
) -> None:
    make_partnership()
    me, other = make_person(), make_person()
    event = make_event(capacity=1)

    def book(person: object) -> Booking:
        return operations.book(
            event.id,
            person,  # type: ignore[arg-type]
            booked_by=person,  # type: ignore[arg-type]
            origin=BookingOrigin.SELF,
            mode=event.mode,
            form_key=None,
            now=NOW,
        )

    mine, theirs = book(me), book(other)
    waits = make_booking(
        make_event(capacity=1), me, state=BookingState.WAITING, adjustments="Captions"
    )
    assert erase(me.id, now=NOW) == 2
    db.session.expire_all()
    assert mine.cancelled_because is waits.cancelled_because is CancelReason.ERASED
    assert theirs.state is BookingState.CONFIRMED
    assert (event.places_taken, event.waiting_count, waits.event.waiting_count) == (1, 0, 0)
    assert waits.adjustments == ""
    assert messages_to(me.email) == [
        ("booking_confirmed", "REQUEST"),
        ("booking_cancelled", "CANCEL"),
    ]
    assert erase(me.id, now=NOW) == 0


def test_erasing_keeps_what_is_over_without_a_name(app: Flask) -> None:
    make_partnership()
    me = make_person()
    past = make_booking(
        make_event(starts_at=NOW - timedelta(days=9)), me, name_given="Ana", adjustments="Vegan"
    )
    make_attendance(past)
    db.session.add(NewDatesWish(offer_id=past.event.offer_id, person_id=me.id, asked_at=NOW))
    assert erase(me.id, now=NOW) == 0
    db.session.expire_all()
    assert past.state is BookingState.CONFIRMED
    assert (past.name_given, past.adjustments) == ("", "")
    assert past.attendances
    assert db.session.scalar(select(func.count()).select_from(NewDatesWish)) == 0
    assert messages_to(me.email) == []


def test_erasing_whoever_booked_or_approved_leaves_other_people_their_bookings(
    app: Flask,
) -> None:
    make_partnership()
    me, colleague = make_person(), make_person()
    event = make_event()
    booked = make_booking(event, colleague, booked_by=me, origin=BookingOrigin.COLLEAGUE)
    asked = make_request(event, manager_name="Ana Osei", manager_email=me.email)
    asked.decision, asked.decided_at = ApprovalDecision.APPROVED, NOW
    db.session.flush()
    erase(me.id, now=NOW)
    db.session.expire_all()
    assert (booked.state, booked.booked_by) == (BookingState.CONFIRMED, colleague)
    assert (asked.manager_name, asked.manager_email) == ("", "erased")
    assert asked.decision is ApprovalDecision.APPROVED


def test_nobody_is_told_of_a_decline_once_whoever_booked_is_erased(app: Flask) -> None:
    make_partnership()
    booker, colleague = make_person(), make_person()
    booked = make_booking(make_event(), colleague, booked_by=booker, origin=BookingOrigin.COLLEAGUE)
    erase(booker.id, now=NOW)
    db.session.expire_all()
    operations.cancel_booking(booked.id, actor=colleague, now=NOW)
    assert booked.cancelled_because is CancelReason.DECLINED
    assert [kind for kind, _ in messages_to(colleague.email)] == ["booking_cancelled"]

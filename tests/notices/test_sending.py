"""Rounds under way: planned, sent once, told why not, moved with their event; never stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.bookings import operations as bookings
from app.bookings.event_changes import PLAIN_FIELDS
from app.bookings.models import (
    AttendanceOutcome,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.london import from_london
from app.kernel.refusals import Refused
from app.notices import operations, planning, sending
from app.notices.dry_run import dry_run
from app.notices.models import Notice, NoticeKind, NoticeRound, NoticeRule, RoundState
from app.notices.operations import RuleDetails
from app.outbox.models import OutboxMessage
from app.surveys import operations as surveys
from app.surveys.evaluations import plan_wave
from app.surveys.rules import BEFORE
from tests.support.factories import (
    NOW,
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.surveys import default_evaluation, invitations

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REMINDER, JOINING = NoticeKind.REMINDER, NoticeKind.JOINING_INSTRUCTIONS
MISSED = NoticeKind.MISSED_YOU
START = from_london(date(2026, 11, 24), time(13, 30))
REMINDED_AT = from_london(date(2026, 11, 17), time(9))
JOINING_AT = from_london(date(2026, 11, 23), time(9))
MISSED_AT = from_london(date(2026, 11, 26), time(10))

CANCELLED: dict[str, Any] = {
    "state": BookingState.CANCELLED,
    "cancelled_at": NOW,
    "cancelled_because": CancelReason.PERSON,
}


@pytest.fixture(autouse=True)
def _rules(app: Flask) -> None:
    make_partnership()
    operations.ensure_default_rules(now=NOW)


def work(now: datetime) -> list[OutboxMessage]:
    """What the worker's round queues at one instant."""
    before = {message.id for message in letters()}
    operations.plan_rounds(now=now)
    operations.send_due(now=now)
    db.session.flush()
    db.session.expire_all()
    return [message for message in letters() if message.id not in before]


def letters(kind: str = "notice_") -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind.startswith(kind))
    return list(db.session.scalars(found.order_by(OutboxMessage.id)))


def rounds(kind: NoticeKind | None = None) -> list[NoticeRound]:
    found = db.session.scalars(select(NoticeRound).order_by(NoticeRound.due_at, NoticeRound.id))
    return [one for one in found if kind in (None, one.rule.kind)]


def states(kind: NoticeKind) -> list[str]:
    return [one.state.value for one in rounds(kind)]


def reasons() -> dict[str, str]:
    """Why nothing was sent, by booking."""
    found = db.session.scalars(select(Notice).where(Notice.message_key.is_(None)))
    return {notice.booking.reference: notice.reason for notice in found}


def an_event(**changes: Any) -> Event:
    offer = changes.pop("offer", None) or make_offer(title="Multi-Agency Neglect")
    return make_event(offer, **{"starts_at": START} | changes)


def to(messages: Iterable[OutboxMessage]) -> list[str]:
    return sorted(message.about_reference for message in messages)


def change_of(event: Event, **changes: Any) -> bookings.EventChange:
    dates = tuple(bookings.DateChange(d.id, d.starts_at, d.ends_at) for d in event.dates)
    plain = {name: getattr(event, name) for name in PLAIN_FIELDS}
    return bookings.EventChange(**{"dates": dates, **plain} | changes)


def move(event: Event, by: timedelta, *, now: datetime) -> None:
    dates = tuple(bookings.DateChange(d.id, d.starts_at + by, d.ends_at + by) for d in event.dates)
    changes = {"dates": dates, "booking_closes_at": event.booking_closes_at + by}
    bookings.change_event(event.id, change_of(event, **changes), actor=make_person(), now=now)
    db.session.flush()
    db.session.expire_all()


def rule_of(kind: NoticeKind) -> NoticeRule:
    return db.session.scalars(select(NoticeRule).where(NoticeRule.kind == kind)).first()  # type: ignore[return-value]


def test_the_three_rules_a_new_service_starts_with_are_made_once() -> None:
    assert operations.ensure_default_rules(now=NOW + DAY) == 0
    made = db.session.scalars(select(NoticeRule).order_by(NoticeRule.id)).all()
    found = [(rule.kind, rule.days, rule.at_time, rule.is_on) for rule in made]
    assert found == [
        (REMINDER, 7, time(9), True),
        (JOINING, 1, time(9), True),
        (MISSED, 2, time(10), True),
    ]


def test_each_message_goes_once_when_it_is_due() -> None:
    event = an_event(joining_notes="Bring a case.")
    booking = make_booking(event)
    for at, kind in ((REMINDED_AT, "notice_reminder"), (JOINING_AT, "notice_joining_instructions")):
        assert work(at - timedelta(minutes=1)) == []
        [message] = work(at)
        assert (message.kind, message.about_reference) == (kind, booking.reference)
        assert message.to_email == booking.person.email
        assert message.not_after == START
        assert message.calendar_text is None
        assert work(at + timedelta(minutes=1)) == []
    assert event.joining_sent_at == JOINING_AT
    assert states(REMINDER) == states(JOINING) == ["done"]


def test_joining_instructions_carry_the_joining_page_and_never_the_meeting_link() -> None:
    booking = make_booking(an_event(joining_notes="Bring a case."))
    [message] = [m for m in work(JOINING_AT) if m.kind == "notice_joining_instructions"]
    text = message.text_body
    assert f"http://localhost/bookings/{booking.reference}/join" in text
    assert "Bring a case." in text
    assert "Tuesday 24 November 2026, 1:30pm to 4:30pm" in text
    assert "Online" in text
    assert "secret-room" not in text + message.html_body
    assert message.subject == (
        "Joining instructions: Multi-Agency Neglect, Tuesday 24 November 2026, 1:30pm"
    )


def test_everybody_else_is_noted_with_the_reason() -> None:
    event = an_event(capacity=30)
    told = make_booking(event)
    office = make_person(email="office@example.org")
    by_office = make_booking(event, make_person(email=None), booked_by=office)
    nobody = make_person(email=None)
    wanted = {
        make_booking(event, state=BookingState.WAITING).reference: "waiting list",
        make_booking(event, **CANCELLED).reference: "cancelled",
        make_booking(event, nobody).reference: "no email address",
        make_booking(event, make_person(deactivated_at=NOW)).reference: "account was closed",
        make_booking(event, confirmed_at=REMINDED_AT - HOUR).reference: "within a day",
    }
    make_booking(event, origin=BookingOrigin.REGISTER)
    messages = work(REMINDED_AT)
    assert to(messages) == sorted([told.reference, by_office.reference])
    assert {m.to_email for m in messages} == {told.person.email, "office@example.org"}
    for reference, said in wanted.items():
        assert said in reasons()[reference]
    assert len(reasons()) == len(wanted)
    [one] = rounds(REMINDER)
    assert (one.sent_count, one.withheld_count) == (2, len(wanted))


def test_the_letter_to_who_booked_says_for_whom() -> None:
    office = make_person(name="Jo Office")
    make_booking(an_event(), make_person(name="Sam Ali", email=None), booked_by=office)
    [message] = work(REMINDED_AT)
    assert "Dear Jo Office" in message.text_body
    assert "For: Sam Ali" in message.text_body


def test_a_year_of_downtime_sends_nothing_stale() -> None:
    for days in range(0, 360, 30):
        event = an_event(starts_at=START + days * DAY)
        absent = make_booking(event)
        if days > 300:
            make_attendance(absent, AttendanceOutcome.DID_NOT_ATTEND)
        make_booking(event)
    operations.plan_rounds(now=NOW)
    assert set(states(REMINDER)) == {"scheduled"}
    coming = make_booking(an_event(starts_at=START + 380 * DAY))
    messages = work(START + 365 * DAY + 6 * HOUR)
    assert messages == []
    assert {one.state for one in rounds() if one.event_id != coming.event_id} == {RoundState.MISSED}
    assert all(one.reason for one in rounds() if one.state is RoundState.MISSED)
    assert to(work(START + 373 * DAY)) == [coming.reference]  # what comes next is sent as ever


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [
        pytest.param(date(2027, 3, 30), 9, id="spring: asked in winter time"),
        pytest.param(date(2027, 11, 2), 8, id="autumn: asked in summer time"),
    ],
)
def test_seven_days_before_at_nine_holds_across_the_change_of_the_clocks(
    day: date, hour_utc: int
) -> None:
    event = an_event(starts_at=from_london(day, time(9, 30)))
    booking = make_booking(event)
    nine = from_london(day - 7 * DAY, time(9))
    assert nine.hour == hour_utc
    assert event.starts_at - nine != 7 * DAY + HOUR / 2  # an hour of the clock is in between
    assert work(nine - timedelta(minutes=1)) == []
    assert to(work(nine)) == [booking.reference]
    next_at = from_london(day - DAY, time(9))
    assert next_at.hour != hour_utc
    assert work(next_at - timedelta(minutes=1)) == []
    assert [m.kind for m in work(next_at)] == ["notice_joining_instructions"]


def test_a_short_absence_of_the_worker_loses_nothing() -> None:
    booking = make_booking(an_event())
    assert to(work(REMINDED_AT + 11 * HOUR)) == [booking.reference]
    [message] = work(JOINING_AT + 20 * HOUR)
    assert message.kind == "notice_joining_instructions"


def test_a_reminder_a_night_late_is_missed_and_says_so() -> None:
    make_booking(an_event())
    assert work(REMINDED_AT + 13 * HOUR) == []
    [one] = rounds(REMINDER)
    assert (one.state.value, one.reason) == ("missed", "It would have come too late")


@pytest.mark.parametrize("verb", ["add", "switch", "change"])
def test_a_rule_added_later_never_mails_about_what_was_due_before(verb: str) -> None:
    event = an_event()
    make_booking(event)
    staff, later = make_person(), REMINDED_AT + HOUR
    rule = rule_of(REMINDER)
    details = RuleDetails(REMINDER, None, 6 if verb == "change" else 7, time(9))
    if verb == "add":
        details = RuleDetails(REMINDER, event.offer_id, 7, time(9))
        operations.add_rule(details, actor=staff, now=later)
    elif verb == "switch":
        operations.switch_rule(rule.id, is_on=False, actor=staff, now=REMINDED_AT - HOUR)
        assert work(REMINDED_AT) == []
        operations.switch_rule(rule.id, is_on=True, actor=staff, now=later)
    else:
        operations.plan_rounds(now=REMINDED_AT - HOUR)
        later = REMINDED_AT + DAY + HOUR
        operations.change_rule(rule.id, details, actor=staff, now=later)
    assert work(later) == []
    assert work(later + HOUR) == []
    assert "missed" in states(REMINDER)


def test_a_rule_changed_ahead_re_times_what_it_has_planned() -> None:
    make_booking(an_event())
    operations.plan_rounds(now=NOW)
    details = RuleDetails(REMINDER, None, 3, time(8))
    operations.change_rule(rule_of(REMINDER).id, details, actor=make_person(), now=NOW + DAY)
    assert work(REMINDED_AT) == []
    assert len(work(from_london(date(2026, 11, 21), time(8)))) == 1
    assert states(REMINDER) == ["cancelled", "done"]


def test_a_cancelled_session_reminds_nobody() -> None:
    event = an_event()
    make_booking(event)
    operations.plan_rounds(now=NOW)
    bookings.cancel_event(event.id, reason="Ill", actor=make_person(), now=NOW + DAY)
    db.session.flush()
    assert work(REMINDED_AT) == []
    assert {one.reason for one in rounds()} == {"The session was cancelled"}


def test_a_date_taken_out_cancels_its_round() -> None:
    event = an_event(days=2)
    booking = make_booking(event)
    details = RuleDetails(REMINDER, event.offer_id, 7, time(9), each_date=True)
    operations.add_rule(details, actor=make_person(), now=NOW)
    operations.plan_rounds(now=NOW)
    gone = change_of(event, dates=change_of(event).dates[:1])
    bookings.change_event(event.id, gone, actor=make_person(), now=NOW + DAY)
    db.session.flush()
    db.session.expire_all()
    assert to(work(REMINDED_AT)) == [booking.reference]
    assert [m.kind for m in work(REMINDED_AT + 7 * DAY)] == ["notice_joining_instructions"]
    assert [one.reason for one in rounds(REMINDER) if one.state is RoundState.CANCELLED] == [
        "The date no longer takes place"
    ]


def test_a_reminder_for_each_day_names_that_day_alone() -> None:
    event = an_event(days=2)
    make_booking(event)
    details = RuleDetails(REMINDER, event.offer_id, 7, time(9), each_date=True)
    operations.add_rule(details, actor=make_person(), now=NOW)
    [first] = [m for m in work(REMINDED_AT) if m.kind == "notice_reminder"]
    [second] = [m for m in work(REMINDED_AT + 7 * DAY) if m.kind == "notice_reminder"]
    assert "Tuesday 24 November" in first.text_body
    assert "Tuesday 1 December" not in first.text_body
    assert "Tuesday 1 December" in second.text_body


def test_whoever_books_after_joining_instructions_went_out_has_them_in_the_confirmation() -> None:
    event = an_event()
    early = make_booking(event)
    [message] = [m for m in work(JOINING_AT) if m.kind == "notice_joining_instructions"]
    assert message.about_reference == early.reference
    person = make_person()
    booking = bookings.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        form_key=None,
        now=JOINING_AT + HOUR,
    )
    db.session.flush()
    [confirmation] = letters("booking_confirmed")
    assert "Here is what you need for Multi-Agency Neglect." in confirmation.text_body
    move(event, DAY, now=JOINING_AT + 2 * HOUR)  # they go out again, a day later
    again = [m for m in work(JOINING_AT + DAY) if m.kind == "notice_joining_instructions"]
    assert to(again) == [early.reference]
    assert "carried" in reasons()[booking.reference]


def test_an_event_announced_late_sends_joining_instructions_at_once_and_no_reminder() -> None:
    event = an_event(published_at=START - 20 * HOUR)
    booking = make_booking(event)
    messages = work(START - 20 * HOUR)
    assert [m.kind for m in messages] == ["notice_joining_instructions"]
    assert to(messages) == [booking.reference]
    assert states(REMINDER) == ["missed"]


def missed_event(*outcomes: AttendanceOutcome | None) -> list[Booking]:
    """The bookings of an event that is over, with what the register says of each."""
    event = an_event()
    made = [make_booking(event) for _ in outcomes]
    for booking, outcome in zip(made, outcomes, strict=True):
        if outcome:
            make_attendance(booking, outcome)
    return made


def test_whoever_did_not_come_is_told_the_next_dates() -> None:
    absent, came = missed_event(AttendanceOutcome.DID_NOT_ATTEND, AttendanceOutcome.ATTENDED)
    following = an_event(offer=absent.event.offer, starts_at=START + 30 * DAY)
    assert work(MISSED_AT - HOUR) == []
    [message] = work(MISSED_AT)
    assert (message.kind, message.about_reference) == ("notice_missed_you", absent.reference)
    assert f"http://localhost/events/{following.reference}" in message.text_body
    assert "Thursday 24 December 2026" in message.text_body
    assert reasons() == {came.reference: "They attended"}


def test_without_a_next_date_they_are_led_to_the_wish() -> None:
    [absent] = missed_event(AttendanceOutcome.DID_NOT_ATTEND)
    [message] = work(MISSED_AT)
    assert f"/learning/{absent.event.offer.slug}/tell-me" in message.text_body


def test_nobody_is_missed_before_the_register_says_so_nor_a_week_later() -> None:
    first, second = missed_event(None, None)
    assert work(MISSED_AT + DAY) == []
    assert states(MISSED) == ["scheduled"]
    make_attendance(first, AttendanceOutcome.DID_NOT_ATTEND)
    assert to(work(MISSED_AT + 2 * DAY)) == [first.reference]
    assert states(MISSED) == ["scheduled"]
    assert work(MISSED_AT + 8 * DAY) == []
    make_attendance(second, AttendanceOutcome.DID_NOT_ATTEND)
    assert work(MISSED_AT + 9 * DAY) == []
    assert states(MISSED) == ["done"]
    assert "register was not taken" in reasons()[second.reference]


def test_an_outage_in_the_middle_of_a_round_ends_in_each_person_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 2)
    event = an_event()
    made = [make_booking(event) for _ in range(5)]
    operations.plan_rounds(now=REMINDED_AT)
    [round_id] = sending.rounds_due(now=REMINDED_AT)
    assert sending.send_round(round_id, now=REMINDED_AT) == 2
    assert to(letters()) == sorted(booking.reference for booking in made[:2])
    assert len(work(REMINDED_AT + HOUR)) == 3
    assert to(letters()) == sorted(booking.reference for booking in made)
    assert Counter(to(letters())).most_common(1)[0][1] == 1


def test_a_round_that_is_half_sent_when_it_gets_stale_says_so_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 2)
    event = an_event()
    made = [make_booking(event) for _ in range(3)]
    operations.plan_rounds(now=REMINDED_AT)
    sending.send_round(sending.rounds_due(now=REMINDED_AT)[0], now=REMINDED_AT)
    assert work(REMINDED_AT + DAY) == []
    assert reasons() == {made[2].reference: "It would have come too late"}


def test_an_event_moved_after_its_reminder_went() -> None:
    """One change notice, the same UID, a higher SEQUENCE, one new reminder, surveys re-timed."""
    event = an_event()
    surveys.ensure_default_evaluations(now=NOW)
    person = make_person()
    bookings.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=event.mode,
        form_key=None,
        now=NOW,
    )
    plan_wave(default_evaluation(event.offer).id, BEFORE, actor=person, now=NOW)
    surveys.plan_invitations(now=NOW)
    planned = [(one.wave.months_later, one.due_at) for one in invitations()]
    assert [m.kind for m in work(REMINDED_AT)] == ["notice_reminder"]

    move(event, 14 * DAY, now=REMINDED_AT + DAY)
    [changed] = letters("booking_changed")
    [confirmed] = letters("booking_confirmed")
    before, after = (_vevent(message) for message in (confirmed, changed))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert "Tuesday 24 November 2026" in changed.text_body  # as it was
    assert "Tuesday 8 December 2026" in changed.text_body  # as it is

    assert work(REMINDED_AT + DAY) == []
    [again] = work(REMINDED_AT + 14 * DAY)
    assert again.kind == "notice_reminder"
    assert "Tuesday 8 December 2026" in again.subject
    assert work(REMINDED_AT + 14 * DAY + HOUR) == []
    assert states(REMINDER) == ["done", "done"]

    surveys.plan_invitations(now=REMINDED_AT + 2 * DAY)
    db.session.expire_all()
    moved = [(one.wave.months_later, one.due_at) for one in invitations()]
    assert [wave for wave, _ in moved] == [wave for wave, _ in planned]
    assert planned
    assert all(late > early for (_, early), (_, late) in zip(planned, moved, strict=True))


def _vevent(message: OutboxMessage) -> Any:
    return icalendar.Calendar.from_ical(message.calendar_text or "").walk("VEVENT")[0]


def test_a_move_there_and_back_reminds_once() -> None:
    event = an_event()
    make_booking(event)
    assert len(work(REMINDED_AT)) == 1
    move(event, 14 * DAY, now=REMINDED_AT + HOUR)
    assert work(REMINDED_AT + 2 * HOUR) == []
    move(event, -14 * DAY, now=REMINDED_AT + 3 * HOUR)
    assert work(REMINDED_AT + 4 * HOUR) == []
    assert sorted(states(REMINDER)) == ["cancelled", "done"]


def test_a_move_to_nearer_than_the_reminder_is_told_by_the_change_alone() -> None:
    event = an_event(starts_at=START + 14 * DAY)
    make_booking(event)
    operations.plan_rounds(now=NOW)
    move(event, -14 * DAY, now=REMINDED_AT + 2 * DAY)
    assert work(REMINDED_AT + 2 * DAY) == []
    assert sorted(states(REMINDER)) == ["cancelled", "missed"]


def test_a_round_its_event_has_outrun_waits_for_the_planning() -> None:
    event = an_event()
    make_booking(event)
    operations.plan_rounds(now=NOW)
    move(event, 14 * DAY, now=NOW + DAY)
    assert operations.send_due(now=REMINDED_AT) == 0
    assert letters() == []


def test_a_rule_like_another_is_refused_and_a_rule_keeps_its_kind() -> None:
    staff = make_person()
    with pytest.raises(Refused, match="such a rule already"):
        operations.add_rule(RuleDetails(REMINDER, None, 7, time(9)), actor=staff, now=NOW)
    with pytest.raises(Refused, match="such a rule already"):
        operations.add_rule(RuleDetails(JOINING, None, 4, time(9)), actor=staff, now=NOW)
    details, rule_id = RuleDetails(JOINING, None, 7, time(9)), rule_of(REMINDER).id
    with pytest.raises(Refused, match="add another rule"):
        operations.change_rule(rule_id, details, actor=staff, now=NOW)


def test_planning_twice_changes_nothing() -> None:
    make_booking(an_event(days=3))
    assert operations.plan_rounds(now=NOW) == 3
    assert operations.plan_rounds(now=NOW) == 0


def test_a_dry_run_says_whom_it_would_mail_and_why_not_the_others() -> None:
    event = an_event()
    told: Person = make_booking(event).person
    make_booking(an_event(starts_at=START + DAY), told)
    make_booking(event, state=BookingState.WAITING)
    found = dry_run(planning.facts_of(rule_of(REMINDER)), now=NOW)
    assert found.words == "It would mail 1 person about 2 sessions, 2 messages in all"
    assert found.forecasts[0].withheld == (("On the waiting list, without a place", 1),)
    assert letters() == []
    assert dry_run(planning.facts_of(rule_of(REMINDER)), now=START).words == (
        "As things stand, it would mail nobody"
    )

"""Each invariant finds what breaks it, and nothing in a database where all is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from app.accounts.models import Organisation, Person
from app.accounts.people import NamedPerson
from app.audit.models import AuditLine
from app.bookings import moving, operations
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CalendarEntry,
    CancelReason,
)
from app.bookings.waiting_list import PASSED_OVER
from app.catalogue.models import Event, EventDate, EventMode
from app.checks.verify import INVARIANTS, verify
from app.impact.reports.models import EvaluationReport, ReportVersion
from app.kernel import clock
from app.kernel.db import db
from app.outbox.models import MessageState, OutboxMessage
from app.surveys import operations as surveys
from app.surveys.import_models import ImportedRow, ImportRun
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation, SurveyStop, Wave
from app.surveys.plan_models import ChangeKind, SurveyAddressee, WaveChange
from app.surveys.response_models import Answer, Response, ResponseSource
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_organisation,
    make_outbox_message,
    make_partnership,
    make_person,
    make_request,
    make_terms,
)
from tests.support.forms_files import (
    TOOLKIT_QUESTIONS,
    excel,
    import_suggested,
    toolkit_answers,
)
from tests.support.reports import KEY, a_document, a_piece, a_published_report
from tests.support.scenes import scene
from tests.support.surveys import a_list

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _world(app: Flask) -> None:
    scene("verify", _make_world)


def _make_world() -> None:
    """An event to come with a waiting list, one past with its register, surveys planned."""
    now = clock.now()
    make_partnership()
    coming = make_event(reference="coming", starts_at=now + 14 * DAY, capacity=2)
    bookings = [_booked(coming) for _ in range(5)]
    actor = make_person()
    operations.cancel_booking(bookings[0].id, actor=bookings[0].person, now=now)
    operations.cancel_booking(bookings[4].id, actor=actor, now=now)
    exchanged = make_event(coming.offer, reference="exchanged", starts_at=now + 9 * DAY)
    later = make_event(coming.offer, reference="later", starts_at=now + 20 * DAY)
    moved, given = _booked(exchanged), _booked(exchanged)
    moving.move_booking(moved.id, later.id, actor=moved.person, mode=EventMode.ONLINE, now=now)
    named = NamedPerson("Kim Lee", "kim.lee@example.org")
    moving.hand_over(given.id, named, actor=given.person, now=now)
    past = make_event(reference="past", starts_at=now - 3 * DAY, created_at=now - 9 * DAY)
    for _ in range(3):
        make_attendance(make_booking(past, origin=BookingOrigin.HISTORY))
    make_outbox_message(
        dedupe_key="sent", state=MessageState.SENT, sent_at=clock.real_now(), attempts_count=1
    )
    surveys.ensure_default_evaluations(now=now)
    assert surveys.plan_invitations(now=now) > 0
    db.session.flush()


def _booked(event: Event, organisation: Organisation | None = None) -> Booking:
    body = organisation or make_organisation()
    person = make_person(organisation=body, sector=body.sector)
    return operations.book(
        event.id,
        person,
        booked_by=person,
        origin=BookingOrigin.SELF,
        mode=EventMode.ONLINE,
        form_key=None,
        now=clock.now(),
    )


def broken() -> set[str]:
    """The invariants that do not hold."""
    db.session.flush()
    db.session.expire_all()
    return {found.name for found in verify(now=clock.now()) if found.violations}


def change(table: Any, *conditions: Any, **values: Any) -> None:
    """Damage rows behind the back of all verbs."""
    result: Any = db.session.execute(update(table).where(*conditions).values(**values))
    assert result.rowcount > 0, "nothing was damaged"


def coming(state: BookingState) -> Any:
    """The bookings of the event to come in one state."""
    event = select(Event.id).where(Event.reference == "coming")
    return (Booking.event_id == event.scalar_subquery(), Booking.state == state)


def one(state: BookingState) -> Booking:
    return db.session.scalars(select(Booking).where(*coming(state)).order_by(Booking.id)).all()[0]


def is_event(reference: str) -> Any:
    return Event.reference == reference


def an_invitation(**values: Any) -> None:
    first = db.session.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id)).first()
    assert first
    change(SurveyInvitation, SurveyInvitation.id == first.id, **values)


# Damage, each with the one invariant that must see it


def a_waiting_person_not_counted() -> None:
    change(Event, is_event("coming"), waiting_count=9)


def oversold() -> None:
    change(Event, is_event("coming"), capacity=1)


def oversold_after_it_was_changed() -> None:
    change(Event, is_event("coming"), capacity=1)
    db.session.add(
        AuditLine(
            at=clock.now() - HOUR,
            actor="somebody",
            verb="changed",
            subject_kind="event",
            subject_reference="coming",
        )
    )


def a_free_place() -> None:
    change(Event, is_event("coming"), capacity=3)


def no_limit_and_a_waiting_list() -> None:
    change(Event, is_event("coming"), capacity=None)


def booked_twice() -> None:
    db.session.execute(text("DROP INDEX uq_booking_live"))
    first = one(BookingState.CONFIRMED)
    make_booking(first.event, first.person, origin=BookingOrigin.HISTORY)
    change(Event, is_event("coming"), capacity=3)


def booked_for_who_was_merged() -> None:
    gone = make_person(name="", email=None, deactivated_at=clock.now())
    gone.merged_into_id = one(BookingState.CONFIRMED).person_id
    make_booking(
        one(BookingState.CONFIRMED).event,
        gone,
        state=BookingState.CANCELLED,
        cancelled_at=clock.now(),
        cancelled_because=CancelReason.ERASED,
    )


def overtaken() -> None:
    waits = one(BookingState.WAITING)
    change(
        Booking,
        *coming(BookingState.CONFIRMED),
        joined_waiting_at=(waits.joined_waiting_at or clock.now()) + HOUR,
    )


def joined_at_the_same_moment() -> None:
    waits = one(BookingState.WAITING)
    make_booking(
        waits.event,
        state=BookingState.WAITING,
        origin=BookingOrigin.HISTORY,
        joined_waiting_at=waits.joined_waiting_at,
    )


def never_confirmed() -> None:
    _forget_messages(one(BookingState.CONFIRMED))


def never_told_to_wait() -> None:
    _forget_messages(one(BookingState.WAITING))


def never_told_of_cancelling() -> None:
    booking = one(BookingState.CANCELLED)
    db.session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.about_reference == booking.reference,
            OutboxMessage.kind.like("booking_cancelled%"),
        )
    )


def _forget_messages(booking: Booking) -> None:
    about = OutboxMessage.about_reference == booking.reference
    db.session.execute(delete(OutboxMessage).where(about))


def moved_to_another_offer() -> None:
    moved = _replaced(CancelReason.MOVED)
    elsewhere = make_event(starts_at=clock.now() + 5 * DAY, capacity=None)
    change(Booking, Booking.id == moved.id, event_id=elsewhere.id)
    change(Event, Event.reference == "later", places_taken=0)
    change(Event, Event.id == elsewhere.id, places_taken=1)
    for entry, date in zip(moved.calendar_entries, elsewhere.dates, strict=True):
        entry.event_date_id = date.id
        entry.starts_at, entry.ends_at = date.starts_at, date.ends_at


def handed_over_to_themselves() -> None:
    change(
        Booking,
        Booking.cancelled_because == CancelReason.HANDED_OVER,
        person_id=_replaced(CancelReason.HANDED_OVER).person_id,
    )


def replaces_one_that_was_cancelled() -> None:
    change(
        Booking,
        Booking.cancelled_because == CancelReason.HANDED_OVER,
        cancelled_because=CancelReason.STAFF,
    )


def handed_over_to_nobody() -> None:
    new = _replaced(CancelReason.HANDED_OVER)
    change(Booking, Booking.id == new.id, replaces_id=None)


def moved_and_never_told() -> None:
    _forget_messages(_replaced(CancelReason.MOVED))


def handed_over_and_never_told() -> None:
    _forget_messages(_replaced(CancelReason.HANDED_OVER))


def _replaced(because: CancelReason) -> Booking:
    """The booking that came of a move, or of a hand-over."""
    old = select(Booking.id).where(Booking.cancelled_because == because)
    return db.session.scalars(select(Booking).where(Booking.replaces_id.in_(old))).one()


def a_request_nobody_was_asked_for() -> None:
    asked = _a_request()
    db.session.delete(asked)


def a_request_that_was_answered() -> None:
    asked = _a_request()
    asked.decision, asked.decided_at = ApprovalDecision.APPROVED, clock.now()


def a_request_whose_time_is_over() -> None:
    _a_request().expires_at = clock.now() - timedelta(minutes=16)


def somebody_never_told_of_their_request() -> None:
    _a_request(origin=BookingOrigin.SELF)


def _a_request(origin: BookingOrigin = BookingOrigin.HISTORY) -> Approval:
    event = make_event(starts_at=clock.now() + 30 * DAY)
    asked = make_request(event, asked_at=clock.now())
    asked.booking.origin, asked.booking.booked_at = origin, clock.now()
    db.session.flush()
    return asked


def passed_over_for_no_limit() -> None:
    event = make_event(starts_at=clock.now() + 30 * DAY)
    reason = "One sector may have 1 place"
    facts: dict[str, Any] = {"origin": BookingOrigin.HISTORY, "passed_over_reason": reason}
    make_booking(event, state=BookingState.WAITING, **facts)


def passed_over_below_the_limit() -> None:
    event = make_event(starts_at=clock.now() + 30 * DAY, capacity=3)
    make_terms(event.offer, most_per_organisation=1)
    facts: dict[str, Any] = {
        "origin": BookingOrigin.HISTORY,
        "passed_over_reason": "One may have 1 place",
    }
    make_booking(event, state=BookingState.WAITING, **facts)


def a_kept_place_not_counted() -> None:
    event = _with_a_kept_place().event
    change(Event, Event.id == event.id, places_taken=0)


def a_place_kept_too_long() -> None:
    kept = _with_a_kept_place()
    change(Booking, Booking.id == kept.id, held_until=clock.now() - timedelta(minutes=16))


def overtaken_by_a_kept_place() -> None:
    kept = _with_a_kept_place()
    make_booking(
        kept.event,
        state=BookingState.WAITING,
        origin=BookingOrigin.HISTORY,
        joined_waiting_at=(kept.joined_waiting_at or clock.now()) - HOUR,
    )


def somebody_never_told_of_a_kept_place() -> None:
    kept = _with_a_kept_place()
    change(Booking, Booking.id == kept.id, origin=BookingOrigin.SELF, booked_at=clock.now())


def a_kept_place_in_a_calendar() -> None:
    waits = one(BookingState.CONFIRMED)
    until = {"held_until": clock.now() + HOUR, "origin": BookingOrigin.HISTORY}
    change(Booking, Booking.id == waits.id, state=BookingState.HELD, **until)


def _with_a_kept_place() -> Booking:
    event = make_event(starts_at=clock.now() + 30 * DAY, capacity=1)
    return make_booking(
        event,
        state=BookingState.HELD,
        origin=BookingOrigin.HISTORY,
        joined_waiting_at=clock.now() - DAY,
        held_until=clock.now() + HOUR,
    )


def overtaken_some_time_after_being_passed_over() -> None:
    """That the list passed over somebody once excuses nothing that happened at another time."""
    barred, _ = _passed_over()
    line = AuditLine.subject_reference == barred.reference
    change(AuditLine, line, AuditLine.verb == PASSED_OVER, at=clock.now() - 5 * HOUR)


def _passed_over() -> tuple[Booking, Booking]:
    """Somebody whom a limit bars, and somebody behind them who got the place."""
    event = make_event(starts_at=clock.now() + 30 * DAY, capacity=2)
    make_terms(event.offer, most_per_organisation=1)
    first, other = _booked(event), _booked(event)
    barred = _booked(event, first.person.organisation)
    behind = _booked(event)
    assert (barred.state, behind.state) == (BookingState.WAITING, BookingState.WAITING)
    operations.cancel_booking(other.id, actor=other.person, now=clock.now())
    assert (barred.state, behind.state) == (BookingState.WAITING, BookingState.CONFIRMED)
    return barred, behind


def an_event_without_dates() -> None:
    make_event(starts_at=clock.now() + DAY, dates=[])


def a_calendar_without_the_date() -> None:
    entries = CalendarEntry.booking_id == one(BookingState.CONFIRMED).id
    db.session.execute(delete(CalendarEntry).where(entries))


def a_calendar_with_another_time() -> None:
    entries = CalendarEntry.booking_id == one(BookingState.CONFIRMED).id
    change(CalendarEntry, entries, starts_at=clock.now() + 14 * DAY + HOUR)


def a_cancelled_booking_left_in_a_calendar() -> None:
    entries = CalendarEntry.booking_id == one(BookingState.CANCELLED).id
    change(CalendarEntry, entries, cancelled_at=None)


def an_entry_cancelled_silently() -> None:
    entries = CalendarEntry.booking_id == one(BookingState.CANCELLED).id
    change(CalendarEntry, entries, sequence=0)


def on_the_register_without_a_place() -> None:
    make_attendance(one(BookingState.WAITING))


def on_the_register_of_another_event() -> None:
    other = select(EventDate.id).join(Event).where(is_event("coming")).scalar_subquery()
    first = db.session.scalars(select(Attendance.id)).first()
    change(Attendance, Attendance.id == first, event_date_id=other)


def old_wishes() -> None:
    old = make_event(starts_at=clock.now() - 40 * DAY)
    make_booking(old, origin=BookingOrigin.HISTORY, adjustments="Step-free access")


def mail_nobody_sends() -> None:
    change(
        OutboxMessage,
        OutboxMessage.state == MessageState.QUEUED,
        next_attempt_at=clock.real_now() - HOUR,
    )


def mail_a_dead_worker_holds() -> None:
    make_outbox_message(
        state=MessageState.SENDING, lease_owner="dead", lease_until=clock.real_now() - HOUR
    )


def sent_without_an_attempt() -> None:
    change(OutboxMessage, OutboxMessage.dedupe_key == "sent", attempts_count=0)


def sent_without_an_id() -> None:
    change(OutboxMessage, OutboxMessage.dedupe_key == "sent", message_id="none")


def failed_without_a_reason() -> None:
    make_outbox_message(state=MessageState.FAILED)


def a_code_that_stayed() -> None:
    make_outbox_message(
        state=MessageState.WITHHELD,
        erase_when_sent=True,
        queued_at=clock.real_now() - DAY,
    )


def a_message_to_two() -> None:
    make_outbox_message(to_email="ana@example.org, bo@example.org")


def a_survey_due_too_early() -> None:
    an_invitation(due_at=clock.now() - 9 * DAY)


def a_survey_with_another_limit() -> None:
    an_invitation(closes_at=clock.now() + 400 * DAY)


def a_survey_of_somebody_else() -> None:
    an_invitation(person_id=make_person().id)


def a_survey_of_another_event() -> None:
    other = select(Event.id).where(is_event("coming")).scalar_subquery()
    an_invitation(event_id=other, state=InvitationState.STOPPED)


def a_survey_of_somebody_off_the_list() -> None:
    a_list(make_person(), now=clock.now())
    assert surveys.plan_invitations(now=clock.now()) == 1
    db.session.execute(delete(SurveyAddressee))


def a_survey_of_a_skipped_wave() -> None:
    first = db.session.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id)).all()[0]
    db.session.add(
        WaveChange(
            wave_id=first.wave_id,
            event_id=first.event_id,
            kind=ChangeKind.SKIP,
            reason="The trainer is ill",
            changed_at=clock.now() - DAY,
        )
    )
    db.session.flush()


def two_impact_surveys_within_a_month() -> None:
    months_later = select(Wave.id).where(Wave.months_later > 0)
    theirs = db.session.scalars(
        select(SurveyInvitation)
        .where(SurveyInvitation.wave_id.in_(months_later))
        .order_by(SurveyInvitation.person_id, SurveyInvitation.due_at)
    ).all()[:2]
    assert len({one.person_id for one in theirs}) == 1
    for number, one in enumerate(theirs, start=1):
        one.state, one.sent_at = InvitationState.CLOSED, clock.now() - 27 * DAY * number
    db.session.flush()


def an_answer_without_a_response() -> None:
    an_invitation(
        state=InvitationState.ANSWERED, sent_at=clock.now(), answered_on=clock.now().date()
    )


def a_response_without_an_answer() -> None:
    _responded()


def _responded() -> Response:
    invited = select(SurveyInvitation.wave_id).order_by(SurveyInvitation.id)
    wave = db.session.get_one(Wave, db.session.scalars(invited).all()[0])
    response = Response(
        evaluation_id=wave.evaluation_id,
        wave_id=wave.id,
        version_id=wave.version_id,
        source=ResponseSource.PERSONAL,
        answered_on=clock.now().date(),
    )
    db.session.add(response)
    db.session.flush()
    return response


def answered_after_it_closed() -> None:
    _answered(closes_at=clock.now() - 2 * DAY)


def answered_before_it_was_sent() -> None:
    _answered(sent_at=clock.now() + 2 * DAY)


def _answered(**changes: Any) -> Response:
    response = _responded()
    invited = db.session.scalars(
        select(SurveyInvitation).where(SurveyInvitation.wave_id == response.wave_id)
    ).all()[0]
    invited.state, invited.sent_at = InvitationState.ANSWERED, clock.now() - DAY
    invited.answered_on = clock.now().date()
    for name, value in changes.items():
        setattr(invited, name, value)
    return response


def a_survey_left_open() -> None:
    an_invitation(
        state=InvitationState.SENT,
        sent_at=clock.now() - 30 * DAY,
        closes_at=clock.now() - 2 * DAY,
    )


def somebody_asked_in_spite_of_it() -> None:
    person = db.session.scalars(select(SurveyInvitation.person_id)).all()[0]
    db.session.add(SurveyStop(person_id=person, stopped_at=clock.now() - DAY))


def an_answer_of_another_wave() -> None:
    response = _answered()
    question = response_question(response)
    db.session.add(
        Answer(
            response_id=response.id,
            evaluation_id=response.evaluation_id,
            wave_id=None,
            question_id=question,
            text="words",
        )
    )


def _imported() -> ImportRun:
    evaluation = db.session.scalars(select(Evaluation.id)).all()[0]
    actor = db.session.scalars(select(Person)).all()[0]
    content = excel(TOOLKIT_QUESTIONS, toolkit_answers(3))
    return import_suggested(content, evaluation, actor, now=clock.now())


def an_import_that_says_more_than_it_brought() -> None:
    _imported().new_count += 1


def an_imported_answer_that_could_come_twice() -> None:
    of_run = select(Response.id).where(Response.import_run_id == _imported().id).limit(1)
    db.session.execute(delete(ImportedRow).where(ImportedRow.response_id.in_(of_run)))


def response_question(response: Response) -> int:
    found = text("SELECT id FROM question WHERE version_id = :version")
    return int(db.session.execute(found, {"version": response.version_id}).scalars().all()[0])


def _reported() -> Evaluation:
    found = db.session.scalars(select(Evaluation).order_by(Evaluation.id)).first()
    assert found
    a_published_report(found, make_person(), now=clock.now())
    return found


def reported_on_another_day() -> None:
    change(Evaluation, Evaluation.id == _reported().id, reported_on=None)


def an_older_version_at_the_address() -> None:
    _reported()
    change(EvaluationReport, EvaluationReport.slug == "what-changed", published_number=2)


def a_report_of_three_more_people() -> None:
    found, now = _reported(), clock.now()
    a_published_report(found, make_person(), now=now)
    other = select(EvaluationReport.id).where(EvaluationReport.slug == "what-changed-2")
    document = json.dumps(a_document("More", a_piece({f"{KEY} wave-0": 43})))
    change(ReportVersion, ReportVersion.report_id.in_(other), document=document)


DAMAGE: list[tuple[str, Callable[[], None]]] = [
    (
        "an evaluation is reported on the day of its last report that stands",
        reported_on_another_day,
    ),
    (
        "the address of a report leads to its newest published version",
        an_older_version_at_the_address,
    ),
    ("published reports tell of nobody and of no few people", a_report_of_three_more_people),
    ("places taken and waiting are counted right", a_waiting_person_not_counted),
    ("no more people have a place than there are places", oversold),
    ("no more people have a place than there are places", oversold_after_it_was_changed),
    ("no place is free while somebody waits for it", a_free_place),
    ("no place is free while somebody waits for it", no_limit_and_a_waiting_list),
    ("nobody has two live bookings for one event", booked_twice),
    ("whoever was merged into another has no booking left", booked_for_who_was_merged),
    ("the waiting list moves in the order of joining", overtaken),
    ("the waiting list moves in the order of joining", joined_at_the_same_moment),
    ("everybody was told what became of their booking", never_confirmed),
    ("everybody was told what became of their booking", never_told_to_wait),
    ("everybody was told what became of their booking", never_told_of_cancelling),
    ("everybody was told what became of their booking", moved_and_never_told),
    ("everybody was told what became of their booking", handed_over_and_never_told),
    ("a place moves within its offer, changes hands in its event", moved_to_another_offer),
    (
        "a place moves within its offer, changes hands in its event",
        handed_over_to_themselves,
    ),
    (
        "a place moves within its offer, changes hands in its event",
        replaces_one_that_was_cancelled,
    ),
    ("who gave a place for another has exactly one instead", handed_over_to_nobody),
    ("everybody was told what became of their booking", somebody_never_told_of_their_request),
    ("every request waits for somebody's answer", a_request_nobody_was_asked_for),
    ("every request waits for somebody's answer", a_request_that_was_answered),
    ("requests lapse when their time is over", a_request_whose_time_is_over),
    ("nobody is passed over where there is no limit", passed_over_for_no_limit),
    ("nobody is passed over whom no limit bars", passed_over_below_the_limit),
    ("places taken and waiting are counted right", a_kept_place_not_counted),
    ("kept places end when their time is over", a_place_kept_too_long),
    ("the waiting list moves in the order of joining", overtaken_by_a_kept_place),
    (
        "the waiting list moves in the order of joining",
        overtaken_some_time_after_being_passed_over,
    ),
    ("everybody was told what became of their booking", somebody_never_told_of_a_kept_place),
    ("calendars show nothing that was cancelled", a_kept_place_in_a_calendar),
    ("an event starts and ends with its dates", an_event_without_dates),
    ("calendars show every date to come", a_calendar_without_the_date),
    ("calendars show every date to come", a_calendar_with_another_time),
    ("calendars show nothing that was cancelled", a_cancelled_booking_left_in_a_calendar),
    ("calendars show nothing that was cancelled", an_entry_cancelled_silently),
    ("only people with a confirmed booking are in a register", on_the_register_without_a_place),
    ("only people with a confirmed booking are in a register", on_the_register_of_another_event),
    ("wishes are erased 30 days after the event", old_wishes),
    ("no message is stuck", mail_nobody_sends),
    ("no message is stuck", mail_a_dead_worker_holds),
    ("a message called sent was sent", sent_without_an_attempt),
    ("a message called sent was sent", sent_without_an_id),
    ("a failed message says why", failed_without_a_reason),
    ("codes and survey links are erased once sent", a_code_that_stayed),
    ("every message goes to one address", a_message_to_two),
    ("a planned survey is due when the rule says", a_survey_due_too_early),
    ("a planned survey is due when the rule says", a_survey_with_another_limit),
    ("an invitation is to the person who booked", a_survey_of_somebody_else),
    ("an invitation is to the person who booked", a_survey_of_another_event),
    ("as many responses as people who answered", an_answer_without_a_response),
    ("as many responses as people who answered", a_response_without_an_answer),
    ("nothing is answered before it was sent or after it closed", answered_after_it_closed),
    ("nothing is answered before it was sent or after it closed", answered_before_it_was_sent),
    ("what can no longer be answered is closed", a_survey_left_open),
    ("an invitation is to the person who booked", a_survey_of_somebody_off_the_list),
    ("a planned survey is due when the rule says", a_survey_of_a_skipped_wave),
    ("nobody is sent two impact surveys within a month", two_impact_surveys_within_a_month),
    ("nobody is asked who asked not to be", somebody_asked_in_spite_of_it),
    ("answers belong to the wave of their response", an_answer_of_another_wave),
    ("an import has the answers that it brought", an_import_that_says_more_than_it_brought),
    ("an import has the answers that it brought", an_imported_answer_that_could_come_twice),
]


def test_a_database_where_all_is_well_breaks_nothing() -> None:
    assert broken() == set()


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=[d.__name__ for _, d in DAMAGE])
def test_damage_is_found_by_its_invariant_alone(name: str, damage: Callable[[], None]) -> None:
    damage()
    assert broken() == {name}


def test_nobody_is_accused_of_overtaking_whom_a_limit_barred() -> None:
    barred, _ = _passed_over()
    assert broken() == set()
    first = db.session.scalars(
        select(Booking).where(
            Booking.event_id == barred.event_id,
            Booking.organisation_id == barred.organisation_id,
            Booking.state == BookingState.CONFIRMED,
        )
    ).one()
    ahead = make_booking(  # whoever joined before them all gets that place: they are not barred now
        first.event,
        state=BookingState.WAITING,
        origin=BookingOrigin.HISTORY,
        joined_waiting_at=clock.now() - 9 * DAY,
    )
    operations.cancel_booking(first.id, actor=first.person, now=clock.now())
    assert ahead.state is BookingState.CONFIRMED
    assert (barred.state, barred.passed_over_reason) == (BookingState.WAITING, "")
    assert broken() == set()


def test_every_invariant_is_tried() -> None:
    stored = {"every row points at rows that exist", "the database file is whole"}
    # tests/impact/test_keeping.py has as many answers as it takes for any to be kept
    kept = {"kept figures are what was answered"}
    assert {name for name, _ in DAMAGE} | stored | kept == set(INVARIANTS)


def test_damage_to_the_store_is_found(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("PRAGMA ignore_check_constraints = ON"))
        db.session.execute(text("UPDATE event SET capacity = 0 WHERE reference = 'past'"))
        db.session.execute(text("PRAGMA ignore_check_constraints = OFF"))
        assert "the database file is whole" in broken()
    else:
        db.session.execute(
            text("ALTER TABLE lease ADD CONSTRAINT doubtful CHECK (holder <> '') NOT VALID")
        )
        assert broken() == {"every row points at rows that exist"}


def test_a_row_that_points_at_nothing_is_found(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL holds its foreign keys itself; the test before has its part")
    db.session.commit()
    pooled = db.engine.raw_connection()
    connection: Any = pooled.driver_connection
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("INSERT INTO survey_stop VALUES (999999, '2026-01-01 00:00:00')")
    pooled.close()
    assert broken() == {"every row points at rows that exist"}
    db.session.rollback()  # within a transaction the next statement would do nothing
    pooled = db.engine.raw_connection()
    connection = pooled.driver_connection
    connection.execute("PRAGMA foreign_keys = ON")
    pooled.close()


def test_a_capacity_lowered_below_what_is_booked_is_no_fault() -> None:
    change(Event, is_event("coming"), capacity=1)
    db.session.add(
        AuditLine(
            at=clock.now() + HOUR,
            actor="somebody",
            verb="changed",
            subject_kind="event",
            subject_reference="coming",
        )
    )
    assert broken() == set()


def test_the_command_prints_json_and_says_by_its_exit_whether_all_is_well(app: Flask) -> None:
    db.session.commit()
    runner = app.test_cli_runner()
    well = runner.invoke(args=["verify"])
    assert (well.exit_code, json.loads(well.output)["ok"]) == (0, True)
    oversold()
    db.session.commit()
    ill = runner.invoke(args=["verify"])
    assert (ill.exit_code, json.loads(ill.output)["ok"]) == (2, False)
    faults = [check for check in json.loads(ill.output)["checks"] if check["violations"]]
    assert faults == [
        {
            "name": "no more people have a place than there are places",
            "violations": 1,
            "examples": ["coming"],
        }
    ]

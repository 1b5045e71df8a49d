"""Who is asked, and when: planned from bookings and registers, and kept true to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.bookings.models import Attendance, AttendanceOutcome, BookingState, CancelReason
from app.catalogue.models import EventState, OfferKind, Series
from app.kernel.db import db
from app.surveys import evaluations, manage_queries, operations, planning
from app.surveys.models import Evaluation, InvitationState, SurveyInvitation, SurveyStop
from app.surveys.questionnaires import load_standard_questionnaires
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_organisation,
    make_partnership,
    make_person,
)
from tests.support.surveys import (
    a_course_attended,
    attended,
    default_evaluation,
    invitations,
    past_event,
    round_of_work,
)

ENDED = datetime(2026, 11, 10, 12, 30, tzinfo=UTC)
SOON_AFTER = ENDED + timedelta(hours=2)


def states() -> list[tuple[int, InvitationState]]:
    return [(one.wave.months_later, one.state) for one in invitations()]


def test_whoever_attended_a_course_is_planned_to_be_asked_three_times(app: Flask) -> None:
    a_course_attended(ENDED)
    assert operations.plan_invitations(now=SOON_AFTER) == 3
    assert [one.due_at for one in invitations()] == [
        datetime(2026, 11, 11, 9, 0, tzinfo=UTC),
        datetime(2027, 2, 10, 9, 0, tzinfo=UTC),
        datetime(2027, 11, 10, 9, 0, tzinfo=UTC),
    ]


def test_planning_again_adds_nothing(app: Flask) -> None:
    a_course_attended(ENDED, people=3)
    assert operations.plan_invitations(now=SOON_AFTER) == 9
    assert operations.plan_invitations(now=SOON_AFTER) == 0
    assert operations.plan_invitations(now=SOON_AFTER + timedelta(days=400)) == 0


def test_nobody_is_planned_before_the_event_has_ended(app: Flask) -> None:
    a_course_attended(ENDED)
    assert operations.plan_invitations(now=ENDED - timedelta(minutes=1)) == 0


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], 0),
        ([AttendanceOutcome.DID_NOT_ATTEND, AttendanceOutcome.DID_NOT_ATTEND], 0),
        ([AttendanceOutcome.ATTENDED_IN_PART, AttendanceOutcome.DID_NOT_ATTEND], 3),
        ([AttendanceOutcome.DID_NOT_ATTEND, AttendanceOutcome.ATTENDED], 3),
    ],
)
def test_whoever_came_to_one_date_in_part_is_asked(
    app: Flask, outcomes: list[AttendanceOutcome], expected: int
) -> None:
    make_partnership()
    event = make_event(starts_at=ENDED - timedelta(days=7, hours=3), days=2)
    operations.ensure_default_evaluations(now=ENDED - timedelta(days=30))
    booking = make_booking(event)
    for outcome, attendance in zip(outcomes, make_attendance(booking), strict=False):
        attendance.outcome = outcome
    if not outcomes:
        for attendance in booking.attendances:
            db.session.delete(attendance)
    db.session.flush()
    assert operations.plan_invitations(now=SOON_AFTER) == expected
    if expected:
        assert invitations(0)[0].due_at == datetime(2026, 11, 11, 9, 0, tzinfo=UTC)


def test_nobody_is_planned_who_cannot_or_will_not_be_asked(app: Flask) -> None:
    event = a_course_attended(ENDED, people=0)
    attended(event, make_person(email=None))
    attended(event, make_person(deactivated_at=ENDED))
    stopped = make_person()
    db.session.add(SurveyStop(person_id=stopped.id, stopped_at=ENDED))
    attended(event, stopped)
    db.session.flush()
    assert operations.plan_invitations(now=SOON_AFTER) == 0


@pytest.mark.parametrize("change", ["event cancelled", "attendance corrected", "deactivated"])
def test_what_is_planned_is_forgotten_when_its_reason_goes(app: Flask, change: str) -> None:
    event = a_course_attended(ENDED)
    operations.plan_invitations(now=SOON_AFTER)
    booking = db.session.get_one(Person, invitations()[0].person_id)
    if change == "event cancelled":
        event.state, event.cancelled_at = EventState.CANCELLED, SOON_AFTER
    elif change == "attendance corrected":
        for date in event.dates:
            db.session.execute(
                update(Attendance)
                .where(Attendance.event_date_id == date.id)
                .values(outcome=AttendanceOutcome.DID_NOT_ATTEND)
            )
    else:
        booking.deactivated_at = SOON_AFTER
    db.session.flush()
    operations.plan_invitations(now=SOON_AFTER)
    assert invitations() == []


def test_a_wave_before_follows_the_event_and_the_booking(app: Flask) -> None:
    make_partnership()
    offer = make_offer()
    event = make_event(offer, starts_at=datetime(2026, 12, 10, 10, 0, tzinfo=UTC))
    operations.ensure_default_evaluations(now=ENDED)
    evaluations.add_wave(default_evaluation(offer), -1)
    booking = make_booking(event)
    make_booking(event, state=BookingState.WAITING)
    db.session.flush()
    assert operations.plan_invitations(now=ENDED) == 1
    assert invitations()[0].due_at == datetime(2026, 12, 3, 9, 0, tzinfo=UTC)

    moved = timedelta(days=14)
    event.starts_at, event.ends_at = event.starts_at + moved, event.ends_at + moved
    db.session.flush()
    operations.plan_invitations(now=ENDED)
    db.session.expire_all()
    assert invitations()[0].due_at == datetime(2026, 12, 17, 9, 0, tzinfo=UTC)

    booking.state, booking.cancelled_at = BookingState.CANCELLED, ENDED
    booking.cancelled_because = CancelReason.STAFF
    db.session.flush()
    operations.plan_invitations(now=ENDED)
    assert invitations() == []


def test_a_register_filled_in_late_is_missed_for_straight_after_alone(app: Flask) -> None:
    a_course_attended(ENDED)
    operations.plan_invitations(now=ENDED + timedelta(days=10))
    assert states() == [
        (0, InvitationState.MISSED),
        (3, InvitationState.PLANNED),
        (12, InvitationState.PLANNED),
    ]


def test_history_older_than_its_evaluation_is_not_missed(app: Flask) -> None:
    make_partnership()
    offer = make_offer()
    for days_ago in (20, 100, 200, 700):
        attended(past_event(offer, ended_at=ENDED - timedelta(days=days_ago)))
    operations.ensure_default_evaluations(now=ENDED)
    operations.plan_invitations(now=ENDED)
    assert {state for _, state in states()} == {InvitationState.PLANNED}
    assert [months for months, _ in states()].count(3) == 2
    assert [months for months, _ in states()].count(12) == 3


def make_series(**changes: str) -> Series:
    series = Series(slug="exploitation", title="Child exploitation", summary="Of it.")
    db.session.add(series)
    db.session.flush()
    return series


def test_sessions_brought_in_as_history_are_never_asked_about(app: Flask) -> None:
    event = a_course_attended(ENDED, people=2)
    attended(event, make_person(email=None))
    assert manage_queries.not_reachable_count(default_evaluation(event.offer).id) == 1
    operations.plan_invitations(now=SOON_AFTER)
    assert len(invitations()) == 6
    event.is_history = True
    db.session.flush()
    assert operations.plan_invitations(now=SOON_AFTER) == 0
    assert invitations() == []
    evaluation = default_evaluation(event.offer)
    assert manage_queries.not_reachable_count(evaluation.id) == 0


def test_an_organisations_own_session_is_asked_about_like_any_other(app: Flask) -> None:
    event = a_course_attended(ENDED, people=2)
    event.in_house_for_id = make_organisation().id
    db.session.flush()
    assert operations.plan_invitations(now=SOON_AFTER) == 6


def test_a_series_is_asked_once_not_once_per_exchange(app: Flask) -> None:
    make_partnership()
    series = make_series()
    person = make_person()
    ends = [ENDED, ENDED + timedelta(days=21), ENDED + timedelta(days=42)]
    for ended_at in ends:
        exchange = make_offer(kind=OfferKind.LEARNING_EXCHANGE, series=series)
        attended(past_event(exchange, ended_at=ended_at), person)
    operations.ensure_default_evaluations(now=ENDED - timedelta(days=30))
    for ended_at in ends:
        operations.plan_invitations(now=ended_at + timedelta(hours=1))
    operations.plan_invitations(now=ends[-1] + timedelta(days=300))
    assert len(invitations(0)) == 3
    assert [one.addressee_key for one in invitations(3)] == [f"person:{person.id}"]
    assert invitations(3)[0].due_at == datetime(2027, 2, 10, 9, 0, tzinfo=UTC)


def test_an_offer_with_its_own_plan_is_not_asked_about_again_with_its_series(app: Flask) -> None:
    make_partnership()
    series = make_series()
    make_offer(kind=OfferKind.LEARNING_EXCHANGE, series=series)
    course = make_offer(kind=OfferKind.COURSE, series=series)
    attended(past_event(course, ended_at=ENDED))
    operations.ensure_default_evaluations(now=ENDED - timedelta(days=30))
    operations.plan_invitations(now=SOON_AFTER)
    assert [one.evaluation.is_default_for_id for one in invitations(3)] == [course.id]


def test_every_offer_gets_one_evaluation_and_asking_again_adds_none(app: Flask) -> None:
    make_offer(slug="neglect")
    make_offer(kind=OfferKind.RESOURCE)
    series = make_series()
    make_offer(kind=OfferKind.LEARNING_EXCHANGE, series=series, slug="exploitation-series")
    assert operations.ensure_default_evaluations(now=ENDED) == 4
    assert operations.ensure_default_evaluations(now=ENDED) == 0
    slugs = set(db.session.scalars(select(Evaluation.slug)))
    assert {"neglect", "exploitation-series", "exploitation-series-2"} <= slugs


def test_only_hashes_of_links_are_stored(app: Flask) -> None:
    a_course_attended(ENDED)
    operations.plan_invitations(now=SOON_AFTER)
    for invitation in invitations():
        token = planning.link_token(invitation.reference)
        stored = [str(getattr(invitation, c.key)) for c in SurveyInvitation.__table__.columns]
        assert token not in stored
        assert len(token) == 64


def test_planning_takes_the_same_number_of_statements_for_many_people(app: Flask) -> None:
    counted: list[str] = []

    def note(*arguments: object) -> None:
        counted.append(str(arguments[2]))

    a_course_attended(ENDED, people=40)
    db.event.listen(db.engine, "before_cursor_execute", note)
    try:
        operations.plan_invitations(now=SOON_AFTER)
    finally:
        db.event.remove(db.engine, "before_cursor_execute", note)
    assert db.session.scalar(select(func.count(SurveyInvitation.id))) == 120
    assert len(counted) < 15


def test_a_year_of_rounds_plans_nothing_twice(app: Flask) -> None:
    load_standard_questionnaires(now=ENDED)
    a_course_attended(ENDED, people=2)
    for day in range(0, 420, 7):
        round_of_work(ENDED + timedelta(days=day, hours=1))
    assert len(invitations()) == 6

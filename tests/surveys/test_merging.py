"""Two rows of one person become one: each survey is asked once, and who stopped has stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.bookings.models import Booking, BookingState
from app.checks.verify_surveys import asked_too_often
from app.kernel.db import db
from app.surveys.models import InvitationState, SurveyInvitation, SurveyStop
from app.surveys.plan_models import SurveyAddressee
from app.surveys.response_models import Pairing
from app.surveys.sending import stop_asking
from tests.support.factories import make_partnership, make_person
from tests.support.surveys import (
    a_course_attended,
    a_list,
    invitations,
    merge_people,
    round_of_work,
)

DAY = timedelta(days=1)
ENDED = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def two_on_a_list() -> tuple[Person, Person]:
    make_partnership()
    people = make_person(), make_person()
    a_list(*people, now=ENDED, months=(0, 3))
    db.session.commit()
    return people


def answered(invitation: SurveyInvitation, key: str) -> None:
    invitation.state, invitation.answered_on = InvitationState.ANSWERED, NEXT_MORNING.date()
    pairing = Pairing(pairing_key=key, evaluation_id=invitation.evaluation_id)
    pairing.addressee_key = invitation.addressee_key
    db.session.add(pairing)
    db.session.flush()


def test_of_a_survey_asked_of_both_the_answer_stands_and_nothing_is_asked_again(app: Flask) -> None:
    old, new = two_on_a_list()
    round_of_work(NEXT_MORNING)
    answered(next(one for one in invitations(0) if one.person_id == old.id), "of the old")
    merge_people(old, new, now=NEXT_MORNING)
    round_of_work(NEXT_MORNING + DAY)
    kept, stopped = sorted(invitations(0), key=lambda one: one.state.value)
    assert (kept.state, kept.person_id) == (InvitationState.ANSWERED, new.id)
    assert kept.addressee_key == f"person:{new.id}"
    assert (stopped.state, stopped.person_id) == (InvitationState.STOPPED, new.id)
    assert [one.addressee_key for one in invitations(3)] == [f"person:{new.id}"]
    pairings = db.session.scalars(select(Pairing)).all()
    assert [one.addressee_key for one in pairings] == [f"person:{new.id}"]
    assert [one.person_id for one in db.session.scalars(select(SurveyAddressee))] == [new.id]


def test_what_only_one_was_to_be_asked_is_asked_of_the_other_once(app: Flask) -> None:
    event = a_course_attended(ENDED)
    old = db.session.scalars(select(Booking).where(Booking.event_id == event.id)).one().person
    new = make_person()
    round_of_work(ENDED + DAY / 24)
    merge_people(old, new, now=NEXT_MORNING)
    assert round_of_work(NEXT_MORNING) == 1
    assert round_of_work(NEXT_MORNING + DAY) == 0
    asked = invitations(0)
    assert [(one.person_id, one.state) for one in asked] == [(new.id, InvitationState.SENT)]


def test_two_bookings_for_one_session_are_asked_about_once(app: Flask) -> None:
    event = a_course_attended(ENDED, people=2)
    found = db.session.scalars(select(Booking).where(Booking.event_id == event.id))
    old, new = (booking.person for booking in found.all())
    round_of_work(ENDED + DAY / 24)
    first = next(one for one in invitations(0) if one.person_id == old.id)
    first.state, first.sent_at = InvitationState.SENT, NEXT_MORNING
    answered(first, "of the old")
    merge_people(old, new, now=NEXT_MORNING)
    assert round_of_work(NEXT_MORNING + DAY) == 0
    live = db.session.scalars(select(Booking).where(Booking.state != BookingState.CANCELLED)).one()
    assert [one.booking_id for one in invitations()] == [live.id] * 3
    assert [one.addressee_key for one in invitations(0)] == [f"booking:{live.id}"]
    pairing = db.session.scalars(select(Pairing)).one()
    assert pairing.addressee_key == f"booking:{live.id}"


def test_whoever_of_the_two_asked_us_to_stop_is_heard(app: Flask) -> None:
    for who_stopped in (0, 1):
        people = [make_person(), make_person()]
        if not who_stopped:
            make_partnership()
        a_list(*people, now=ENDED, months=(0, 3), slug=f"list-{who_stopped}")
        stop_asking(people[who_stopped].id, now=ENDED)
        db.session.commit()
        round_of_work(NEXT_MORNING)
        merge_people(*people, now=NEXT_MORNING)
        assert round_of_work(NEXT_MORNING + DAY) == 0
        theirs = [one for one in invitations() if one.person_id == people[1].id]
        assert {one.state for one in theirs} == {InvitationState.STOPPED}
        assert db.session.get(SurveyStop, people[0].id) is None
        assert db.session.get(SurveyStop, people[1].id) is not None


def test_two_letters_to_two_rows_of_one_person_are_not_held_against_the_burden_rule(
    app: Flask,
) -> None:
    old, new = two_on_a_list()
    new_row = db.session.scalars(
        select(SurveyAddressee).where(SurveyAddressee.person_id == new.id)
    ).one()
    db.session.delete(new_row)
    a_list(new, now=ENDED + 7 * DAY, months=(0,), slug="another")
    db.session.commit()
    round_of_work(NEXT_MORNING)
    round_of_work(NEXT_MORNING + 7 * DAY)
    later = NEXT_MORNING + 8 * DAY
    merge_people(old, new, now=later)
    assert list(asked_too_often(None)) == []  # type: ignore[arg-type]
    old.merged_into_id = None
    db.session.commit()
    assert len(list(asked_too_often(None))) == 1  # type: ignore[arg-type]

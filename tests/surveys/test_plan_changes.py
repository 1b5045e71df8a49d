"""Staff move or skip a line of the schedule: planning and sending honour it, nobody is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.audit.models import AuditLine
from app.catalogue.models import Event
from app.kernel.db import db
from app.kernel.refusals import Refused
from app.surveys import evaluations, operations, plan_changes
from app.surveys.models import InvitationState, MissedBecause, Wave
from app.surveys.plan_models import ChangeKind, WaveChange
from tests.support.factories import (
    make_booking,
    make_event,
    make_offer,
    make_partnership,
    make_person,
)
from tests.support.surveys import (
    a_course_attended,
    attended,
    default_evaluation,
    invitations,
    messages,
    round_of_work,
)

ENDED = datetime(2026, 11, 10, 12, 30, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
IN_FEBRUARY = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
IN_MARCH = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)
SOON_AFTER = ENDED + timedelta(hours=2)
DAY = timedelta(days=1)


@pytest.fixture
def event(app: Flask) -> Event:
    """A course that two people attended and that is planned; its waves are 0, 3 and 12."""
    found = a_course_attended(ENDED, people=2)
    operations.plan_invitations(now=SOON_AFTER)
    db.session.commit()
    return found


@pytest.fixture
def staff(event: Event) -> Person:
    return make_person()


def wave(event: Event, months: int = 3) -> Wave:
    return next(one for one in default_evaluation(event.offer).waves if one.months_later == months)


def move(event: Event, staff: Person, to: datetime, *, months: int = 3, now: datetime) -> None:
    line = wave(event, months).id, event.id
    plan_changes.move_line(*line, to=to.date(), reason="Holidays", actor=staff, now=now)
    db.session.commit()


def skip(event: Event, staff: Person, *, months: int = 3, now: datetime = SOON_AFTER) -> None:
    line = wave(event, months).id, event.id
    plan_changes.skip_line(*line, reason="The course has changed", actor=staff, now=now)
    db.session.commit()


def undo(event: Event, staff: Person, *, months: int = 3, now: datetime = SOON_AFTER) -> None:
    plan_changes.undo_change(wave(event, months).id, event.id, actor=staff, now=now)
    db.session.commit()


def of_wave(months: int = 3) -> set[tuple[InvitationState, MissedBecause | None, datetime]]:
    db.session.expire_all()
    return {(one.state, one.missed_because, one.due_at) for one in invitations(months)}


def test_a_moved_line_is_asked_on_its_new_day_and_once(event: Event, staff: Person) -> None:
    move(event, staff, IN_MARCH, now=SOON_AFTER)
    assert of_wave() == {(InvitationState.PLANNED, None, IN_MARCH)}
    round_of_work(NEXT_MORNING)
    assert round_of_work(IN_FEBRUARY) == 0
    assert round_of_work(IN_MARCH - timedelta(minutes=1)) == 0
    assert round_of_work(IN_MARCH) == 2
    assert round_of_work(IN_MARCH + DAY) == 0


def test_whoever_comes_onto_the_register_later_is_asked_on_the_new_day_too(
    event: Event, staff: Person
) -> None:
    move(event, staff, IN_FEBRUARY + 200 * DAY, now=SOON_AFTER)
    attended(event)
    round_of_work(IN_FEBRUARY + 90 * DAY)  # long after the wave's own day
    assert {one.due_at.date() for one in invitations(3)} == {date(2027, 8, 29)}
    assert len(invitations(3)) == 3


def test_a_moved_line_stays_moved_when_its_event_moves_and_never_before_its_end(
    event: Event, staff: Person
) -> None:
    move(event, staff, IN_MARCH, now=SOON_AFTER)
    for days, due in ((2, IN_MARCH), (200, datetime(2027, 5, 30, 8, 0, tzinfo=UTC))):
        event.starts_at = ENDED + days * DAY - timedelta(hours=3)
        event.ends_at = ENDED + days * DAY
        db.session.flush()
        operations.plan_invitations(now=SOON_AFTER)
        assert of_wave() == {(InvitationState.PLANNED, None, due)}


def test_a_skipped_line_is_missed_for_that_reason(event: Event, staff: Person) -> None:
    skip(event, staff)
    assert of_wave() == {(InvitationState.MISSED, MissedBecause.SKIPPED, IN_FEBRUARY)}
    attended(event)
    round_of_work(NEXT_MORNING)
    round_of_work(IN_FEBRUARY)
    assert of_wave() == {(InvitationState.MISSED, MissedBecause.SKIPPED, IN_FEBRUARY)}
    assert len(invitations(3)) == 3
    assert all("What came of" not in message.subject for message in messages())


@pytest.mark.parametrize("change", ["move", "skip"])
def test_a_change_is_undone_before_anybody_was_asked(
    event: Event, staff: Person, change: str
) -> None:
    if change == "move":
        move(event, staff, IN_MARCH, now=SOON_AFTER)
    else:
        skip(event, staff)
    undo(event, staff)
    assert of_wave() == {(InvitationState.PLANNED, None, IN_FEBRUARY)}
    assert db.session.scalars(select(WaveChange)).all() == []
    with pytest.raises(Refused, match="Nothing is changed"):
        undo(event, staff)


def test_what_was_skipped_can_be_asked_on_another_day_instead(event: Event, staff: Person) -> None:
    skip(event, staff)
    late = IN_FEBRUARY + 60 * DAY
    with pytest.raises(Refused, match="has passed"):
        undo(event, staff, now=late)
    db.session.rollback()
    move(event, staff, late + DAY, now=late)
    [change] = db.session.scalars(select(WaveChange))
    assert (change.kind, change.moved_to) == (ChangeKind.SHIFT, (late + DAY).date())
    assert round_of_work(late + DAY) == 2


def test_who_was_missed_for_being_late_is_asked_once_staff_choose_another_day(
    event: Event, staff: Person
) -> None:
    late = IN_FEBRUARY + 40 * DAY
    round_of_work(late)
    assert {one[1] for one in of_wave()} == {MissedBecause.LATE}
    move(event, staff, late + DAY, now=late)
    assert round_of_work(late + DAY) == 2
    assert round_of_work(late + 2 * DAY) == 0


def test_whoever_asked_us_to_stop_is_not_asked_on_the_other_day(
    event: Event, staff: Person
) -> None:
    late = IN_FEBRUARY + 40 * DAY
    round_of_work(late)
    operations.stop_asking(invitations(3)[0].person_id, now=late)
    move(event, staff, late + DAY, now=late)
    assert {one[:2] for one in of_wave()} == {
        (InvitationState.MISSED, MissedBecause.LATE),
        (InvitationState.PLANNED, None),
    }
    assert round_of_work(late + DAY) == 1


def test_nothing_is_changed_once_somebody_was_asked(event: Event, staff: Person) -> None:
    round_of_work(NEXT_MORNING)
    tomorrow = NEXT_MORNING + 2 * DAY
    for change in (
        lambda: move(event, staff, tomorrow, months=0, now=NEXT_MORNING),
        lambda: skip(event, staff, months=0, now=NEXT_MORNING),
        lambda: undo(event, staff, months=0, now=NEXT_MORNING),
    ):
        with pytest.raises(Refused, match="2 people have been asked already"):
            change()
        db.session.rollback()


def test_only_that_event_is_changed(event: Event, staff: Person) -> None:
    other = make_event(event.offer, starts_at=ENDED - timedelta(hours=3))
    attended(other)
    db.session.commit()
    operations.plan_invitations(now=SOON_AFTER)
    skip(event, staff)
    operations.plan_invitations(now=SOON_AFTER)
    assert sorted((one.event_id == event.id, one.state) for one in invitations(3)) == [
        (False, InvitationState.PLANNED),
        (True, InvitationState.MISSED),
        (True, InvitationState.MISSED),
    ]


def test_an_early_wave_is_moved_but_not_past_the_beginning(app: Flask) -> None:
    make_partnership()
    event = make_event(make_offer(), starts_at=datetime(2026, 12, 10, 10, 0, tzinfo=UTC))
    operations.ensure_default_evaluations(now=ENDED)
    evaluations.add_wave(default_evaluation(event.offer), -1)
    make_booking(event)
    db.session.flush()
    operations.plan_invitations(now=ENDED)
    staff = make_person()
    db.session.commit()
    move(event, staff, datetime(2026, 12, 9, tzinfo=UTC), months=-1, now=ENDED)
    operations.plan_invitations(now=ENDED)
    assert of_wave(-1) == {(InvitationState.PLANNED, None, datetime(2026, 12, 9, 9, 0, tzinfo=UTC))}
    with pytest.raises(Refused, match="before the session begins"):
        move(event, staff, datetime(2026, 12, 12, tzinfo=UTC), months=-1, now=ENDED)


def test_changes_stand_in_the_trail_with_their_reasons(event: Event, staff: Person) -> None:
    move(event, staff, IN_MARCH, now=SOON_AFTER)
    skip(event, staff)
    undo(event, staff)
    lines = db.session.scalars(
        select(AuditLine).where(AuditLine.actor == staff.reference).order_by(AuditLine.id)
    ).all()
    assert [line.verb.split()[0] for line in lines] == ["moved", "skipped", "put"]
    assert lines[0].facts["reason"] == "Holidays"
    assert lines[0].facts["to"] == "2027-03-10"
    assert lines[0].facts["event"] == event.reference
    assert lines[1].facts["reason"] == "The course has changed"


def test_what_staff_changed_while_planning_looked_elsewhere_is_not_sent(
    event: Event, staff: Person
) -> None:
    """A row planned at this moment by the worker, which had not seen the change yet."""
    skip(event, staff, months=0)
    [late, _] = invitations(0)
    late.state, late.missed_because = InvitationState.PLANNED, None
    db.session.commit()
    assert operations.send_due(now=NEXT_MORNING) == 0
    operations.plan_invitations(now=NEXT_MORNING)
    assert {one.missed_because for one in invitations(0)} == {MissedBecause.SKIPPED}


def test_an_unknown_line_is_refused(event: Event, staff: Person) -> None:
    with pytest.raises(Refused, match="not in the plan"):
        plan_changes.skip_line(999_999, event.id, reason="x", actor=staff, now=SOON_AFTER)

"""Keeping what is planned true: to who came, to when events are, to what staff have changed."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, and_, delete, or_, select, update

from app.accounts.models import Person
from app.bookings.models import Booking, BookingState
from app.catalogue.models import Event, EventState
from app.kernel.db import db
from app.surveys import rules
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    Wave,
)
from app.surveys.plan_conditions import (
    PLACED,
    asks_anybody,
    came,
    is_change_of,
    may_be_asked,
    of_line,
    window_of,
)
from app.surveys.plan_models import ChangeKind, SurveyAddressee, WaveChange


def withdraw_planned(*, now: datetime) -> None:
    """Forget what was planned for people who may or need not be asked any more (R36, S32).

    What had fallen due by then is missed, and says why.
    """
    for because, condition in (
        (MissedBecause.EVENT_CANCELLED, _of_cancelled_event()),
        (MissedBecause.UNREACHABLE, _to_somebody_unreachable()),
    ):
        db.session.execute(
            update(SurveyInvitation)
            .where(SurveyInvitation.state == InvitationState.PLANNED)
            .where(SurveyInvitation.due_at <= now, condition)
            .values(state=InvitationState.MISSED, missed_because=because),
            execution_options={"synchronize_session": False},
        )
    db.session.execute(_planned_in_vain(), execution_options={"synchronize_session": False})


def _of_cancelled_event() -> ColumnElement[bool]:
    cancelled = select(Event.id).where(
        Event.id == SurveyInvitation.event_id, Event.state == EventState.CANCELLED
    )
    return cancelled.correlate(SurveyInvitation).exists()


def _to_somebody_unreachable() -> ColumnElement[bool]:
    gone = or_(Person.email.is_(None), Person.deactivated_at.is_not(None))
    unreachable = select(Person.id).where(Person.id == SurveyInvitation.person_id, gone)
    return unreachable.correlate(SurveyInvitation).exists()


@cache
def _planned_in_vain() -> Delete:
    asked_before = select(Wave.id).where(Wave.months_later == rules.BEFORE)
    still_asked = (
        select(Booking.id)
        .join(Event, Event.id == Booking.event_id)
        .join(Person, Person.id == Booking.person_id)
        .where(
            Booking.id == SurveyInvitation.booking_id,
            asks_anybody(),
            may_be_asked(),
            or_(
                and_(
                    SurveyInvitation.wave_id.in_(asked_before),
                    Booking.state == BookingState.CONFIRMED,
                ),
                and_(SurveyInvitation.wave_id.not_in(asked_before), came()),
            ),
        )
        .correlate(SurveyInvitation)
    )
    still_listed = (
        select(SurveyAddressee.id)
        .join(Person, Person.id == SurveyAddressee.person_id)
        .where(
            SurveyInvitation.event_id.is_(None),
            SurveyAddressee.evaluation_id == SurveyInvitation.evaluation_id,
            SurveyAddressee.person_id == SurveyInvitation.person_id,
            may_be_asked(),
        )
        .correlate(SurveyInvitation)
    )
    return delete(SurveyInvitation).where(
        SurveyInvitation.state == InvitationState.PLANNED,
        ~still_asked.exists(),
        ~still_listed.exists(),
    )


def follow_events() -> None:
    """Move what is planned with its event, or as staff have changed the schedule (R36, R42).

    One statement for each line of the schedule that is not as it should be.
    """
    for line in db.session.execute(_planned_lines()).mappings().all():
        window = window_of(dict(line))
        values: dict[str, Any] = {}
        if line["kind"] is ChangeKind.SKIP:
            values = {"state": InvitationState.MISSED, "missed_because": MissedBecause.SKIPPED}
        elif (window.due_at, window.send_by) != (line["due_at"], line["send_by"]):
            values = {"due_at": window.due_at, "closes_at": window.send_by}
        if values:
            db.session.execute(
                update(SurveyInvitation)
                .where(
                    SurveyInvitation.state == InvitationState.PLANNED,
                    of_line(line["wave_id"], line["event_id"]),
                    SurveyInvitation.due_at == line["due_at"],
                    SurveyInvitation.closes_at == line["send_by"],
                )
                .values(**values),
                execution_options={"synchronize_session": False},
            )


@cache
def _planned_lines() -> Select[Any]:
    """Lines of the schedule with somebody planned; people are put together before anything else."""
    lines = (
        select(
            SurveyInvitation.event_id,
            SurveyInvitation.wave_id,
            SurveyInvitation.due_at,
            SurveyInvitation.closes_at.label("send_by"),
        )
        .where(SurveyInvitation.state == InvitationState.PLANNED)
        .distinct()
        .subquery()
    )
    return (
        select(lines, *PLACED)
        .join(Wave, Wave.id == lines.c.wave_id)
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .outerjoin(Event, Event.id == lines.c.event_id)
        .outerjoin(WaveChange, is_change_of(lines.c.wave_id, lines.c.event_id))
    )

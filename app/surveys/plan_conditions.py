"""Whom a plan asks, and what places a line of the schedule: conditions that several files share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, EventState, Offer
from app.surveys import rules
from app.surveys.models import Evaluation, SurveyInvitation, SurveyStop, Wave, evaluation_offer
from app.surveys.plan_models import WaveChange
from app.surveys.schedule_rules import Placed

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)
# What tells when a line of the schedule falls due, and what staff changed in it.
PLACED = (
    Wave.months_later,
    Event.starts_at,
    Event.ends_at,
    Evaluation.counted_from_on,
    WaveChange.kind,
    WaveChange.moved_to,
)


def of_line(wave_id: int, event_id: int | None) -> ColumnElement[bool]:
    """Whether an invitation is of this line of the schedule: a wave of an event, or of a list."""
    of_event = SurveyInvitation.event_id == event_id  # IS NULL of a list
    return and_(SurveyInvitation.wave_id == wave_id, of_event)


def is_change_of(wave_id: Any, event_id: Any) -> ColumnElement[bool]:
    """Whether a change of the schedule is of this wave of this event; of a list without one."""
    return and_(WaveChange.wave_id == wave_id, WaveChange.event_id.is_not_distinct_from(event_id))


def asks_anybody() -> ColumnElement[bool]:
    """Whether an event's people are asked: not if it was cancelled, or brought in as history."""
    return and_(Event.state != EventState.CANCELLED, Event.is_history.is_(False))


def came() -> ColumnElement[bool]:
    """Whether a booking's person attended, or attended in part, on one of the event's dates."""
    attended = select(Attendance.id).where(
        Attendance.booking_id == Booking.id, Attendance.outcome.in_(CAME)
    )
    return and_(Booking.state != BookingState.CANCELLED, attended.exists())


def may_be_asked() -> ColumnElement[bool]:
    """Whether a person can be written to and has not asked us to stop."""
    stopped = select(SurveyStop.person_id).where(SurveyStop.person_id == Person.id)
    return and_(Person.email.is_not(None), Person.deactivated_at.is_(None), ~stopped.exists())


def asked_about() -> ColumnElement[bool]:
    """Whether an event's offer belongs to an evaluation: by name, or by the series it is in.

    In a series, an offer whose own plan asks at the same time is left to its own plan.
    """
    by_name = select(evaluation_offer.c.offer_id).where(
        evaluation_offer.c.evaluation_id == Evaluation.id, evaluation_offer.c.offer_id == Offer.id
    )
    own, own_wave = aliased(Evaluation), aliased(Wave)
    asked_by_its_own_plan = (
        select(own_wave.id)
        .join(own, own.id == own_wave.evaluation_id)
        .where(own.is_default_for_id == Offer.id, own_wave.months_later == Wave.months_later)
    )
    by_series = and_(Offer.series_id == Evaluation.series_id, ~asked_by_its_own_plan.exists())
    return or_(by_name.exists(), by_series)


def window_of(line: dict[str, Any]) -> rules.Window:
    """When a line of the schedule falls due: what `PLACED` found of it."""
    placed = Placed(
        line["months_later"], line["starts_at"], line["ends_at"], line["counted_from_on"]
    )
    return placed.window(line["moved_to"])

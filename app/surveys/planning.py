"""Who is asked, and when: rows made ahead from bookings and registers, kept true to them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import db
from app.kernel.tokens import derived_token, new_reference, token_hash
from app.surveys import rules
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    SurveyStop,
    Wave,
    evaluation_offer,
)

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)
REFERENCE_LENGTH = 12
MOST_AT_ONCE = 1000


def plan_invitations(*, now: datetime) -> int:
    """Make the planned invitations true to bookings and registers; how many were added.

    At most 1,000 for each point in time, so that a transaction stays short: call it again while
    it returns that many.
    """
    withdraw_planned()
    follow_events()
    months = db.session.scalars(select(Wave.months_later).distinct()).all()
    return sum(_plan_wave(months_later, now=now) for months_later in sorted(months))


def withdraw_planned() -> None:
    """Forget what was planned for people who may or need not be asked any more (R36, S32)."""
    db.session.execute(_planned_in_vain(), execution_options={"synchronize_session": False})


@cache
def _planned_in_vain() -> Delete:
    asked_before = select(Wave.id).where(Wave.months_later == rules.BEFORE)
    still_asked = (
        select(Booking.id)
        .join(Event, Event.id == Booking.event_id)
        .join(Person, Person.id == Booking.person_id)
        .where(
            Booking.id == SurveyInvitation.booking_id,
            Event.state != EventState.CANCELLED,
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
    return delete(SurveyInvitation).where(
        SurveyInvitation.state == InvitationState.PLANNED, ~still_asked.exists()
    )


def follow_events() -> None:
    """Move what is planned with its event; one statement for each event that has moved (R36)."""
    planned = select(
        SurveyInvitation.event_id,
        SurveyInvitation.wave_id,
        SurveyInvitation.closes_at,
        Wave.months_later,
        Event.starts_at,
        Event.ends_at,
    )
    planned = planned.join(Wave, Wave.id == SurveyInvitation.wave_id)
    planned = planned.join(Event, Event.id == SurveyInvitation.event_id)
    planned = planned.where(SurveyInvitation.state == InvitationState.PLANNED).distinct()
    for event_id, wave_id, send_by, months_later, starts_at, ends_at in db.session.execute(
        planned
    ).all():
        wanted = rules.window(months_later, starts_at=starts_at, ends_at=ends_at)
        if wanted.send_by != send_by:
            db.session.execute(
                update(SurveyInvitation)
                .where(
                    SurveyInvitation.state == InvitationState.PLANNED,
                    SurveyInvitation.event_id == event_id,
                    SurveyInvitation.wave_id == wave_id,
                    SurveyInvitation.closes_at == send_by,
                )
                .values(due_at=wanted.due_at, closes_at=wanted.send_by),
                execution_options={"synchronize_session": False},
            )


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


def _plan_wave(months_later: int, *, now: datetime) -> int:
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    found_now = db.session.execute(
        _not_yet_planned(before=months_later == rules.BEFORE),
        {
            "months": months_later,
            "now": now,
            # Of an event that is older than its evaluation, nothing can have been missed.
            "missed_since": rules.earliest_end_to_miss(months_later, now=now),
            "in_time_since": rules.earliest_end_to_ask(months_later, now=now),
        },
    )
    for found in found_now.mappings():
        window = rules.window(months_later, starts_at=found["starts_at"], ends_at=found["ends_at"])
        row = _row(dict(found), window, too_late=now > window.send_by)
        rows.setdefault((row["wave_id"], row["addressee_key"]), row)
    if rows:
        db.session.execute(insert(SurveyInvitation), list(rows.values()))
    return len(rows)


@cache
def _not_yet_planned(*, before: bool) -> Any:
    """Bookings without an invitation; kept, since the worker asks for it all day long."""
    query = (
        select(
            Wave.id.label("wave_id"),
            Wave.once_per_person,
            Evaluation.id.label("evaluation_id"),
            Booking.id.label("booking_id"),
            Booking.person_id,
            Booking.sector_id,
            Event.id.label("event_id"),
            Event.starts_at,
            Event.ends_at,
        )
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .join(Offer, asked_about())
        .join(Event, Event.offer_id == Offer.id)
        .join(Booking, Booking.event_id == Event.id)
        .join(Person, Person.id == Booking.person_id)
        .where(Wave.months_later == bindparam("months"), may_be_asked())
        .where(Event.state != EventState.CANCELLED, ~_already_planned())
        .order_by(Event.ends_at, Booking.id)
        .limit(MOST_AT_ONCE)
    )
    now: Any = bindparam("now")
    missed_since: Any = bindparam("missed_since")
    if before:
        return query.where(
            Event.state == EventState.PUBLISHED,
            Event.starts_at > now,
            Booking.state == BookingState.CONFIRMED,
        )
    in_time = Event.ends_at > bindparam("in_time_since")
    missed = and_(Event.ends_at > missed_since, Event.ends_at >= Evaluation.created_at)
    # The window is named by itself, so that the index on it is used and history costs nothing.
    window = (Event.ends_at > missed_since, Event.ends_at <= now)
    return query.where(*window, or_(in_time, missed), came())


def _already_planned() -> ColumnElement[bool]:
    # Two questions, each of one index: asked as one, each booking looks through its whole wave.
    in_wave = SurveyInvitation.wave_id == Wave.id
    this_booking = select(SurveyInvitation.id).where(
        in_wave, SurveyInvitation.booking_id == Booking.id
    )
    this_person = select(SurveyInvitation.id).where(
        in_wave, SurveyInvitation.person_id == Booking.person_id
    )
    return or_(
        this_booking.correlate(Wave, Booking).exists(),
        and_(Wave.once_per_person.is_(True), this_person.correlate(Wave, Booking).exists()),
    )


def _row(found: dict[str, Any], window: rules.Window, *, too_late: bool) -> dict[str, Any]:
    reference = new_reference(REFERENCE_LENGTH)
    if found["once_per_person"]:
        addressee_key = f"person:{found['person_id']}"
    else:
        addressee_key = f"booking:{found['booking_id']}"
    return {
        "reference": reference,
        "evaluation_id": found["evaluation_id"],
        "wave_id": found["wave_id"],
        "addressee_key": addressee_key,
        "person_id": found["person_id"],
        "event_id": found["event_id"],
        "booking_id": found["booking_id"],
        "sector_id": found["sector_id"],
        "token_hash": token_hash(link_token(reference)),
        "state": InvitationState.MISSED if too_late else InvitationState.PLANNED,
        "missed_because": MissedBecause.LATE if too_late else None,
        "due_at": window.due_at,
        "closes_at": window.send_by,
    }


def link_token(reference: str) -> str:
    """The token in an invitation's link; derived, so that only its hash need be stored."""
    return derived_token("survey", reference)

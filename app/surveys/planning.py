"""Who is asked, and when: rows made ahead from bookings and registers, kept true to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    and_,
    bindparam,
    delete,
    false,
    insert,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import db
from app.kernel.london import london_date
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
from app.surveys.plan_models import ChangeKind, SurveyAddressee, WaveChange
from app.surveys.schedule_rules import Placed

CAME = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)
REFERENCE_LENGTH = 12
MOST_AT_ONCE = 1000
# What tells when a line of the schedule falls due, and what staff changed in it.
PLACED = (
    Wave.months_later,
    Event.starts_at,
    Event.ends_at,
    Evaluation.counted_from_on,
    WaveChange.kind,
    WaveChange.moved_to,
)


def plan_invitations(*, now: datetime) -> int:
    """Make the planned invitations true to bookings and registers; how many were added.

    At most 1,000 for each point in time, so that a transaction stays short: call it again while
    it returns that many.
    """
    withdraw_planned(now=now)
    follow_events()
    kinds: dict[int, list[Any]] = {}
    of_list = Evaluation.counted_from_on.is_not(None)
    waves = select(Wave.months_later, of_list).join(Evaluation, Evaluation.id == Wave.evaluation_id)
    for months_later, is_of_list in db.session.execute(waves.distinct()):
        if is_of_list:
            query = _not_yet_planned_of_lists()
        else:
            query = _not_yet_planned(before=months_later == rules.BEFORE, moved=False)
        kinds.setdefault(months_later, []).append(query)
    moved_since = london_date(now - 2 * rules.LIMIT)
    moved = select(Wave.months_later).join(WaveChange, WaveChange.wave_id == Wave.id)
    moved = moved.where(WaveChange.moved_to >= moved_since, Wave.months_later > rules.BEFORE)
    for months_later in db.session.scalars(moved.distinct()):
        kinds[months_later].append(_not_yet_planned(before=False, moved=True))
    return sum(
        _plan_wave(months_later, queries, now=now)
        for months_later, queries in sorted(kinds.items())
    )


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
    planned = (
        select(
            SurveyInvitation.event_id,
            SurveyInvitation.wave_id,
            SurveyInvitation.due_at,
            SurveyInvitation.closes_at.label("send_by"),
            *PLACED,
        )
        .join(Wave, Wave.id == SurveyInvitation.wave_id)
        .join(Evaluation, Evaluation.id == SurveyInvitation.evaluation_id)
        .outerjoin(Event, Event.id == SurveyInvitation.event_id)
        .outerjoin(WaveChange, is_change_of(SurveyInvitation.wave_id, SurveyInvitation.event_id))
        .where(SurveyInvitation.state == InvitationState.PLANNED)
        .distinct()
    )
    for line in db.session.execute(planned).mappings().all():
        window = _window(dict(line))
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


def of_line(wave_id: int, event_id: int | None) -> ColumnElement[bool]:
    """Whether an invitation is of this line of the schedule: a wave of an event, or of a list."""
    of_event = SurveyInvitation.event_id == event_id  # IS NULL of a list
    return and_(SurveyInvitation.wave_id == wave_id, of_event)


def is_change_of(wave_id: Any, event_id: Any) -> ColumnElement[bool]:
    """Whether a change of the schedule is of this wave of this event; of a list without one."""
    return and_(WaveChange.wave_id == wave_id, WaveChange.event_id.is_not_distinct_from(event_id))


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


def _plan_wave(months_later: int, queries: Iterable[Any], *, now: datetime) -> int:
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    missed_since = rules.earliest_end_to_miss(months_later, now=now)
    values = {
        "months": months_later,
        "now": now,
        # Of an event that is older than its evaluation, nothing can have been missed.
        "missed_since": missed_since,
        "in_time_since": rules.earliest_end_to_ask(months_later, now=now),
        "counted_since": london_date(missed_since),
        "moved_since": london_date(now - 2 * rules.LIMIT),
    }
    for query in queries:
        for found in db.session.execute(query, values).mappings():
            row = _row(dict(found), now=now)
            rows.setdefault((row["wave_id"], row["addressee_key"]), row)
    if rows:
        db.session.execute(insert(SurveyInvitation), list(rows.values()))
    return len(rows)


@cache
def _not_yet_planned(*, before: bool, moved: bool) -> Any:
    """Bookings without an invitation; kept, since the worker asks for it all day long.

    Those of a wave that staff moved to a later day are asked for by themselves: their event may
    have ended too long ago for the wave's own day.
    """
    query = (
        select(
            Wave.id.label("wave_id"),
            Wave.once_per_person,
            Evaluation.id.label("evaluation_id"),
            Booking.id.label("booking_id"),
            Booking.person_id,
            Booking.sector_id,
            Event.id.label("event_id"),
            *PLACED,
        )
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .join(Offer, asked_about())
        .join(Event, Event.offer_id == Offer.id)
        .join(Booking, Booking.event_id == Event.id)
        .join(Person, Person.id == Booking.person_id)
        .outerjoin(WaveChange, is_change_of(Wave.id, Event.id))
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
    if moved:
        moved_since: Any = bindparam("moved_since")
        return query.where(WaveChange.moved_to >= moved_since, Event.ends_at <= now, came())
    in_time = Event.ends_at > bindparam("in_time_since")
    missed = and_(Event.ends_at > missed_since, Event.ends_at >= Evaluation.created_at)
    # The window is named by itself, so that the index on it is used and history costs nothing.
    window = (Event.ends_at > missed_since, Event.ends_at <= now)
    return query.where(*window, or_(in_time, missed), came())


@cache
def _not_yet_planned_of_lists() -> Any:
    """People on the list of an evaluation without an invitation."""
    planned = select(SurveyInvitation.id).where(
        SurveyInvitation.wave_id == Wave.id,
        SurveyInvitation.person_id == SurveyAddressee.person_id,
    )
    counted_since: Any = bindparam("counted_since")
    moved_since: Any = bindparam("moved_since")
    in_time = or_(Evaluation.counted_from_on > counted_since, WaveChange.moved_to >= moved_since)
    return (
        select(
            Wave.id.label("wave_id"),
            true().label("once_per_person"),
            Evaluation.id.label("evaluation_id"),
            null().label("booking_id"),
            SurveyAddressee.person_id,
            SurveyAddressee.sector_id,
            null().label("event_id"),
            *PLACED,
        )
        .join(Evaluation, Evaluation.id == Wave.evaluation_id)
        .join(SurveyAddressee, SurveyAddressee.evaluation_id == Evaluation.id)
        .join(Person, Person.id == SurveyAddressee.person_id)
        .outerjoin(Event, false())
        .outerjoin(WaveChange, is_change_of(Wave.id, null()))
        .where(Wave.months_later == bindparam("months"), may_be_asked(), in_time)
        .where(~planned.correlate(Wave, SurveyAddressee).exists())
        .order_by(SurveyAddressee.id)
        .limit(MOST_AT_ONCE)
    )


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


def _window(line: dict[str, Any]) -> rules.Window:
    """When a line of the schedule falls due: what `PLACED` found of it."""
    placed = Placed(
        line["months_later"], line["starts_at"], line["ends_at"], line["counted_from_on"]
    )
    return placed.window(line["moved_to"])


def _row(found: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    reference, window = new_reference(REFERENCE_LENGTH), _window(found)
    because = MissedBecause.LATE if now > window.send_by else None
    if found["kind"] is ChangeKind.SKIP:
        because = MissedBecause.SKIPPED
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
        "state": InvitationState.MISSED if because else InvitationState.PLANNED,
        "missed_because": because,
        "due_at": window.due_at,
        "closes_at": window.send_by,
    }


def link_token(reference: str) -> str:
    """The token in an invitation's link; derived, so that only its hash need be stored."""
    return derived_token("survey", reference)

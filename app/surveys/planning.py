"""Who is asked, and when: rows made ahead from bookings and registers, kept true to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    false,
    insert,
    null,
    or_,
    select,
    true,
)

from app.accounts.models import Person
from app.bookings.models import Booking, BookingState
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.tokens import derived_token, new_reference, token_hash
from app.surveys import rules
from app.surveys.following import follow_events, withdraw_planned
from app.surveys.models import (
    Evaluation,
    InvitationState,
    MissedBecause,
    SurveyInvitation,
    Wave,
)
from app.surveys.plan_conditions import (
    PLACED,
    asked_about,
    asks_anybody,
    came,
    is_change_of,
    may_be_asked,
    window_of,
)
from app.surveys.plan_models import ChangeKind, SurveyAddressee, WaveChange

REFERENCE_LENGTH = 12
MOST_AT_ONCE = 1000


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
        .where(asks_anybody(), ~_already_planned())
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


def _row(found: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    reference, window = new_reference(REFERENCE_LENGTH), window_of(found)
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

"""What must be true of waiting lists, and of places kept for whoever is next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import aliased

from app.audit.models import AuditLine
from app.bookings.models import Booking, BookingOrigin, BookingState, BookingTerms
from app.bookings.waiting_list import GAVE, HELD_FOR, PASSED_OVER
from app.catalogue.models import Event, EventState
from app.checks.moment import Find, Moment

Found = Select[Any]
ENDS_WITHIN = timedelta(minutes=15)
_HAS_A_FREE_PLACE = or_(Event.capacity.is_(None), Event.places_taken < Event.capacity)


def events_with_a_place_for_somebody_waiting(moment: Moment) -> Found:
    """Events still to come with a free place beside somebody whom nothing bars from it."""
    waiting = select(Booking.id).where(
        Booking.event_id == Event.id,
        Booking.state == BookingState.WAITING,
        Booking.passed_over_reason == "",
    )
    return select(Event.reference).where(
        Event.state == EventState.PUBLISHED,
        Event.starts_at > moment.now,
        _HAS_A_FREE_PLACE,
        waiting.exists(),
    )


def people_whom_no_limit_bars(moment: Moment) -> Found:
    """Waiting bookings passed over beside a free place, although their limit is not reached."""
    other = aliased(Booking)
    is_taken = (
        other.event_id == Booking.event_id,
        other.state.in_((BookingState.CONFIRMED, BookingState.HELD)),
        other.origin != BookingOrigin.REGISTER,
    )
    count = select(func.count()).select_from(other).where(*is_taken).correlate(Booking)
    by_organisation = count.where(other.organisation_id == Booking.organisation_id)
    by_sector = count.where(other.sector_id == Booking.sector_id)
    barred = or_(
        and_(
            Booking.organisation_id.is_not(None),
            by_organisation.scalar_subquery() >= BookingTerms.most_per_organisation,
        ),
        by_sector.scalar_subquery() >= BookingTerms.most_per_sector,
    )
    return (
        select(Booking.reference)
        .join(Event, Event.id == Booking.event_id)
        .join(BookingTerms, BookingTerms.offer_id == Event.offer_id)
        .where(
            Event.state == EventState.PUBLISHED,
            Event.starts_at > moment.now,
            _HAS_A_FREE_PLACE,
            Booking.state == BookingState.WAITING,
            Booking.passed_over_reason != "",
            not_(func.coalesce(barred, False)),
        )
    )


def people_held_back_by_no_limit(moment: Moment) -> Found:
    """Waiting bookings passed over for a limit where the offer has none."""
    limited = select(BookingTerms.offer_id).where(
        BookingTerms.offer_id == Event.offer_id,
        or_(
            BookingTerms.most_per_organisation.is_not(None),
            BookingTerms.most_per_sector.is_not(None),
        ),
    )
    return (
        select(Booking.reference)
        .join(Event, Event.id == Booking.event_id)
        .where(
            Event.starts_at > moment.now,
            Booking.state == BookingState.WAITING,
            Booking.passed_over_reason != "",
            not_(limited.exists()),
        )
    )


def bookings_that_were_overtaken(_moment: Moment) -> Found:
    """Waiting bookings behind which somebody joined who has a place, or who joined with another.

    Whom a limit barred at that moment was not overtaken but passed over: the trail says so.
    """
    other = aliased(Booking)
    overtook = and_(
        other.state.in_((BookingState.CONFIRMED, BookingState.HELD)),
        other.origin != BookingOrigin.REGISTER,
        other.joined_waiting_at > Booking.joined_waiting_at,
        not_(_was_passed_over_for(other)),
    )
    same_moment = and_(
        other.state == BookingState.WAITING,
        other.id != Booking.id,
        other.joined_waiting_at == Booking.joined_waiting_at,
    )
    ahead = select(other.id).where(other.event_id == Booking.event_id, or_(overtook, same_moment))
    return select(Booking.reference).where(Booking.state == BookingState.WAITING, ahead.exists())


def _was_passed_over_for(other: Any) -> ColumnElement[bool]:
    given, passed_over = aliased(AuditLine), aliased(AuditLine)
    return (
        select(given.id)
        .join(passed_over, passed_over.at == given.at)
        .where(
            given.subject_kind == "booking",
            given.subject_reference == other.reference,
            given.verb.in_((GAVE, HELD_FOR)),
            passed_over.subject_kind == "booking",
            passed_over.subject_reference == Booking.reference,
            passed_over.verb == PASSED_OVER,
        )
        .exists()
    )


def places_held_too_long(moment: Moment) -> Found:
    """Places still held although their time was over a quarter of an hour ago."""
    return select(Booking.reference).where(
        Booking.state == BookingState.HELD, Booking.held_until < moment.now - ENDS_WITHIN
    )


INVARIANTS: dict[str, Find] = {
    "no place is free while somebody waits for it": events_with_a_place_for_somebody_waiting,
    "nobody is passed over where there is no limit": people_held_back_by_no_limit,
    "nobody is passed over whom no limit bars": people_whom_no_limit_bars,
    "the waiting list moves in the order of joining": bookings_that_were_overtaken,
    "kept places end when their time is over": places_held_too_long,
}

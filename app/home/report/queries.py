"""What a report reads: four statements, however long the period and however many the bookings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from app.accounts.models import Organisation
from app.bookings.models import (
    Approval,
    ApprovalDecision,
    Attendance,
    Booking,
    HeadCount,
    NewDatesWish,
)
from app.catalogue.models import Event, EventDate, EventState, Offer, Series
from app.home.report.facts_rules import (
    NO_ORGANISATION,
    Bookings,
    EventFacts,
    Facts,
    HeadsRow,
    OfferFacts,
    OrganisationFacts,
)
from app.home.report.rules import Figure
from app.impact.periods import Period
from app.kernel.db import db
from app.partnership.models import Priority, Sector


def read_facts(period: Period, *, since: datetime) -> Facts:
    """All that the report of a period needs, with the time before it from `since` on."""
    offers, events = _offers(since, period.until)
    organisations, sectors = _organisations()
    heads, requests, wishes = _beside(period, since)
    return Facts(
        offers=offers,
        events=events,
        bookings=_bookings(since, period.until),
        organisations=organisations,
        sectors=sectors,
        heads=heads,
        requests=requests,
        wishes=wishes,
    )


def _offers(since: datetime, until: datetime) -> tuple[dict[int, OfferFacts], list[EventFacts]]:
    """Every offer, and its announced sessions of this time."""
    in_time = and_(
        Event.offer_id == Offer.id,
        Event.starts_at >= since,
        Event.starts_at < until,
        _was_announced(),
    )
    rows = db.session.execute(
        select(
            Offer.id,
            Offer.slug,
            Offer.title,
            Offer.kind,
            Offer.state,
            Offer.provider,
            Series.title,
            Priority.plan,
            Priority.number,
            Priority.title,
            Event.id,
            Event.state,
            Event.starts_at,
            Event.is_history,
            Event.booking_url != "",
            Event.in_house_for_id,
        )
        .outerjoin(Series, Series.id == Offer.series_id)
        .outerjoin(Priority, Priority.id == Offer.priority_id)
        .outerjoin(Event, in_time)
        .order_by(Offer.title, Offer.id)
    ).all()
    offers: dict[int, OfferFacts] = {}
    events = []
    for offer_id, slug, title, kind, state, provider, series, plan, number, words, *event in rows:
        if offer_id not in offers:
            priority = (plan, number, words) if plan else None
            offers[offer_id] = OfferFacts(
                offer_id, slug, title, kind, state, provider or None, series, priority
            )
        event_id, event_state, starts_at, is_history, is_elsewhere, in_house_for = event
        if event_id is not None:
            events.append(
                EventFacts(
                    event_id,
                    offer_id,
                    event_state,
                    starts_at,
                    bool(is_history),
                    bool(is_elsewhere),
                    in_house_for,
                )
            )
    return offers, events


def _was_announced() -> Any:
    cancelled = and_(Event.state == EventState.CANCELLED, Event.published_at.is_not(None))
    return or_(Event.state == EventState.PUBLISHED, cancelled)


def _bookings(since: datetime, until: datetime) -> Bookings:
    """Every booking of these sessions with what its registers say, plain as they are stored."""
    written = (
        type_coerce(Booking.state, String),
        type_coerce(Booking.origin, String),
        func.coalesce(type_coerce(Booking.cancelled_because, String), ""),
        case((Booking.cancelled_late, "1"), else_="0"),
        case((Booking.confirmed_at.is_not(None), "1"), else_="0"),
        case((Booking.cancelled_at >= Event.starts_at, "1"), else_="0"),
        func.coalesce(type_coerce(Attendance.outcome, String), ""),
    )
    # One word for what became of a booking: few columns are read in half the time of many.
    how: ColumnElement[str] = written[0]
    for part in written[1:]:
        how = how + "|" + part
    found = db.session.connection().execute(
        select(
            Booking.id,
            Booking.event_id,
            Booking.person_id,
            Booking.sector_id,
            func.coalesce(Booking.organisation_id, NO_ORGANISATION),
            how,
        )
        .join(Event, Event.id == Booking.event_id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Event.starts_at >= since,
            Event.starts_at < until,
            Event.state == EventState.PUBLISHED,
        )
    )
    # Plain tuples as the driver makes them: whatever looks at each of so many takes as long again.
    rows = _one_of_each(found.cursor.fetchall() if found.cursor else ())
    events, people, sectors, bodies, hows = ([row[n] for row in rows] for n in range(1, 6))
    return Bookings(events, people, sectors, bodies, hows)


def _one_of_each(rows: Sequence[Any]) -> Sequence[Any]:
    """A booking of several dates has a row for each mark: one row with all of them."""
    by_booking: dict[int, Any] = {row[0]: row for row in rows}
    if len(by_booking) == len(rows):
        return rows
    marks: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        marks[row[0]].append(row[5].rpartition("|")[2])
    return [
        (*row[:5], f"{row[5].rpartition('|')[0]}|{','.join(marks[row[0]])}")
        for row in by_booking.values()
    ]


def _organisations() -> tuple[dict[int, OrganisationFacts], dict[int, str]]:
    """Every organisation, and every sector in its order."""
    rows = db.session.execute(
        select(
            Sector.id,
            Sector.name,
            Organisation.id,
            Organisation.name,
            type_coerce(Organisation.kind, String),
            Organisation.phase,
            Organisation.opened_on,
            Organisation.closed_on,
            Organisation.successor_id,
            Organisation.contact_email,
            Organisation.proposed_at.is_not(None),
        )
        .outerjoin(Organisation, Organisation.sector_id == Sector.id)
        .order_by(Sector.position, Sector.id)
    )
    organisations: dict[int, OrganisationFacts] = {}
    sectors: dict[int, str] = {}
    for sector_id, sector, organisation_id, name, kind, *rest in rows:
        sectors[sector_id] = sector
        if organisation_id is not None:
            organisations[organisation_id] = OrganisationFacts(
                organisation_id, name, kind, sector_id, *rest
            )
    return organisations, sectors


Beside = tuple[list[HeadsRow], list[tuple[int, Figure, int]], dict[int, tuple[int, int]]]


_REFUSED = {
    ApprovalDecision.DECLINED: Figure.DECLINED,
    ApprovalDecision.LAPSED: Figure.LAPSED,
}


def _heads(in_time: ColumnElement[bool]) -> Any:
    return (
        select(
            literal("heads").label("what"),
            EventDate.event_id,
            HeadCount.head_count,
            HeadCount.out_of_area_count,
        )
        .join(EventDate, EventDate.id == HeadCount.event_date_id)
        .join(Event, Event.id == EventDate.event_id)
        .where(in_time)
    )


def _requests_refused(in_time: ColumnElement[bool]) -> Any:
    return (
        select(
            type_coerce(Approval.decision, String),
            Booking.event_id,
            func.count(),
            literal(0),
        )
        .join(Booking, Booking.id == Approval.booking_id)
        .join(Event, Event.id == Booking.event_id)
        .where(in_time, Approval.decision.in_(_REFUSED))
        .group_by(Approval.decision, Booking.event_id)
    )


def _wishes_for_dates(period: Period) -> Any:
    return (
        select(
            literal("wishes"),
            NewDatesWish.offer_id,
            func.count(),
            func.sum(case((NewDatesWish.told_at.is_(None), 1), else_=0)),
        )
        .where(NewDatesWish.asked_at >= period.since, NewDatesWish.asked_at < period.until)
        .group_by(NewDatesWish.offer_id)
    )


def _beside(period: Period, since: datetime) -> Beside:
    """Heads counted, requests refused and wishes for dates, in one statement."""
    in_time = and_(Event.starts_at >= since, Event.starts_at < period.until)
    asked = union_all(_heads(in_time), _requests_refused(in_time), _wishes_for_dates(period))
    rows: Sequence[Any] = db.session.execute(asked).all()
    return (
        [HeadsRow(*row[1:]) for row in rows if row[0] == "heads"],
        [
            (row[1], _REFUSED[ApprovalDecision(row[0])], row[2])
            for row in rows
            if row[0] in _REFUSED
        ],
        {row[1]: (row[2], row[3]) for row in rows if row[0] == "wishes"},
    )

"""Changing who may book an offer's events, and how their places are given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings.models import Booking, BookingState, BookingTerms
from app.bookings.places import lock_events_where, terms_from
from app.bookings.terms_rules import Terms
from app.bookings.waiting_list import promote_waiting
from app.catalogue.models import Event, EventState, Offer
from app.kernel.db import Base, db, insert_together

VERB = "changed who may book"


def change_terms(offer_id: int, wanted: Terms, *, actor: Person, now: datetime) -> None:
    """Set who may book; whoever waits and is no longer kept from a free place by a limit gets it.

    Nobody who has a place loses it, and a request stays with whom it was put to.
    """
    slug, actor = _lock_offer(offer_id), read_again(actor)
    row = db.session.get(BookingTerms, offer_id, populate_existing=True)
    if terms_from(row) == wanted:
        return
    events = lock_events_where(
        Event.offer_id == offer_id, Event.state == EventState.PUBLISHED, Event.starts_at > now
    )
    _write(row, offer_id, wanted, now)
    rows: list[Base] = [audit.line(actor.reference, VERB, "offer", slug, now=now)]
    with_waiting = [event for event, _ in events.values() if event.waiting_count]
    if not wanted.have_limits:
        _forget_limits(with_waiting)
    for event in with_waiting:
        promote_waiting(event, wanted, now=now, into=rows)
    db.session.flush()
    insert_together(rows)


def _lock_offer(offer_id: int) -> str:
    """Hold the offer until the transaction ends, so that two who save wait; its slug."""
    raised = update(Offer).where(Offer.id == offer_id).values(revision=Offer.revision + 1)
    return db.session.scalars(raised.returning(Offer.slug)).one()


def _write(row: BookingTerms | None, offer_id: int, wanted: Terms, now: datetime) -> None:
    if row is None:
        row = BookingTerms(offer_id=offer_id)
        db.session.add(row)
    for name, value in _columns(wanted).items():
        setattr(row, name, value)
    row.updated_at = now


def _columns(wanted: Terms) -> dict[str, Any]:
    return {
        "sectors": sorted(wanted.sectors),
        "establishments": sorted(wanted.establishments),
        "posts": sorted(wanted.posts),
        "most_per_organisation": wanted.most_per_organisation,
        "most_per_sector": wanted.most_per_sector,
        "approved_by": wanted.approved_by,
        "promotion": wanted.promotion,
        "hold_hours": wanted.hold_hours,
    }


def _forget_limits(events: list[Event]) -> None:
    """Reasons found by limits that are no longer; where there are limits, promoting finds them."""
    db.session.execute(
        update(Booking)
        .where(
            Booking.event_id.in_([event.id for event in events]),
            Booking.state == BookingState.WAITING,
        )
        .values(passed_over_reason="")
        .execution_options(synchronize_session="fetch")
    )

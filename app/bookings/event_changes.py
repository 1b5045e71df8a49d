"""Publishing, changing and cancelling an event: the event, its bookings and messages at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.bookings import emails
from app.bookings.change_words import DateChange as DateChange
from app.bookings.change_words import EventChange as EventChange
from app.bookings.change_words import facts_in_words, moment_words
from app.bookings.models import (
    Attendance,
    Booking,
    BookingOrigin,
    BookingState,
    CancelReason,
)
from app.bookings.places import lock_event, lock_event_and_terms, terms_of
from app.bookings.rules import places_free
from app.bookings.terms_rules import still_held_until
from app.bookings.waiting_list import promote_waiting, would_move_up
from app.catalogue.events import check_can_be_published, half_term_on
from app.catalogue.models import HALF_TERMLY, Event, EventDate, EventMode, EventState
from app.kernel.db import Base, db, insert_together
from app.kernel.errors import Refused
from app.outbox import wording
from app.partnership import queries as partnership

A_CENTURY = timedelta(days=36525)
# What an event's row takes over from a change as it stands.
PLAIN_FIELDS = (
    "mode",
    "venue",
    "venue_address",
    "joining_url",
    "joining_notes",
    "has_catering",
    "capacity",
    "booking_opens_at",
    "booking_closes_at",
    "subtitle",
    "minimum",
    "online_capacity",
    "online_notes",
    "booking_url",
)


def publish_event(event_id: int, *, actor: Person, now: datetime) -> Event:
    """Announce a draft; Refused if there is nothing to announce."""
    event, actor = lock_event(event_id), read_again(actor)
    if event.state is not EventState.DRAFT:
        raise Refused("Only a draft can be published")
    check_can_be_published(event, event.offer, now=now)
    event.state = EventState.PUBLISHED
    event.published_at = event.updated_at = now
    audit.record(actor.reference, "published", "event", event.reference, now=now)
    return event


def change_event(event_id: int, change: EventChange, *, actor: Person, now: datetime) -> Event:
    """Change the event, promote where places get free, tell everybody whom it concerns."""
    event, terms = lock_event_and_terms(event_id)
    actor = read_again(actor)
    if event.state is EventState.CANCELLED:
        raise Refused("A cancelled session cannot be changed")
    _check_times(event, change, now)
    old, closed_at = facts_in_words(event), min(event.booking_closes_at, event.starts_at)
    old_dates = [(date.starts_at, date.ends_at) for date in event.dates]
    _check_registers(event, change)
    _check_booked_here(event, change)
    _apply(event, change, now)
    facts = {"revision": event.revision, "capacity": event.capacity}
    rows: list[Base] = [
        audit.line(actor.reference, "changed", "event", event.reference, now=now, **facts)
    ]
    if event.state is EventState.PUBLISHED:
        with db.session.no_autoflush:  # the event is written once, with its new counts
            _keep_modes_possible(event)
            nearer = _bring_deadlines_forward(event, closed_at, now)
            promoted = promote_waiting(event, terms, now=now, into=rows)
        db.session.flush()
        told = {booking.id for booking in promoted}  # how it is now
        _tell_everybody(event, old, old_dates, told, nearer, now=now, into=rows)
    insert_together(rows)
    return event


def _check_times(event: Event, change: EventChange, now: datetime) -> None:
    if not change.dates:
        raise Refused("A session needs at least one date")
    if any(date.ends_at <= date.starts_at for date in change.dates):
        raise Refused("A session must end after it starts")
    if len({date.starts_at for date in change.dates}) < len(change.dates):
        raise Refused("Two dates start at the same time")
    if change.booking_closes_at <= change.booking_opens_at:
        raise Refused("Booking must close after it opens")
    if event.state is EventState.PUBLISHED:
        known = {date.id: date.starts_at for date in event.dates}
        moved = [d for d in change.dates if d.id is None or known.get(d.id) != d.starts_at]
        if any(date.starts_at <= now for date in moved):
            raise Refused("A date that you add or move must be in the future")


def _check_registers(event: Event, change: EventChange) -> None:
    kept = {date.id for date in change.dates}
    removed = [date.id for date in event.dates if date.id not in kept]
    if not removed:
        return
    has_register = select(Attendance.id).where(Attendance.event_date_id.in_(removed)).limit(1)
    if db.session.scalar(has_register) is not None:
        raise Refused("A date whose register was taken cannot be removed")


def _check_booked_here(event: Event, change: EventChange) -> None:
    if change.booking_url and not event.booking_url and people_to_tell(event):
        raise Refused(
            "People are booked on this session here: move them or cancel their bookings before it "
            "is booked elsewhere"
        )


def _apply(event: Event, change: EventChange, now: datetime) -> None:
    for name in PLAIN_FIELDS:
        setattr(event, name, getattr(change, name))
    _set_dates(event, change.dates)
    event.starts_at = min(date.starts_at for date in change.dates)
    event.ends_at = max(date.ends_at for date in change.dates)
    if event.offer.kind in HALF_TERMLY:
        by_date = half_term_on(event.starts_at)
        event.half_term_id = change.half_term_id or (by_date.id if by_date else None)
    event.updated_at = now


def _set_dates(event: Event, wanted: Sequence[DateChange]) -> None:
    by_id = {date.id: date for date in event.dates}
    unknown = {date.id for date in wanted if date.id} - set(by_id)
    if unknown:
        raise Refused("One of the dates was removed meanwhile: look at the session again")
    kept = {date.id for date in wanted if date.id}
    removed = [date for date in event.dates if date.id not in kept]
    for date in removed:
        event.dates.remove(date)
    if removed:
        db.session.flush()  # a new date may stand where one was taken out
    if len(wanted) > 1:
        _make_room(event, wanted)
    for change in wanted:
        if change.id:
            by_id[change.id].starts_at = change.starts_at
            by_id[change.id].ends_at = change.ends_at
        else:
            event.dates.append(EventDate(starts_at=change.starts_at, ends_at=change.ends_at))
    event.dates.sort(key=lambda date: date.starts_at)
    if any(date.id is None for date in event.dates):
        db.session.flush()  # calendar entries name their date by its number


def _make_room(event: Event, wanted: Sequence[DateChange]) -> None:
    """Park dates that stand where others are to be, since no two may start together meanwhile."""
    new_start = {date.id: date.starts_at for date in wanted if date.id}
    to_be_taken = {date.starts_at for date in wanted}
    for date in event.dates:
        if new_start[date.id] != date.starts_at and date.starts_at in to_be_taken:
            date.starts_at -= A_CENTURY
            db.session.flush()


def promoted_by(event: Event, change: EventChange) -> list[int]:
    """The bookings of the waiting people to whom a change gives a place."""
    if event.state is not EventState.PUBLISHED:
        return []
    free = places_free(change.capacity, event.places_taken)
    return would_move_up(event, terms_of(event.offer_id), free)


def people_to_tell(event: Event) -> int:
    """How many people hear of a change: those with a place and those who wait."""
    return db.session.scalar(_live(select(func.count()).select_from(Booking), event)) or 0


def _keep_modes_possible(event: Event) -> None:
    """Nobody stays booked to take part in a way that there no longer is."""
    if event.mode is EventMode.HYBRID:
        return
    db.session.execute(
        update(Booking)
        .where(
            Booking.event_id == event.id,
            Booking.state != BookingState.CANCELLED,
            Booking.mode != event.mode,
        )
        .values(mode=event.mode)
        .execution_options(synchronize_session="fetch")
    )


def _bring_deadlines_forward(
    event: Event, closed_at: datetime, now: datetime
) -> dict[int, datetime]:
    """No place stays held beyond the new close of booking; whose deadline that was, by booking."""
    former: dict[int, datetime] = {}
    if min(event.booking_closes_at, event.starts_at) >= closed_at:
        return former
    held = select(Booking).where(
        Booking.event_id == event.id, Booking.state == BookingState.HELD, Booking.held_until > now
    )
    for booking in db.session.scalars(held):
        was = booking.held_until or now
        booking.held_until = still_held_until(
            was, closes_at=event.booking_closes_at, starts_at=event.starts_at, now=now
        )
        if booking.held_until != was:
            former[booking.id] = was
    return former


def _tell_everybody(
    event: Event,
    old: Sequence[tuple[str, str]],
    old_dates: Sequence[tuple[datetime, datetime]],
    told: Collection[int],
    nearer: Mapping[int, datetime],
    *,
    now: datetime,
    into: list[Base],
) -> None:
    new = facts_in_words(event)
    was = [before for before, after in zip(old, new, strict=True) if before != after]
    if event.ends_at <= now or not (was or nearer):
        return
    bookings = live_bookings(event)
    with db.session.no_autoflush:  # calendars are written together
        for booking in bookings:
            if booking.id in told or not (was or booking.id in nearer):
                continue
            if booking.state is BookingState.CONFIRMED:
                emails.tell_changed(booking, event, now=now, into=into)
                continue
            former = nearer.get(booking.id)
            kept = [("Kept until", moment_words(former))] if former else []
            emails.tell_waiting_changed(
                booking, event, [*was, *kept], old_dates=old_dates, now=now, into=into
            )
    db.session.flush()


def live_bookings(event: Event) -> Sequence[Booking]:
    """Everybody's booking that stands, with whom to write to and what their calendar says."""
    found = db.session.scalars(
        _live(select(Booking), event)
        .order_by(Booking.id)
        .options(
            joinedload(Booking.person),
            joinedload(Booking.booked_by),
            joinedload(Booking.calendar_entries),
        )
        # Entries of a date that was just taken out have lost it in the database, not in memory.
        .execution_options(populate_existing=True)
    )
    return found.unique().all()


def _live(statement: Any, event: Event) -> Any:
    return statement.where(
        Booking.event_id == event.id,
        Booking.state != BookingState.CANCELLED,
        Booking.origin != BookingOrigin.REGISTER,
    )


def cancel_event(event_id: int, *, reason: str, actor: Person, now: datetime) -> Event:
    """Call the event off with every booking and tell everybody; the reason is for them to read."""
    event, actor = lock_event(event_id), read_again(actor)
    if event.state is EventState.CANCELLED:
        return event
    if event.state is EventState.PUBLISHED and event.starts_at <= now:
        raise Refused("This session has started: take out the dates that do not take place instead")
    was_published = event.state is EventState.PUBLISHED
    bookings = live_bookings(event)
    event.state, event.cancellation_reason = EventState.CANCELLED, reason
    event.cancelled_at = event.updated_at = now
    event.places_taken = event.waiting_count = 0
    rows: list[Base] = [audit.line(actor.reference, "cancelled", "event", event.reference, now=now)]
    # Read before the loop, so that nothing is written bit by bit inside it.
    partnership.current()
    wording.changed_words()
    for booking in bookings:
        booking.state, booking.held_until = BookingState.CANCELLED, None
        booking.cancelled_at, booking.cancelled_because = now, CancelReason.EVENT
        if was_published:
            emails.tell_cancelled(booking, event, by=None, now=now, into=rows)
    insert_together(rows)
    return event

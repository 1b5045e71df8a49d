"""The letters about a place that was moved to another date or handed over to a colleague."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.accounts.models import Person
from app.bookings import calendar_invites as invites
from app.bookings import links
from app.bookings.emails import Rows, instructions, send, tell_dates, when_in_short
from app.bookings.models import Booking, CalendarEntry
from app.catalogue.models import Event
from app.kernel.london import short_date_words


def tell_moved(
    old: Booking,
    new: Booking,
    events: tuple[Event, Event],
    *,
    was_waiting: bool,
    by: Person | None,
    now: datetime,
    into: Rows,
) -> None:
    """The new place with its invites, and each old date taken out of the calendar.

    `events` are the old and the new one; `by` is whoever asked for it, None if we did.
    """
    old_event, new_event = events
    first, *others = entries = invites.open_entries(new, new_event, now=now)
    into += entries
    send(
        new,
        new_event,
        "moved",
        f"Moved: {new_event.title}, now {when_in_short(first)}",
        entry=first,
        now=now,
        into=into,
        dates=new_event.dates,
        other_dates_count=len(others),
        old_dates=old_event.dates,
        was_waiting=was_waiting,
        asked_by=_asked_by(new, by),
        instructions=instructions(new, new_event),
    )
    tell_dates(new, new_event, others, added=False, now=now, into=into)
    for entry in invites.cancel_entries(old, now=now):
        send(
            old,
            old_event,
            "moved_from",
            f"No longer booked: {entry.summary}, {when_in_short(entry)}",
            entry=entry,
            now=now,
            into=into,
            new_starts_at=new_event.starts_at,
        )


def tell_handed_over(
    old: Booking, new: Booking, event: Event, *, by: Person | None, now: datetime, into: Rows
) -> None:
    """To one that the place has gone, to the other that it has come; `by` None: we did it."""
    cancelled: Sequence[CalendarEntry | None] = invites.cancel_entries(old, now=now) or [None]
    for entry in cancelled:
        when = when_in_short(entry) if entry else short_date_words(event.starts_at)
        send(
            old,
            event,
            "handed_over",
            f"Handed over: {event.title}, {when}",
            entry=entry,
            now=now,
            into=into,
            dates=[entry] if entry else event.dates,
            asked_by=_asked_by(old, by),
            to_whom=new.name_given,
        )
    first, *others = entries = invites.open_entries(new, event, now=now)
    into += entries
    giver = by.name if by else ""
    send(
        new,
        event,
        "handed_over_to_you",
        f"{giver or 'We'} {'has' if giver else 'have'} given you a place: "
        f"{event.title}, {when_in_short(first)}",
        entry=first,
        now=now,
        into=into,
        dates=event.dates,
        other_dates_count=len(others),
        giver=giver,
        is_own_doing=by is not None and by.id == new.person_id,
        cant_come_link=links.link(new, links.Purpose.CANT_COME),
        instructions=instructions(new, event),
    )
    tell_dates(new, event, others, added=False, now=now, into=into)


def _asked_by(booking: Booking, by: Person | None) -> str:
    """Who asked for it, as the letter's reader sees them."""
    if by is None:
        return ""
    return "you" if by is invites.reached(booking) else by.name

"""The letters about a booking, written in the transaction of the thing they tell.

Each function adds what it makes, messages and calendar entries, to the list `into`: an operation
that concerns forty people writes them all at its end, in one statement for each table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from app.accounts.models import Person
from app.bookings import calendar_invites as invites
from app.bookings.colleague_emails import told_to_colleague
from app.bookings.models import Booking, CalendarEntry
from app.bookings.rules import CalendarFacts, last_day_of_notice
from app.catalogue.models import Event, EventDate, EventMode
from app.kernel.db import Base
from app.kernel.london import clock_words, london_date, period_words, short_date_words
from app.outbox import letters, wording
from app.outbox.models import WordingKind
from app.outbox.operations import BOOKING_PRIORITY, compose
from app.outbox.wording_rules import fill_paragraphs, link
from app.partnership import queries as partnership

Rows = list[Base]
Period = tuple[datetime, datetime]
Dated = EventDate | CalendarEntry


def tell_confirmed(
    booking: Booking,
    event: Event,
    *,
    promoted: bool,
    approver: str = "",
    now: datetime,
    into: Rows,
) -> None:
    """The confirmation with the first date's invite, and a short message for each other date.

    Once joining instructions have gone out, it carries them too; of a request it says who approved.
    """
    entries = invites.open_entries(booking, event, now=now)
    into += entries
    first, *others = entries
    what = "promoted" if promoted else "confirmed"
    opening = "A place for you" if promoted else "Booked"
    send(
        booking,
        event,
        what,
        f"{opening}: {event.title}, {when_in_short(first)}",
        entry=first,
        now=now,
        into=into,
        dates=event.dates,
        other_dates_count=len(others),
        approver=approver,
        instructions=instructions(booking, event),
        **told_to_colleague(booking),
    )
    tell_dates(booking, event, others, added=False, now=now, into=into)


def tell_dates(
    booking: Booking,
    event: Event,
    entries: Sequence[CalendarEntry],
    *,
    added: bool,
    now: datetime,
    into: Rows,
) -> None:
    """A short message with the invite for each of these dates."""
    opening = "Date added" if added else "For your calendar"
    for entry in entries:
        send(
            booking,
            event,
            "date",
            f"{opening}: {event.title}, {when_in_short(entry)}",
            entry=entry,
            now=now,
            into=into,
            is_added=added,
        )


def tell_changed(booking: Booking, event: Event, *, now: datetime, into: Rows) -> None:
    """What changed for somebody with a place: one update per date, and nothing if nothing did."""
    for entry in invites.cancel_entries(booking, now=now, only_removed=True):
        send(
            booking,
            event,
            "date_removed",
            f"Date removed: {entry.summary}, {when_in_short(entry)}",
            entry=entry,
            now=now,
            into=into,
        )
    for old, entry in invites.raise_changed_entries(booking, event, now=now):
        moved = "now " if old.starts_at != entry.starts_at else ""
        send(
            booking,
            event,
            "changed",
            f"Changed: {event.title}, {moved}{when_in_short(entry)}",
            entry=entry,
            now=now,
            into=into,
            old=_differences(old, entry),
            dates=[entry],
            opening=_opening(WordingKind.BOOKING_CHANGED, booking, event, [entry]),
        )
    added = invites.add_missing_entries(booking, event, now=now)
    into += added
    tell_dates(
        booking,
        event,
        added,
        added=True,
        now=now,
        into=into,
    )


def tell_waiting_changed(
    booking: Booking,
    event: Event,
    old: Sequence[tuple[str, str]],
    *,
    old_dates: Sequence[Period],
    now: datetime,
    into: Rows,
) -> None:
    """What changed, for somebody on the waiting list; `old` is the former facts in words."""
    send(
        booking,
        event,
        "changed",
        f"Changed: {event.title}{_what_changed(event, old, old_dates)}",
        now=now,
        into=into,
        old=old,
        dates=event.dates,
        is_waiting=True,
        version=event.revision,
        opening=_opening(WordingKind.BOOKING_CHANGED, booking, event, event.dates),
    )


def _what_changed(event: Event, old: Sequence[tuple[str, str]], old_dates: Sequence[Period]) -> str:
    """The end of the subject: the date that is new, if it is one, or else what differs."""
    what = {name for name, _ in old}
    new = [date for date in event.dates if (date.starts_at, date.ends_at) not in old_dates]
    if "When" not in what:
        return f", {short_date_words(event.starts_at)}"
    if len(new) == 1 and len(event.dates) == len(old_dates):
        return f", now {short_date_words(new[0].starts_at)}, {clock_words(new[0].starts_at)}"
    return ", new dates"


def tell_cancelled(
    booking: Booking, event: Event, *, by: Person | None, now: datetime, into: Rows
) -> None:
    """That the booking is cancelled (`by` None: by us), and each further date taken out."""
    entries = invites.cancel_entries(booking, now=now)
    first, others = (entries[0], entries[1:]) if entries else (None, [])
    opening = []
    if by is None and event.cancelled_at:
        opening = _opening(WordingKind.BOOKING_CANCELLED_BY_US, booking, event, event.dates)
    send(
        booking,
        event,
        "cancelled" if by else "cancelled_by_us",
        f"Cancelled: {event.title}, {short_date_words(event.starts_at)}",
        entry=first,
        now=now,
        into=into,
        asked_by="" if by is None or by is invites.reached(booking) else by.name,
        dates=event.dates,
        opening=opening,
    )
    for entry in others:
        send(
            booking,
            event,
            "date_cancelled",
            f"Cancelled: {entry.summary}, {when_in_short(entry)}",
            entry=entry,
            now=now,
            into=into,
        )


def send(
    booking: Booking,
    event: Event,
    what: str,
    subject: str,
    *,
    entry: CalendarEntry | None = None,
    version: int = 0,
    now: datetime,
    into: Rows,
    **words: Any,
) -> None:
    """Queue one letter to whoever is reached about this booking; nobody, if there is no address."""
    to = invites.reached(booking)
    if not to.email:
        return
    letter = letters.write(
        f"booking_{what}",
        subject=subject,
        entry=entry,
        **letter_facts(booking, event),
        **words,
    )
    which = f"{entry.uid}:{entry.sequence}" if entry else str(version)
    message = compose(
        letter,
        dedupe_key=f"booking:{booking.reference}:{what}:{which}",
        kind=f"booking_{what}",
        about=("booking", booking.reference),
        to_name=to.name,
        to_email=to.email,
        person_reference=to.reference,
        priority=BOOKING_PRIORITY,
        calendar=invites.calendar_part(booking, entry, now=now) if entry else None,
    )
    into.append(message)


def letter_facts(booking: Booking, event: Event) -> dict[str, Any]:
    """What every letter about a booking may say."""
    to = invites.reached(booking)
    return {
        "booking": booking,
        "event": event,
        "to_name": to.name,
        "for_name": "" if to is booking.person else booking.person.name,
        "is_online": booking.mode is EventMode.ONLINE,
        "place": _place_words(booking, event),
        "booking_url": invites.booking_url(booking),
        "joining_url": invites.joining_url(booking),
        **_notice(event),
    }


def wording_values(booking: Booking, event: Event, dates: Sequence[Dated]) -> dict[str, str]:
    """What the placeholders of a wording stand for in a letter about this booking."""
    facts, to = partnership.current(), invites.reached(booking)
    return {
        "name": to.name or "colleague",
        "person": "you" if to is booking.person else booking.person.name,
        "session": event.title,
        "when": "; ".join(period_words(date.starts_at, date.ends_at) for date in dates),
        "where": _place_words(booking, event),
        "booking_link": link(invites.booking_url(booking)),
        "joining_link": link(invites.joining_url(booking)),
        "partnership": facts.name,
        "phone": facts.phone,
        "email": facts.email,
    }


def _opening(
    kind: WordingKind, booking: Booking, event: Event, dates: Sequence[Dated]
) -> list[Markup]:
    values = wording_values(booking, event, dates)
    return fill_paragraphs(wording.current(kind).body, values)


def instructions(booking: Booking, event: Event) -> list[Markup]:
    """The words of the joining instructions, if whoever books now has missed their message."""
    if event.joining_sent_at is None:
        return []
    return _opening(WordingKind.JOINING_INSTRUCTIONS, booking, event, event.dates)


def _notice(event: Event) -> dict[str, Any]:
    days = partnership.current().cancellation_notice_days
    return {
        "notice_days": days,
        "last_day_of_notice": last_day_of_notice(london_date(event.starts_at), days),
    }


def _place_words(booking: Booking, event: Event) -> str:
    if booking.mode is EventMode.ONLINE:
        return "Online"
    return ", ".join(part for part in (event.venue, event.venue_address) if part)


def _differences(old: CalendarFacts, entry: CalendarEntry) -> list[tuple[str, str]]:
    """The former facts that are no longer true, in words."""
    was = []
    if old.summary != entry.summary:
        was.append(("Title", old.summary))
    if (old.starts_at, old.ends_at) != (entry.starts_at, entry.ends_at):
        was.append(("When", period_words(old.starts_at, old.ends_at)))
    if old.location != entry.location:
        is_online = old.location.startswith(invites.ONLINE_WORDS)
        was.append(("Where", "Online" if is_online else old.location))
    return was


def when_in_short(entry: CalendarEntry) -> str:
    """When an entry starts, as subjects say it."""
    return f"{short_date_words(entry.starts_at)}, {clock_words(entry.starts_at)}"

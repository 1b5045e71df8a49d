"""The letters around an event: words of the partnership first, then the facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from markupsafe import Markup
from sqlalchemy import select

from app.bookings import links
from app.bookings.calendar_invites import reached
from app.bookings.emails import letter_facts, wording_values
from app.bookings.links import Purpose
from app.bookings.models import Booking, BookingOrigin
from app.catalogue.models import Event, EventDate, EventState
from app.kernel.db import db
from app.kernel.london import clock_words, date_words, london_date, period_words
from app.notices.models import NoticeKind, NoticeRule
from app.outbox import letters, wording
from app.outbox.letters import Letter
from app.outbox.models import WordingKind
from app.outbox.wording_rules import Words, fill_line, fill_paragraphs

DATES_OFFERED = 3


def dates_of(rule: NoticeRule, event: Event, about: EventDate) -> list[EventDate]:
    """The dates that a message names: those of that day, or all of the event."""
    if not rule.each_date:
        return list(event.dates)
    day = london_date(about.starts_at)
    return [date for date in event.dates if london_date(date.starts_at) == day]


def write(
    kind: NoticeKind,
    booking: Booking,
    event: Event,
    dates: Sequence[EventDate],
    *,
    next_dates: str,
    words: Words | None = None,
) -> Letter:
    """One letter; in the words given, or those in use."""
    chosen = words or wording.current(WordingKind(kind.value))
    values = wording_values(booking, event, dates) | {"next_dates": next_dates}
    return letters.write(
        f"notice_{kind}",
        subject=fill_line(chosen.subject, values | {"when": _when_in_short(dates)}),
        **letter_facts(booking, event),
        cant_come_link=_cant_come_link(booking),
        dates=dates,
        opening=fill_paragraphs(chosen.body, values),
    )


def _cant_come_link(booking: Booking) -> str:
    """Whoever was booked by a colleague may never have signed in, and need not; else empty."""
    is_by_colleague = booking.origin is BookingOrigin.COLLEAGUE
    if is_by_colleague and reached(booking) is booking.person:
        return links.link(booking, Purpose.CANT_COME)
    return ""


def _when_in_short(dates: Sequence[EventDate]) -> str:
    """When it is, for a subject: the first start, and how many dates follow."""
    starts_at, more = dates[0].starts_at, len(dates) - 1
    words = f"{date_words(starts_at)}, {clock_words(starts_at)}"
    return f"{words}, and {more} more date{'s' if more > 1 else ''}" if more else words


def next_dates(event: Event, *, now: datetime) -> Markup:
    """The next dates of the same offer that can be booked; or where to ask to be told of them."""
    base = current_app.config["BASE_URL"]
    found = db.session.execute(
        select(Event.reference, Event.starts_at, EventDate.ends_at)
        .join(
            EventDate, (EventDate.event_id == Event.id) & (EventDate.starts_at == Event.starts_at)
        )
        .where(Event.offer_id == event.offer_id, Event.id != event.id)
        .where(Event.state == EventState.PUBLISHED)
        .where(Event.starts_at > now, Event.booking_closes_at > now)
        .order_by(Event.starts_at)
        .limit(DATES_OFFERED)
    ).all()
    link = Markup('<a href="{}">{}</a>').format
    if not found:
        wish = f"{base}/learning/{event.offer.slug}/tell-me"
        return Markup("There is no new date yet. {}").format(
            link(wish, "Ask to be told when there is one")
        )
    lines = [
        link(f"{base}/events/{reference}", period_words(starts_at, ends_at))
        for reference, starts_at, ends_at in found
    ]
    return Markup("The next dates:<br>{}").format(Markup("<br>").join(lines))

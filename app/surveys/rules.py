"""When people are asked and when not: dates in London, limits, reminders, default plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.catalogue.models import OfferKind
from app.kernel.london import SURVEY_HOUR, add_months, from_london, london_date, to_london

BEFORE, AFTER = -1, 0
DAYS_BEFORE = 7
AFTER_LIMIT = timedelta(days=7)
LIMIT = timedelta(days=28)
OPEN_DAYS = 28
REMINDER_DAYS = (7, 14)
DAYS_BETWEEN_REMINDERS = 5
# Four weeks are the month of the burden rule: a longer one would make whatever falls due the day
# after another survey always miss its own limit.
REST_DAYS = 28
ASKED_TOGETHER = timedelta(days=7)
FEWEST_OPEN_DAYS, MOST_OPEN_DAYS = 7, 42
DAYS_A_DRAFT_IS_KEPT = 35
FEWEST_OF_A_SECTOR = 3
# London's clocks change between 1am and 2am; nothing is planned or sent around it.
QUIET_FROM, QUIET_UNTIL = time(0, 55), time(2, 5)
SCHOOL_WORDS = frozenset({"dsl", "dsls", "school", "schools", "headteachers", "governors"})


@dataclass(frozen=True)
class Plan:
    """When people are asked by default: months later, of each event and once for a series."""

    of_event: tuple[int, ...] = ()
    of_series: tuple[int, ...] = ()


@dataclass(frozen=True)
class Window:
    """From when and until when a planned invitation may be sent."""

    due_at: datetime
    send_by: datetime


def default_plan(kind: OfferKind, *, for_schools: bool, in_series: bool) -> Plan:
    """The waves an offer gets by itself (R40, R41, design §4); forums have the opinion form."""
    if kind in {OfferKind.DSL_FORUM, OfferKind.PEER_SUPPORT, OfferKind.RESOURCE}:
        return Plan()
    if kind is OfferKind.LEARNING_EXCHANGE and in_series:
        return Plan(of_event=(AFTER,), of_series=(3,))
    if kind is OfferKind.COURSE:
        return Plan(of_event=(AFTER, 3, 6) if for_schools else (AFTER, 3, 12))
    return Plan(of_event=(AFTER, 3))


def is_for_schools(audience_slugs: list[str]) -> bool:
    """Whether everybody an offer is for works at a school or is one of its governors (R41)."""
    return bool(audience_slugs) and all(
        SCHOOL_WORDS & set(slug.split("-")) or "safeguarding-lead" in slug
        for slug in audience_slugs
    )


def window(
    months_later: int, *, starts_at: datetime, ends_at: datetime, moved_to: date | None = None
) -> Window:
    """When somebody falls due to be asked, at 9am in London, and when it is too late (R30, R32).

    Staff may have moved it to another day. Where the event has since moved past that day, nobody
    is asked after the event before it ends, or before it once it has begun.
    """
    if months_later == BEFORE:
        day = london_date(starts_at) - timedelta(days=DAYS_BEFORE)
        if moved_to and _nine(moved_to) < starts_at:
            day = moved_to
        return Window(due_at=_nine(day), send_by=starts_at)
    last_day = london_date(ends_at)
    next_day = last_day + timedelta(days=1)
    day = next_day if months_later == AFTER else add_months(last_day, months_later)
    due_at = _nine(max(moved_to, next_day) if moved_to else day)
    return Window(due_at, due_at + (AFTER_LIMIT if months_later == AFTER else LIMIT))


def list_window(months_later: int, *, counted_from: date, moved_to: date | None = None) -> Window:
    """As `window`, of people on a list: counted from a day rather than from an event (R50)."""
    day = add_months(counted_from, months_later)
    due_at = _nine(max(moved_to, counted_from) if moved_to else day)
    return Window(due_at, due_at + LIMIT)


def is_about_impact(months_later: int, *, of_event: bool) -> bool:
    """Whether a survey is one of those of which a person gets at most one a month."""
    return months_later > AFTER or not of_event


def earliest_end_to_ask(months_later: int, *, now: datetime) -> datetime:
    """People at events that ended before this cannot be asked any more, whatever the month."""
    limit = AFTER_LIMIT if months_later == AFTER else LIMIT
    return now - timedelta(days=31 * months_later + 2) - limit


def earliest_end_to_miss(months_later: int, *, now: datetime) -> datetime:
    """Events that ended before this are not even worth a missed invitation.

    A month without a worker, or a register that came two months late, leaves nobody out.
    """
    return earliest_end_to_ask(months_later, now=now) - 2 * LIMIT


def closes_at(
    months_later: int,
    *,
    sent_at: datetime,
    starts_at: datetime | None,
    open_days: int = OPEN_DAYS,
) -> datetime:
    """When the link ends: 9am so many days after sending; asked before, when the event starts."""
    if months_later == BEFORE and starts_at:
        return starts_at
    return _nine(london_date(sent_at) + timedelta(days=open_days))


def reminder_due(
    *,
    sent_at: datetime,
    closes_at: datetime,
    reminders_count: int,
    reminded_at: datetime | None,
    now: datetime,
    reminder_days: Sequence[int] = REMINDER_DAYS,
) -> int | None:
    """The number of the reminder to send now, 1 or 2; None if none is due."""
    if now >= closes_at:
        return None
    sent_on = london_date(sent_at)
    due = sum(now >= _nine(sent_on + timedelta(days=days)) for days in reminder_days)
    if due <= reminders_count:
        return None
    if reminded_at and london_date(now) < london_date(reminded_at) + timedelta(
        days=DAYS_BETWEEN_REMINDERS
    ):
        return None
    return due


def sent_before_to_remind(days: int, *, now: datetime) -> datetime:
    """Whatever was sent before this has its reminder due that comes so many days after asking."""
    today = london_date(now)
    left = days - (1 if now >= _nine(today) else 0)
    return from_london(today - timedelta(days=left), time(0, 0))


def resting_since(*, now: datetime) -> datetime:
    """Whoever was sent an impact survey at or after this is left alone now: four weeks of days."""
    today = london_date(now)
    days = REST_DAYS - (1 if now >= _nine(today) else 0)
    return from_london(today - timedelta(days=days), time(0, 0))


def is_quiet(now: datetime) -> bool:
    """Whether it is the hour and a bit around the change of London's clocks (R31)."""
    return QUIET_FROM <= to_london(now).time() < QUIET_UNTIL


def month_of_asking(asked_at: datetime, *, event_is_kept: bool) -> date:
    """The date a personal response carries; never finer than what the response says anyway.

    It depends on the event and the wave alone, so that no date matches a response to a person;
    where the event is forgotten, only the year is left, or the month would name the event.
    """
    asked_on = london_date(asked_at)
    return asked_on.replace(day=1) if event_is_kept else date(asked_on.year, 1, 1)


def event_is_kept(attended_of_sector: int, *, once_per_person: bool) -> bool:
    """Whether a response may name its event (design §4); one about a series has none."""
    return attended_of_sector >= FEWEST_OF_A_SECTOR and not once_per_person


def rests_until(asked_at: datetime) -> datetime:
    """From when on somebody who was sent an impact survey then may be sent another."""
    return _nine(london_date(asked_at) + timedelta(days=REST_DAYS))


def wave_words(months_later: int, *, of_list: bool = False) -> str:
    """A wave as people say it: Before, Straight after, 3 months later."""
    if months_later == BEFORE:
        return "Before"
    if months_later == AFTER:
        return "On the day" if of_list else "Straight after"
    return f"{months_later} month{'s' if months_later != 1 else ''} later"


def _nine(day: date) -> datetime:
    return from_london(day, SURVEY_HOUR)

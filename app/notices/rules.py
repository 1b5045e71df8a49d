"""When a message around an event falls due, when it comes too late, and who gets it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.bookings.models import AttendanceOutcome, BookingState
from app.kernel.london import clock_words, from_london, london_date, to_london
from app.kernel.refusals import Refused
from app.notices.models import NoticeKind

# A worker that was away for a morning still reminds; after a night it is no reminder any more.
REMINDER_GRACE = timedelta(hours=12)
MISSED_YOU_GRACE = timedelta(days=7)
# London's clocks change between 1am and 2am: nothing is planned or sent around it.
QUIET_FROM, QUIET_UNTIL = time(0, 55), time(2, 5)
# Whoever was confirmed so shortly before a reminder has just been told everything.
FRESH = timedelta(hours=24)
MOST_DAYS = 60

BEFORE_RULE = "It was due before this rule was added, switched on or changed"
STARTED = "The session had started"
TOO_LATE = "It would have come too late"
SESSION_CANCELLED = "The session was cancelled"
DATE_REMOVED = "The date no longer takes place"
DATE_MOVED = "The session was moved or the rule changed"
RULE_OFF = "The rule was switched off"
OWN_RULE = "The offer has its own rule"
NO_REGISTER = "The register was not taken within a week of it"


@dataclass(frozen=True)
class RuleFacts:
    """A rule: what is sent, how many days before or after, and at which time in London."""

    id: int
    kind: NoticeKind
    offer_id: int | None
    days: int
    at_time: time
    each_date: bool
    is_on: bool
    switched_on_at: datetime


@dataclass(frozen=True)
class DateFacts:
    """One date of an event."""

    id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Due:
    """One sending to come: the date it is about, and when it falls due."""

    rule_id: int
    date_id: int
    about_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class BookingFacts:
    """What decides whether one booking gets a message."""

    state: BookingState
    has_address: bool
    has_left: bool
    confirmed_at: datetime | None
    already_told: bool = False
    outcomes: tuple[AttendanceOutcome, ...] = ()
    dates_count: int = 1
    has_another_place: bool = False


def due_at(rule: RuleFacts, about: DateFacts) -> datetime:
    """The instant it falls due: so many London days from the date, at that London time."""
    if rule.kind is NoticeKind.MISSED_YOU:
        day = london_date(about.ends_at) + timedelta(days=rule.days)
    else:
        day = london_date(about.starts_at) - timedelta(days=rule.days)
    return from_london(day, rule.at_time)


def rules_for(offer_id: int, rules: Iterable[RuleFacts]) -> list[RuleFacts]:
    """The rules of an offer: its own, and of kinds that it has no own of, those for all."""
    of_offer = [rule for rule in rules if rule.offer_id in (None, offer_id)]
    own = {rule.kind for rule in of_offer if rule.offer_id is not None}
    return [rule for rule in of_offer if rule.offer_id is not None or rule.kind not in own]


def sendings(rule: RuleFacts, dates: Sequence[DateFacts]) -> list[Due]:
    """What a rule sends about an event: about its first date, each day of it, or the last date."""
    in_order = sorted(dates, key=lambda one: (one.starts_at, one.id))
    if rule.kind is NoticeKind.MISSED_YOU:
        chosen = in_order[-1:]
    elif rule.each_date:
        first_of_day: dict[date, DateFacts] = {}
        for one in in_order:
            first_of_day.setdefault(london_date(one.starts_at), one)
        chosen = list(first_of_day.values())
    else:
        chosen = in_order[:1]
    return [Due(rule.id, one.id, one.starts_at, due_at(rule, one)) for one in chosen]


def sent_until(kind: NoticeKind, *, due_at: datetime, about_at: datetime) -> datetime:
    """The last instant at which it is still of use.

    Joining instructions are until the start, however late: who has none cannot join.
    """
    if kind is NoticeKind.MISSED_YOU:
        return due_at + MISSED_YOU_GRACE
    if kind is NoticeKind.REMINDER:
        return min(due_at + REMINDER_GRACE, about_at)
    return about_at


def why_missed(
    kind: NoticeKind,
    *,
    due_at: datetime,
    about_at: datetime,
    switched_on_at: datetime,
    now: datetime,
) -> str:
    """Why a round is not sent any more; empty if it is, now or when it falls due."""
    if due_at < switched_on_at:
        return BEFORE_RULE
    if kind is not NoticeKind.MISSED_YOU and due_at >= about_at:
        return STARTED  # on the day itself, at an hour after the start
    if now >= sent_until(kind, due_at=due_at, about_at=about_at):
        return TOO_LATE if kind is NoticeKind.MISSED_YOU or now < about_at else STARTED
    return ""


NOT_PLACED = {
    BookingState.CANCELLED: "The booking was cancelled",
    BookingState.WAITING: "On the waiting list, without a place",
    BookingState.REQUESTED: "The place was asked for and not approved yet",
    BookingState.HELD: "The place was kept and not taken up yet",
}


def why_withheld(
    kind: NoticeKind, facts: BookingFacts, *, due_at: datetime, joining_sent_at: datetime | None
) -> str | None:
    """Why somebody gets nothing: in words, empty if they do get it, None if that is still open.

    `joining_sent_at` is when joining instructions of the event first went out, if they did.
    """
    if facts.state in NOT_PLACED:
        return NOT_PLACED[facts.state]
    if not facts.has_address:
        return "There is no email address for them"
    if facts.has_left:
        return "Their account was closed"
    if facts.already_told:
        return "They have been sent it before, for the same date"
    confirmed_at = facts.confirmed_at or due_at
    if kind is NoticeKind.MISSED_YOU:
        return _why_not_missed(facts)
    if kind is NoticeKind.REMINDER:
        fresh = due_at - FRESH < confirmed_at
        return "Their confirmation came within a day of it" if fresh else ""
    in_confirmation = joining_sent_at is not None and confirmed_at >= joining_sent_at
    return "Their confirmation carried the joining instructions" if in_confirmation else ""


def _why_not_missed(facts: BookingFacts) -> str | None:
    if any(outcome is not AttendanceOutcome.DID_NOT_ATTEND for outcome in facts.outcomes):
        return "They attended"
    if facts.has_another_place:
        return "They have a place on a later session"
    return "" if len(facts.outcomes) >= facts.dates_count else None


def is_quiet(now: datetime) -> bool:
    """Whether it is the hour and a bit around the change of London's clocks."""
    return QUIET_FROM <= to_london(now).time() < QUIET_UNTIL


def check_rule(kind: NoticeKind, *, days: int, at_time: time) -> None:
    """Refused with what to mend if a rule cannot be kept."""
    if not 0 <= days <= MOST_DAYS:
        raise Refused(f"The number of days must be between 0 and {MOST_DAYS}")
    if kind is NoticeKind.MISSED_YOU and days == 0:
        raise Refused("After a session, wait at least 1 day: the register is taken first")
    if QUIET_FROM <= at_time < QUIET_UNTIL:
        raise Refused(
            "Choose a time before 12:55am or after 2:05am: London's clocks change in between"
        )


def when_words(kind: NoticeKind, days: int, at_time: time) -> str:
    """When a rule sends, as people say it: 7 days before, at 9am."""
    at = clock_words(from_london(date(2027, 1, 4), at_time))
    if days == 0:
        return f"On the day, at {at}"
    side = "after the last date" if kind is NoticeKind.MISSED_YOU else "before"
    return f"{days} day{'s' if days != 1 else ''} {side}, at {at}"

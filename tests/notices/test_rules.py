"""When a message around an event falls due, when it is too late, and who gets it: by cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.bookings.models import AttendanceOutcome, BookingState
from app.kernel.london import LONDON, from_london, to_london
from app.kernel.refusals import Refused
from app.notices import rules
from app.notices.models import NoticeKind
from app.notices.rules import BookingFacts, DateFacts, RuleFacts

REMINDER, JOINING = NoticeKind.REMINDER, NoticeKind.JOINING_INSTRUCTIONS
MISSED = NoticeKind.MISSED_YOU
NINE = time(9, 0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = from_london(date(2026, 12, 10), time(13, 30))
DUE = from_london(date(2026, 12, 3), NINE)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def rule(kind: NoticeKind = REMINDER, days: int = 7, **changes: Any) -> RuleFacts:
    facts: dict[str, Any] = {
        "id": 1,
        "kind": kind,
        "offer_id": None,
        "days": days,
        "at_time": NINE,
        "each_date": False,
        "is_on": True,
        "switched_on_at": LONG_AGO,
    }
    return RuleFacts(**facts | changes)


def on(starts_at: datetime, number: int = 1) -> DateFacts:
    return DateFacts(number, starts_at, starts_at + 3 * HOUR)


def clock_changes() -> list[date]:
    """The days from October 2026 to March 2036 on which London's clocks change."""
    day, found = date(2026, 10, 1), []
    while day < date(2036, 4, 1):
        before, after = (datetime.combine(d, time(12), LONDON) for d in (day - DAY, day))
        if before.utcoffset() != after.utcoffset():
            found.append(day)
        day += DAY
    return found


def test_there_are_twenty_changes_in_those_years() -> None:
    changes = clock_changes()
    assert len(changes) == 20
    assert (changes[0], changes[-1]) == (date(2026, 10, 25), date(2036, 3, 30))


@pytest.mark.parametrize("change", clock_changes(), ids=str)
@pytest.mark.parametrize(
    ("kind", "days", "at"),
    [(REMINDER, 7, NINE), (JOINING, 1, NINE), (MISSED, 2, time(10)), (REMINDER, 3, time(2, 5))],
    ids=str,
)
def test_local_time_holds_across_every_clock_change(
    change: date, kind: NoticeKind, days: int, at: time
) -> None:
    made = rule(kind, days, at_time=at)
    seen = []
    for shift in range(-10, 11):
        day = change + shift * DAY
        start = from_london(day, time(9, 30))
        due = rules.due_at(made, on(start))
        wanted = day + days * DAY if kind is MISSED else day - days * DAY
        assert to_london(due).replace(tzinfo=None) == datetime.combine(wanted, at)
        assert not rules.is_quiet(due)
        seen.append(due)
    assert len(set(seen)) == len(seen)  # each falls due exactly once
    assert seen == sorted(seen)


@pytest.mark.parametrize("change", clock_changes(), ids=str)
def test_nothing_is_sent_while_the_clocks_change(change: date) -> None:
    midnight = from_london(change, time(0))
    quiet = [
        minute
        for minute in range(0, 6 * 60, 5)
        if rules.is_quiet(midnight + timedelta(minutes=minute))
    ]
    assert quiet[0] == 55
    assert quiet == list(range(55, quiet[-1] + 5, 5))  # in one stretch
    assert to_london(midnight + timedelta(minutes=quiet[-1] + 5)).time() == time(2, 5)


@pytest.mark.parametrize(
    ("kind", "now", "why"),
    [
        (REMINDER, DUE - HOUR, ""),
        (REMINDER, DUE, ""),
        (REMINDER, DUE + 12 * HOUR - timedelta(seconds=1), ""),
        (REMINDER, DUE + 12 * HOUR, rules.TOO_LATE),
        (REMINDER, START, rules.STARTED),
        (REMINDER, START + 365 * DAY, rules.STARTED),
        (JOINING, DUE + 12 * HOUR, ""),
        (JOINING, START - timedelta(seconds=1), ""),
        (JOINING, START, rules.STARTED),
        (MISSED, DUE + 7 * DAY - timedelta(seconds=1), ""),
        (MISSED, DUE + 7 * DAY, rules.TOO_LATE),
        (MISSED, DUE + 365 * DAY, rules.TOO_LATE),
    ],
)
def test_what_comes_too_late_is_missed(kind: NoticeKind, now: datetime, why: str) -> None:
    about = DUE - 2 * DAY if kind is MISSED else START
    found = rules.why_missed(kind, due_at=DUE, about_at=about, switched_on_at=LONG_AGO, now=now)
    assert found == why


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_was_due_before_the_rule_was_on_is_never_sent(kind: NoticeKind) -> None:
    about = DUE - 2 * DAY if kind is MISSED else START

    def why(switched_on_at: datetime) -> str:
        return rules.why_missed(
            kind, due_at=DUE, about_at=about, switched_on_at=switched_on_at, now=DUE + HOUR
        )

    assert why(DUE + timedelta(seconds=1)) == rules.BEFORE_RULE
    assert why(DUE) == ""


def test_an_hour_after_the_start_is_no_time_for_a_reminder() -> None:
    found = rules.why_missed(
        REMINDER, due_at=START + HOUR, about_at=START, switched_on_at=LONG_AGO, now=DUE
    )
    assert found == rules.STARTED


PLACED = BookingFacts(
    state=BookingState.CONFIRMED, has_address=True, has_left=False, confirmed_at=DUE - 10 * DAY
)
CAME, PART, AWAY = (
    AttendanceOutcome.ATTENDED,
    AttendanceOutcome.ATTENDED_IN_PART,
    AttendanceOutcome.DID_NOT_ATTEND,
)


def but(**changes: Any) -> BookingFacts:
    return BookingFacts(**{**vars(PLACED), **changes})


@pytest.mark.parametrize(
    ("kind", "facts", "joining_sent_at", "says"),
    [
        (REMINDER, PLACED, None, ""),
        (REMINDER, PLACED, DUE - DAY, ""),
        (REMINDER, but(state=BookingState.CANCELLED), None, "cancelled"),
        (REMINDER, but(state=BookingState.WAITING), None, "waiting list"),
        (REMINDER, but(state=BookingState.REQUESTED), None, "not approved yet"),
        (REMINDER, but(state=BookingState.HELD), None, "not taken up yet"),
        (REMINDER, but(has_address=False), None, "no email address"),
        (REMINDER, but(has_left=True), None, "account was closed"),
        (REMINDER, but(confirmed_at=DUE - 24 * HOUR), None, ""),
        (REMINDER, but(confirmed_at=DUE - 23 * HOUR), None, "within a day"),
        (JOINING, PLACED, None, ""),
        (JOINING, but(confirmed_at=DUE - HOUR), None, ""),
        (JOINING, but(confirmed_at=DUE - HOUR), DUE - HOUR, "confirmation carried"),
        (JOINING, but(confirmed_at=DUE - 2 * HOUR), DUE - HOUR, ""),
        (JOINING, but(already_told=True), None, "sent it before"),
        (MISSED, but(outcomes=(AWAY,)), None, ""),
        (MISSED, but(outcomes=(AWAY, AWAY), dates_count=2), None, ""),
        (MISSED, but(outcomes=(AWAY,), dates_count=2), None, None),
        (MISSED, PLACED, None, None),
        (MISSED, but(outcomes=(AWAY, CAME), dates_count=2), None, "They attended"),
        (MISSED, but(outcomes=(PART,), dates_count=2), None, "They attended"),
        (MISSED, but(outcomes=(AWAY,), has_another_place=True), None, "later session"),
        (MISSED, but(outcomes=(AWAY,), already_told=True), None, "sent it before"),
        (MISSED, but(state=BookingState.WAITING), None, "waiting list"),
    ],
)
def test_who_gets_it_and_why_not(
    kind: NoticeKind, facts: BookingFacts, joining_sent_at: datetime | None, says: str | None
) -> None:
    found = rules.why_withheld(kind, facts, due_at=DUE, joining_sent_at=joining_sent_at)
    if says:
        assert found is not None
        assert says in found
    else:
        assert found == says


def test_an_offers_own_rules_stand_in_place_of_those_for_all() -> None:
    general, joining = rule(id=1), rule(JOINING, 1, id=2)
    own, other = rule(id=3, offer_id=5, is_on=False), rule(id=4, offer_id=6)
    listed = [general, joining, own, other]
    assert rules.rules_for(5, listed) == [joining, own]
    assert rules.rules_for(6, listed) == [joining, other]
    assert rules.rules_for(7, listed) == [general, joining]


def test_a_reminder_is_about_the_first_date_or_about_each_day() -> None:
    dates = [on(START + DAY, 2), on(START, 1), on(START + 4 * HOUR, 3)]
    assert [due.date_id for due in rules.sendings(rule(), dates)] == [1]
    assert [due.date_id for due in rules.sendings(rule(each_date=True), dates)] == [1, 2]
    [missed] = rules.sendings(rule(MISSED, 2), dates)
    assert missed.date_id == 2
    assert missed.due_at == from_london(date(2026, 12, 13), NINE)


@pytest.mark.parametrize(
    ("kind", "days", "at", "says"),
    [
        (REMINDER, -1, NINE, "between 0 and 60"),
        (REMINDER, 61, NINE, "between 0 and 60"),
        (MISSED, 0, NINE, "at least 1 day"),
        (REMINDER, 1, time(0, 55), "clocks change"),
        (REMINDER, 1, time(2, 4), "clocks change"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(
    kind: NoticeKind, days: int, at: time, says: str
) -> None:
    with pytest.raises(Refused) as refused:
        rules.check_rule(kind, days=days, at_time=at)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "days", "words"),
    [
        (REMINDER, 7, "7 days before, at 9am"),
        (REMINDER, 1, "1 day before, at 9am"),
        (REMINDER, 0, "On the day, at 9am"),
        (MISSED, 2, "2 days after the last date, at 9am"),
    ],
)
def test_when_in_words(kind: NoticeKind, days: int, words: str) -> None:
    assert rules.when_words(kind, days, NINE) == words

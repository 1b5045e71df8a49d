"""When people are asked: dates, limits, reminders and default plans."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.catalogue.models import OfferKind
from app.kernel.london import add_months, from_london, london_date, to_london
from app.surveys import rules
from app.surveys.rules import AFTER, BEFORE, Plan


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DUE_DATES = {
    "straight after is nine the next morning": (AFTER, "2026-11-10T12:30", "2026-11-11T09:00"),
    "an evening event counts for its London day": (AFTER, "2026-07-14T23:30", "2026-07-16T08:00"),
    "three months later": (3, "2026-11-10T12:30", "2027-02-10T09:00"),
    "in summer nine is eight in UTC": (6, "2026-11-10T12:30", "2027-05-10T08:00"),
    "30 November and 3 months is 28 February": (3, "2026-11-30T12:00", "2027-02-28T09:00"),
    "29 February and 12 months is 28 February": (12, "2028-02-29T12:00", "2029-02-28T09:00"),
    "31 August and 6 months in a leap year": (6, "2027-08-31T12:00", "2028-02-29T09:00"),
}


@pytest.mark.parametrize(("months", "ends_at", "due_at"), DUE_DATES.values(), ids=DUE_DATES)
def test_people_fall_due_at_nine_in_london(months: int, ends_at: str, due_at: str) -> None:
    ends = at(ends_at)
    window = rules.window(months, starts_at=ends - timedelta(hours=3), ends_at=ends)
    assert window.due_at == at(due_at)


def test_asked_before_means_a_week_ahead_and_never_after_the_start() -> None:
    starts = at("2026-11-10T09:30")
    window = rules.window(BEFORE, starts_at=starts, ends_at=starts + timedelta(hours=3))
    assert (window.due_at, window.send_by) == (at("2026-11-03T09:00"), starts)


@pytest.mark.parametrize(
    ("months", "limit_days"), [(AFTER, 7), (3, 28), (6, 28), (9, 28), (12, 28)]
)
def test_too_late_is_a_week_straight_after_and_four_weeks_later_on(
    months: int, limit_days: int
) -> None:
    ends = at("2026-06-10T12:00")
    window = rules.window(months, starts_at=ends - timedelta(hours=3), ends_at=ends)
    assert window.send_by - window.due_at == timedelta(days=limit_days)


DAYS = st.dates(date(2026, 1, 1), date(2036, 12, 31))
MINUTES = st.integers(0, 24 * 60 - 1)


@given(day=DAYS, minute=MINUTES, months=st.sampled_from([AFTER, 1, 3, 6, 9, 12, 24]))
@example(day=date(2026, 10, 24), minute=1439, months=AFTER)
@example(day=date(2027, 3, 27), minute=1439, months=AFTER)
@example(day=date(2028, 2, 29), minute=0, months=12)
def test_every_due_time_of_ten_years_is_nine_in_london(day: date, minute: int, months: int) -> None:
    ends = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    window = rules.window(months, starts_at=ends - timedelta(hours=1), ends_at=ends)
    local = to_london(window.due_at)
    assert (local.hour, local.minute) == (9, 0)
    assert not rules.is_quiet(window.due_at)
    assert window.due_at > ends
    expected = london_date(ends) + timedelta(days=1)
    if months:
        expected = add_months(london_date(ends), months)
        months_on = (expected.year - london_date(ends).year) * 12 + expected.month
        assert months_on - london_date(ends).month == months
        assert expected.day == min(london_date(ends).day, expected.day)
    assert local.date() == expected
    # Whoever can still be asked is looked for, whatever the lengths of the months between.
    assert ends > rules.earliest_end_to_ask(months, now=window.send_by)


@given(day=DAYS, minute=MINUTES)
def test_a_link_ends_at_nine_four_weeks_after_sending(day: date, minute: int) -> None:
    sent = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    closes = rules.closes_at(3, sent_at=sent, starts_at=sent)
    assert to_london(closes).hour == 9
    assert london_date(closes) - london_date(sent) == timedelta(days=28)


def test_a_link_asked_before_ends_when_the_event_starts() -> None:
    starts = at("2026-11-10T09:30")
    sent = at("2026-11-03T09:00")
    assert rules.closes_at(BEFORE, sent_at=sent, starts_at=starts) == starts


SENT = at("2027-02-10T09:00")
REMINDERS = {
    "not within a week": ("2027-02-17T08:59", 0, None, None),
    "the first after a week": ("2027-02-17T09:00", 0, None, 1),
    "not the first twice": ("2027-02-20T09:00", 1, "2027-02-17T09:00", None),
    "the second after two weeks": ("2027-02-24T09:00", 1, "2027-02-17T09:00", 2),
    "not a third": ("2027-03-05T09:00", 2, "2027-02-24T09:00", None),
    "one only when the worker was away for both": ("2027-03-01T09:00", 0, None, 2),
    "not two within days": ("2027-02-24T09:00", 1, "2027-02-23T09:00", None),
    "a late first one pushes the second": ("2027-02-28T09:00", 1, "2027-02-23T09:00", 2),
    "none once it has closed": ("2027-03-10T09:00", 0, None, None),
}


@pytest.mark.parametrize(
    ("now", "count", "reminded", "expected"), REMINDERS.values(), ids=REMINDERS
)
def test_two_reminders_and_no_more(
    now: str, count: int, reminded: str | None, expected: int | None
) -> None:
    found = rules.reminder_due(
        sent_at=SENT,
        closes_at=at("2027-03-10T09:00"),
        reminders_count=count,
        reminded_at=at(reminded) if reminded else None,
        now=at(now),
    )
    assert found == expected


@given(day=DAYS, minute=MINUTES, later=st.integers(0, 20 * 24 * 60))
def test_whom_the_database_finds_to_remind_is_whom_the_rule_reminds(
    day: date, minute: int, later: int
) -> None:
    sent = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    now = sent + timedelta(minutes=later)
    due = rules.reminder_due(
        sent_at=sent,
        closes_at=sent + timedelta(days=28),
        reminders_count=0,
        reminded_at=None,
        now=now,
    )
    found = sum(sent < rules.sent_before_to_remind(days, now=now) for days in rules.REMINDER_DAYS)
    assert found == (due or 0)


PLANS = {
    "course": (OfferKind.COURSE, False, False, Plan((AFTER, 3, 12))),
    "school training": (OfferKind.COURSE, True, False, Plan((AFTER, 3, 6))),
    "exchange in a series": (OfferKind.LEARNING_EXCHANGE, False, True, Plan((AFTER,), (3,))),
    "exchange by itself": (OfferKind.LEARNING_EXCHANGE, False, False, Plan((AFTER, 3))),
    "forum": (OfferKind.DSL_FORUM, True, False, Plan()),
    "peer support": (OfferKind.PEER_SUPPORT, True, False, Plan()),
    "resource": (OfferKind.RESOURCE, False, False, Plan()),
    "safer sleep": (OfferKind.SAFER_SLEEP, False, False, Plan((AFTER, 3))),
    "masterclass": (OfferKind.MASTERCLASS, False, False, Plan((AFTER, 3))),
    "conference": (OfferKind.CONFERENCE, False, False, Plan((AFTER, 3))),
    "briefing": (OfferKind.BRIEFING, False, False, Plan((AFTER, 3))),
    "workshop": (OfferKind.WORKSHOP, False, False, Plan((AFTER, 3))),
}


@pytest.mark.parametrize(("kind", "for_schools", "in_series", "plan"), PLANS.values(), ids=PLANS)
def test_default_plans(kind: OfferKind, for_schools: bool, in_series: bool, plan: Plan) -> None:
    assert rules.default_plan(kind, for_schools=for_schools, in_series=in_series) == plan


@pytest.mark.parametrize(
    ("slugs", "expected"),
    [
        (["designated-safeguarding-leads"], True),
        (["schools", "school-governors"], True),
        (["dsl"], True),
        (["schools", "everyone"], False),
        (["foster-carers"], False),
        ([], False),
    ],
)
def test_school_training_is_for_schools_alone(slugs: list[str], expected: bool) -> None:
    assert rules.is_for_schools(slugs) is expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [((0, 54), False), ((0, 55), True), ((1, 30), True), ((2, 4), True), ((2, 5), False)],
)
@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 7, 1)])
def test_nothing_is_sent_around_the_change_of_clocks(
    day: date, local: tuple[int, int], expected: bool
) -> None:
    hour, minute = local
    assert rules.is_quiet(from_london(day, datetime.min.time().replace(hour, minute))) is expected


@given(day=DAYS, minute=MINUTES, later=st.integers(0, 60 * 24 * 60))
def test_people_are_left_alone_until_nine_four_weeks_after_an_impact_survey(
    day: date, minute: int, later: int
) -> None:
    sent = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    now = sent + timedelta(minutes=later)
    rest_ends = from_london(london_date(sent) + timedelta(days=28), time(9, 0))
    assert (sent >= rules.resting_since(now=now)) == (now < rest_ends)


def test_a_response_keeps_its_event_from_three_people_of_a_sector_on() -> None:
    assert not rules.event_is_kept(2, once_per_person=False)
    assert rules.event_is_kept(3, once_per_person=False)
    assert not rules.event_is_kept(30, once_per_person=True)


def test_a_response_carries_a_date_that_says_no_more_than_its_event() -> None:
    asked = at("2027-02-10T09:00")
    assert rules.month_of_asking(asked, event_is_kept=True) == date(2027, 2, 1)
    assert rules.month_of_asking(asked, event_is_kept=False) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("months", "words"),
    [(BEFORE, "Before"), (AFTER, "Straight after"), (1, "1 month later"), (3, "3 months later")],
)
def test_waves_in_words(months: int, words: str) -> None:
    assert rules.wave_words(months) == words

"""What counts as learned, when it must be renewed, when people are reminded: tables of cases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.bookings.models import AttendanceOutcome, BookingState
from app.kernel.london import add_months
from app.kernel.refusals import Refused
from app.record import rules
from app.record.rules import Entry, How, Minutes, RefresherState, RegisterRow, Rule

ATTENDED = AttendanceOutcome.ATTENDED
IN_PART = AttendanceOutcome.ATTENDED_IN_PART
ABSENT = AttendanceOutcome.DID_NOT_ATTEND
TRAINING = Rule(1, "dsl-training", "DSL training", 24, "Guidance says so")


def a_row(
    outcome: AttendanceOutcome = ATTENDED,
    *,
    on: date = date(2026, 3, 2),
    state: BookingState = BookingState.CONFIRMED,
    is_over: bool = True,
    booking: str = "booking1",
    refresher_id: int | None = 1,
) -> RegisterRow:
    return RegisterRow(
        booking, state, outcome, on, 180, "Training", "The partnership", is_over, refresher_id
    )


def an_entry(on: date, *, minutes: int | None = 90, refresher_id: int | None = 1) -> Entry:
    return Entry("entry1", on, minutes, "Training", "The college", refresher_id)


@pytest.mark.parametrize(
    ("done_on", "months", "due_on"),
    [
        pytest.param(date(2024, 2, 29), 24, date(2026, 2, 28), id="leap day, two years"),
        pytest.param(date(2024, 2, 29), 48, date(2028, 2, 29), id="leap day to leap day"),
        pytest.param(date(2025, 2, 28), 36, date(2028, 2, 28), id="not onto the leap day"),
        pytest.param(date(2025, 8, 31), 6, date(2026, 2, 28), id="month end clamps"),
        pytest.param(date(2025, 12, 31), 12, date(2026, 12, 31), id="new year's eve"),
        pytest.param(date(2026, 3, 29), 12, date(2027, 3, 29), id="day of the clock change"),
    ],
)
def test_something_falls_due_so_many_months_after_it_was_done(
    done_on: date, months: int, due_on: date
) -> None:
    rule = Rule(1, "a", "A", months, "")
    [due] = rules.refreshers_due([rule], {1: done_on}, today=done_on)
    assert due.due_on == due_on


@pytest.mark.parametrize(
    ("today", "state", "notice"),
    [
        pytest.param(date(2026, 11, 27), RefresherState.UP_TO_DATE, None, id="the day before"),
        pytest.param(date(2026, 11, 28), RefresherState.DUE_SOON, 3, id="three months before"),
        pytest.param(date(2026, 12, 5), RefresherState.DUE_SOON, 3, id="a week late"),
        pytest.param(date(2026, 12, 6), RefresherState.DUE_SOON, None, id="too late to say"),
        pytest.param(date(2027, 1, 27), RefresherState.DUE_SOON, None, id="between the two"),
        pytest.param(date(2027, 1, 28), RefresherState.DUE_SOON, 1, id="a month before"),
        pytest.param(date(2027, 2, 4), RefresherState.DUE_SOON, 1, id="and a week"),
        pytest.param(date(2027, 2, 5), RefresherState.DUE_SOON, None, id="too late again"),
        pytest.param(date(2027, 2, 28), RefresherState.DUE_SOON, None, id="on the day itself"),
        pytest.param(date(2027, 3, 1), RefresherState.OVERDUE, None, id="the day after"),
        pytest.param(date(2031, 3, 1), RefresherState.OVERDUE, None, id="years after"),
    ],
)
def test_urgency_and_reminders_around_the_day(
    today: date, state: RefresherState, notice: int | None
) -> None:
    due_on = date(2027, 2, 28)
    assert rules.state_on(due_on, today=today) is state
    assert rules.notice_on(due_on, today=today) == notice


def test_every_day_of_a_cycle_is_found_by_the_days_that_are_looked_at() -> None:
    """The coarse search may find too much, never too little, whatever the lengths of months."""
    for months in (1, 2, 11, 12, 24, 36):
        for offset in range(0, 1500, 3):
            done_on = date(2023, 1, 1) + timedelta(days=offset)
            due_on = add_months(done_on, months)
            for notice in rules.NOTICES:
                for late in (0, 3, 7):
                    today = add_months(due_on, -notice) + timedelta(days=late)
                    spans = rules.days_to_look_at(months, today=today)
                    assert any(first <= done_on <= last for first, last in spans), (done_on, months)


def test_a_reminder_is_timely_on_eight_days_per_notice_and_never_after_the_date() -> None:
    for offset in range(400):
        due_on = date(2027, 1, 1) + timedelta(days=offset)
        days = [due_on + timedelta(days=n) for n in range(-120, 60)]
        found = [rules.notice_on(due_on, today=day) for day in days]
        assert (found.count(3), found.count(1)) == (8, 8)
        assert not any(notice for day, notice in zip(days, found, strict=True) if day >= due_on)


@pytest.mark.parametrize(
    ("register", "entries", "done_on"),
    [
        pytest.param([a_row()], [], date(2026, 3, 2), id="attended"),
        pytest.param([a_row(state=BookingState.HELD)], [], date(2026, 3, 2), id="held and came"),
        pytest.param([a_row(IN_PART)], [], None, id="in part renews nothing"),
        pytest.param([a_row(ABSENT)], [], None, id="did not attend"),
        pytest.param([a_row(is_over=False)], [], None, id="more dates to come"),
        pytest.param([a_row(state=BookingState.WAITING)], [], None, id="waiting"),
        pytest.param([a_row(refresher_id=None)], [], None, id="renews nothing"),
        pytest.param(
            [a_row(), a_row(on=date(2026, 3, 9))], [], date(2026, 3, 9), id="the last of two dates"
        ),
        pytest.param([a_row(), a_row(ABSENT, on=date(2026, 3, 9))], [], None, id="one date missed"),
        pytest.param(
            [a_row(), a_row(ABSENT, on=date(2026, 5, 1), booking="booking2")],
            [],
            date(2026, 3, 2),
            id="an earlier one counts on",
        ),
        pytest.param([], [an_entry(date(2026, 1, 5))], date(2026, 1, 5), id="elsewhere"),
        pytest.param(
            [a_row()], [an_entry(date(2026, 6, 1))], date(2026, 6, 1), id="elsewhere is newer"
        ),
        pytest.param(
            [a_row()], [an_entry(date(2025, 6, 1))], date(2026, 3, 2), id="elsewhere is older"
        ),
        pytest.param(
            [],
            [an_entry(date(2026, 1, 5), refresher_id=None)],
            None,
            id="elsewhere, renews nothing",
        ),
    ],
)
def test_when_it_was_last_done(
    register: list[RegisterRow], entries: list[Entry], done_on: date | None
) -> None:
    assert rules.last_done(register, entries).get(1) == done_on


def test_only_what_was_ever_done_is_shown_and_the_most_urgent_first() -> None:
    other, never = Rule(2, "update", "Update", 12, ""), Rule(3, "other", "Other", 6, "")
    done = {1: date(2026, 1, 1), 2: date(2026, 6, 1)}
    found = rules.refreshers_due([TRAINING, other, never], done, today=date(2026, 7, 1))
    assert [due.rule.slug for due in found] == ["update", "dsl-training"]


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 4, 1), date(2026, 4, 1), date(2027, 3, 31)),
        (date(2026, 3, 31), date(2025, 4, 1), date(2026, 3, 31)),
        (date(2028, 2, 29), date(2027, 4, 1), date(2028, 3, 31)),
    ],
)
def test_the_year_begins_on_the_first_of_april(today: date, first: date, last: date) -> None:
    assert rules.year_around(today) == (first, last)


def test_hours_of_a_year_count_both_of_its_ends_and_keep_parts_apart() -> None:
    register = [
        a_row(on=date(2026, 4, 1)),
        a_row(IN_PART, on=date(2027, 3, 31), booking="booking2"),
        a_row(ABSENT, on=date(2026, 5, 1), booking="booking3"),
        a_row(on=date(2026, 3, 31), booking="booking4"),
    ]
    entries = [an_entry(date(2026, 7, 1)), an_entry(date(2026, 7, 2), minutes=None)]
    lines = rules.record_lines(register, entries)
    total = rules.minutes_between(lines, date(2026, 4, 1), date(2027, 3, 31))
    assert total == Minutes(full=180 + 90, of_dates_in_part=180)
    assert rules.total_words(total) == "4.5 hours, and part of 3 more"


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0"), (20, "0.33"), (60, "1"), (90, "1.5"), (600, "10")]
)
def test_hours_are_put_without_needless_noughts(minutes: int, words: str) -> None:
    assert rules.number_words(minutes) == words


def test_one_hour_is_one_hour() -> None:
    assert rules.total_words(Minutes(60)) == "1 hour"


def test_the_record_is_in_order_and_says_how_each_line_came_about() -> None:
    register = [a_row(), a_row(IN_PART, on=date(2026, 5, 1), is_over=False, booking="booking2")]
    lines = rules.record_lines(register, [an_entry(date(2026, 4, 1))])
    assert [line.how for line in lines] == [How.IN_PART, How.ELSEWHERE, How.ATTENDED]
    # There is a certificate once the event is over, and never for what one added oneself.
    assert [line.booking_reference for line in lines] == ["", "", "booking1"]


def test_learning_to_come_and_too_much_of_it_are_refused() -> None:
    today = date(2026, 11, 10)
    rules.check_entry(today, today=today, others_count=rules.MOST_ENTRIES - 1)
    with pytest.raises(Refused, match="must not be in the future"):
        rules.check_entry(today + timedelta(days=1), today=today)
    with pytest.raises(Refused, match="remove one first"):
        rules.check_entry(today, today=today, others_count=rules.MOST_ENTRIES)

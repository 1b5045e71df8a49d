"""Which answers are in the figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.impact.closing_rules import Batch, ImportedFile, released, released_imports

JANUARY, FEBRUARY, MARCH = (date(2025, month, 1) for month in (1, 2, 3))


def month(day: date, answers: int, *, is_closed: bool = True) -> Batch:
    return Batch(day, is_whole_year=False, answers=answers, is_closed=is_closed)


def whole_year(year: int, answers: int, *, is_closed: bool = True, is_over: bool = True) -> Batch:
    return Batch(date(year, 1, 1), True, answers, is_closed=is_closed, is_over=is_over)


CASES = {
    "nothing there": ([], 0),
    "a month that has closed": ([month(JANUARY, 10)], 10),
    "a month still open": ([month(JANUARY, 50, is_closed=False)], 0),
    "too few to be a step": ([month(JANUARY, 9)], 0),
    "two months make a step": ([month(JANUARY, 9), month(FEBRUARY, 5)], 14),
    "a few behind what the running team has seen": ([month(JANUARY, 9), month(FEBRUARY, 1)], 0),
    "the last few wait": ([month(JANUARY, 12), month(FEBRUARY, 9)], 12),
    "the last few come with the next": (
        [month(JANUARY, 12), month(FEBRUARY, 9), month(MARCH, 5)],
        26,
    ),
    "nothing passes an open month": (
        [month(JANUARY, 12), month(FEBRUARY, 3, is_closed=False), month(MARCH, 20)],
        12,
    ),
    "order of arrival says nothing": ([month(MARCH, 20), month(JANUARY, 12)], 32),
    "few without an event come behind the months of their year": (
        [month(FEBRUARY, 8), whole_year(2025, 5)],
        13,
    ),
    "they hold back no month of their year": (
        [month(FEBRUARY, 30), whole_year(2025, 4, is_closed=False)],
        30,
    ),
    "they wait until their year is over": (
        [month(FEBRUARY, 30), whole_year(2025, 9, is_over=False)],
        30,
    ),
    "they hold back the year behind theirs": (
        [month(date(2024, 5, 1), 15), whole_year(2024, 4, is_closed=False), month(FEBRUARY, 30)],
        15,
    ),
    "an open month without answers holds back the next": (
        [month(JANUARY, 0, is_closed=False), month(FEBRUARY, 30)],
        0,
    ),
    "many without an event wait for it too": (
        [month(FEBRUARY, 30), whole_year(2025, 11, is_over=False)],
        30,
    ),
    "then they follow the months": ([month(FEBRUARY, 6), whole_year(2025, 11)], 17),
    "where no others came they are a step of their own": (
        [whole_year(2025, 11, is_over=False)],
        11,
    ),
    "once nobody is asked any more": (
        [month(FEBRUARY, 0), whole_year(2025, 11, is_closed=False, is_over=False)],
        0,
    ),
    "a year asked only without events": ([whole_year(2024, 40), whole_year(2025, 3)], 40),
}


@pytest.mark.parametrize(("batches", "expected"), CASES.values(), ids=CASES)
def test_answers_let_in(batches: list[Batch], expected: int) -> None:
    let_in = released(batches, threshold=10)
    assert sum(batch.answers for batch in batches if batch.key in let_in) == expected


def test_the_running_team_needs_fewer() -> None:
    assert released([month(JANUARY, 5)], threshold=5) == {(JANUARY, False)}


def test_what_is_shown_grows_by_steps_of_at_least_the_threshold_as_months_close() -> None:
    sizes = [3, 4, 8, 1, 1, 12, 2, 9, 10, 5, 4, 2]
    days = [date(2025, number, 1) for number in range(1, 13)]
    shown = []
    for closed in range(13):
        batches = [
            month(day, size, is_closed=place < closed)
            for place, (day, size) in enumerate(zip(days, sizes, strict=True))
        ]
        let_in = released(batches, threshold=10)
        shown.append(sum(batch.answers for batch in batches if batch.key in let_in))
    assert all(later - earlier == 0 or later - earlier >= 10 for earlier, later in pairwise(shown))
    assert shown[-1] >= sum(sizes) - 9 - 4


@given(st.lists(st.integers(1, 15), max_size=12))
def test_nobody_who_reads_both_finds_fewer_than_five_between_them(sizes: list[int]) -> None:
    """The running team reads its own page at 5 and published reports at 10."""
    shown = {0}
    for closed in range(len(sizes) + 1):
        batches = [
            month(date(2025, number, 1), size, is_closed=number <= closed)
            for number, size in enumerate(sizes, start=1)
        ]
        for threshold in (5, 10):
            let_in = released(batches, threshold=threshold)
            shown.add(sum(batch.answers for batch in batches if batch.key in let_in))
    assert all(later - earlier >= 5 for earlier, later in pairwise(sorted(shown)))


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        pytest.param([(1, 30)], {1}, id="enough"),
        pytest.param([(1, 9)], set(), id="too few"),
        pytest.param([(1, 30), (2, 4)], {1}, id="a few more wait"),
        pytest.param([(1, 30), (2, 4), (3, 6)], {1, 2, 3}, id="together they are enough"),
        pytest.param([(1, 4), (2, 30), (3, 1)], {1, 2}, id="the next file brings the first in"),
        pytest.param([], set(), id="nothing"),
    ],
)
def test_files_of_imported_answers_come_in_by_steps_that_are_large_enough(
    files: list[tuple[int, int]], shown: set[int]
) -> None:
    given = [ImportedFile(*file) for file in files]
    assert released_imports(given, threshold=10) == shown


def hour(number: int) -> datetime:
    return datetime(2025, 3, 1, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("again", "shown"),
    [
        pytest.param(30, {2}, id="the same file once more"),
        pytest.param(33, set(), id="three more than were shown"),
        pytest.param(27, set(), id="three fewer than were shown"),
        pytest.param(40, {2}, id="ten more"),
    ],
)
def test_a_file_that_was_undone_has_been_shown(again: int, shown: set[int]) -> None:
    undone = ImportedFile(1, 30, hour(1), hour(2))
    files = [undone, ImportedFile(2, again, hour(3))]
    assert released_imports(files, threshold=10) == shown


@given(st.lists(st.one_of(st.none(), st.integers(1, 25)), max_size=10))
def test_no_two_pages_of_an_imported_form_differ_by_a_few(events: list[int | None]) -> None:
    """Files come, each with other rows, and the last one is undone, in any order."""
    files: list[ImportedFile] = []
    shown: dict[int, set[int]] = {5: {0}, 10: {0}}
    for number, answers in enumerate(events):
        now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        live = [file for file in files if file.undone_at is None]
        if answers is not None:
            files.append(ImportedFile(len(files) + 1, answers, now))
        elif live:
            files[live[-1].id - 1] = live[-1]._replace(undone_at=now)
        for threshold, totals in shown.items():
            let_in = released_imports(files, threshold=threshold)
            totals.add(sum(file.answers for file in files if file.id in let_in))
    assert all(b - a >= 10 for a, b in pairwise(sorted(shown[10])))
    assert all(b - a >= 5 for a, b in pairwise(sorted(shown[5] | shown[10])))

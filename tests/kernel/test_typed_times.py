from __future__ import annotations

import contextlib
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.typed_times import FIRST_YEAR, LAST_YEAR, read_day, read_time_of_day

SATURDAY = date(2027, 3, 27)


@pytest.mark.parametrize(
    "typed",
    [
        "27 3 2027",
        "27 03 27",
        "27/3/2027",
        "27.3.2027",
        "27-3-2027",
        "2027-03-27",
        "27 March 2027",
        "27 mar 2027",
        "27th of March, 2027",
        "March 27 2027",
        "Saturday 27 March 2027",
        "Sat 27/3/27",
        "  27   3   2027 ",
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str) -> None:
    assert read_day(typed) == SATURDAY


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("27 3", "must include a year"),
        ("27 March", "must include a year"),
        ("27 2027", "must include a month"),
        ("27 marche 2027", "must include a month, such as 3 or March"),
        ("27 ju 2027", "must include a month, such as 3 or March"),
        ("31 2 2027", "must be a real date"),
        ("29 2 2027", "must be a real date"),
        ("1 1 1066", "must be a real date"),
        ("9" * 5000 + " 3 2027", "must be a real date"),
        ("Mon 27 3 2027", "is a Saturday: check the day"),
        ("tomorrow", "must be a date, such as 27 3 2027"),
        ("1 2 3 4", "must be a date, such as 27 3 2027"),
    ],
)
def test_what_is_no_day_is_refused_with_what_is_missing(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        read_day(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("9:30am", time(9, 30)),
        ("9.30 AM", time(9, 30)),
        ("0930", time(9, 30)),
        ("930", time(9, 30)),
        ("09:30", time(9, 30)),
        ("9h30", time(9, 30)),
        ("9am", time(9)),
        ("9", time(9)),
        ("1pm", time(13)),
        ("1:30 p.m.", time(13, 30)),
        ("13:30", time(13, 30)),
        ("01:30", time(1, 30)),
        ("12", time(12)),
        ("12pm", time(12)),
        ("12am", time(0)),
        ("midday", time(12)),
        ("00:00", time(0)),
    ],
)
def test_a_time_is_read_as_people_type_it(typed: str, read: time) -> None:
    assert read_time_of_day(typed) == read


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1:30", "must say am or pm, such as 1:30pm"),
        ("5", "must say am or pm, such as 5pm"),
        ("25", "must be a time, such as 9:30am or 13:00"),
        ("24:00", "must be a time, such as 9:30am or 13:00"),
        ("13pm", "must be a time, such as 9:30am or 13:00"),
        ("9:3", "must be a time, such as 9:30am or 13:00"),
        ("nine", "must be a time, such as 9:30am or 13:00"),
        ("9" * 5000, "must be a time, such as 9:30am or 13:00"),
    ],
)
def test_what_is_no_time_or_an_unsure_one_is_refused(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        read_time_of_day(typed)


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)))
def test_every_day_we_write_is_read_again(day: date) -> None:
    assert read_day(f"{day:%A} {day.day} {day:%B} {day.year}") == day
    assert read_day(f"{day.day} {day.month} {day.year}") == day


@given(st.text(max_size=40))
def test_no_text_at_all_makes_reading_fail_otherwise(text: str) -> None:
    for read in (read_day, read_time_of_day):
        with contextlib.suppress(ValueError):
            read(text)

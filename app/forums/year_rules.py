"""On which days forums are, in words and by rule: values in, values out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.catalogue.run_rules import A_WEEK, SATURDAY, Day
from app.kernel.london import date_words, london_date, short_date_words
from app.partnership.bank_holidays import are_known_for, bank_holiday
from app.partnership.rules import HalfTermFacts

A_DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEKS = ("first", "second", "third", "fourth", "fifth", "sixth")
LAST_WEEK = 0


class Chosen(NamedTuple):
    """A day for a forum, what was changed about the wish and why, and what is not known."""

    day: date
    said: tuple[str, ...] = ()


def part_words(part: HalfTermFacts) -> str:
    """A half term as people name it: Autumn 2 2026/27."""
    return f"{part.name} {part.school_year}"


def span_words(part: HalfTermFacts) -> str:
    """Its first and last day."""
    return f"{short_date_words(part.starts_on)} to {short_date_words(part.ends_on)}"


def lies_in(day: date, part: HalfTermFacts) -> bool:
    """Whether a day is one of a half term's."""
    return part.starts_on <= day <= part.ends_on


def outside_words(starts_at: datetime, part: HalfTermFacts) -> str:
    """That an event does not take place in its half term; empty if it does."""
    if lies_in(london_date(starts_at), part):
        return ""
    return f"{date_words(starts_at)} is outside of {part_words(part)}, {span_words(part)}"


def day_in(part: HalfTermFacts, weekday: int, week: int) -> Chosen:
    """The weekday (0 is Monday) in a week of a half term, moved where it cannot be.

    Weeks count from the first with lessons; LAST_WEEK is the last one that has the weekday.
    """
    said: list[str] = []
    day = _wished(part, weekday, week, said)
    if name := bank_holiday(day):
        moved = _beside_holiday(day, part)
        said.append(f"Moved from {date_words(day)}, which is a bank holiday: {name}")
        day = moved
    if not are_known_for(day.year):
        said.append(f"The bank holidays of {day.year} are not known here yet: check the day")
    return Chosen(day, tuple(said))


def _wished(part: HalfTermFacts, weekday: int, week: int, said: list[str]) -> date:
    monday = part.starts_on - timedelta(days=part.starts_on.weekday())
    if part.starts_on.weekday() >= SATURDAY:
        monday += A_WEEK
    last = part.ends_on - timedelta(days=(part.ends_on.weekday() - weekday) % 7)
    if week == LAST_WEEK:
        return last
    day = monday + timedelta(days=weekday) + (week - 1) * A_WEEK
    if day < part.starts_on:
        said.append(f"A week later: the half term begins on {date_words(part.starts_on)}")
        day += A_WEEK
    if day > part.ends_on:
        said.append(f"The last {WEEKDAYS[weekday]}: the half term has no {WEEKS[week - 1]} week")
        day = last
    return day


def _beside_holiday(day: date, part: HalfTermFacts) -> date:
    """A week later, or earlier; in a half term too short for either, the next day with lessons."""
    week_beside = (day + A_WEEK, day - A_WEEK)
    days_beside = (day + A_DAY * n for n in range(1, 7))
    for other in (*week_beside, *days_beside):
        if lies_in(other, part) and other.weekday() < SATURDAY and not bank_holiday(other):
            return other
    return day + A_WEEK


def looked_at(day: date, part: HalfTermFacts, today: date) -> Day:
    """A day for the forum of a half term with what speaks against it."""
    unknown = ""
    if not are_known_for(day.year):
        unknown = f"The bank holidays of {day.year} are not known here yet"
    if day < today:
        return Day(day, "It has passed", unknown)
    if name := bank_holiday(day):
        return Day(day, f"Bank holiday: {name}", unknown)
    if not lies_in(day, part):
        return Day(day, f"It is outside of {part_words(part)}, {span_words(part)}", unknown)
    return Day(day, "", unknown)

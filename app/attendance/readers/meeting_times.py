"""Times of day and lengths of time as meeting files write them; unreadable is None, never zero."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from app.attendance.models import DayOrder

Stamp = Mapping[DayOrder, datetime]  # one instant for each way round that makes sense

ZERO_WIDTH = str.maketrans("", "", "\u200b\u2060\ufeff")
CLOCK = (
    r"(?:,?[ T]?(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d+)?)?(?: ?([ap])\.? ?m\.?)?(?: ?Z| ?UTC)?)"
)
YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){CLOCK}", re.IGNORECASE)
NUMBERS = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){CLOCK}", re.IGNORECASE)
MONTH_NAMED = re.compile(rf"([a-z]{{3,9}})\.? (\d{{1,2}}),? (\d{{4}}){CLOCK}", re.IGNORECASE)
DAY_NAMED = re.compile(rf"(\d{{1,2}}) ([a-z]{{3,9}})\.?,? (\d{{4}}){CLOCK}", re.IGNORECASE)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

LONGEST = timedelta(hours=24)
MOST_DIGITS = 6
UNITS = {
    3600: "h hr hrs hour hours godz std stunde stunden heure heures hora horas ora ore u uur tim t",
    60: "m min mins minute minutes minuten minut minuty minuti minutos minuter minuut",
    1: "s sec secs second seconds sek sekunden sekund sekundy seconde secondes secondi segundos",
}
SECONDS_OF = {word: seconds for seconds, words in UNITS.items() for word in words.split()}
PART = re.compile(r"(\d+)\s*([^\W\d_]+)\.?,?\s*")
CLOCK_LENGTH = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})")


def one_space(text: str) -> str:
    """The text with every kind of space made a plain one, and none around it."""
    return " ".join((text if text.isascii() else text.translate(ZERO_WIDTH)).split())


@lru_cache(maxsize=5_000)
def read_stamp(text: str) -> Stamp:
    """What a written time can mean; the same both ways round where it can mean one thing only."""
    text = one_space(text)
    try:
        if found := YEAR_FIRST.fullmatch(text):
            year, month, day, *clock = found.groups()
            return dict.fromkeys(DayOrder, _moment(year, month, day, *clock))
        if found := MONTH_NAMED.fullmatch(text):
            named, day, year, *clock = found.groups()
            return dict.fromkeys(DayOrder, _moment(year, _month(named), day, *clock))
        if found := DAY_NAMED.fullmatch(text):
            day, named, year, *clock = found.groups()
            return dict.fromkeys(DayOrder, _moment(year, _month(named), day, *clock))
    except ValueError:
        return {}
    found = NUMBERS.fullmatch(text)
    return _of_numbers(*found.groups()) if found else {}


def _of_numbers(first: str, sign: str, second: str, year: str, *clock: str | None) -> Stamp:
    readings: dict[DayOrder, datetime] = {}
    for order in DayOrder:
        day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
        try:
            readings[order] = _moment(f"20{year[-2:]}", month, day, *clock)
        except ValueError:
            continue
    if sign == "." and DayOrder.DAY_FIRST in readings:  # no country writes the month first so
        return dict.fromkeys(DayOrder, readings[DayOrder.DAY_FIRST])
    return readings


def _month(named: str) -> str:
    return str(MONTHS.index(named[:3].casefold()) + 1)


def _moment(year: str, month: str, day: str, *clock: str | None) -> datetime:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("there is no such hour on a clock of twelve")
        hours = hours % 12 + 12 * (half.lower() == "p")
    if not 2015 <= int(year) <= 2100:
        raise ValueError(f"no meeting is from the year {year}")
    return datetime(  # noqa: DTZ001 - meeting files name no zone
        int(year), int(month), int(day), hours, int(minute or 0), int(second or 0)
    )


def read_length(text: str, *, in_minutes: bool = False) -> int | None:
    """Seconds of a length of time; a bare number counts only where the heading names minutes."""
    text = one_space(text).casefold()
    if text.isascii() and text.isdigit():
        return int(text) * 60 if in_minutes and len(text) <= MOST_DIGITS else None
    if found := CLOCK_LENGTH.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds
    total, place = 0, 0
    while place < len(text):
        part = PART.match(text, place)
        if not part or part[2] not in SECONDS_OF or len(part[1]) > MOST_DIGITS:
            return None
        total += int(part[1]) * SECONDS_OF[part[2]]
        place = part.end()
    return total if text else None


def orders_of(stamps: Iterable[Stamp]) -> tuple[DayOrder, ...]:
    """The ways round in which a file's dates can be meant: one if any value leaves only one."""
    found = [stamp for stamp in stamps if stamp]
    counts = {order: sum(order in stamp for stamp in found) for order in DayOrder}
    best = max(counts.values())
    possible = tuple(order for order in DayOrder if counts[order] == best)
    is_same = all(len(stamp) < 2 or len(set(stamp.values())) == 1 for stamp in found)
    return possible[:1] if is_same and len(possible) == len(DayOrder) else possible

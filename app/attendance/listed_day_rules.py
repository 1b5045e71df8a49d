"""Days as people write them in lists: values in, values out."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from datetime import date, timedelta

EXCEL_BEGINS, EXCEL_DAYS = date(1899, 12, 30), range(30_000, 80_000)
MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
MONTHS = {
    name[:length]: number
    for number, name in enumerate(MONTH_NAMES, 1)
    for length in (3, 4, len(name))
}
NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
YEAR_FIRST = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})")
DAY_AND_WORD = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]+)\.?,?[ -](\d{4}|\d{2})")
WORD_AND_DAY = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
TIME_OF_DAY = re.compile(r"[ t,]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[ap]m)?z?$")
WEEKDAY = re.compile(r"^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?,? ")


class Order(enum.StrEnum):
    """Which of day and month comes first where both are numbers."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def order_in(dates: Sequence[str]) -> Order | None:
    """Which comes first, if one of the dates tells and none tells the opposite."""
    told = set()
    for words in dates:
        found = NUMBERS.fullmatch(_bare(words))
        if not found:
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            told.add(Order.DAY_FIRST)
        elif second > 12 >= first:
            told.add(Order.MONTH_FIRST)
    return told.pop() if len(told) == 1 else None


def needs_order(dates: Sequence[str]) -> bool:
    """Whether any of the dates can be read in two ways."""
    found = (NUMBERS.fullmatch(_bare(words)) for words in dates)
    return any(
        one and one[1] != one[2] and int(one[1]) <= 12 and int(one[2]) <= 12 for one in found
    )


def read_day(words: str, order: Order | None) -> date:
    """The day; ValueError if it is none, or could be two."""
    bare = _bare(words)
    if bare.isascii() and bare.isdecimal() and int(bare[:6]) in EXCEL_DAYS:
        return EXCEL_BEGINS + timedelta(days=int(bare))
    if found := YEAR_FIRST.fullmatch(bare):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := NUMBERS.fullmatch(bare):
        first, second = int(found[1]), int(found[2])
        if order is None and first != second:
            raise ValueError
        day, month = (second, first) if order is Order.MONTH_FIRST else (first, second)
        return date(_year(found[3]), month, day)
    if found := DAY_AND_WORD.fullmatch(bare):
        return date(_year(found[3]), _month(found[2]), int(found[1]))
    if found := WORD_AND_DAY.fullmatch(bare):
        return date(_year(found[3]), _month(found[1]), int(found[2]))
    raise ValueError


def _bare(words: str) -> str:
    """A date without its time and its weekday."""
    return WEEKDAY.sub("", TIME_OF_DAY.sub("", " ".join(words[:60].lower().split())))


def _year(words: str) -> int:
    return int(words) + (2000 if len(words) == 2 else 0)


def _month(words: str) -> int:
    if words == "sept":
        return 9
    if words not in MONTHS:
        raise ValueError
    return MONTHS[words]

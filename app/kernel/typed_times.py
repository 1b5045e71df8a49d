"""Days and times of day as people type them: read kindly, refused clearly."""

from __future__ import annotations

import re
from datetime import date, time

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_YEAR, LAST_YEAR = 2000, 2099
# A bare 1:30 or 5 is nearly always meant as an afternoon time, but not surely.
UNSURE_HOURS = range(1, 7)


def read_day(text: str) -> date:
    """The day in "27 3 2027", "27 March 2027", "Sat 27/03/27" or "2027-03-27".

    ValueError says what is wrong, to follow the name of the field: "must include a year".
    """
    parts = re.findall(r"[a-z]+|\d+", re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.lower()))
    parts = [part for part in parts if part not in {"of", "the"}]
    weekday = _weekday(parts[0]) if parts else None
    if weekday is not None:
        parts = parts[1:]
    if len(parts) == 3 and len(parts[0]) == 4:
        parts.reverse()  # 2027-03-27
    day, month, year = _numbers(parts)
    try:
        found = date(year, month, day)
    except ValueError:
        raise ValueError("must be a real date") from None
    if weekday is not None and found.weekday() != weekday:
        raise ValueError(f"is a {WEEKDAYS[found.weekday()].title()}: check the day")
    return found


def _weekday(word: str) -> int | None:
    if len(word) < 2 or not word.isalpha():
        return None
    return next((n for n, name in enumerate(WEEKDAYS) if name.startswith(word)), None)


def _numbers(parts: list[str]) -> tuple[int, int, int]:
    if len(parts) == 3 and parts[0].isalpha():
        parts = [parts[1], parts[0], parts[2]]  # March 27 2027
    if len(parts) == 2 and parts[0].isdigit():
        raise ValueError(f"must include a {'month' if len(parts[1]) == 4 else 'year'}")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[2].isdigit()):
        raise ValueError("must be a date, such as 27 3 2027")
    day, month, year = int(parts[0][:9]), _month(parts[1]), int(parts[2][:9])
    if len(parts[2]) == 2:
        year += 2000
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("must be a real date")
    return day, month, year


def _month(part: str) -> int:
    if part.isdigit():
        return int(part[:9])
    found = [n for n, name in enumerate(MONTHS, 1) if len(part) >= 3 and name.startswith(part)]
    if part == "sept":
        found = [9]
    if len(found) != 1:
        raise ValueError("must include a month, such as 3 or March")
    return found[0]


def read_time_of_day(text: str) -> time:
    """The time of day in "9:30am", "9.30", "0930", "13:00", "1pm", "midday".

    ValueError says what is wrong, to follow the name of the field: "must say am or pm".
    """
    tidy = re.sub(r"[\s.:h,]+", "", text.lower())
    if tidy in {"midday", "noon", "12noon", "12midday"}:
        return time(12, 0)
    match = re.fullmatch(r"(\d{1,4})(am|pm|a|p)?", tidy)
    if not match:
        raise ValueError("must be a time, such as 9:30am or 13:00")
    digits, half = match.group(1), (match.group(2) or "")[:1]
    hour, minute = _clock_parts(text, digits)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("must be a time, such as 9:30am or 13:00")
        hour = hour % 12 + (12 if half == "p" else 0)
    elif hour in UNSURE_HOURS and not digits.startswith("0"):
        raise ValueError(f"must say am or pm, such as {hour}{f':{minute:02}' * (minute > 0)}pm")
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError("must be a time, such as 9:30am or 13:00") from None


def _clock_parts(text: str, digits: str) -> tuple[int, int]:
    """Hour and minute; 930 and 0930 are half past nine, 9 is nine o'clock."""
    typed_apart = re.search(r"(\d+)\s*[.:h,]\s*(\d+)", text.lower())
    if typed_apart:
        if len(typed_apart.group(2)) != 2:
            raise ValueError("must be a time, such as 9:30am or 13:00")
        return int(typed_apart.group(1)), int(typed_apart.group(2))
    if len(digits) <= 2:
        return int(digits), 0
    return int(digits[:-2]), int(digits[-2:])

"""Times in a Forms file: Excel's own, or text with day and month in the order usual there."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?.*)?")
WRITTEN = re.compile(
    r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})"
    r"(?:,?\s+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?m?\.?)?",
    re.IGNORECASE,
)
SERIAL = re.compile(r"\d{5}([.,]\d+)?")
EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times carry no zone


class DayOrder(enum.StrEnum):
    """Which comes first in a written date."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def read_times(texts: Sequence[str]) -> list[datetime | None]:
    """Each time without a zone, None where it is unreadable; one order of day and month for all."""
    readings = {order: [_read(text, order) for text in texts] for order in DayOrder}
    best = max(DayOrder, key=lambda order: _likelihood(readings[order]))
    return readings[best]


def _likelihood(moments: Iterable[datetime | None]) -> tuple[int, int]:
    """How many can be read, then how many follow the one before, as answers come in order."""
    found = list(moments)
    known = [moment for moment in found if moment]
    in_order = sum(earlier <= later for earlier, later in zip(known, known[1:], strict=False))
    return len(known), in_order


def _read(text: str, order: DayOrder) -> datetime | None:
    text = text.strip()
    try:
        if found := ISO.fullmatch(text):
            return _moment(*found.groups())
        if found := WRITTEN.fullmatch(text):
            first, second, year, *clock, half = found.groups()
            day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
            moment = _moment(f"20{year}" if len(year) == 2 else year, month, day, *clock)
            return moment + _half_day(moment, half)
        if SERIAL.fullmatch(text):
            days = float(text.replace(",", "."))
            moment = EXCEL_DAY_0 + timedelta(seconds=round(days * 86_400))
            return moment if 2000 <= moment.year <= 2100 else None
    except (ValueError, OverflowError):
        pass
    return None


def _moment(*parts: str | None) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    if not 2000 <= year <= 2100:
        raise ValueError(f"no answer is from the year {year}")
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - as in the file


def _half_day(moment: datetime, half: str | None) -> timedelta:
    if not half:
        return timedelta(0)
    if not 1 <= moment.hour <= 12:
        raise ValueError("there is no such hour on a clock of twelve")
    is_afternoon = half.lower() == "p"
    return timedelta(hours=12 * is_afternoon - 12 * (moment.hour == 12))

"""What the charts of a report draw: names, counts and lengths, for SVG beside their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.home.report.composing import Report
from app.home.report.rules import Figure

WIDTH = 480.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar: how many, what of, and where it stands."""

    words: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class BarRow:
    """One line of a chart: its bars, and the whole in words for who does not see it."""

    name: str
    number: str
    bars: Sequence[Bar]
    words: str


def people_by_sector(report: Report) -> list[BarRow]:
    """People of each sector, now above and the time before below."""
    pairs = [
        (line.name, line[Figure.PEOPLE], report.then.sectors[key][Figure.PEOPLE])
        for key, line in report.now.sectors.items()
    ]
    return _paired(pairs, report)


def attendances_by_month(report: Report) -> list[BarRow]:
    """Attendances in each month of the period."""
    lines = [line for line in report.now.months.values() if not line.is_empty]
    most = max((line[Figure.ATTENDANCES] for line in lines), default=0) or 1
    return [
        BarRow(
            line.name,
            f"{line[Figure.ATTENDANCES]:,}",
            [_bar("attendances", line[Figure.ATTENDANCES], most)],
            f"{line.name}: {line[Figure.ATTENDANCES]:,} attendances"
            f" at {line[Figure.SESSIONS]:,} sessions",
        )
        for line in lines
    ]


def places_booked(report: Report) -> BarRow | None:
    """What became of the bookings at the start: came, did not attend, nobody marked."""
    total = report.now.total
    booked = total[Figure.BOOKED]
    if not booked:
        return None
    came, missed = total[Figure.BOOKED_CAME], total[Figure.DID_NOT_ATTEND]
    parts = (("came", came), ("did not attend", missed), ("not marked", booked - came - missed))
    bars: list[Bar] = []
    at = 0.0
    for words, number in parts:
        bar = _bar(words, number, booked, start=at)
        at += bar.width
        bars.append(bar)
    words = ", ".join(f"{number:,} {what}" for what, number in parts)
    return BarRow("Booked at the start", f"{booked:,}", bars, f"Of {booked:,} bookings: {words}")


def _paired(pairs: Sequence[tuple[str, int, int]], report: Report) -> list[BarRow]:
    most = max((max(now, then) for _, now, then in pairs), default=0) or 1
    return [
        BarRow(
            name,
            f"{now:,}",
            [_bar("this period", now, most), _bar("the time before", then, most)],
            f"{name}: {now:,} people, {then:,} in {report.before.title}",
        )
        for name, now, then in pairs
    ]


def _bar(words: str, number: int, whole: int, *, start: float = 0.0) -> Bar:
    return Bar(words, number, round(start, 1), round(WIDTH * number / whole, 1))

"""Whether a measure moved between two times: said only where the likely ranges do not overlap."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.rules import Interval, wilson_interval
from app.impact.summaries import Figure


class Direction(enum.StrEnum):
    """Which way, if it is beyond what the likely ranges allow for."""

    HIGHER = "higher"
    LOWER = "lower"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Trend:
    """The earliest and the latest figure of one measure, and how they differ."""

    earlier: Figure
    later: Figure
    direction: Direction


def trend_of(figures: Iterable[Figure]) -> Trend | None:
    """From the earliest time to the latest; None without two that were asked of the same people.

    A sum of other evaluations at the later time would say how these differ, not what changed.
    """
    own = [figure for figure in figures if _may_compare(figure)]
    if not own:
        return None
    last = own[-1]
    alike = [
        figure
        for figure in own
        if figure.routed_words == last.routed_words and figure.parts == last.parts
    ]
    earlier, later = alike[0], alike[-1]
    if earlier is later or earlier.door.months_later == later.door.months_later:
        return None
    return Trend(earlier, later, direction(earlier, later))


def direction(earlier: Figure, later: Figure) -> Direction:
    """Higher or lower only where one likely range ends before the other begins."""
    before, after = likely_range(earlier), likely_range(later)
    if before is None or after is None:
        return Direction.UNCLEAR
    if after.low > before.high:
        return Direction.HIGHER
    return Direction.LOWER if after.high < before.low else Direction.UNCLEAR


def likely_range(figure: Figure) -> Interval | None:
    """The likely range of a figure as it was worked out, before rounding."""
    if figure.share:
        return wilson_interval(figure.share.count, figure.share.base)
    return figure.mean.interval if figure.mean else None


def _may_compare(figure: Figure) -> bool:
    if figure.door.imported_words or figure.door.is_open_link:
        return False
    return bool(figure.share or figure.mean) and figure.base >= ELSEWHERE_THRESHOLD

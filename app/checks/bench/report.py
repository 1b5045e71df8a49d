"""The rows of the bench: what was measured, what was aimed at, and whether that was met."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line: the same work by the floor and by Ripple, and what Ripple aims at.

    `share` is Ripple as a share of the floor; without a floor, figure and aim are Ripple's own.
    """

    key: str
    words: str
    unit: str
    floor: float | None
    ripple: float
    share: float | None
    aim: float | None
    is_met: bool | None
    note: str = ""
    floor_cpu_ms: float | None = None
    ripple_cpu_ms: float | None = None

    @property
    def cpu_share(self) -> float | None:
        """The share by processor time of the web processes: steadier on a busy machine."""
        if not self.floor_cpu_ms or not self.ripple_cpu_ms:
            return None
        return self.floor_cpu_ms / self.ripple_cpu_ms

    @property
    def aim_words(self) -> str:
        """The aim as people put it."""
        if self.aim is None:
            return ""
        if self.share is None or self.unit in ("MiB", "s"):
            return f"at most {self.aim:g} {self.unit}"
        return f"at least {self.aim:.2f}"


def share_row(
    key: str,
    words: str,
    floor: Sequence[float],
    ripple: Sequence[float],
    *,
    aim: float | None,
    note: str = "",
) -> Row:
    """Rates of one round after the other; the share is the median of the rounds' shares."""
    share = median(ours / theirs for ours, theirs in zip(ripple, floor, strict=True))
    is_met = None if aim is None else share >= aim
    return Row(key, words, "/s", median(floor), median(ripple), share, aim, is_met, note)


def most_row(
    key: str, words: str, unit: str, floor: float, ripple: float, *, aim: float, note: str = ""
) -> Row:
    """Something of which less is better: Ripple's own figure must not be above the aim."""
    return Row(key, words, unit, floor, ripple, ripple / floor, aim, ripple <= aim, note)


def as_table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| | floor | Ripple | Ripple ÷ floor | by processor time | aim | |",
        "|---|---:|---:|---:|---:|---|---|",
    ]
    for row in rows:
        verdict = {None: "", True: "met", False: "**not met**"}[row.is_met]
        floor = "" if row.floor is None else _figure(row.floor, row.unit)
        share = "" if row.share is None else f"{row.share:.2f}"
        by_cpu = "" if row.cpu_share is None else f"{row.cpu_share:.2f}"
        figures = f"{floor} | {_figure(row.ripple, row.unit)} | {share} | {by_cpu}"
        lines.append(f"| {row.words} | {figures} | {row.aim_words} | {verdict} |")
    notes = [f"{row.words}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, "", *notes])


def as_json(rows: Sequence[Row], circumstances: dict[str, Any]) -> str:
    """The rows and how they were measured."""
    listed = [{**asdict(row), "cpu_share": row.cpu_share} for row in rows]
    whole = {"circumstances": circumstances, "rows": listed}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _figure(value: float, unit: str) -> str:
    if unit == "/s":
        return f"{value:,.0f}/s" if value >= 20 else f"{value:.1f}/s"
    return f"{value:.0f} {unit}" if value >= 20 else f"{value:.2f} {unit}"

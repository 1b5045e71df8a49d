"""Decisions about comments and quotations: values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.impact.disclosure import ELSEWHERE_THRESHOLD, merge_small_groups
from app.impact.words.models import QuoteConsent
from app.surveys.rules import wave_words

OPEN_LINK = "Open link"
IMPORTED = "Microsoft Forms"
FRIDAY = 4
Cell = tuple[int | None, str | None]  # a session and the name of a sector

CONSENT_WORDS = {
    QuoteConsent.INSIDE: "Inside the partnership",
    QuoteConsent.PUBLIC: "Publicly",
}


def door_words(*, wave_months: int | None, is_imported: bool, imported_months: int | None) -> str:
    """By which door a comment came, as in: 3 months later."""
    months = imported_months if is_imported else wave_months
    words = OPEN_LINK if months is None else wave_words(months)
    return f"{words}, {IMPORTED}" if is_imported else words


def read_by(since: date) -> date:
    """The working day by whose end comments noted on that day are to be read."""
    day = since + timedelta(days=1)
    while day.weekday() > FRIDAY:
        day += timedelta(days=1)
    return day


def is_late(since: date, *, today: date) -> bool:
    """Whether comments have waited for longer than a working day."""
    return today > read_by(since)


def is_working_day(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() <= FRIDAY


def waited_words(since: date, *, today: date) -> str:
    """How long a batch has waited, as in: since yesterday."""
    days = (today - since).days
    if days <= 0:
        return "since today"
    return "since yesterday" if days == 1 else f"for {days} days"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a comment came from, as far as that may be said."""

    event_id: int | None = None
    sectors: str = ""


def origins(cells: Mapping[Cell, int]) -> dict[Cell, Origin]:
    """What may be said of answers from each session and sector, given how many answered there.

    Sessions divide a door's answers into parts, and sectors divide those parts: every part that
    can be told from the others has at least ten answers, and so has whatever is left over.
    """
    said: dict[Cell, Origin] = {}
    for events, is_event_said in _parts(cells, 0):
        inside = {cell: count for cell, count in cells.items() if cell[0] in events}
        event_id = next(iter(events)) if is_event_said and len(events) == 1 else None
        for sectors, is_sector_said in _parts(inside, 1):
            names = sorted(str(one) for one in sectors)
            words = " or ".join(names) if is_sector_said and None not in sectors else ""
            said |= {cell: Origin(event_id, words) for cell in inside if cell[1] in sectors}
    return said


def _parts(cells: Mapping[Cell, int], side: int) -> Iterator[tuple[set[int | str | None], bool]]:
    """The values of one side in groups that may be told apart, and whether they may be named."""
    sums: dict[int | str | None, int] = {}
    for cell, count in cells.items():
        sums[cell[side]] = sums.get(cell[side], 0) + count
    by_name = {str(place): value for place, value in enumerate(sums)}
    groups = merge_small_groups(
        {name: sums[value] for name, value in by_name.items()},
        threshold=ELSEWHERE_THRESHOLD,
        total=sum(sums.values()),
    )
    for group in groups:
        yield {by_name[name] for name in group.members}, True
    if not groups:
        yield set(sums), False

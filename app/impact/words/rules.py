"""Decisions about comments and quotations: values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.impact.disclosure import ELSEWHERE_THRESHOLD, merge_small_groups
from app.impact.words.models import QuoteConsent, QuoteState
from app.surveys.rules import wave_words

OPEN_LINK = "Open link"
IMPORTED = "Microsoft Forms"
FRIDAY = 4
Cell = tuple[int | None, str | None]  # a session and the name of a sector
Side = Callable[[Cell], int | str | None]

CONSENT_WORDS = {
    QuoteConsent.INSIDE: "Inside the partnership",
    QuoteConsent.PUBLIC: "Publicly",
}
STATE_WORDS = {
    QuoteState.RELEASED: "Released",
    QuoteState.PROPOSED: "To be released",
    QuoteState.SENT_BACK: "Sent back",
    QuoteState.WITHDRAWN: "Withdrawn",
}


def door_words(*, wave_months: int | None, is_imported: bool, imported_months: int | None) -> str:
    """By which door a comment came, as in: 3 months later."""
    months = imported_months if is_imported else wave_months
    words = OPEN_LINK if months is None else wave_words(months)
    return f"{words}, {IMPORTED}" if is_imported else words


def consent_of(given: Sequence[str]) -> QuoteConsent | None:
    """How far somebody lets their words go; None for not at all, or where nothing was said."""
    if not given or not set(given) <= set(QuoteConsent):
        return None
    return QuoteConsent.INSIDE if QuoteConsent.INSIDE in given else QuoteConsent.PUBLIC


def read_by(since: date) -> date:
    """The working day by whose end comments noted on that day are to be read."""
    day = since + timedelta(days=1)
    while day.weekday() > FRIDAY:
        day += timedelta(days=1)
    return day


def is_late(since: date, *, today: date) -> bool:
    """Whether comments have waited for longer than a working day."""
    return today > read_by(since)


def last_late_day(*, today: date) -> date:
    """Comments noted on that day or before have waited for longer than a working day."""
    day = today
    while not is_late(day, today=today):
        day -= timedelta(days=1)
    return day


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
    for of_events, is_event_said in _parts(list(cells), cells, lambda cell: cell[0]):
        events = {cell[0] for cell in of_events}
        event_id = events.pop() if is_event_said and len(events) == 1 else None
        for of_sectors, is_sector_said in _parts(of_events, cells, lambda cell: cell[1]):
            names = {cell[1] for cell in of_sectors}
            is_said = is_sector_said and None not in names
            words = " or ".join(sorted(filter(None, names))) if is_said else ""
            said |= dict.fromkeys(of_sectors, Origin(event_id, words))
    return said


def _parts(
    among: Sequence[Cell], counts: Mapping[Cell, int], side: Side
) -> Iterator[tuple[list[Cell], bool]]:
    """Cells in parts that may be told apart by one side, and whether that may be named."""
    sums: Counter[str] = Counter()
    for cell in among:
        sums[str(side(cell))] += counts[cell]
    groups = merge_small_groups(sums, threshold=ELSEWHERE_THRESHOLD, total=sums.total())
    for group in groups:
        yield [cell for cell in among if str(side(cell)) in group.members], True
    if not groups:
        yield list(among), False

"""Registers: when one may be taken, and the order in which people stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# People sign in before the start.
REGISTER_OPENS = timedelta(hours=1)


def register_opens_at(starts_at: datetime) -> datetime:
    """From when the register of a date can be saved."""
    return starts_at - REGISTER_OPENS


def register_order(name: str) -> tuple[str, str]:
    """Sort key of a name: by its last word, then by the whole, in any case."""
    words = name.casefold().split()
    return (words[-1] if words else "", " ".join(words))


def default_date(starts: Sequence[datetime], now: datetime) -> int:
    """Index of the date whose register is opened first: the latest that has begun, else the first.

    `starts` are in order; a date counts as begun once its register can be saved.
    """
    begun = [number for number, start in enumerate(starts) if register_opens_at(start) <= now]
    return begun[-1] if begun else 0


@dataclass(frozen=True, slots=True)
class DateFacts:
    """What the registers say of one date."""

    starts_at: datetime
    ends_at: datetime
    answered: int  # people of whom the register says whether they came
    head_count: int | None
    files_waiting: int  # meeting files that nobody has looked through

    @property
    def is_taken(self) -> bool:
        """Whether it is known who came, or how many."""
        return bool(self.answered) or self.head_count is not None

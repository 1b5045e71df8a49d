"""When a check looks, by each of the clocks that rows were written by; and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select

# What a job has not done within this time, it does not do.
GRACE = timedelta(minutes=15)


@dataclass(frozen=True)
class Moment:
    """The instants a check needs."""

    now: datetime
    real_now: datetime
    example_made_at: datetime | None

    @property
    def told_since(self) -> datetime | None:
        """Whatever was booked before this was made up with the example, without messages."""
        return self.example_made_at


# References of what breaks one invariant: as a question to the database, or already answered.
Find = Callable[[Moment], Select[Any] | Iterable[str]]

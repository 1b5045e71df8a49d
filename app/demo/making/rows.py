"""Many rows in few statements, and chance that comes out the same every time."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Table, insert, select

from app.kernel.db import Base, db
from app.kernel.tokens import REFERENCE_ALPHABET

DATA = Path(__file__).parents[1] / "data"
Thing = TypeVar("Thing")


def read(name: str) -> dict[str, Any]:
    """What a data file says."""
    with (DATA / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def add_all(table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, all of which name the same columns."""
    if rows:
        # The table and not its class: the class would insert each pattern of empty columns apart.
        db.session.execute(insert(cast(Table, table.__table__)), rows)


def add_all_for_ids(table: type[Base], rows: Sequence[dict[str, Any]], *keys: str) -> list[int]:
    """Insert the rows and return their ids in the same order; the keys tell two rows apart."""
    add_all(table, rows)
    columns = table.__table__.c
    found = db.session.execute(select(columns.id, *(columns[key] for key in keys)))
    ids = {tuple(values): id_ for id_, *values in found}
    return [ids[tuple(row[key] for key in keys)] for row in rows]


class Chance(Random):
    """The example's dice: the same seed gives the same people, bookings and answers."""

    def reference(self, length: int = 8) -> str:
        """A public reference as the rest of the service makes them."""
        return "".join(self.choice(REFERENCE_ALPHABET) for _ in range(length))

    def row_id(self) -> int:
        """A random positive 62-bit number for rows that must not tell their order."""
        return self.getrandbits(62) | 1

    def uid(self, host: str) -> str:
        """A calendar UID as the rest of the service makes them."""
        return f"booking-{UUID(int=self.getrandbits(128), version=4)}@{host}"

    def exactly(self, count: int, of: int) -> list[bool]:
        """Yes for exactly so many of so many, in random order."""
        flags = [True] * count + [False] * (of - count)
        self.shuffle(flags)
        return flags

    def spread(self, shares: dict[Thing, int]) -> list[Thing]:
        """Each thing as often as its number says, in random order."""
        things = [thing for thing, count in shares.items() for _ in range(count)]
        self.shuffle(things)
        return things

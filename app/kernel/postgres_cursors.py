"""Cursors for PostgreSQL that describe their columns only to who asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Columns(Sequence[Any]):
    """The columns of a result (PEP 249, description), made when somebody looks at them.

    SQLAlchemy remembers what each of its statements returns and mostly asks only whether there
    are columns at all; making them anyway takes a twentieth of the time of a booking.
    """

    def __init__(self, cursor: Any, count: int) -> None:
        self._cursor, self._count = cursor, count
        self._columns: Any = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if self._columns is None:
            self._columns = self._cursor.all_columns()
        return self._columns[index]


def cursor_class() -> type[Any]:
    """A cursor as psycopg's own, but for its description."""
    from psycopg import Cursor  # only where PostgreSQL is used

    class DescribedOnDemand(Cursor[Any]):
        @property
        def description(self) -> Any:
            result = self.pgresult
            return Columns(self, result.nfields) if result and result.nfields else None

        def all_columns(self) -> Any:
            return super().description

    return DescribedOnDemand

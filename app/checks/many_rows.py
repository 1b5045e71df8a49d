"""Many rows made inside PostgreSQL after one template, for what drills look at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Subquery,
    cast,
    func,
    insert,
    literal,
    select,
    true,
)

from app.kernel.db import Base, db


def multiply(template: Base, source: FromClause, **columns: ColumnElement[Any]) -> None:
    """One row like the template for each row of the source, but for these columns."""
    table = template.__table__
    key = list(table.primary_key)[0]
    names = [c.name for c in table.c if c is not key or c.name in columns]
    rows = (
        select(*(columns.get(name, table.c[name]) for name in names))
        .select_from(table.join(source, true()))
        .where(key == getattr(template, key.name))
    )
    # A mapped table is typed as FromClause; insert() takes the Table that it is.
    db.session.execute(insert(table).from_select(names, rows))  # type: ignore[arg-type]


def series(last: int) -> Subquery:
    """The numbers from 0 to this one."""
    return select(func.generate_series(0, last).column_valued("n")).subquery()


def numbered(found: Select[int]) -> Subquery:
    """Ids with their place in the order of them, from 0."""
    ids = found.subquery()
    number = func.row_number().over(order_by=ids.c.id) - 1
    return select(ids.c.id, number.label("number")).subquery()


def unlike(number: ColumnElement[Any], salt: str) -> ColumnElement[str]:
    """A text for each number that no other number or salt has."""
    return func.md5(literal(salt) + cast(number, String))


def random_ids() -> ColumnElement[int]:
    """For each row another id that says nothing of when it came."""
    return cast(func.random() * 2**62, BigInteger)

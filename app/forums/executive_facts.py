"""How many opinions a round holds: the base of every count of its themes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, func, select

from app.forums.opinion_models import Opinion
from app.kernel.db import db


@dataclass(frozen=True)
class Given:
    """How many opinions a round holds, and how many of them nobody has read yet."""

    opinions: int
    unread: int


def opinions_given(round_ids: Collection[int]) -> dict[int, Given]:
    """For each round, how many opinions there are."""
    rows = db.session.execute(
        select(
            Opinion.round_id,
            func.count(),
            func.count(case((Opinion.may_be_read & ~Opinion.is_read, 1))),
        )
        .where(Opinion.round_id.in_(round_ids))
        .group_by(Opinion.round_id)
    )
    found = {round_id: Given(count, unread) for round_id, count, unread in rows}
    return {round_id: found.get(round_id, Given(0, 0)) for round_id in round_ids}

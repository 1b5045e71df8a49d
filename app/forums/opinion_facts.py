"""How many schools answered in a round, and how many opinions that is: the base of every count."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from app.forums.opinion_models import Opinion, OpinionLink, OpinionRound
from app.forums.opinion_rules import Answers
from app.kernel.db import db


def answers_of(round_ids: Collection[int]) -> dict[int, Answers]:
    """For each round, what came in by its links."""
    schools = (
        select(OpinionLink.round_id, func.count().label("schools"))
        .where(OpinionLink.round_id.in_(round_ids), OpinionLink.answers_count > 0)
        .group_by(OpinionLink.round_id)
        .subquery()
    )
    said = (
        select(
            Opinion.round_id,
            func.count(Opinion.organisation_id.distinct()).label("named_schools"),
            func.count().label("opinions"),
            func.count().filter(Opinion.organisation_id.is_(None)).label("unnamed_opinions"),
            func.count().filter(Opinion.may_be_read, ~Opinion.is_read).label("unread"),
        )
        .where(Opinion.round_id.in_(round_ids))
        .group_by(Opinion.round_id)
        .subquery()
    )
    counts = (schools.c.schools, *said.c[1:])
    rows = db.session.execute(
        select(OpinionRound.id, *(func.coalesce(one, 0) for one in counts))
        .outerjoin(schools, schools.c.round_id == OpinionRound.id)
        .outerjoin(said, said.c.round_id == OpinionRound.id)
        .where(OpinionRound.id.in_(round_ids))
    )
    return {round_id: Answers(*found) for round_id, *found in rows}

"""You said, we did: what the Executive answered and an Advisor released for everyone to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.forums.opinion_models import ThemeAnswer
from app.kernel.db import db


@dataclass(frozen=True)
class SaidDone:
    """One answer as the public reads it: what schools said, what was done, by which post."""

    said: str
    did: str
    owner: str
    answered_on: date


def newest_answers(limit: int = 3) -> list[SaidDone]:
    """The answers released last, newest first."""
    rows = db.session.execute(
        select(ThemeAnswer.said, ThemeAnswer.did, ThemeAnswer.owner, ThemeAnswer.answered_on)
        .where(ThemeAnswer.released_on.is_not(None), ThemeAnswer.answered_on.is_not(None))
        .order_by(ThemeAnswer.released_on.desc(), ThemeAnswer.answered_on.desc(), ThemeAnswer.id)
        .limit(limit)
    )
    return [
        SaidDone(said, did, owner, answered_on)
        for said, did, owner, answered_on in rows
        if answered_on
    ]

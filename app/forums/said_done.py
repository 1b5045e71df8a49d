"""You said, we did: what the Executive answered and an Advisor released for everyone to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.forums.opinion_models import OpinionRound, ThemeAnswer
from app.kernel.db import db
from app.partnership.models import HalfTerm


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
        select(
            ThemeAnswer.said,
            ThemeAnswer.did,
            ThemeAnswer.released_owner,
            ThemeAnswer.released_answered_on,
        )
        .where(ThemeAnswer.released_on.is_not(None))
        .order_by(
            ThemeAnswer.released_on.desc(), ThemeAnswer.released_answered_on.desc(), ThemeAnswer.id
        )
        .limit(limit)
    )
    return [
        SaidDone(said, did, owner, answered_on)
        for said, did, owner, answered_on in rows
        if answered_on
    ]


@dataclass(frozen=True)
class PublicAnswer(SaidDone):
    """An answer with the half term in which schools said it."""

    half_term: str


def released_count() -> int:
    """How many answers everyone can read."""
    released = select(func.count()).where(ThemeAnswer.released_on.is_not(None))
    return db.session.scalar(released) or 0


def released(first: int, last: int) -> list[PublicAnswer]:
    """The released answers in these places, by half term, the newest first."""
    rows = db.session.execute(
        select(ThemeAnswer, HalfTerm)
        .join(OpinionRound, OpinionRound.id == ThemeAnswer.round_id)
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .where(ThemeAnswer.released_on.is_not(None))
        .order_by(
            HalfTerm.starts_on.desc(), ThemeAnswer.released_answered_on.desc(), ThemeAnswer.id
        )
        .offset(first)
        .limit(max(0, last - first))
    )
    return [
        PublicAnswer(
            said=answer.said,
            did=answer.did,
            owner=answer.released_owner,
            answered_on=answer.released_answered_on,
            half_term=f"{half_term.name} {half_term.school_year}",
        )
        for answer, half_term in rows
        if answer.released_answered_on
    ]

"""Quotations: words of an opinion, cut by one person and released by another (5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import Person
from app.audit import operations as audit
from app.forums.opinion_models import (
    Opinion,
    OpinionQuote,
    OpinionRound,
    Theme,
    ThemeClass,
    opinion_theme,
)
from app.forums.opinion_reading import ReadOpinion, lock_opinion
from app.impact.words import cutting_rules
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference

NOT_AGREED = "This school has not agreed to be quoted"
GONE = "Somebody has taken this quotation back meanwhile"
OWN = "Somebody else must release it: you chose these words"


@dataclass(frozen=True)
class Quote:
    """Words of an opinion as they are passed on; never with a name."""

    reference: str
    words: str
    theme: str  # empty if it stands for none
    theme_class: ThemeClass | None
    theme_id: int | None
    proposed_by: str
    is_released: bool


def released_quotes(asked: OpinionRound) -> list[Quote]:
    """What may be quoted of a round, by theme."""
    return _quotes(asked.id, released=True)


def proposed_quotes(asked: OpinionRound) -> list[Quote]:
    """What waits for somebody else to release it, by theme."""
    return _quotes(asked.id, released=False)


def find_quote(round_id: int, reference: str) -> Quote | None:
    """One quotation of a round."""
    every = _quotes(round_id, released=None)
    return next((one for one in every if one.reference == reference), None)


def propose_quote(
    opinion: ReadOpinion,
    kept: str,
    theme_id: int | None,
    *,
    round_id: int,
    actor: Person,
    now: datetime,
) -> str:
    """Suggest words of an opinion as a quotation, for one of its themes; its reference."""
    found = lock_opinion(opinion.id, round_id=round_id)
    if not found.may_be_quoted:
        raise Refused(NOT_AGREED)
    words = cutting_rules.quotation(opinion.words, kept)
    if not cutting_rules.has_words(words):
        raise Refused("Leave some of the words to quote")
    if theme_id is not None and theme_id not in _theme_ids(opinion.id):
        raise Refused("Choose one of the themes that this opinion has")
    quote = OpinionQuote(
        reference=new_reference(),
        opinion_id=opinion.id,
        theme_id=theme_id,
        words=words,
        proposed_by=actor.reference,
        released_by=None,
    )
    db.session.add(quote)
    db.session.flush()
    _note("proposed", quote.reference, actor, now=now)
    return quote.reference


def release_quote(reference: str, *, actor: Person, now: datetime) -> None:
    """Let a quotation be passed on; Refused to whoever chose its words."""
    released = db.session.execute(
        update(OpinionQuote)
        .where(
            OpinionQuote.reference == reference,
            OpinionQuote.released_by.is_(None),
            OpinionQuote.proposed_by != actor.reference,
        )
        .values(released_by=actor.reference),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(released) != 1:
        proposer: InstrumentedAttribute[str] = OpinionQuote.proposed_by
        by = db.session.scalar(select(proposer).where(OpinionQuote.reference == reference))
        raise Refused(OWN if by == actor.reference else GONE)
    _note("released", reference, actor, now=now)


def take_back(reference: str, *, actor: Person, now: datetime) -> None:
    """Take a quotation back, released or not; what was printed or copied stays out there."""
    gone = db.session.execute(
        delete(OpinionQuote).where(OpinionQuote.reference == reference),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(gone) != 1:
        raise Refused(GONE)
    _note("took_back", reference, actor, now=now)


def _quotes(round_id: int, *, released: bool | None) -> list[Quote]:
    which = [Opinion.round_id == round_id]
    if released is not None:
        by = OpinionQuote.released_by
        which.append(by.is_not(None) if released else by.is_(None))
    rows = db.session.execute(
        select(OpinionQuote, Theme)
        .join(Opinion, Opinion.id == OpinionQuote.opinion_id)
        .outerjoin(Theme, Theme.id == OpinionQuote.theme_id)
        .where(*which)
        .order_by(Theme.title, OpinionQuote.reference)
    )
    return [
        Quote(
            reference=one.reference,
            words=one.words,
            theme=theme.title if theme else "",
            theme_class=theme.theme_class if theme else None,
            theme_id=one.theme_id,
            proposed_by=one.proposed_by,
            is_released=one.released_by is not None,
        )
        for one, theme in rows
    ]


def _theme_ids(opinion_id: str) -> set[int]:
    held = select(opinion_theme.c.theme_id).where(opinion_theme.c.opinion_id == opinion_id)
    return set(db.session.scalars(held))


def _note(verb: str, reference: str, actor: Person, *, now: datetime) -> None:
    audit.record(actor.reference, f"{verb}_quotation", "opinion_quote", reference, now=now)

"""Rounds of opinions as staff and reports see them: how far they are, and who answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.forums import opinion_rules
from app.forums.establishments import Establishment, establishments
from app.forums.opinion_facts import answers_of
from app.forums.opinion_models import ContactWish, Opinion, OpinionLink, OpinionRound, RoundState
from app.forums.opinion_reading import has_answered
from app.forums.opinion_rules import Asked, GroupResponse
from app.kernel.db import db
from app.partnership.models import HalfTerm


@dataclass(frozen=True)
class Response:
    """How many schools of a round were asked, and how many answered.

    Groups are of ten schools or more, small ones together. There are none while the round is open:
    whoever saw which phase has just answered could tell whose opinion is new.
    """

    asked: int
    answered: int
    by_phase: list[GroupResponse]
    by_type: list[GroupResponse]


@dataclass(frozen=True)
class RoundLine:
    """One round in the list."""

    reference: str
    half_term: str
    state: RoundState
    opens_at: datetime
    closes_at: datetime
    asked: int
    answered: int
    unread: int


def response(asked: OpinionRound) -> Response:
    """Who answered, by phase and by type; of schools as they are counted today."""
    answers = has_answered(asked.id)
    count = sum(answered for _, answered in answers)
    if asked.state is not RoundState.CLOSED:
        return Response(len(answers), count, [], [])
    schools = establishments([one for one, _ in answers])
    facts = [
        Asked(schools[one].phase, schools[one].type, answered)
        for one, answered in answers
        if one in schools
    ]
    by_phase, by_type = opinion_rules.by_two(facts)
    return Response(len(answers), count, by_phase, by_type)


def find_round(reference: str) -> OpinionRound | None:
    """A round with its half term; None if there is none."""
    found = select(OpinionRound).where(OpinionRound.reference == reference)
    return db.session.scalars(found.options(joinedload(OpinionRound.half_term))).one_or_none()


def open_round() -> OpinionRound | None:
    """The round that is open, or the one of them that closes first."""
    is_open = select(OpinionRound).where(OpinionRound.state == RoundState.OPEN)
    ordered = is_open.order_by(OpinionRound.closes_at).limit(1)
    return db.session.scalars(ordered.options(joinedload(OpinionRound.half_term))).first()


def round_of(half_term_id: int) -> OpinionRound | None:
    """The round of a half term; None if none was planned."""
    found = select(OpinionRound).where(OpinionRound.half_term_id == half_term_id)
    return db.session.scalars(found.options(joinedload(OpinionRound.half_term))).one_or_none()


def rounds() -> list[RoundLine]:
    """Every round, the newest half term first."""
    links, opinions = _link_counts(), _unread_counts()
    rows = db.session.execute(
        select(OpinionRound, HalfTerm)
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .order_by(HalfTerm.starts_on.desc(), OpinionRound.id.desc())
    )
    return [
        RoundLine(
            reference=one.reference,
            half_term=f"{half_term.name} {half_term.school_year}",
            state=one.state,
            opens_at=one.opens_at,
            closes_at=one.closes_at,
            asked=links.get(one.id, (0, 0))[0],
            answered=links.get(one.id, (0, 0))[1],
            unread=opinions.get(one.id, 0),
        )
        for one, half_term in rows
    ]


def half_terms_to_choose() -> list[HalfTerm]:
    """The half terms that have no round yet, in order."""
    taken = select(OpinionRound.half_term_id)
    free = select(HalfTerm).where(HalfTerm.id.not_in(taken)).order_by(HalfTerm.starts_on)
    return list(db.session.scalars(free))


def did_not_answer(asked: OpinionRound) -> list[Establishment] | None:
    """The schools that did not answer, by name; None while that would lead to those that did.

    That is while the round is open, and later beside opinions without a name of a few schools.
    """
    if asked.state is not RoundState.CLOSED:
        return None
    if not answers_of([asked.id])[asked.id].may_name_who_answered:
        return None
    silent = [one for one, answered in has_answered(asked.id) if not answered]
    return sorted(establishments(silent).values(), key=lambda one: (one.name, one.id))


def not_reached(asked: OpinionRound) -> list[Establishment]:
    """The schools that nobody could be written to about, by name; empty until all were asked."""
    if asked.asked_at is None:
        return []
    unsent = (OpinionLink.round_id == asked.id, OpinionLink.sent_at.is_(None))
    ids = db.session.scalars(select(OpinionLink.organisation_id).where(*unsent)).all()
    return sorted(establishments(ids).values(), key=lambda one: (one.name, one.id))


def sent_count(round_id: int) -> int:
    """How many schools of a round somebody was written to about."""
    sent = (OpinionLink.round_id == round_id, OpinionLink.sent_at.is_not(None))
    return db.session.scalar(select(func.count()).select_from(OpinionLink).where(*sent)) or 0


def open_wishes_count() -> int:
    """How many schools wait to be contacted."""
    waits = select(func.count()).select_from(ContactWish).where(ContactWish.done_at.is_(None))
    return db.session.scalar(waits) or 0


def unread_count() -> int:
    """How many opinions can be read and nobody has."""
    unread = select(func.count()).select_from(Opinion)
    return db.session.scalar(unread.where(Opinion.may_be_read, ~Opinion.is_read)) or 0


def _link_counts() -> dict[int, tuple[int, int]]:
    answered = func.count().filter(OpinionLink.answers_count > 0)
    rows = db.session.execute(
        select(OpinionLink.round_id, func.count(), answered).group_by(OpinionLink.round_id)
    )
    return {round_id: (asked, count) for round_id, asked, count in rows}


def _unread_counts() -> dict[int, int]:
    rows = db.session.execute(
        select(Opinion.round_id, func.count())
        .where(Opinion.may_be_read, ~Opinion.is_read)
        .group_by(Opinion.round_id)
    )
    return {row[0]: row[1] for row in rows}

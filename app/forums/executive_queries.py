"""What is with the Executive, what it answered, and by which links its posts may answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Person
from app.forums import executive_rules as rules
from app.forums.opinion_models import (
    AnswerState,
    AnswerVersion,
    ExecutiveReport,
    OpinionRound,
    RespondentLink,
    RoundState,
    Theme,
    ThemeAnswer,
    ThemeClass,
)
from app.improvement.need_models import Need
from app.improvement.need_rules import NEED_WORDS
from app.kernel.db import db
from app.kernel.london import london_date
from app.kernel.tokens import token_hash
from app.partnership.models import HalfTerm


@dataclass(frozen=True)
class AnswerLine:
    """A theme that was put to the Executive, and how it stands."""

    id: int
    reference: str
    title: str
    theme_class: ThemeClass
    half_term: str
    round_reference: str
    question: str
    state: AnswerState
    answer: str
    owner: str
    due_on: date | None
    answered_on: date | None
    answered_by: str
    need_reference: str
    revision: int
    said: str
    did: str
    released_on: date | None
    released_owner: str
    released_answered_on: date | None
    released_revision: int | None
    given_at: datetime

    @property
    def given_on(self) -> date:
        """The London date on which the Executive was given it."""
        return london_date(self.given_at)

    @property
    def state_words(self) -> str:
        """How it stands, as people read it."""
        return rules.STATE_WORDS[self.state]

    def is_late(self, today: date) -> bool:
        """Whether the answer, or what it promised, should have come by now."""
        return rules.is_late(self.state, self.given_on, self.due_on, today=today)

    def waited(self, today: date) -> str:
        """How long it has been with the Executive, or was until it answered."""
        return rules.waited_words(self.given_on, today=self.answered_on or today)


def answer_lines(*conditions: ColumnElement[bool]) -> list[AnswerLine]:
    """The themes of given reports that these conditions choose, the oldest first."""
    query = _lines().where(*conditions).order_by(HalfTerm.starts_on, ThemeAnswer.id)
    return [_line(row) for row in db.session.execute(query)]


def find_answer(reference: str) -> AnswerLine | None:
    """One theme that was put to the Executive; None if there is none of this reference."""
    found = answer_lines(ThemeAnswer.reference == reference)
    return found[0] if found else None


def with_executive(*, today: date) -> list[AnswerLine]:
    """Every theme that is not done: those that are late first, then the longest waiting."""
    lines = answer_lines(ThemeAnswer.state != AnswerState.DONE)
    return sorted(lines, key=lambda line: (not line.is_late(today), line.given_at))


def since_last_report(
    round_id: int, last_given_at: datetime | None
) -> tuple[list[AnswerLine], list[AnswerLine]]:
    """The themes of other rounds that were answered since, and those that still wait."""
    versions = select(AnswerVersion.theme_answer_id)
    if last_given_at is not None:
        versions = versions.where(AnswerVersion.written_at > last_given_at)
    lines = answer_lines(
        ThemeAnswer.round_id != round_id,
        or_(ThemeAnswer.state == AnswerState.OPEN, ThemeAnswer.id.in_(versions)),
    )
    waiting = [line for line in lines if line.state is AnswerState.OPEN]
    return [line for line in lines if line.state is not AnswerState.OPEN], waiting


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            ThemeAnswer, Theme.title, Theme.theme_class, HalfTerm, OpinionRound.reference,
            ExecutiveReport.made_at,
        )
        .join(Theme, Theme.id == ThemeAnswer.theme_id)
        .join(OpinionRound, OpinionRound.id == ThemeAnswer.round_id)
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .join(ExecutiveReport, ExecutiveReport.round_id == OpinionRound.id)
    )  # fmt: skip


def _line(row: Any) -> AnswerLine:
    answer, title, theme_class, half_term, round_reference, made_at = row
    return AnswerLine(
        id=answer.id,
        reference=answer.reference,
        title=title,
        theme_class=theme_class,
        half_term=half_term_words(half_term),
        round_reference=round_reference,
        question=answer.question,
        state=answer.state,
        answer=answer.answer,
        owner=answer.owner,
        due_on=answer.due_on,
        answered_on=answer.answered_on,
        answered_by=answer.answered_by,
        need_reference=answer.need_reference,
        revision=answer.revision,
        said=answer.said,
        did=answer.did,
        released_on=answer.released_on,
        released_owner=answer.released_owner,
        released_answered_on=answer.released_answered_on,
        released_revision=answer.released_revision,
        given_at=made_at,
    )


def half_term_words(half_term: HalfTerm) -> str:
    """A half term as people name it: Autumn 1 2026/27."""
    return f"{half_term.name} {half_term.school_year}"


def questions_of(round_id: int) -> dict[int, str]:
    """What the Executive is asked about the themes of a round, by theme."""
    rows = db.session.execute(
        select(ThemeAnswer.theme_id, ThemeAnswer.question).where(ThemeAnswer.round_id == round_id)
    )
    return {theme_id: question for theme_id, question in rows if question}


def versions_of(answer_id: int) -> list[AnswerVersion]:
    """Everything the Executive answered to a theme, the newest first."""
    query = select(AnswerVersion).where(AnswerVersion.theme_answer_id == answer_id)
    return list(db.session.scalars(query.order_by(AnswerVersion.number.desc())))


def differs_from_released(line: AnswerLine, versions: Iterable[AnswerVersion]) -> bool:
    """Whether the Executive answers otherwise now than when everyone was told."""
    if line.released_on is None:
        return False
    told = [one.answer for one in versions if one.number == line.released_revision]
    now = ([line.answer], line.owner, line.answered_on)
    return now != (told, line.released_owner, line.released_answered_on)


def names_of(references: Iterable[str]) -> dict[str, str]:
    """The names of people by their references; a post that is no reference is left out."""
    rows = db.session.execute(
        select(Person.reference, Person.name).where(Person.reference.in_(list(references)))
    )
    return {row.reference: row.name for row in rows}


def need_states(references: Iterable[str]) -> dict[str, str]:
    """How far the needs with these references are, in words."""
    wanted = [reference for reference in references if reference]
    if not wanted:
        return {}
    rows = db.session.execute(select(Need.reference, Need.state).where(Need.reference.in_(wanted)))
    return {reference: NEED_WORDS[state] for reference, state in rows}


def find_round(reference: str) -> tuple[OpinionRound, ExecutiveReport | None] | None:
    """The round with this reference and its half term, and its report if that was given."""
    query = (
        select(OpinionRound, ExecutiveReport)
        .outerjoin(ExecutiveReport, ExecutiveReport.round_id == OpinionRound.id)
        .where(OpinionRound.reference == reference)
        .options(joinedload(OpinionRound.half_term))
    )
    found = db.session.execute(query).first()
    return (found[0], found[1]) if found else None


def earlier_rounds(opinion_round: OpinionRound) -> list[tuple[OpinionRound, datetime | None]]:
    """The rounds of earlier half terms, newest first, and when their reports were given."""
    query = (
        select(OpinionRound, ExecutiveReport.made_at)
        .join(OpinionRound.half_term)
        .outerjoin(ExecutiveReport, ExecutiveReport.round_id == OpinionRound.id)
        .where(
            HalfTerm.starts_on < opinion_round.half_term.starts_on,
            OpinionRound.state != RoundState.PLANNED,
        )
        .order_by(HalfTerm.starts_on.desc())
        .options(contains_eager(OpinionRound.half_term))
    )
    return [(found, made_at) for found, made_at in db.session.execute(query.limit(MOST_ROUNDS))]


MOST_ROUNDS = 12


@dataclass(frozen=True)
class RoundLine:
    """A round as the desk lists it: whether its report was given, and how many wait."""

    reference: str
    half_term: str
    state: str
    given_at: datetime | None
    open_count: int
    link_count: int


def rounds_listed(*, today: date) -> list[RoundLine]:
    """The newest rounds, with what became of their reports."""
    still_open = (
        select(func.count())
        .where(ThemeAnswer.round_id == OpinionRound.id, ThemeAnswer.state == AnswerState.OPEN)
        .scalar_subquery()
    )
    links = (
        select(func.count())
        .where(
            RespondentLink.report_id == ExecutiveReport.id,
            RespondentLink.withdrawn_at.is_(None),
            RespondentLink.ends_on >= today,
        )
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            OpinionRound.reference, HalfTerm, OpinionRound.state, ExecutiveReport.made_at,
            still_open, links,
        )
        .join(HalfTerm, HalfTerm.id == OpinionRound.half_term_id)
        .outerjoin(ExecutiveReport, ExecutiveReport.round_id == OpinionRound.id)
        .order_by(HalfTerm.starts_on.desc())
        .limit(MOST_ROUNDS)
    )  # fmt: skip
    return [
        RoundLine(reference, half_term_words(half_term), state, made_at, open_count, link_count)
        for reference, half_term, state, made_at, open_count, link_count in rows
    ]


def report_of(round_id: int) -> ExecutiveReport | None:
    """The report of a round as it was given; None as long as it was not."""
    query = select(ExecutiveReport).where(ExecutiveReport.round_id == round_id)
    return db.session.scalars(query).first()


def links_of(report_id: int) -> list[RespondentLink]:
    """The links to answer a report, the newest first."""
    query = select(RespondentLink).where(RespondentLink.report_id == report_id)
    return list(db.session.scalars(query.order_by(RespondentLink.id.desc())))


def find_link(reference: str) -> RespondentLink | None:
    """The link with this reference, its report and half term."""
    return _link(RespondentLink.reference == reference)


def link_with(token: str) -> RespondentLink | None:
    """The link that somebody followed; None if there is none like it."""
    return _link(RespondentLink.token_hash == token_hash(token))


def _link(which: ColumnElement[bool]) -> RespondentLink | None:
    to_half_term = (
        joinedload(RespondentLink.report)
        .joinedload(ExecutiveReport.round)
        .joinedload(OpinionRound.half_term)
    )
    return db.session.scalars(select(RespondentLink).where(which).options(to_half_term)).first()

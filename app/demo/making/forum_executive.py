"""The example's two reports to the Executive, what it answered, and what everyone reads of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.demo.making.rows import read
from app.forums import executive
from app.forums import executive_queries as queries
from app.forums.executive_rules import Answer
from app.forums.opinion_models import ExecutiveReport, OpinionRound, RoundState, Theme
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership.models import HalfTerm

REPORTS_COUNT = 2  # the newest closed round is still to be reported
GIVEN_AFTER, ANSWERED_AFTER = timedelta(days=8, hours=10), timedelta(days=30)
READ_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Actors:
    """Who does what: the advisor asks and publishes, the business unit records the minutes."""

    advisor: Person
    business: Person


def report_to_executive(*, advisor: str, business: str, now: datetime) -> None:
    """Give the reports of the older closed rounds and answer them; both are references."""
    actors = Actors(_person(advisor), _person(business))
    closed = (
        select(OpinionRound)
        .join(OpinionRound.half_term)
        .where(OpinionRound.state == RoundState.CLOSED)
        .order_by(HalfTerm.starts_on)
    )
    themes = read("executive")["themes"]
    for number, one in enumerate(db.session.scalars(closed).all()[:REPORTS_COUNT]):
        given_at = (one.closed_at or now) + GIVEN_AFTER
        if given_at + ANSWERED_AFTER + READ_AFTER > now:
            return
        _report(one, [it for it in themes if it["round"] == number], actors, given_at)


def _person(reference: str) -> Person:
    return db.session.scalars(select(Person).where(Person.reference == reference)).one()


def _report(
    opinion_round: OpinionRound, themes: Sequence[Any], actors: Actors, given_at: datetime
) -> None:
    advisor = actors.advisor
    ids = {row.title: row.id for row in db.session.execute(select(Theme.id, Theme.title))}
    questions = {ids[one["theme"]]: one["question"] for one in themes if "question" in one}
    executive.ask(opinion_round.reference, questions, actor=advisor, now=given_at)
    report = executive.give(opinion_round.reference, actor=advisor, now=given_at)
    db.session.flush()
    put = {line.title: line.reference for line in queries.answer_lines(_is_of(report))}
    for one in themes:
        if "answer" in one and one["theme"] in put:
            _answer(put[one["theme"]], one, actors, given_at + ANSWERED_AFTER)


def _is_of(report: ExecutiveReport) -> Any:
    return ExecutiveReport.id == report.id


def _answer(reference: str, one: Any, actors: Actors, at: datetime) -> None:
    day = london_date(at)
    due_after = one.get("due_after_days")
    answer = Answer(
        words=one["answer"],
        owner=one["owner"],
        due_on=day + timedelta(days=due_after) if due_after else None,
        is_done=one["done"],
        answered_on=day,
        revision=0,
    )
    executive.record_answer(reference, answer, by=actors.business.reference, now=at)
    if "said" in one:
        db.session.flush()
        executive.release(
            reference, one["said"], one["did"], actor=actors.advisor, now=at + READ_AFTER
        )

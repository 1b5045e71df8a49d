"""The verbs between the forums and the Executive: ask, give, answer, put before everyone."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.people import read_again
from app.audit import operations as audit
from app.forums import executive_content as content
from app.forums import executive_queries as queries
from app.forums import executive_rules as rules
from app.forums.establishments import all_establishments
from app.forums.executive_rules import Answer, SchoolNames
from app.forums.opinion_models import (
    AnswerState,
    AnswerVersion,
    ExecutiveReport,
    Opinion,
    OpinionQuote,
    OpinionRound,
    RoundState,
    ThemeAnswer,
    ThemeClass,
)
from app.forums.themes import ThemeCount
from app.kernel.db import db
from app.kernel.london import london_date, short_date_words
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference


def ask(
    round_reference: str, questions: Mapping[int, str], *, actor: Person, now: datetime
) -> None:
    """Write down what the Executive is asked about themes (by id); an empty question is none."""
    actor = read_again(actor)
    opinion_round = _locked_round(round_reference)
    _refuse_if_given(opinion_round)
    known = {
        one.theme_id: one
        for one in db.session.scalars(
            select(ThemeAnswer).where(ThemeAnswer.round_id == opinion_round.id)
        )
    }
    for theme_id, question in questions.items():
        if theme_id in known and question:
            known[theme_id].question = question
        elif theme_id in known:
            db.session.delete(known[theme_id])
        elif question:
            db.session.add(_asked(theme_id, opinion_round.id, question))
    audit.record(actor.reference, "asked", "opinion round", opinion_round.reference, now=now)


def give(round_reference: str, *, actor: Person, now: datetime) -> ExecutiveReport:
    """Give the report of a round to the Executive as it is now: from here on it stays so."""
    actor = read_again(actor)
    opinion_round = _locked_round(round_reference)
    _refuse_if_given(opinion_round)
    if opinion_round.state is not RoundState.CLOSED:
        raise Refused("Schools can still answer: give the report when the round is closed")
    sources = content.read_sources(opinion_round, now=now)
    if found := content.faults(sources):
        raise Refused(found[0])
    report = ExecutiveReport(
        reference=new_reference(),
        round_id=opinion_round.id,
        content=json.dumps(content.compose(sources, now=now)),
        made_by=actor.reference,
        made_at=now,
    )
    db.session.add(report)
    waiting = {line.title for line in sources.waiting}
    for theme in sources.themes:
        if _is_put(theme, waiting) and theme.theme_id not in sources.questions:
            db.session.add(_asked(theme.theme_id, opinion_round.id, ""))
    db.session.flush()
    audit.record(actor.reference, "gave", "executive report", report.reference, now=now)
    return report


def _is_put(theme: ThemeCount, waiting: Collection[str]) -> bool:
    """Whether a theme without a question waits for an answer: if it does not wait already."""
    is_to_improve = theme.theme_class is ThemeClass.CAN_IMPROVE
    return bool(theme.count) and is_to_improve and theme.title not in waiting


def _asked(theme_id: int, round_id: int, question: str) -> ThemeAnswer:
    return ThemeAnswer(
        reference=new_reference(),
        theme_id=theme_id,
        round_id=round_id,
        question=question,
        state=AnswerState.OPEN,
    )


def record_answer(reference: str, answer: Answer, *, by: str, now: datetime) -> ThemeAnswer:
    """Record what the Executive answered; `by` is a person's reference or an answering post.

    Refused if somebody else answered since the writing began; what was there before is kept.
    """
    found = locked(reference)
    report = queries.report_of(found.round_id)
    if report is None:
        raise Refused("Give the report to the Executive first, then record its answers")
    rules.check_answer(
        answer,
        revision=found.revision,
        was_due_on=found.due_on,
        given_on=london_date(report.made_at),
        today=london_date(now),
    )
    found.state = AnswerState.DONE if answer.is_done else AnswerState.ANSWERED
    found.answer, found.owner, found.due_on = answer.words, answer.owner, answer.due_on
    found.answered_on, found.answered_by = answer.answered_on, by
    _keep_version(found, by=by, now=now)
    return found


def mark_done(reference: str, *, actor: Person, now: datetime) -> None:
    """Say that what the Executive promised is done."""
    actor = read_again(actor)
    found = locked(reference)
    if found.state is AnswerState.OPEN:
        raise Refused("Record the Executive's answer first, then say that it is done")
    if found.state is AnswerState.DONE:
        raise Refused("This is marked as done already")
    found.state = AnswerState.DONE
    _keep_version(found, by=actor.reference, now=now)


def _keep_version(found: ThemeAnswer, *, by: str, now: datetime) -> None:
    found.revision += 1
    db.session.add(
        AnswerVersion(
            theme_answer_id=found.id,
            number=found.revision,
            state=found.state,
            answer=found.answer,
            owner=found.owner,
            due_on=found.due_on,
            written_by=by,
            written_at=now,
        )
    )
    audit.record(by, "answered", "theme answer", found.reference, now=now, state=found.state.value)


def release(reference: str, said: str, did: str, *, actor: Person, now: datetime) -> None:
    """Put an answer before everyone, in words that name no school and quote no opinion."""
    actor = read_again(actor)
    found = locked(reference)
    if found.state is AnswerState.OPEN:
        raise Refused("The Executive has not answered yet: record its answer first")
    if not said or not did:
        raise Refused("Enter both what schools said and what was done")
    names = SchoolNames.of(one.name for one in all_establishments())
    if school := names.in_text(said, did):
        raise Refused(f"These words name a school ({school}): write them without it")
    if school := names.in_text(found.owner):
        raise Refused(
            f"The post that sees to it names a school ({school}): change the answer first"
        )
    if words := rules.borrowed(f"{said} \n {did}", _unreleased_words(found.round_id)):
        raise Refused(
            f"“{words}” are words of an opinion that was not released: put it in other words"
        )
    found.said, found.did, found.released_on = said, did, london_date(now)
    found.released_owner, found.released_answered_on = found.owner, found.answered_on
    found.released_revision = found.revision
    audit.record(actor.reference, "published", "theme answer", reference, now=now)


def take_back(reference: str, *, actor: Person, now: datetime) -> None:
    """Take an answer off the public page; its words are kept for another time."""
    actor = read_again(actor)
    found = locked(reference)
    if found.released_on is None:
        raise Refused("This answer is not on the public page")
    found.released_on = None
    audit.record(actor.reference, "unpublished", "theme answer", reference, now=now)


def _unreleased_words(round_id: int) -> list[str]:
    """Everything that schools said in a round, but for quotes that were released."""
    released = db.session.scalars(
        select(OpinionQuote.words)
        .join(Opinion, Opinion.id == OpinionQuote.opinion_id)
        .where(Opinion.round_id == round_id, OpinionQuote.released_by.is_not(None))
    ).all()
    rows = db.session.execute(
        select(Opinion.working_well, Opinion.can_improve, Opinion.should_know).where(
            Opinion.round_id == round_id
        )
    )
    texts = [text for row in rows for text in row if text]
    for quote in released:
        texts = [piece for text in texts for piece in text.split(quote) if piece]
    return texts


def keep_need(reference: str, need_reference: str) -> None:
    """Note which need was raised from a theme; Refused if one was before."""
    found = locked(reference)
    if found.need_reference:
        raise Refused("A need was raised from this theme already")
    found.need_reference = need_reference


def locked(reference: str) -> ThemeAnswer:
    """The theme's answer with this reference, for this transaction alone."""
    return db.session.scalars(
        select(ThemeAnswer)
        .where(ThemeAnswer.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _locked_round(reference: str) -> OpinionRound:
    return db.session.scalars(
        select(OpinionRound)
        .where(OpinionRound.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _refuse_if_given(opinion_round: OpinionRound) -> None:
    report = queries.report_of(opinion_round.id)
    if report is not None:
        raise Refused(
            f"This report was given to the Executive on {short_date_words(report.made_at)}"
        )

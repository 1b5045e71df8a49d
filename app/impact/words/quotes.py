"""Quotations: proposed by one person, released by another, and withdrawn again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.impact.words import cutting_rules, rules
from app.impact.words.models import QuoteConsent, QuoteRow, QuoteState
from app.impact.words.reading import lock_comment
from app.kernel.db import db, rows_changed
from app.kernel.london import london_date
from app.kernel.refusals import Refused
from app.kernel.tokens import new_reference
from app.surveys.models import Question, QuestionKind, QuestionOption
from app.surveys.response_models import Answer

NOT_AGREED = "Whoever wrote this has not agreed to be quoted"
CHANGED = "Somebody has changed this quotation meanwhile: read it again"
OWN = "Somebody else must release it: you chose these words"
TO_BE_CHANGED = (QuoteState.PROPOSED, QuoteState.SENT_BACK, QuoteState.WITHDRAWN)


def consent_of(response_id: int) -> QuoteConsent | None:
    """How far a response lets its words go; None for not at all, or where it was not asked."""
    given = db.session.scalars(
        select(QuestionOption.value)
        .join(Answer, Answer.option_id == QuestionOption.id)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.response_id == response_id, Question.kind == QuestionKind.QUOTE_CONSENT)
    ).all()
    return rules.consent_of(given)


def propose_quote(answer_id: int, kept: str, *, actor: Person, now: datetime) -> QuoteRow:
    """Suggest words of a comment as a quotation; Refused if that was not agreed to."""
    answer = lock_comment(answer_id)
    consent = consent_of(answer.response_id)
    if consent is None:
        raise Refused(NOT_AGREED)
    quote = QuoteRow(
        reference=new_reference(),
        answer_id=answer_id,
        evaluation_id=answer.evaluation_id,
        words=_words_of(answer, kept),
        consent=consent,
        state=QuoteState.PROPOSED,
        revision=1,
        proposed_by=actor.reference,
        proposed_on=london_date(now),
    )
    db.session.add(quote)
    _note("proposed a quotation", quote.reference, actor, now=now)
    db.session.flush()
    return quote


def change_quote(reference: str, revision: int, kept: str, *, actor: Person, now: datetime) -> None:
    """Choose other words of the same comment; somebody else than the one who did releases them."""
    quote = db.session.get(QuoteRow, reference)
    if quote is None:
        raise Refused(CHANGED)
    answer = lock_comment(quote.answer_id)
    _move(
        reference,
        revision,
        TO_BE_CHANGED,
        words=_words_of(answer, kept),
        state=QuoteState.PROPOSED,
        revision=revision + 1,
        proposed_by=actor.reference,
        proposed_on=london_date(now),
        released_by=None,
        released_on=None,
        reason="",
    )
    _note("changed a quotation", reference, actor, now=now)


def release_quote(reference: str, revision: int, *, actor: Person, now: datetime) -> None:
    """Let a quotation be shown; Refused to whoever chose its words."""
    proposer = db.session.scalar(
        select(QuoteRow.proposed_by).where(QuoteRow.reference == reference)
    )
    if proposer == actor.reference:
        raise Refused(OWN)
    # Looked at again while it is written: somebody may be choosing other words at this moment.
    _move(
        reference,
        revision,
        (QuoteState.PROPOSED,),
        QuoteRow.proposed_by != actor.reference,
        state=QuoteState.RELEASED,
        released_by=actor.reference,
        released_on=london_date(now),
        reason="",
    )
    _note("released a quotation", reference, actor, now=now)


def send_quote_back(
    reference: str, revision: int, reason: str, *, actor: Person, now: datetime
) -> None:
    """Ask for other words, saying why."""
    _move(reference, revision, (QuoteState.PROPOSED,), state=QuoteState.SENT_BACK, reason=reason)
    _note("sent a quotation back", reference, actor, now=now)


def withdraw_quote(
    reference: str, revision: int, reason: str, *, actor: Person, now: datetime
) -> None:
    """Show a released quotation no longer, saying why."""
    _move(reference, revision, (QuoteState.RELEASED,), state=QuoteState.WITHDRAWN, reason=reason)
    _note("withdrew a quotation", reference, actor, now=now)


def _words_of(answer: Answer, kept: str) -> str:
    words = cutting_rules.quotation(answer.text or "", kept)
    if not cutting_rules.has_words(words):
        raise Refused("Leave some of the words to quote")
    return words


def _move(
    reference: str,
    revision: int,
    states: tuple[QuoteState, ...],
    /,
    *conditions: Any,
    **values: Any,
) -> None:
    """Change a quotation that still is as it was read; Refused if it is not."""
    moved = db.session.execute(
        update(QuoteRow)
        .where(
            QuoteRow.reference == reference,
            QuoteRow.revision == revision,
            QuoteRow.state.in_(states),
            *conditions,
        )
        .values(**values),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(moved) != 1:
        raise Refused(CHANGED)
    db.session.expire_all()


def _note(verb: str, reference: str, actor: Person, *, now: datetime) -> None:
    audit.record(actor.reference, verb, "quotation", reference, now=now)

"""Comments that were read, themed and quoted, and a few that wait for a newcomer to read them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update

from app.demo.making.people import People
from app.demo.making.rows import Chance, add_all, add_all_for_ids, read
from app.impact.words.models import (
    CommentReading,
    CommentsWaiting,
    CommentTheme,
    QuoteConsent,
    QuoteRow,
    QuoteState,
    ThemeOfComment,
)
from app.impact.words.reading import note_comments
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.models import Evaluation, Question, QuestionKind, QuestionOption
from app.surveys.response_models import Answer

READ_AGO = timedelta(days=20)
KEY = "example"
PUBLIC, INSIDE = QuoteConsent.PUBLIC, QuoteConsent.INSIDE


def add_words(people: People, *, now: datetime) -> None:
    """Put all comments through the readers' hands, but for a few new ones."""
    facts = read("words")
    note_comments(now=now)
    unread = _new_comments(facts)
    is_read = case((CommentReading.answer_id.in_(unread), False), else_=True)
    db.session.execute(update(CommentReading).values(is_read=is_read))
    waiting = CommentsWaiting.evaluation_id != _evaluation_id(facts)
    db.session.query(CommentsWaiting).filter(waiting).delete()
    _quote(facts, people, on=london_date(now - READ_AGO))
    _give_themes(facts, people.chance)


def _new_comments(facts: dict[str, Any]) -> list[int]:
    """A few examples that may be quoted, with other words."""
    about = Answer.evaluation_id == _evaluation_id(facts)
    chosen = [one for consent in (PUBLIC, INSIDE) for one in _quotable(consent, about)]
    return _rewrite(chosen, facts["unread"])


def _rewrite(answer_ids: list[int], texts: list[str]) -> list[int]:
    """Give these answers these words, as far as there are any; whose words were changed."""
    words = dict(zip(answer_ids, texts, strict=False))
    changed = update(Answer).where(Answer.id.in_(words))
    db.session.execute(changed.values(text=case(words, value=Answer.id)))
    return list(words)


def _evaluation_id(facts: dict[str, Any]) -> int:
    found = select(Evaluation.id).where(Evaluation.slug == facts["about"])
    return db.session.execute(found).scalar_one()


def _quotable(consent: QuoteConsent, *conditions: Any) -> list[int]:
    """Examples whose writer agreed so far, by their random ids."""
    agreed = (
        select(Answer.response_id)
        .join(Question, Question.id == Answer.question_id)
        .join(QuestionOption, QuestionOption.id == Answer.option_id)
        .where(Question.kind == QuestionKind.QUOTE_CONSENT, QuestionOption.value == consent)
    )
    found = (
        select(Answer.id)
        .join(Question, Question.id == Answer.question_id)
        .where(Question.key == KEY, Answer.text.is_not(None), Answer.response_id.in_(agreed))
        .where(*conditions)
        .order_by(Answer.id)
    )
    return list(db.session.scalars(found))


def _give_themes(facts: dict[str, Any], chance: Chance) -> None:
    rows = [
        {
            "reference": chance.reference(),
            "name": theme["name"],
            "name_key": theme["name"].casefold(),
            "retired_on": None,
        }
        for theme in facts["themes"]
    ]
    ids = add_all_for_ids(CommentTheme, rows, "reference")
    given = []
    for theme, theme_id in zip(facts["themes"], ids, strict=True):
        found = select(Answer.id).where(Answer.text.in_(theme["texts"])).order_by(Answer.id)
        given += [{"answer_id": one, "theme_id": theme_id} for one in db.session.scalars(found)]
    add_all(ThemeOfComment, given)


def _quote(facts: dict[str, Any], people: People, *, on: date) -> None:
    """Quotations from other evaluations, two of them released by a second person."""
    quotes = facts["quotes"]
    elsewhere = _quotable(PUBLIC, Answer.evaluation_id != _evaluation_id(facts))
    chosen = _rewrite(elsewhere, [quote["text"] for quote in quotes])
    evaluations = dict(
        db.session.execute(
            select(Answer.id, Answer.evaluation_id).where(Answer.id.in_(chosen))
        ).all()
    )
    add_all(
        QuoteRow,
        [
            {
                "reference": people.chance.reference(),
                "answer_id": answer_id,
                "evaluation_id": evaluations[answer_id],
                "words": quote["text"],
                "consent": PUBLIC,
                **_stage(quote, people, on),
            }
            for answer_id, quote in zip(chosen, quotes, strict=False)
        ],
    )


def _stage(quote: dict[str, Any], people: People, on: date) -> dict[str, Any]:
    """Who proposed a quotation, and who released it if anybody has."""
    releaser = quote.get("released_by")
    return {
        "state": QuoteState.RELEASED if releaser else QuoteState.PROPOSED,
        "revision": 1,
        "proposed_by": people.personas[quote["by"]].reference,
        "proposed_on": on,
        "released_by": people.personas[releaser].reference if releaser else None,
        "released_on": on + timedelta(days=1) if releaser else None,
        "reason": "",
    }

"""Comments as people leave them: a form with words and perhaps the consent to quote them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.impact.words import quotes, reading, themes
from app.impact.words.models import CommentTheme, QuoteConsent, QuoteRow, QuoteState
from app.kernel.access import Role
from app.kernel.db import Base, db
from app.kernel.tokens import new_reference
from app.partnership.models import Partnership
from app.surveys.models import Evaluation
from app.surveys.response_models import Answer
from tests.support.answers import add_responses, make_evaluation, wave_of
from tests.support.factories import NOW, make_partnership, make_person


@dataclass(frozen=True)
class Words:
    """A comment, a theme, and a quotation that waits to be released."""

    answer_id: int
    theme: str
    quote: str


def some_words(evaluation: Evaluation, text: str, theme: str, *, now: datetime) -> Words:
    """A comment of the open link's questionnaire, in the queue, with a theme and a quotation."""
    add_responses(evaluation, [{"used": "yes", "example": text, "quote": "public"}])
    reading.note_comments(now=now)
    author = make_person(Role.DELIVERY)
    answer_id = db.session.scalars(
        select(Answer.id).where(Answer.evaluation_id == evaluation.id, Answer.text == text)
    ).one()
    themes.give_themes(answer_id, [], new_name=theme, actor=author, now=now)
    quote = QuoteRow(
        reference=new_reference(),
        answer_id=answer_id,
        evaluation_id=evaluation.id,
        words=text,
        consent=QuoteConsent.PUBLIC,
        state=QuoteState.PROPOSED,
        revision=1,
        proposed_by=author.reference,
        proposed_on=now.date(),
    )
    db.session.add(quote)
    db.session.flush()
    named = select(CommentTheme.reference).where(CommentTheme.name == theme)
    reference = db.session.scalars(named).one()
    return Words(answer_id, reference, quote.reference)


def commented(
    *texts: str, consent: str = "public", title: str = "Neglect", **more: Any
) -> Evaluation:
    """An evaluation three months on, with these examples, noted in the readers' queue."""
    if db.session.get(Partnership, 1) is None:
        make_partnership()
    evaluation = make_evaluation(3, title=title)
    add_comments(evaluation, *texts, consent=consent, **more)
    reading.note_comments(now=NOW)
    db.session.commit()
    return evaluation


def add_comments(evaluation: Evaluation, *texts: str, consent: str = "public", **more: Any) -> None:
    """More examples of use, each with whether it may be quoted; not noted yet."""
    forms = [
        {"used": "yes", "example": text, **({"quote": consent} if consent else {})}
        for text in texts
    ]
    add_responses(evaluation, forms, wave=wave_of(evaluation, 3), **more)
    db.session.flush()


def comment(text: str) -> Answer:
    """The answer with this text."""
    found = select(Answer).where(Answer.text == text).execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def proposed(text: str, kept: str | None = None) -> QuoteRow:
    """A quotation of the answer with this text, proposed by somebody new."""
    quote = quotes.propose_quote(
        comment(text).id, kept or text, actor=make_person(Role.DELIVERY), now=NOW
    )
    db.session.commit()
    return quote


def released(text: str, kept: str | None = None) -> QuoteRow:
    """A quotation that somebody else has released."""
    quote = proposed(text, kept)
    quotes.release_quote(quote.reference, quote.revision, actor=make_person(Role.ADVISOR), now=NOW)
    db.session.commit()
    return quote


def everything_stored() -> str:
    """All that stands in any table; files that wait to be imported are read as text too."""
    found: list[str] = []
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            found += [_as_text(value) for value in row]
    return "\n".join(found)


def _as_text(value: object) -> str:
    try:
        return zlib.decompress(value).decode() if isinstance(value, bytes) else str(value)
    except zlib.error:
        return repr(value)

"""The quote bank: quotations that are released, and for readers those on their way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from app.accounts.models import Person
from app.catalogue.models import Offer
from app.impact.words import queries
from app.impact.words.comment_queries import contains
from app.impact.words.models import (
    CommentTheme,
    QuoteConsent,
    QuoteRow,
    QuoteState,
    ThemeOfComment,
)
from app.impact.words.queries import Quote
from app.kernel.db import db
from app.surveys.models import Evaluation, evaluation_offer
from app.surveys.response_models import Answer


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search of the bank asks for; empty means all."""

    words: str = ""
    theme: str = ""
    offer: str = ""
    evaluation: str = ""
    consent: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class BankLine:
    """A quotation and where it stands; readers of comments are named, writers never."""

    quote: Quote
    answer_id: int
    state: QuoteState
    revision: int
    proposed_by: str
    proposed_on: date
    released_by: str
    released_on: date | None
    reason: str
    names: dict[str, str]

    @property
    def proposer(self) -> str:
        """Who chose the words."""
        return self.names.get(self.proposed_by) or "a colleague"

    @property
    def releaser(self) -> str:
        """Who released them."""
        return self.names.get(self.released_by) or "a colleague"


MORE = (
    QuoteRow.state,
    QuoteRow.revision,
    QuoteRow.proposed_by,
    QuoteRow.proposed_on,
    QuoteRow.released_by,
    QuoteRow.released_on,
    QuoteRow.reason,
)


def quotes_count(searched: Searched, *, for_readers: bool) -> int:
    """How many quotations a search finds."""
    found = select(func.count(QuoteRow.reference)).join(
        Evaluation, Evaluation.id == QuoteRow.evaluation_id
    )
    conditions = _conditions(searched, for_readers=for_readers)
    return db.session.scalar(found.where(*conditions)) or 0


def found_quotes(searched: Searched, first: int, last: int, *, for_readers: bool) -> list[BankLine]:
    """A page of what a search finds; nobody but readers sees what is not released."""
    conditions = _conditions(searched, for_readers=for_readers)
    statement = queries.select_quotes(*MORE).where(*conditions)
    return _lines(
        statement.order_by(Evaluation.title, QuoteRow.reference).offset(first).limit(last - first)
    )


def find_quote(reference: str) -> BankLine | None:
    """One quotation for readers; None if there is none."""
    found = _lines(queries.select_quotes(*MORE).where(QuoteRow.reference == reference))
    return found[0] if found else None


def quotes_of_comment(answer_id: int) -> list[BankLine]:
    """The quotations made of a comment."""
    of_it = queries.select_quotes(*MORE).where(QuoteRow.answer_id == answer_id)
    return _lines(of_it.order_by(QuoteRow.reference))


def comment_words(answer_id: int) -> str:
    """The comment a quotation is made of, as it stands now."""
    return db.session.scalar(select(Answer.text).where(Answer.id == answer_id)) or ""


def to_release_count() -> int:
    """How many quotations wait for a second person."""
    waiting = select(func.count()).where(QuoteRow.state == QuoteState.PROPOSED)
    return db.session.scalar(waiting) or 0


def quoted_offers() -> list[tuple[str, str]]:
    """Slug and title of the offers asked about in evaluations that are quoted."""
    rows = db.session.execute(
        select(Offer.slug, Offer.title)
        .where(
            Offer.id.in_(
                select(evaluation_offer.c.offer_id).join(
                    QuoteRow, QuoteRow.evaluation_id == evaluation_offer.c.evaluation_id
                )
            )
        )
        .order_by(Offer.title)
    )
    return [(slug, title) for slug, title in rows]


def quoted_evaluations() -> list[tuple[str, str]]:
    """Slug and title of the evaluations that are quoted."""
    rows = db.session.execute(
        select(Evaluation.slug, Evaluation.title)
        .where(Evaluation.id.in_(select(QuoteRow.evaluation_id)))
        .order_by(Evaluation.title)
    )
    return [(slug, title) for slug, title in rows]


def _conditions(searched: Searched, *, for_readers: bool) -> list[Any]:
    conditions: list[Any] = []
    if not for_readers:
        conditions.append(QuoteRow.state == QuoteState.RELEASED)
    if searched.state in set(QuoteState):
        conditions.append(QuoteRow.state == QuoteState(searched.state))
    if searched.consent in set(QuoteConsent):
        conditions.append(QuoteRow.consent == QuoteConsent(searched.consent))
    if searched.words:
        conditions.append(contains(QuoteRow.words, searched.words))
    if searched.evaluation:
        conditions.append(Evaluation.slug == searched.evaluation)
    if searched.theme:
        has_it = (
            select(ThemeOfComment.answer_id)
            .join(CommentTheme, CommentTheme.id == ThemeOfComment.theme_id)
            .where(
                ThemeOfComment.answer_id == QuoteRow.answer_id,
                CommentTheme.reference == searched.theme,
            )
        )
        conditions.append(has_it.exists())
    if searched.offer:
        conditions.append(_about_offer(searched.offer))
    return conditions


def _about_offer(slug: str) -> Any:
    named = (
        select(evaluation_offer.c.evaluation_id)
        .join(Offer, Offer.id == evaluation_offer.c.offer_id)
        .where(Offer.slug == slug)
    )
    series = select(Offer.series_id).where(Offer.slug == slug, Offer.series_id.is_not(None))
    return or_(Evaluation.id.in_(named), Evaluation.series_id.in_(series))


def _lines(statement: Any) -> list[BankLine]:
    rows = db.session.execute(statement).all()
    themes = queries.themes_of({row.answer_id for row in rows})
    names = _names({one for row in rows for one in (row.proposed_by, row.released_by) if one})
    return [
        BankLine(
            quote=queries.quote_of(row, themes[row.answer_id]),
            answer_id=row.answer_id,
            state=row.state,
            revision=row.revision,
            proposed_by=row.proposed_by,
            proposed_on=row.proposed_on,
            released_by=row.released_by or "",
            released_on=row.released_on,
            reason=row.reason,
            names=names,
        )
        for row in rows
    ]


def _names(references: Collection[str]) -> dict[str, str]:
    if not references:
        return {}
    rows = db.session.execute(
        select(Person.reference, Person.name).where(Person.reference.in_(references))
    )
    return {row.reference: row.name for row in rows}

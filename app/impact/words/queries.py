"""Quotations for whoever shows them: the bank, summaries, reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select

from app.impact.words import rules
from app.impact.words.models import (
    CommentTheme,
    QuoteConsent,
    QuoteRow,
    QuoteState,
    ThemeOfComment,
)
from app.kernel.db import db, rows_of
from app.surveys.import_models import ImportedForm, ImportRun
from app.surveys.models import Evaluation, Wave
from app.surveys.response_models import Answer, Response, ResponseSource

QUOTE_COLUMNS = (
    QuoteRow.reference,
    QuoteRow.words,
    QuoteRow.consent,
    QuoteRow.answer_id,
    Evaluation.slug,
    Evaluation.title,
    Response.source,
    Wave.months_later.label("wave_months"),
    ImportedForm.months_later.label("imported_months"),
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words somebody wrote and somebody else released; never a name, an event or a sector."""

    words: str
    themes: tuple[str, ...]
    evaluation_slug: str
    evaluation_title: str
    door_label: str
    consent: QuoteConsent
    reference: str


def released_quotes(evaluation_id: int, *, public: bool) -> tuple[Quote, ...]:
    """Released quotations of an evaluation; `public` leaves out those for inside only."""
    return _quotes(rows_of(_released(public=public), {"evaluation_id": evaluation_id}))


@cache
def _released(*, public: bool) -> Any:
    of_it = [
        QuoteRow.evaluation_id == bindparam("evaluation_id"),
        QuoteRow.state == QuoteState.RELEASED,
    ]
    if public:
        of_it.append(QuoteRow.consent == QuoteConsent.PUBLIC)
    return select_quotes().where(*of_it).order_by(QuoteRow.reference)


def quotes_by_reference(references: Collection[str], *, public: bool) -> dict[str, Quote]:
    """Those of these quotations that are released now: what was withdrawn or cut is not there.

    A page that keeps a quotation for long keeps its reference and asks here for the words.
    """
    of_them = [QuoteRow.reference.in_(references), QuoteRow.state == QuoteState.RELEASED]
    if public:
        of_them.append(QuoteRow.consent == QuoteConsent.PUBLIC)
    found = select_quotes().where(*of_them)
    return {quote.reference: quote for quote in _quotes(rows_of(found, {}))}


def select_quotes(*more: Any) -> Any:
    """Quotations with the evaluation and the door they came by."""
    return (
        select(*QUOTE_COLUMNS, *more)
        .join(Answer, Answer.id == QuoteRow.answer_id)
        .join(Response, Response.id == Answer.response_id)
        .join(Evaluation, Evaluation.id == QuoteRow.evaluation_id)
        .outerjoin(Wave, Wave.id == Response.wave_id)
        .outerjoin(ImportRun, ImportRun.id == Response.import_run_id)
        .outerjoin(ImportedForm, ImportedForm.id == ImportRun.form_id)
    )


def _quotes(rows: Sequence[Any]) -> tuple[Quote, ...]:
    themes = themes_of({row.answer_id for row in rows})
    return tuple(quote_of(row, themes[row.answer_id]) for row in rows)


def quote_of(row: Any, themes: tuple[str, ...]) -> Quote:
    """A row of `select_quotes` as a quotation."""
    return Quote(
        words=row.words,
        themes=themes,
        evaluation_slug=row.slug,
        evaluation_title=row.title,
        door_label=rules.door_words(
            wave_months=row.wave_months,
            is_imported=row.source is ResponseSource.IMPORTED,
            imported_months=row.imported_months,
        ),
        consent=row.consent,
        reference=row.reference,
    )


def themes_of(answer_ids: Collection[int]) -> defaultdict[int, tuple[str, ...]]:
    """The themes of each of these comments, by name."""
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    if not answer_ids:
        return found
    for answer_id, name in db.session.execute(
        select(ThemeOfComment.answer_id, CommentTheme.name)
        .join(CommentTheme, CommentTheme.id == ThemeOfComment.theme_id)
        .where(ThemeOfComment.answer_id.in_(answer_ids))
        .order_by(CommentTheme.name)
    ):
        found[answer_id] += (name,)
    return found

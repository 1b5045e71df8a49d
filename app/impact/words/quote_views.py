"""Staff pages of quotations: proposed, released by somebody else, kept in the quote bank."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.impact.words import comment_queries, quote_queries, quotes, rules, theme_queries
from app.impact.words.forms import QuoteForm, ReasonForm, SeenForm
from app.impact.words.models import QuoteState
from app.impact.words.quote_queries import BankLine, Searched
from app.impact.words.views import may_read, readers_only, with_evaluators
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.forms import PageForm, one_line
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("quotes", __name__)


@bp.get("/impact/quotes")
@with_evaluators
def bank() -> str:
    """Quotations that can be used, and for readers those on their way."""
    asked = {name: request.args.get(name, "") for name in Searched.__dataclass_fields__}
    asked["words"] = one_line(asked["words"])[:100]
    searched = Searched(**asked)
    length = quote_queries.quotes_count(searched, for_readers=may_read())
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "impact/words/bank.html",
        searched=searched,
        length=length,
        lines=quote_queries.found_quotes(searched, shown.first, shown.last, for_readers=may_read()),
        pages=shown,
        evaluations=quote_queries.quoted_evaluations(),
        offers=quote_queries.quoted_offers(),
        themes=theme_queries.theme_choices(),
        for_readers=may_read(),
        consent_words=rules.CONSENT_WORDS,
        state_words=rules.STATE_WORDS,
        address_of_page=lambda number: url_for(
            ".bank", **{**request.args.to_dict(), "page": number}
        ),
    )


@bp.route("/impact/words/comments/<int:answer_id>/quote", methods=["GET", "POST"])
@readers_only
def propose(answer_id: int) -> ResponseReturnValue:
    """A comment to choose words of; a POST proposes them as a quotation."""
    comment = comment_queries.find_comment(answer_id) or abort(404)
    form = QuoteForm(kept=comment.text)
    if form.submitted_and_valid() and _done(
        form,
        lambda: quotes.propose_quote(
            answer_id, form.kept.text, actor=current_user, now=clock.now()
        ),
    ):
        flash("The quotation is proposed: a second person has to release it.")
        return redirect(url_for("comments.comment", answer_id=answer_id))
    return render_template(
        "impact/words/quote_words.html",
        form=form,
        heading="Propose a quotation",
        text=comment.text,
        consent=comment.consent,
        consent_words=rules.CONSENT_WORDS,
        back=url_for("comments.comment", answer_id=answer_id),
    )


@bp.get("/impact/quotes/<reference>")
@readers_only
def quote(reference: str) -> str:
    """A quotation beside the comment it is made of."""
    return _page(_line(reference), ReasonForm())


@bp.post("/impact/quotes/<reference>/release")
@readers_only
def release(reference: str) -> ResponseReturnValue:
    """Let it be shown."""
    line, form = _line(reference), SeenForm()
    if form.submitted_and_valid() and _done(
        form,
        lambda: quotes.release_quote(
            reference, form.revision.data or 0, actor=current_user, now=clock.now()
        ),
    ):
        flash("The quotation is released.")
        return redirect(url_for(".quote", reference=reference))
    return _page(line, form)


@bp.post("/impact/quotes/<reference>/refuse")
@readers_only
def refuse(reference: str) -> ResponseReturnValue:
    """Send a proposed quotation back, or withdraw a released one, with the reason."""
    line, form = _line(reference), ReasonForm()
    is_released = line.state is QuoteState.RELEASED
    change = quotes.withdraw_quote if is_released else quotes.send_quote_back
    if form.submitted_and_valid() and _done(
        form,
        lambda: change(
            reference,
            form.revision.data or 0,
            form.reason.text,
            actor=current_user,
            now=clock.now(),
        ),
    ):
        flash("The quotation is withdrawn." if is_released else "The quotation is sent back.")
        return redirect(url_for(".quote", reference=reference))
    return _page(line, form)


@bp.route("/impact/quotes/<reference>/change", methods=["GET", "POST"])
@readers_only
def change(reference: str) -> ResponseReturnValue:
    """Other words of the same comment; a POST proposes them."""
    line = _line(reference)
    if line.state is QuoteState.RELEASED:
        abort(404)
    form = QuoteForm(kept=line.quote.words)
    if form.submitted_and_valid() and _done(
        form,
        lambda: quotes.change_quote(
            reference, line.revision, form.kept.text, actor=current_user, now=clock.now()
        ),
    ):
        flash("The quotation is proposed with these words.")
        return redirect(url_for(".quote", reference=reference))
    return render_template(
        "impact/words/quote_words.html",
        form=form,
        heading="Choose other words",
        text=quote_queries.comment_words(line.answer_id),
        consent=line.quote.consent,
        consent_words=rules.CONSENT_WORDS,
        back=url_for(".quote", reference=reference),
    )


def _page(line: BankLine, form: PageForm) -> str:
    return render_template(
        "impact/words/quote.html",
        line=line,
        form=form,
        text=quote_queries.comment_words(line.answer_id),
        is_own=line.proposed_by == current_user.reference,
        consent_words=rules.CONSENT_WORDS,
        state_words=rules.STATE_WORDS,
    )


def _line(reference: str) -> BankLine:
    return quote_queries.find_quote(reference) or abort(404)


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

"""Reading what schools said: the list, one opinion with its themes, words to quote."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import opinion_queries, opinion_reading, themes
from app.forums import quotes as quotations
from app.forums.opinion_forms import OneButton
from app.forums.opinion_models import OpinionRound
from app.forums.opinion_reading import ReadOpinion, RoundKey
from app.forums.themes import CLASS_WORDS
from app.forums.themes_forms import CodingForm, QuoteForm
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("opinion_reading", __name__, url_prefix="/forums/opinions")

advisors_only = for_roles(Role.ADVISOR)
ON_A_PAGE = 20


@bp.route("/<reference>/read", methods=["GET", "POST"])
@advisors_only
def read(reference: str) -> ResponseReturnValue:
    """A list of what schools said, unread first; a POST notes that those on the page were read."""
    found = _round(reference)
    form = OneButton()
    if form.submitted_and_valid():
        ids = request.form.get("opinions", "").split()[:ON_A_PAGE]
        with transaction():
            opinion_reading.mark_read(_key(found), ids, actor=_me(), now=clock.now())
        return redirect(url_for(".read", reference=reference, only=request.args.get("only")))
    only = request.args.get("only") == "unread"
    counts = opinion_reading.counts(found.id)
    length = counts.unread if only else counts.shown
    shown = pages(page_number(request.args.get("page")), length=length, size=ON_A_PAGE)
    return render_template(
        "forums/opinion_read.html",
        found=found,
        form=form,
        counts=counts,
        only=only,
        opinions=opinion_reading.opinions_of(found.id, shown.first, shown.last, unread_only=only),
        pages=shown,
        class_words=CLASS_WORDS,
        next_unread=opinion_reading.next_unread(found.id),
        address_of_page=lambda number: url_for(
            ".read", reference=reference, page=number, only="unread" if only else None
        ),
    )


@bp.route("/<reference>/read/<opinion_id>", methods=["GET", "POST"])
@advisors_only
def opinion(reference: str, opinion_id: str) -> ResponseReturnValue:
    """One opinion; a POST keeps its themes and marks it as read."""
    found, one = _opinion(reference, opinion_id)
    form = CodingForm()
    form.offer(themes.known_themes(), one.themes)
    if form.submitted_and_valid():
        form.look_for_similar()
        asked = _key(found)
        if not form.asks_which:
            try:
                with transaction():
                    form.keep(one.id, asked, actor=_me(), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return _go_on(asked, one.id)
    return render_template(
        "forums/opinion_one.html",
        found=found,
        one=one,
        form=form,
        class_words=CLASS_WORDS,
        counts=opinion_reading.counts(found.id),
    )


def _go_on(found: RoundKey, opinion_id: str) -> ResponseReturnValue:
    """To the next that nobody has read, or back to this one, as the button said."""
    if request.form.get("then") == "next":
        coming = opinion_reading.next_unread(found.id, after=opinion_id)
        if coming:
            return redirect(url_for(".opinion", reference=found.reference, opinion_id=coming))
        flash("All that can be read has been read.")
        return redirect(url_for(".read", reference=found.reference))
    flash("Kept.")
    return redirect(url_for(".opinion", reference=found.reference, opinion_id=opinion_id))


@bp.get("/<reference>/read/<opinion_id>/act-now")
@advisors_only
def act_now(reference: str, opinion_id: str) -> str:
    """What to do when the words tell of a child at risk: whom to contact, at once."""
    found, one = _opinion(reference, opinion_id)
    return render_template("forums/opinion_act_now.html", found=found, one=one)


@bp.route("/<reference>/read/<opinion_id>/quote", methods=["GET", "POST"])
@advisors_only
def quote(reference: str, opinion_id: str) -> ResponseReturnValue:
    """Words of an opinion to be quoted; a POST proposes them to a second person."""
    found, one = _opinion(reference, opinion_id)
    form = QuoteForm()
    form.offer(one.themes)
    if not form.is_submitted():
        form.kept.data = one.words
    elif form.submitted_and_valid():
        try:
            with transaction():
                quotations.propose_quote(
                    one,
                    form.kept.text,
                    form.theme_id,
                    round_id=found.id,
                    actor=_me(),
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The words are proposed. A second person must release them.")
            return redirect(url_for("opinion_quotes.of_round", reference=reference))
    return render_template("forums/opinion_quote.html", found=found, one=one, form=form)


def _opinion(reference: str, opinion_id: str) -> tuple[OpinionRound, ReadOpinion]:
    found = _round(reference)
    return found, opinion_reading.find_opinion(found.id, opinion_id) or abort(404)


def _round(reference: str) -> OpinionRound:
    return opinion_queries.find_round(reference) or abort(404)


def _key(found: OpinionRound) -> RoundKey:
    return RoundKey(found.id, found.reference)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())

"""Staff pages of quotations: what waits for a second person, what may be passed on."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import opinion_queries, quotes
from app.forums.opinion_forms import OneButton
from app.forums.opinion_models import OpinionRound
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused

bp = Blueprint("opinion_quotes", __name__, url_prefix="/forums/opinions")

staff_only = for_roles(Role.ADVISOR, Role.DELIVERY)


@bp.get("/<reference>/quotes")
@staff_only
def of_round(reference: str) -> str:
    """The quotations of a round."""
    found = _round(reference)
    return render_template(
        "forums/opinion_quotes.html",
        found=found,
        proposed=quotes.proposed_quotes(found),
        released=quotes.released_quotes(found),
        me=_me().reference,
    )


@bp.route("/<reference>/quotes/<quote_reference>", methods=["GET", "POST"])
@staff_only
def decide(reference: str, quote_reference: str) -> ResponseReturnValue:
    """One quotation: a POST releases it, or takes it back."""
    found = _round(reference)
    quote = quotes.find_quote(found.id, quote_reference) or abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        takes_back = request.form.get("what") != "release"
        do = quotes.take_back if takes_back else quotes.release_quote
        try:
            with transaction():
                do(quote_reference, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The quotation is taken back." if takes_back else "The quotation is released.")
            return redirect(url_for(".of_round", reference=reference))
    return render_template(
        "forums/opinion_quote_decide.html",
        found=found,
        quote=quote,
        form=form,
        is_own=quote.proposed_by == _me().reference,
    )


def _round(reference: str) -> OpinionRound:
    return opinion_queries.find_round(reference) or abort(404)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())

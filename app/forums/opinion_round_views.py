"""Staff pages of rounds of opinions: planned, opened, closed, who answered, who is contacted."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import contact_wishes, opinion_queries, opinion_reading, opinion_rounds
from app.forums import quotes as quotations
from app.forums.opinion_forms import (
    NAMING_WORDS,
    OneButton,
    RoundForm,
    WishForm,
)
from app.forums.opinion_models import OpinionRound, RoundState
from app.forums.opinion_rules import last_day, reminder_at
from app.forums.themes import CLASS_WORDS, theme_counts
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("opinion_rounds", __name__, url_prefix="/forums/opinions")

advisors_only = for_roles(Role.ADVISOR)
staff_only = for_roles(Role.ADVISOR, Role.DELIVERY)
MOST_NAMES = 300


@bp.get("")
@staff_only
def list_rounds() -> str:
    """The rounds, the newest half term first."""
    return render_template(
        "forums/opinion_rounds.html",
        rounds=opinion_queries.rounds(),
        wishes_count=opinion_queries.open_wishes_count(),
        last_day=last_day,
    )


@bp.route("/new", methods=["GET", "POST"])
@advisors_only
def new_round() -> ResponseReturnValue:
    """A new round for a half term."""
    form = RoundForm()
    free = opinion_queries.half_terms_to_choose()
    form.offer([(one.id, f"{one.name} {one.school_year}") for one in free])
    if form.submitted_and_valid():
        try:
            with transaction():
                made = opinion_rounds.plan_round(
                    int(form.half_term.data), form.wanted, actor=_me(), now=clock.now()
                )
                reference = made.reference
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The round is planned. Until it opens you can change it.")
            return redirect(url_for(".show", reference=reference))
    return render_template("forums/opinion_round_form.html", form=form, found=None)


@bp.get("/<reference>")
@staff_only
def show(reference: str) -> str:
    """One round: how it is set, how far it is, who answered."""
    found = _round(reference)
    reading = opinion_reading.counts(found.id)
    return render_template(
        "forums/opinion_round.html",
        found=found,
        naming_words=NAMING_WORDS,
        class_words=CLASS_WORDS,
        last_day=last_day(found.closes_at),
        remind_at=reminder_at(found.opened_at or found.opens_at, found.closes_at),
        response=opinion_queries.response(found),
        reading=reading,
        sent_count=opinion_queries.sent_count(found.id),
        not_reached=opinion_queries.not_reached(found)[:MOST_NAMES],
        silent=opinion_queries.did_not_answer(found),
        themes=theme_counts(found) if found.state is not RoundState.PLANNED else [],
        quotes=quotations.released_quotes(found),
        may_set=Role.ADVISOR in current_user.roles,
    )


@bp.route("/<reference>/change", methods=["GET", "POST"])
@advisors_only
def change(reference: str) -> ResponseReturnValue:
    """Set a planned round differently; refused in words once it is open."""
    found = _round(reference)
    form = RoundForm()
    del form.half_term
    if not form.is_submitted():
        form.show(found)
        if found.state is not RoundState.PLANNED:
            form.refuse(opinion_rounds.FIXED)
    elif form.submitted_and_valid():
        try:
            with transaction():
                opinion_rounds.change_round(reference, form.wanted, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The round is changed.")
            return redirect(url_for(".show", reference=reference))
    return render_template("forums/opinion_round_form.html", form=form, found=found)


@bp.route("/<reference>/open", methods=["GET", "POST"])
@advisors_only
def open_now(reference: str) -> ResponseReturnValue:
    """Asks whether to open a round now; a POST does."""
    return _ask_and_do(reference, "open")


@bp.route("/<reference>/close", methods=["GET", "POST"])
@advisors_only
def close_now(reference: str) -> ResponseReturnValue:
    """Asks whether to close a round now; a POST does."""
    return _ask_and_do(reference, "close")


@bp.route("/<reference>/remove", methods=["GET", "POST"])
@advisors_only
def remove(reference: str) -> ResponseReturnValue:
    """Asks whether to remove a planned round; a POST does."""
    return _ask_and_do(reference, "remove")


VERBS = {
    "open": (opinion_rounds.open_round, "The round is open. Schools are written to now."),
    "close": (opinion_rounds.close_round, "The round is closed."),
    "remove": (opinion_rounds.remove_round, "The round is removed."),
}


def _ask_and_do(reference: str, verb: str) -> ResponseReturnValue:
    found = _round(reference)
    form = OneButton()
    if form.submitted_and_valid():
        do, words = VERBS[verb]
        try:
            with transaction():
                do(reference, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(words)
            is_gone = verb == "remove"
            return redirect(
                url_for(".list_rounds") if is_gone else url_for(".show", reference=reference)
            )
    return render_template(
        "forums/opinion_round_verb.html",
        form=form,
        found=_round(reference),
        verb=verb,
        last_day=last_day(found.closes_at),
    )


@bp.get("/wishes")
@staff_only
def wishes() -> str:
    """The schools that asked to be contacted, those that wait first."""
    shown = pages(
        page_number(request.args.get("page")), length=contact_wishes.wishes_count(), size=50
    )
    return render_template(
        "forums/contact_wishes.html",
        wishes=contact_wishes.wishes(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".wishes", page=number),
    )


@bp.route("/wishes/<reference>", methods=["GET", "POST"])
@staff_only
def wish(reference: str) -> ResponseReturnValue:
    """One wish; a POST notes what came of it."""
    found = contact_wishes.find_wish(reference) or abort(404)
    form = WishForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                contact_wishes.deal_with(reference, form.outcome.text, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"What came of it is noted for {found.school}.")
            return redirect(url_for(".wishes"))
    return render_template("forums/contact_wish.html", wish=found, form=form)


def _round(reference: str) -> OpinionRound:
    return opinion_queries.find_round(reference) or abort(404)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())

"""Asking for learning for one's own staff, and deciding about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.accounts.signed_in import JOURNEY_KEY
from app.bookings import in_house, in_house_rules
from app.bookings.in_house_forms import (
    AT_THEIR_PLACE,
    AgreeForm,
    AskForm,
    DeclineForm,
    TakeBackForm,
)
from app.bookings.in_house_models import InHouseRequest, InHouseState
from app.catalogue import offer_queries
from app.catalogue.models import Offer
from app.kernel import clock
from app.kernel.access import Role, for_roles, public, signed_in
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("in_house", __name__)

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.route("/learning/<slug>/in-house", methods=["GET", "POST"])
@public
def ask(slug: str) -> ResponseReturnValue:
    """Ask for an offer for one's own staff; signing in is part of the journey."""
    offer = offer_queries.public_offer(slug) or abort(404)
    if offer.kind not in in_house_rules.CAN_BE_ASKED_FOR:
        return redirect(url_for("catalogue.offer", slug=slug))
    elsewhere = _where_first(offer)
    if elsewhere:
        return redirect(elsewhere)
    form, made = AskForm(), list[str]()
    offer_id, me = offer.id, _me()
    if form.submitted_and_valid() and _done(
        form,
        lambda: made.append(
            in_house.ask(offer_id, form.asked, actor=me, now=clock.now()).reference
        ),
    ):
        flash("We have your request and answer by e-mail.", "success")
        return redirect(url_for(".request_page", reference=made[0]))
    return render_template(
        "bookings/in_house_ask.html", offer=offer, form=form, organisation=_me().organisation
    )


@bp.route("/in-house/<reference>", methods=["GET", "POST"])
@signed_in
def request_page(reference: str) -> ResponseReturnValue:
    """What one asked for and what came of it; it can be taken back until it is decided."""
    asked, form = _request(reference), TakeBackForm()
    if asked.person_id != current_user.id:
        abort(404)
    if form.submitted_and_valid() and _done(
        form, lambda: in_house.take_back(reference, actor=_me(), now=clock.now())
    ):
        flash("You have taken your request back.")
        return redirect(url_for(".request_page", reference=reference))
    return render_template(
        "bookings/in_house_request.html",
        asked=_request(reference),
        form=form,
        state_words=in_house_rules.STATE_WORDS,
        counted_words=in_house_rules.COUNTED_WORDS,
    )


@bp.get("/manage/in-house")
@staff
def list_requests() -> str:
    """Who asks for learning at their own place, those who have waited longest first."""
    is_waiting = request.args.get("show") != "decided"
    length = in_house.number_of_requests(is_waiting=is_waiting)
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "bookings/manage_in_house.html",
        lines=in_house.listed_requests(is_waiting=is_waiting, first=shown.first, last=shown.last),
        is_waiting=is_waiting,
        state_words=in_house_rules.STATE_WORDS,
        pages=shown,
        address_of_page=lambda number: url_for(
            ".list_requests", page=number, show=None if is_waiting else "decided"
        ),
    )


@bp.route("/manage/in-house/<reference>", methods=["GET", "POST"])
@staff
def decide(reference: str) -> ResponseReturnValue:
    """Agree a date: the session is theirs alone, and whoever asked is told."""
    asked, form = _request(reference), AgreeForm()
    if not form.is_submitted():
        form.mode.data, form.venue.data = AT_THEIR_PLACE, asked.place
    organisation_id, people_count = asked.organisation_id, asked.people_count
    events: list[str] = []
    if form.submitted_and_valid() and _done(
        form,
        lambda: events.append(
            in_house.agree(
                reference,
                form.details(organisation_id, people_count),
                form.answer.text,
                actor=_me(),
                now=clock.now(),
            ).reference
        ),
    ):
        flash("The session is agreed, and whoever asked is told.", "success")
        return redirect(f"/manage/events/{events[0]}")
    return render_template(
        "bookings/manage_in_house_request.html",
        asked=_request(reference),
        form=form,
        state_words=in_house_rules.STATE_WORDS,
        counted_words=in_house_rules.COUNTED_WORDS,
    )


@bp.route("/manage/in-house/<reference>/decline", methods=["GET", "POST"])
@staff
def decline(reference: str) -> ResponseReturnValue:
    """Say that it cannot be, and why."""
    asked, form = _request(reference), DeclineForm()
    if asked.state is not InHouseState.ASKED:
        return redirect(url_for(".decide", reference=reference))
    if form.submitted_and_valid() and _done(
        form,
        lambda: in_house.decline(reference, form.answer.text, actor=_me(), now=clock.now()),
    ):
        flash("Whoever asked is told.", "success")
        return redirect(url_for(".list_requests"))
    return render_template("bookings/manage_in_house_decline.html", asked=asked, form=form)


def _where_first(offer: Offer) -> str | None:
    """Where somebody must go before they can ask; None to stay."""
    here = url_for(".ask", slug=offer.slug)
    if not current_user.is_authenticated:
        session[JOURNEY_KEY] = f"Ask for {offer.title} at your own place"
        return url_for("accounts.sign_in", next=here)
    if current_user.profile_completed_at is None:
        return f"/welcome?next={here}"
    return None


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _request(reference: str) -> InHouseRequest:
    return in_house.find_request(reference) or abort(404)


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

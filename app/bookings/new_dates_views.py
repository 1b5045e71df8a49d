"""Asking to be told of new dates, and how many people do."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.accounts.signed_in import JOURNEY_KEY
from app.bookings import new_dates
from app.bookings.forms import OneButton
from app.catalogue import manage_queries, offer_queries
from app.catalogue.models import Offer, OfferKind, OfferState
from app.kernel import clock
from app.kernel.access import Role, for_roles, public
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("new_dates", __name__)


@bp.route("/learning/<slug>/tell-me", methods=["GET", "POST"])
@public
def tell_me(slug: str) -> str | Response:
    """Ask to be told of new dates, or take that back; signing in is part of the journey."""
    offer = offer_queries.public_offer(slug) or abort(404)
    if offer.state is not OfferState.PUBLISHED or offer.kind is OfferKind.RESOURCE:
        return redirect(url_for("catalogue.offer", slug=slug))
    elsewhere = _where_first(offer)
    if elsewhere:
        return redirect(elsewhere)
    form, now = OneButton(), clock.now()
    if form.submitted_and_valid():
        try:
            flash(_answer(offer.id, takes_back="take_back" in request.form))
        except Refused as refusal:
            form.refuse(refusal)
            offer = offer_queries.public_offer(slug) or abort(404)
        else:
            return redirect(url_for(".tell_me", slug=slug))
    return render_template(
        "bookings/tell_me.html",
        offer=offer,
        form=form,
        has_asked=new_dates.wish_of(offer.id, current_user.id) is not None,
        is_bookable=new_dates.is_bookable(offer.id, now=now),
    )


def _where_first(offer: Offer) -> str | None:
    """Where somebody must go before they can ask; None to stay."""
    here = url_for(".tell_me", slug=offer.slug)
    if not current_user.is_authenticated:
        session[JOURNEY_KEY] = f"Hear of new dates: {offer.title}"
        return url_for("accounts.sign_in", next=here)
    if current_user.profile_completed_at is None:
        return f"/welcome?next={here}"
    return None


def _answer(offer_id: int, *, takes_back: bool) -> str:
    """Do what the button says; what was done, in words."""
    me = cast(Person, current_user._get_current_object())
    with transaction():
        if takes_back:
            new_dates.take_back(offer_id, me)
            return "You have taken it back. We do not write to you about new dates."
        new_dates.wish(offer_id, me, now=clock.now())
    return "Thank you. We write to you once, when there is a place to book."


@bp.get("/manage/offers/<slug>/new-dates")
@for_roles(Role.DELIVERY, Role.ADVISOR, Role.TRAINER)
def who_waits(slug: str) -> str:
    """How many people asked to be told of new dates of this offer."""
    offer = manage_queries.offer_to_manage(slug) or abort(404)
    return render_template(
        "bookings/manage_new_dates.html", offer=offer, waiting=new_dates.who_waits(offer.id)
    )

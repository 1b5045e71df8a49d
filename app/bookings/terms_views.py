"""The staff tab of an offer that says who may book its sessions."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import terms, terms_queries
from app.bookings.change_terms import change_terms
from app.bookings.places import terms_of
from app.bookings.terms_forms import TermsForm
from app.catalogue import manage_queries
from app.catalogue.models import Offer
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("booking_terms", __name__)

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.route("/manage/offers/<slug>/who-may-book", methods=["GET", "POST"])
@staff
def who_may_book(slug: str) -> str | Response:
    """Say who may book an offer's sessions, and see what that means before it is saved."""
    offer = manage_queries.offer_to_manage(slug) or abort(404)
    form, now = _form(offer), clock.now()
    if "preview" not in request.form and form.submitted_and_valid():
        offer_id, wanted, me = (
            offer.id,
            form.terms,
            cast(Person, current_user._get_current_object()),
        )
        try:
            with transaction():
                change_terms(offer_id, wanted, actor=me, now=now)
                said = " ".join(terms.terms_in_words(wanted))
        except Refused as refusal:
            form.refuse(refusal)
            offer = manage_queries.offer_to_manage(slug) or abort(404)
        else:
            flash(f"Saved. {said}", "success")
            return redirect(url_for(".who_may_book", slug=slug))
    wants_preview = "preview" in request.form and form.submitted_and_valid()
    shown = form.terms if wants_preview else terms_of(offer.id)
    return render_template(
        "bookings/manage_terms.html",
        offer=offer,
        form=form,
        is_preview=wants_preview,
        sentences=terms.terms_in_words(shown),
        barred=terms_queries.barred_of_last_year(offer.id, shown, now=now),
        requests=terms_queries.requests_of_offer(offer.id, now=now),
    )


def _form(offer: Offer) -> TermsForm:
    form, now_true = TermsForm(), terms_of(offer.id)
    form.offer_lists(
        terms_queries.sector_choices(), terms_queries.establishment_choices(now_true.establishments)
    )
    if not form.is_submitted():
        form.show(now_true)
    return form

"""Staff pages of the catalogue: offers, their events until published, and series."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from app.catalogue import manage_queries, operations, rules
from app.catalogue.event_facts_form import TrainersForm
from app.catalogue.forms import EventForm
from app.catalogue.models import Offer, OfferState, Series
from app.catalogue.offer_forms import OfferForm, SeriesForm
from app.catalogue.trainers import trainers_to_choose
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import db, transaction
from app.kernel.forms import PageForm, one_line
from app.kernel.paging import page_number
from app.kernel.refusals import Refused

bp = Blueprint("manage_catalogue", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
staff_only = for_roles(Role.DELIVERY, Role.ADVISOR, Role.TRAINER)


@bp.get("/manage/offers")
@staff_only
def offers() -> str:
    """All offers, in every state."""
    given = request.args.get("state", "")
    state = OfferState(given) if given in set(OfferState) else None
    words = one_line(request.args.get("q"))[:100]
    found = manage_queries.offers_page(
        state=state, words=words, page=page_number(request.args.get("page")), now=clock.now()
    )
    return render_template(
        "catalogue/manage_offers.html",
        found=found,
        pages=found.pages,
        counts=manage_queries.state_counts(),
        state=state,
        words=words,
        address_of_page=lambda number: url_for(
            ".offers", state=state, q=words or None, page=number
        ),
        rules=rules,
    )


@bp.route("/manage/offers/new", methods=["GET", "POST"])
@planners_only
def new_offer() -> ResponseReturnValue:
    """Add an offer; nobody else sees it until it is published."""
    form = OfferForm()
    form.offer_lists(manage_queries.offer_lists())
    if "preview" not in request.form and form.submitted_and_valid():
        try:
            with transaction():
                offer = operations.create_offer(form.details, actor=current_user, now=clock.now())
                slug = offer.slug
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The offer is saved. Nobody else sees it until you publish it.")
            return redirect(url_for(".offer", slug=slug))
    return _offer_form(form, None)


@bp.get("/manage/offers/<slug>")
@staff_only
def offer(slug: str) -> str:
    """An offer as it stands, and what can be done with it."""
    return _offer_page(_offer(slug), PageForm())


def _offer_page(offer: Offer, form: PageForm) -> str:
    return render_template(
        "catalogue/manage_offer.html",
        offer=offer,
        form=form,
        rules=rules,
        left=manage_queries.left_behind(offer.id, now=clock.now()),
    )


@bp.route("/manage/offers/<slug>/edit", methods=["GET", "POST"])
@planners_only
def edit_offer(slug: str) -> ResponseReturnValue:
    """Change what an offer says of itself."""
    offer = _offer(slug)
    offer_id = offer.id
    form = OfferForm()
    form.offer_lists(manage_queries.offer_lists(), itself=slug)
    if request.method == "GET":
        form.show(offer)
    if "preview" not in request.form and form.submitted_and_valid():
        try:
            with transaction():
                operations.edit_offer(offer_id, form.details, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The offer is changed.")
            return redirect(url_for(".offer", slug=slug))
    return _offer_form(form, offer)


def _offer_form(form: OfferForm, offer: Offer | None) -> str:
    return render_template(
        "catalogue/manage_offer_form.html",
        form=form,
        offer=offer,
        preview=form.description.text if "preview" in request.form else "",
    )


@bp.post("/manage/offers/<slug>/publish")
@planners_only
def publish_offer(slug: str) -> ResponseReturnValue:
    """Show an offer to everybody."""
    return _change_state(slug, operations.publish_offer, "The offer is published.")


@bp.post("/manage/offers/<slug>/archive")
@planners_only
def archive_offer(slug: str) -> ResponseReturnValue:
    """Take an offer out of the programme."""
    done = "The offer is archived. Its page stays for those who took part."
    return _change_state(slug, operations.archive_offer, done)


@bp.route("/manage/offers/<slug>/trainers", methods=["GET", "POST"])
@planners_only
def trainers(slug: str) -> ResponseReturnValue:
    """Who usually runs an offer's events: filled in on the form of each new one."""
    offer, form = _offer(slug), TrainersForm()
    offer_id = offer.id
    form.offer(trainers_to_choose(offer_id=offer_id))
    if request.method == "GET":
        form.trainers.data = [str(trainer.id) for trainer in offer.trainers]
    if form.submitted_and_valid():
        with transaction():
            operations.name_usual_trainers(
                offer_id, form.person_ids, actor=current_user, now=clock.now()
            )
        flash("The trainers are named.")
        return redirect(url_for(".offer", slug=slug))
    return render_template("catalogue/manage_offer_trainers.html", offer=offer, form=form)


@bp.post("/manage/offers/<slug>/copy")
@planners_only
def copy_offer(slug: str) -> ResponseReturnValue:
    """Begin another offer from what this one says."""
    offer_id = _offer(slug).id
    form = PageForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                made = operations.copy_offer(offer_id, actor=current_user, now=clock.now())
                copied = made.slug
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The copy is saved. Nobody else sees it until you publish it.")
            return redirect(url_for(".edit_offer", slug=copied))
    return _offer_page(_offer(slug), form)


def _change_state(slug: str, verb: operations.OfferVerb, done: str) -> ResponseReturnValue:
    offer_id = _offer(slug).id
    form = PageForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                verb(offer_id, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(done)
            return redirect(url_for(".offer", slug=slug))
    return _offer_page(_offer(slug), form)


@bp.get("/manage/offers/<slug>/events")
@staff_only
def events(slug: str) -> str:
    """All events of an offer, in every state."""
    offer = _offer(slug)
    found = manage_queries.events_page(
        offer.id, page=page_number(request.args.get("page")), now=clock.now()
    )
    return render_template(
        "catalogue/manage_events.html",
        offer=offer,
        found=found,
        pages=found.pages,
        address_of_page=lambda number: url_for(".events", slug=slug, page=number),
    )


@bp.route("/manage/offers/<slug>/events/new", methods=["GET", "POST"])
@planners_only
def new_event(slug: str) -> ResponseReturnValue:
    """Add a draft of an event on one or several dates."""
    offer = _offer(slug)
    offer_id = offer.id
    now = clock.now()
    form = EventForm()
    form.not_before = now
    form.offer_half_terms(manage_queries.half_terms_for(offer.kind, now=now))
    form.offer_trainers(trainers_to_choose(offer_id=offer_id))
    if request.method == "GET":
        form.suggest()
        form.trainers.data = [str(trainer.id) for trainer in offer.trainers]
    adds_row = "add_date" in request.form
    if not adds_row and form.submitted_and_valid():
        try:
            with transaction():
                event = operations.create_event(offer_id, form.details, actor=current_user, now=now)
                reference = event.reference
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The session is saved as a draft. Publish it to open it for booking.")
            return redirect(f"/manage/events/{reference}")
    return render_template(
        "catalogue/manage_event_form.html",
        form=form,
        offer=offer,
        rows=form.rows(extra=1 if adds_row else 0),
    )


@bp.get("/manage/series")
@staff_only
def series_list() -> str:
    """All series."""
    return render_template("catalogue/manage_series.html", rows=manage_queries.series_rows())


@bp.route("/manage/series/new", methods=["GET", "POST"])
@planners_only
def new_series() -> ResponseReturnValue:
    """Add a series; offers are put into it on their own forms."""
    form = SeriesForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                operations.create_series(
                    form.title.text,
                    form.summary.text,
                    form.days,
                    actor=current_user,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The series is saved. Choose it on the form of each offer that belongs to it.")
            return redirect(url_for(".series_list"))
    return render_template("catalogue/manage_series_form.html", form=form, series=None)


@bp.route("/manage/series/<slug>/edit", methods=["GET", "POST"])
@planners_only
def edit_series(slug: str) -> ResponseReturnValue:
    """Change what a series says of itself."""
    series = db.session.scalar(select(Series).where(Series.slug == slug)) or abort(404)
    series_id = series.id
    form = SeriesForm(obj=series)
    if request.method == "GET":
        form.first_day.process_data(series.starts_on)
        form.last_day.process_data(series.ends_on)
    if form.submitted_and_valid():
        with transaction():
            operations.edit_series(
                series_id,
                form.title.text,
                form.summary.text,
                form.days,
                actor=current_user,
                now=clock.now(),
            )
        flash("The series is changed.")
        return redirect(url_for(".series_list"))
    return render_template("catalogue/manage_series_form.html", form=form, series=series)


def _offer(slug: str) -> Offer:
    return manage_queries.offer_to_manage(slug) or abort(404)

"""Staff pages of needs, the action log, and what an offer will be judged by."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.catalogue.manage_queries import offer_to_manage
from app.catalogue.models import Offer
from app.improvement import actions, need_queries, need_rules, needs, queries
from app.improvement.need_forms import (
    DONE,
    ActionForm,
    CloseActionForm,
    DecideForm,
    MeasureForm,
    NeedForm,
    OffersForm,
    RetireForm,
)
from app.improvement.need_models import Action, ActionState, KeyImpactMeasure, Need, NeedState
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.london import london_date
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("manage_needs", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
# A sub-group chair raises a need and sees what came of it (R49).
readers = for_roles(Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)


@bp.get("/manage/needs")
@readers
def list_needs() -> str:
    """All needs, those that wait for a decision first; or of one state, or one's own."""
    wanted = request.args.get("state", "")
    state = NeedState(wanted) if wanted in set(NeedState) else None
    mine = current_user.reference if request.args.get("mine") else ""
    length = need_queries.number_of_needs(state, raised_by=mine)
    shown = pages(page_number(request.args.get("page")), length=length)
    lines = need_queries.listed_needs(
        state,
        raised_by=mine,
        first=shown.first,
        last=shown.last,
        today=london_date(clock.now()),
    )
    return render_template(
        "improvement/list_needs.html",
        lines=lines,
        state=state,
        mine=bool(mine),
        states=need_rules.NEED_WORDS,
        pages=shown,
        address_of_page=lambda number: url_for(
            ".list_needs", page=number, state=wanted or None, mine="1" if mine else None
        ),
    )


@bp.route("/manage/needs/new", methods=["GET", "POST"])
@readers
def new_need() -> ResponseReturnValue:
    """Raise a need."""
    form = _need_form()
    raised: list[Need] = []
    if form.submitted_and_valid() and _done(
        form,
        lambda: raised.append(
            needs.raise_need(form.need_details, actor=current_user, now=clock.now())
        ),
    ):
        flash("The delivery group has it. You are told by e-mail what is decided.", "success")
        return redirect(_page_of(raised[0].reference))
    return render_template("improvement/need_form.html", form=form, need=None)


@bp.route("/manage/needs/<reference>/edit", methods=["GET", "POST"])
@planners_only
def change_need(reference: str) -> ResponseReturnValue:
    """Put the words of a need right."""
    need, form = _need(reference), _need_form()
    if not form.is_submitted():
        form.show(need)
    if form.submitted_and_valid() and _done(
        form,
        lambda: needs.change_need(
            reference, form.need_details, actor=current_user, now=clock.now()
        ),
    ):
        flash("The need is changed.", "success")
        return redirect(_page_of(reference))
    return render_template("improvement/need_form.html", form=form, need=need)


@bp.route("/manage/needs/<reference>/decide", methods=["GET", "POST"])
@planners_only
def decide(reference: str) -> ResponseReturnValue:
    """Say what becomes of a need."""
    need, form = _need(reference), DecideForm()
    form.offer_ways(need.state)
    if form.submitted_and_valid() and _done(
        form,
        lambda: needs.decide(
            reference,
            NeedState(form.becomes.data),
            form.answer.text,
            actor=current_user,
            now=clock.now(),
        ),
    ):
        flash("It is decided, and whoever raised it is told.", "success")
        return redirect(_page_of(reference))
    return render_template("improvement/decide_need.html", form=form, need=need)


@bp.route("/manage/needs/<reference>/offers", methods=["GET", "POST"])
@planners_only
def link_offers(reference: str) -> ResponseReturnValue:
    """Say which offers answer a need."""
    need, form = _need(reference), OffersForm()
    form.offer_list(queries.offers_to_choose([offer.id for offer in need.offers]))
    if not form.is_submitted():
        form.offers.data = [offer.slug for offer in need.offers]
    if form.submitted_and_valid() and _done(
        form,
        lambda: needs.link_offers(
            reference, form.offers.data or (), actor=current_user, now=clock.now()
        ),
    ):
        flash("The offers of this need are saved.", "success")
        return redirect(_page_of(reference))
    return render_template("improvement/offers_of_need.html", form=form, need=need)


@bp.get("/manage/actions")
@readers
def list_actions() -> str:
    """The Learning and Development action log: what is to be done, or what was."""
    is_open = request.args.get("state") != "closed"
    shown = pages(
        page_number(request.args.get("page")),
        length=need_queries.number_of_actions(is_open=is_open),
    )
    return render_template(
        "improvement/list_actions.html",
        lines=need_queries.listed_actions(
            is_open=is_open, first=shown.first, last=shown.last, today=london_date(clock.now())
        ),
        is_open=is_open,
        pages=shown,
        address_of_page=lambda number: url_for(
            ".list_actions", page=number, state=None if is_open else "closed"
        ),
    )


@bp.route("/manage/actions/new", methods=["GET", "POST"])
@planners_only
def new_action() -> ResponseReturnValue:
    """Put a line into the action log."""
    form = _action_form(request.args.get("need", ""))
    if not form.is_submitted():
        form.need.data = request.args.get("need", "")
        form.offers.data = [request.args.get("offer", "")]
    if form.submitted_and_valid() and _done(
        form, lambda: actions.add_action(form.details, actor=current_user, now=clock.now())
    ):
        flash("The action is in the log.", "success")
        return redirect(_after(form))
    return render_template("improvement/action_form.html", form=form, action=None)


@bp.route("/manage/actions/<reference>", methods=["GET", "POST"])
@planners_only
def change_action(reference: str) -> ResponseReturnValue:
    """Give an open action other words, another owner or another day."""
    action = _open_action(reference)
    form = _action_form(action.need.reference if action.need else "")
    if not form.is_submitted():
        form.show(action)
    if form.submitted_and_valid() and _done(
        form,
        lambda: actions.change_action(reference, form.details, actor=current_user, now=clock.now()),
    ):
        flash("The action is changed.", "success")
        return redirect(_after(form))
    return render_template("improvement/action_form.html", form=form, action=action)


@bp.route("/manage/actions/<reference>/close", methods=["GET", "POST"])
@planners_only
def close_action(reference: str) -> ResponseReturnValue:
    """Say that an action is done or dropped, and what came of it."""
    action, form = _open_action(reference), CloseActionForm()
    back = _page_of(action.need.reference) if action.need else url_for(".list_actions")
    if form.submitted_and_valid() and _done(
        form,
        lambda: actions.close_action(
            reference,
            is_done=form.end.data == DONE,
            outcome=form.outcome.text,
            actor=current_user,
            now=clock.now(),
        ),
    ):
        flash("The action is closed.", "success")
        return redirect(back)
    return render_template("improvement/close_action.html", form=form, action=action, back=back)


@bp.route("/manage/offers/<slug>/why", methods=["GET", "POST"])
@planners_only
def why_offer(slug: str) -> ResponseReturnValue:
    """Why an offer exists, what it will be judged by, and what others found about it."""
    offer, form = _offer(slug), MeasureForm()
    if form.submitted_and_valid() and _done(
        form,
        lambda: actions.agree_measure(
            slug,
            form.kind,
            form.words.text,
            agreed_on=form.day,
            agreed_by=form.agreed_by.text,
            actor=current_user,
            now=clock.now(),
        ),
    ):
        flash("The offer will be judged by this.", "success")
        return redirect(url_for(".why_offer", slug=slug))
    offer = _offer(slug)
    return render_template(
        "improvement/why_offer.html",
        offer=offer,
        form=form,
        needs=need_queries.needs_of_offers([slug]),
        measures=need_queries.measures_of(offer),
        judged_by_words=need_rules.JUDGED_BY_WORDS,
        evidence=queries.evidence_of([offer.id]),
    )


@bp.route("/manage/measures/<reference>/retire", methods=["GET", "POST"])
@planners_only
def retire_measure(reference: str) -> ResponseReturnValue:
    """Judge an offer by this no longer."""
    measure, form = _measure(reference), RetireForm()
    back = url_for(".why_offer", slug=measure.offer.slug)
    if form.submitted_and_valid() and _done(
        form,
        lambda: actions.retire_measure(
            reference, form.reason.text, actor=current_user, now=clock.now()
        ),
    ):
        flash("The measure is given up.", "success")
        return redirect(back)
    return render_template("improvement/retire_measure.html", form=form, measure=measure, back=back)


def _need_form() -> NeedForm:
    form = NeedForm()
    form.offer_priorities(need_queries.priorities_to_choose())
    return form


def _action_form(need_reference: str) -> ActionForm:
    form = ActionForm()
    form.offer_lists(need_queries.needs_to_choose(need_reference), queries.offers_to_choose())
    return form


def _after(form: ActionForm) -> str:
    """Back to the need an action serves, or to the log."""
    return _page_of(form.need.data) if form.need.data else url_for(".list_actions")


def _page_of(reference: str) -> str:
    """A need's own page stands above, since it shows reach and impact."""
    return f"/manage/needs/{reference}"


def _need(reference: str) -> Need:
    return need_queries.find_need(reference) or abort(404)


def _offer(slug: str) -> Offer:
    return offer_to_manage(slug) or abort(404)


def _open_action(reference: str) -> Action:
    action = need_queries.find_action(reference)
    return action if action and action.state is ActionState.OPEN else abort(404)


def _measure(reference: str) -> KeyImpactMeasure:
    measure = need_queries.find_measure(reference)
    return measure if measure and not measure.retired_on else abort(404)


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

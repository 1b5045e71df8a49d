"""Staff pages that plan a school year's forums or peer-support meetings in one step."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.bookings.places import terms_of
from app.bookings.terms import rules_in_words
from app.bookings.terms_rules import Terms
from app.catalogue import runs
from app.catalogue.manage_queries import offer_to_manage
from app.catalogue.models import OfferKind
from app.catalogue.run_forms import LinesForm
from app.catalogue.sent_lines import carried, sent_lines
from app.forums import year_plan
from app.forums.year_forms import PlanForm
from app.forums.year_queries import YearLine, known_years, offers_of, year_page
from app.forums.year_rules import part_words
from app.forums.year_views import in_address, unknown_year
from app.kernel import clock, london
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused
from app.partnership.half_term_rules import school_year_in_address

bp = Blueprint("forums_plan", __name__, url_prefix="/forums")

staff = for_roles(Role.ADVISOR, Role.DELIVERY)
SAVING = {"drafts": False, "published": True}
MOST_OFFERS = 3  # whose terms are shown; each is asked for by itself
ONLY_THEY = Terms(establishments=year_plan.FOR_PEER_SUPPORT)


class Planning(NamedTuple):
    """What is planned, and how it is called."""

    kind: OfferKind
    one: str
    many: str


PLANNINGS = {
    "forums": Planning(OfferKind.DSL_FORUM, "forum", "forums"),
    "peer-support": Planning(
        OfferKind.PEER_SUPPORT, "peer-support meeting", "peer-support meetings"
    ),
}


@bp.route("/year/<year>/plan/<what>", methods=["GET", "POST"])
@staff
def plan(year: str, what: str) -> ResponseReturnValue:
    """Plan what a school year still lacks: fill in, look through the dates, save."""
    planning = PLANNINGS.get(what) or abort(404)
    name, years = school_year_in_address(year), known_years()
    if name not in years:
        return unknown_year(year, years)
    lacking = _lacking(name, planning.kind)
    form = _form(planning.kind, lacking)
    step = request.form.get("step")
    if not form.is_submitted():
        form.suggest(_asked_for(lacking))
    elif form.submitted_and_valid() and step != "fill_in":
        chosen = [one for one in lacking if str(one.id) in (form.half_terms.data or ())]
        return _lines(form, chosen, planning, name)
    return _fill_in(form, lacking, planning, name)


def _lacking(name: str, kind: OfferKind) -> list[YearLine]:
    """The half terms, not over, that have none of this kind."""
    is_forum = kind is OfferKind.DSL_FORUM
    return [
        line
        for line in year_page(name, now=clock.now()).lines
        if not line.is_over and not (line.forums if is_forum else line.peer_support)
    ]


def _form(kind: OfferKind, lacking: list[YearLine]) -> PlanForm:
    form = PlanForm()
    form.is_face_to_face = kind is OfferKind.PEER_SUPPORT
    form.offer_lists(
        [(offer.id, offer.title) for offer in offers_of(kind)],
        [(one.id, f"{part_words(one.part)}, {one.span}") for one in lacking],
    )
    return form


def _asked_for(lacking: list[YearLine]) -> list[int]:
    """The half term that the address names, or all."""
    wanted = request.args.get("half_term", "")
    only = [one.id for one in lacking if str(one.part.number) == wanted]
    return only or [one.id for one in lacking]


def _fill_in(form: PlanForm, lacking: list[YearLine], planning: Planning, name: str) -> str:
    offers = offers_of(planning.kind) if form.is_face_to_face else []
    return render_template(
        "forums/year_plan.html",
        form=form,
        planning=planning,
        name=name,
        lacking=lacking,
        terms=[(offer, terms_of(offer.id)) for offer in offers[:MOST_OFFERS]],
        rules_in_words=rules_in_words,
        would_be=rules_in_words(ONLY_THEY) if form.is_face_to_face else [],
        in_address=in_address,
    )


def _lines(
    form: PlanForm, chosen: list[YearLine], planning: Planning, name: str
) -> ResponseReturnValue:
    now = clock.now()
    today = london.london_date(now)
    lines = sent_lines()
    if lines is None or lines.size != len(chosen):
        lines = runs.form_of(year_plan.lines_to_show(form, chosen, today), now=now)
        lines.process_days()
    elif request.form.get("step") in SAVING:
        runs.refuse_what_is_new(lines, year_plan.reasons(lines, chosen, today))
        if lines.is_good and _saved(form, lines, chosen, planning):
            return redirect(url_for("forums_year.year", year=in_address(name)))
    return render_template(
        "forums/year_plan_lines.html",
        form=lines,
        planning=planning,
        name=name,
        rows=[(n, one, lines.row(n)) for n, one in enumerate(chosen, 1)],
        reasons=year_plan.reasons(lines, chosen, today),
        notes=dict(year_plan.notes(form, lines, chosen)),
        sent=carried(request.form),
    )


def _saved(form: PlanForm, lines: LinesForm, chosen: list[YearLine], planning: Planning) -> bool:
    """Save all in one piece; False, and the form says why, if a rule said no."""
    is_published = SAVING[request.form["step"]]
    half_terms = {str(one.id): one.id for one in chosen}
    wanted = {line.of for line in lines.kept}
    if len(wanted) < len(lines.kept) or not wanted <= set(half_terms):
        lines.refuse("Go back and choose the half terms again")
        return False
    run = year_plan.planned(form, lines.kept, half_terms)
    try:
        with transaction():
            year_plan.plan_year(
                planning.kind, run, is_published=is_published, actor=current_user, now=clock.now()
            )
    except Refused as refusal:
        lines.refuse(refusal)
        return False
    words = f"{len(run)} {planning.one if len(run) == 1 else planning.many}"
    flash(f"{words} {'published' if is_published else 'saved as drafts'}.")
    return True


@bp.post("/year/<year>/limit-peer-support/<slug>")
@staff
def limit_peer_support(year: str, slug: str) -> ResponseReturnValue:
    """Let only secondary schools, colleges and independent schools book the meetings."""
    offer = offer_to_manage(slug) or abort(404)
    if offer.kind is not OfferKind.PEER_SUPPORT:
        abort(404)
    offer_id, title = offer.id, offer.title
    with transaction():
        terms = year_plan.limit_to_peer_support(offer_id, actor=current_user, now=clock.now())
    flash(f"{title}: {' '.join(rules_in_words(terms))}")
    return redirect(url_for(".plan", year=year, what="peer-support"))

"""Staff pages that plan several events at once: a run of one offer, or last year's again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.catalogue import run_queries, runs
from app.catalogue.events import Planned, create_run
from app.catalogue.manage_queries import offer_to_manage
from app.catalogue.models import Event, Offer
from app.catalogue.rules import count_words
from app.catalogue.run_forms import MOST_LINES, CopyForm, LinesForm, RunForm
from app.catalogue.run_rules import Avoided, MoveBy, Pattern, monthly_words
from app.catalogue.sent_lines import carried, sent_lines
from app.catalogue.trainers import trainers_to_choose
from app.kernel import clock, london
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import choices_of, one_line
from app.kernel.refusals import Refused
from app.kernel.typed_times import read_day

bp = Blueprint("runs", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
SAVING = {"drafts": False, "published": True}


@bp.route("/manage/offers/<slug>/events/run", methods=["GET", "POST"])
@planners_only
def run(slug: str) -> ResponseReturnValue:
    """Plan several events of an offer: fill in, look through the dates, save."""
    offer = offer_to_manage(slug) or abort(404)
    form = RunForm()
    form.offer_trainers(trainers_to_choose(offer_id=offer.id))
    if not form.is_submitted():
        form.suggest()
        form.take_from(request.args)
        form.trainers.data = [str(trainer.id) for trainer in offer.trainers]
        return _run_page(form, offer)
    if not form.submitted_and_valid() or request.form.get("step") == "fill_in":
        return _run_page(form, offer)
    avoided = _avoided(form.avoid.data)
    lines = sent_lines()
    if lines is None:
        lines = runs.form_of(runs.lines_of_run(form, avoided), now=clock.now())
        lines.process_days()
    elif request.form.get("step") in SAVING:
        planned = runs.planned_run(form, lines.kept, offer.id) if lines.is_good else []
        if _saved(lines, planned, avoided):
            return redirect(url_for("manage_catalogue.events", slug=slug))
        offer = offer_to_manage(slug) or abort(404)
    first = form.first_day.day
    monthly = monthly_words(first) if first and form.pattern.data == Pattern.MONTHLY else ""
    return _lines_page(
        lines, avoided, heading=f"Look through the dates of {offer.title}", monthly=monthly
    )


def _run_page(form: RunForm, offer: Offer) -> str:
    return render_template("catalogue/manage_run.html", form=form, offer=offer)


@bp.route("/manage/programme/copy", methods=["GET", "POST"])
@planners_only
def copy() -> ResponseReturnValue:
    """Plan sessions of last year again: choose them, look through the new dates, save."""
    chosen = one_line(request.values.get("offer"))[:100]
    parts = run_queries.term_parts()
    first, last = run_queries.last_years_term(parts, london.london_date(clock.now()))
    first, last = _day("from", first), _day("until", last)
    found = run_queries.events_to_copy(first, last, chosen)
    form = CopyForm()
    form.events.choices = choices_of((event.reference, event.title) for event in found)
    step = request.form.get("step")
    if not form.is_submitted():
        form.suggest()
    elif form.submitted_and_valid() and step != "fill_in":
        return _copies(form, found)
    return render_template(
        "catalogue/manage_copy.html",
        form=form,
        found=found,
        offers=run_queries.offers_to_copy(),
        offer=chosen,
        first=first,
        last=last,
        is_full=len(found) == run_queries.MOST_TO_COPY,
    )


def _copies(form: CopyForm, found: Sequence[Event]) -> ResponseReturnValue:
    avoided, wanted = _avoided(form.avoid.data), form.events.data or []
    titles = {event.reference: event.title for event in found}
    lines = sent_lines()
    if lines is None:
        chosen = [event for event in found if event.reference in wanted]
        shown = runs.lines_of_copies(chosen, MoveBy(form.move.data), avoided)
        lines = runs.form_of(shown[:MOST_LINES], now=clock.now())
        lines.process_days()
    elif request.form.get("step") in SAVING:
        events = run_queries.events_called(wanted) if lines.is_good else {}
        planned = runs.planned_copies(events, lines.kept, now=clock.now())
        if _saved(lines, planned, avoided):
            return redirect(url_for("manage_catalogue.offers"))
    return _lines_page(lines, avoided, heading="Look through the new dates", titles=titles)


def _day(name: str, otherwise: date) -> date:
    """A day named in the address or sent along; the other one if it cannot be read."""
    try:
        return read_day(one_line(request.values.get(name))[:40])
    except ValueError:
        return otherwise


def _avoided(chosen: Sequence[str] | None) -> Avoided:
    names = set(chosen or ())
    return Avoided(
        terms=run_queries.term_parts(),
        holidays="holidays" in names,
        bank_holidays="bank_holidays" in names,
        today=london.london_date(clock.now()),
    )


def _saved(lines: LinesForm, planned: Sequence[Planned], avoided: Avoided) -> bool:
    """Save what was planned in one piece; False, and the form says why, if anything is wrong."""
    runs.refuse_what_is_new(lines, runs.reasons(lines, avoided))
    if not lines.is_good or not planned:
        return False
    is_published = SAVING[request.form["step"]]
    try:
        with transaction():
            create_run(planned, is_published=is_published, actor=current_user, now=clock.now())
    except Refused as refusal:
        lines.refuse(refusal)
        return False
    words = count_words(len(planned))
    if is_published:
        flash(f"{words} published. People can find and book them now.")
    else:
        flash(f"{words} saved as drafts. Publish each to open it for booking.")
    return True


def _lines_page(lines: LinesForm, avoided: Avoided, **more: Any) -> str:
    return render_template(
        "catalogue/manage_run_lines.html",
        form=lines,
        rows=[(number, lines.row(number)) for number in range(1, lines.size + 1)],
        reasons=runs.reasons(lines, avoided),
        sent=carried(request.form),
        **more,
    )

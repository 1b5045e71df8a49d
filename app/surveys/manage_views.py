"""Staff pages of surveys: plans, the schedule, evaluations and their open links. No answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import choices_of, one_line
from app.kernel.london import london_date
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.surveys import (
    building_queries,
    evaluations,
    import_queries,
    list_queries,
    manage_queries,
    rules,
    schedule_queries,
    schedule_rules,
)
from app.surveys.evaluation_forms import AddWaveForm, EvaluationForm, OneButton, WaveSettingsForm
from app.surveys.models import Evaluation, QuestionnaireKind, Wave
from app.surveys.open_link_rules import last_day
from app.surveys.schedule_queries import Asked
from app.surveys.schedule_rules import LineState
from app.surveys.wave_settings import change_settings, find_wave, is_asked, slug_asked

bp = Blueprint("manage_surveys", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
MOST_WORDS = 100
STANDARD_WORDS = "The standard one for that time"


@bp.get("/manage/surveys")
@planners_only
def schedule() -> str:
    """What is due, asked, answered, closed, reported, missed and skipped, over all offers (R42)."""
    now = clock.now()
    parts = schedule_rules.periods(london_date(now))
    wanted = request.args.get("period")
    asked = Asked(
        period=next((part for part in parts if part.key == wanted), parts[0]),
        words=one_line(request.args.get("about"))[:MOST_WORDS],
        state=next((one for one in LineState if one == request.args.get("state")), None),
    )
    counts = schedule_queries.counts_by_state(asked, now=now)
    length = counts.get(asked.state, 0) if asked.state else sum(counts.values())
    shown = pages(page_number(request.args.get("page")), length=length)
    filters: dict[str, Any] = {"period": asked.period.key, "about": asked.words or None}
    return render_template(
        "surveys/schedule.html",
        lines=schedule_queries.lines(asked, now=now, first=shown.first, last=shown.last),
        counts=counts,
        sessions=schedule_queries.sessions_not_planned(asked, now=now)
        if shown.number == 1 and asked.state in {None, LineState.COMING}
        else [],
        asked=asked,
        parts=parts,
        filters=filters,
        state_words=schedule_rules.STATE_WORDS,
        pages=shown,
        address_of_page=lambda number: url_for(
            ".schedule", **filters, state=asked.state, page=number
        ),
    )


@bp.route("/manage/offers/<slug>/surveys", methods=["GET", "POST"])
@planners_only
def offer_plan(slug: str) -> ResponseReturnValue:
    """When people who attended an offer are asked; a POST adds to it."""
    offer = manage_queries.find_offer(slug) or abort(404)
    evaluation = manage_queries.evaluation_of_offer(offer.id)
    if evaluation is None:
        return render_template("surveys/offer_not_planned.html", offer=offer)
    return _plan_page(
        evaluation,
        "surveys/offer_plan.html",
        offer=offer,
        of_series=manage_queries.evaluations_of_series(offer.series_id),
    )


@bp.get("/manage/evaluations")
@planners_only
def list_evaluations() -> str:
    """Evaluations that staff made, and those of series."""
    shown = pages(
        page_number(request.args.get("page")), length=manage_queries.custom_evaluations_count()
    )
    return render_template(
        "surveys/evaluations.html",
        lines=manage_queries.custom_evaluations(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".list_evaluations", page=number),
    )


@bp.route("/manage/evaluations/new", methods=["GET", "POST"])
@planners_only
def new_evaluation() -> ResponseReturnValue:
    """Ask about several things together, or by an open link."""
    form = EvaluationForm()
    form.offers.choices = choices_of(manage_queries.offers_to_choose())
    form.series.choices = [("", "No series"), *choices_of(manage_queries.series_to_choose())]
    own = building_queries.questionnaires_to_choose([QuestionnaireKind.IMPACT])
    form.questionnaire.choices = [("", "The standard questions of months later"), *choices_of(own)]
    if form.submitted_and_valid():
        try:
            with transaction():
                made = evaluations.create_evaluation(
                    form.details, actor=current_user, now=clock.now()
                )
                slug = made.slug
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The evaluation is made.")
            return redirect(url_for(".evaluation", slug=slug))
    return render_template("surveys/evaluation_form.html", form=form)


@bp.route("/manage/evaluations/<slug>", methods=["GET", "POST"])
@planners_only
def evaluation(slug: str) -> ResponseReturnValue:
    """An evaluation: what it is about, its open link, its plan; a POST adds to the plan."""
    found = manage_queries.find_evaluation(slug) or abort(404)
    return _plan_page(
        found,
        "surveys/evaluation.html",
        open_url=f"{current_app.config['BASE_URL']}{url_for('surveys.answer_open', slug=slug)}",
        open_count=manage_queries.open_answers_count(found.id),
        last_day=last_day(found.open_until) if found.open_until else None,
        people_count=list_queries.people_count(found.id) if found.counted_from_on else 0,
        now=clock.now(),
    )


@bp.route(
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/change", methods=["GET", "POST"]
)
@planners_only
def change_wave(slug: str, months: int) -> ResponseReturnValue:
    """Which questionnaire one point in time asks, when it reminds, how long it stays open."""
    wave = find_wave(slug, months) or abort(404)
    found = wave.evaluation
    form = _settings_form(found, wave)
    shown = {
        "title": found.title,
        "words": rules.wave_words(months, of_list=found.counted_from_on is not None),
        "asks": wave.version.questionnaire.title,
        "back": _address_of(found),
    }
    if form.submitted_and_valid():
        try:
            with transaction():
                change_settings(
                    found.id, months, form.settings, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The survey is changed.")
            return redirect(shown["back"])
    return render_template("surveys/change_wave.html", form=form, **shown)


@bp.route(
    "/manage/evaluations/<slug>/plan/<int(signed=True):months>/remove", methods=["GET", "POST"]
)
@planners_only
def remove_wave(slug: str, months: int) -> ResponseReturnValue:
    """Asks whether to take a point in time out of a plan; a POST does."""
    found = manage_queries.find_evaluation(slug) or abort(404)
    planned = {wave.months_later: wave for wave in manage_queries.plan_of(found.id)}
    wave = planned.get(months) or abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                evaluations.remove_wave(found.id, months, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"Nobody will be asked: {wave.words.lower()}.")
            return redirect(_address_of(found))
    return render_template(
        "surveys/remove_wave.html", evaluation=found, wave=wave, form=form, back=_address_of(found)
    )


def _settings_form(found: Evaluation, wave: Wave) -> WaveSettingsForm:
    """The settings of a wave, without those that cannot be changed any more."""
    form = WaveSettingsForm(
        questionnaire=slug_asked(wave),
        open_days=str(wave.open_days),
        first_reminder=str(wave.first_reminder_days or ""),
        second_reminder=str(wave.second_reminder_days or ""),
    )
    of_list = found.counted_from_on is not None
    kind = evaluations.kind_of_wave(wave.months_later, of_list=of_list)
    own = building_queries.questionnaires_to_choose([kind])
    now_asked = wave.version.questionnaire
    choices = {now_asked.slug: now_asked.title, **dict(own), kind.value: STANDARD_WORDS}
    form.questionnaire.choices = choices_of(choices.items())
    if is_asked(wave):
        del form.questionnaire
    if wave.months_later == rules.BEFORE:
        del form.open_days
    return form


def _plan_page(found: Evaluation, template: str, **more: object) -> ResponseReturnValue:
    """A page with an evaluation's plan and the form that adds to it."""
    plan = manage_queries.plan_of(found.id)
    form = AddWaveForm()
    of_list = found.counted_from_on is not None
    form.offer_months([wave.months_later for wave in plan], of_list=of_list)
    form.offer_questionnaires(building_queries.questionnaires_to_choose())
    if form.submitted_and_valid():
        try:
            with transaction():
                evaluations.plan_wave(
                    found.id,
                    int(form.months.data),
                    questionnaire_slug=form.questionnaire.data or None,
                    actor=current_user,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The plan is changed.")
            return redirect(_address_of(found))
    return render_template(
        template,
        evaluation=found,
        plan=plan,
        form=form,
        not_reachable_count=manage_queries.not_reachable_count(found.id),
        imports=import_queries.imports_of(found.id),
        **more,
    )


def _address_of(found: Evaluation) -> str:
    if found.is_default_for_id is None:
        return url_for(".evaluation", slug=found.slug)
    return url_for(".offer_plan", slug=found.offers[0].slug)

"""Staff pages of evaluations of a list: making one, who is on it, adding and taking off."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.partnership import queries as partnership
from app.surveys import building_queries, list_queries, list_rules, lists, manage_queries
from app.surveys.evaluation_forms import OneButton
from app.surveys.list_forms import SECTOR_OF, ListEvaluationForm, PeopleForm
from app.surveys.list_rules import ListedPerson
from app.surveys.models import Evaluation, QuestionnaireKind

bp = Blueprint("survey_lists", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
PEOPLE = "/manage/evaluations/<slug>/people"


@bp.route("/manage/evaluations/new-list", methods=["GET", "POST"])
@planners_only
def new() -> ResponseReturnValue:
    """Ask people on a list: after a practice review, or once about anything."""
    form = ListEvaluationForm()
    form.offer_questionnaires(building_queries.questionnaires_to_choose([QuestionnaireKind.IMPACT]))
    if form.submitted_and_valid():
        try:
            with transaction():
                made = lists.create_list_evaluation(
                    form.details, actor=current_user, now=clock.now()
                )
                slug = made.slug
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The evaluation is made. Now add the people to ask.")
            return redirect(url_for(".add", slug=slug))
    return render_template("surveys/list_form.html", form=form)


@bp.get(PEOPLE)
@planners_only
def people(slug: str) -> str:
    """Who is on the list; who of them was asked or answered is not told."""
    found = _find(slug)
    shown = pages(page_number(request.args.get("page")), length=list_queries.people_count(found.id))
    return render_template(
        "surveys/list_people.html",
        evaluation=found,
        people=list_queries.people(found.id, shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".people", slug=slug, page=number),
    )


@bp.route(f"{PEOPLE}/add", methods=["GET", "POST"])
@planners_only
def add(slug: str) -> ResponseReturnValue:
    """Paste a list, check it, add the people; each step is a button of one form."""
    found, form, step = _find(slug), PeopleForm(), request.form.get("step", "")
    form.leaves_out = step == "leave_out" or "leaves_out" in request.form
    if step != "change":
        form.left_out = request.form.getlist("left_out") + request.form.getlist("leave")
    sectors = [(sector.id, sector.name) for sector in partnership.sectors()]
    form.offer_sectors(sectors)
    if step == "change" or not form.submitted_and_valid():
        return render_template("surveys/list_add.html", evaluation=found, form=form)
    listed = _foreseen(found, form)
    if step == "add" and _added(found, form, listed):
        return redirect(url_for(".people", slug=slug))
    return render_template(
        "surveys/list_check.html",
        evaluation=found,
        form=form,
        listed=listed,
        to_add=[one for one in listed if not one.why_not],
        left_out_count=len(form.lines) - sum(1 for line in form.kept if not line.fault),
        askings=list_queries.askings(found, now=clock.now()),
        now=clock.now(),
        sectors=sectors,
        sector_of=SECTOR_OF,
    )


@bp.route(f"{PEOPLE}/<reference>/remove", methods=["GET", "POST"])
@planners_only
def remove(slug: str, reference: str) -> ResponseReturnValue:
    """Asks whether to take somebody off the list; a POST does."""
    found = _find(slug)
    person_id, person = list_queries.find_person(found.id, reference) or abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                lists.remove_person(found.id, person_id, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"{person.name or person.email} is off the list.")
            return redirect(url_for(".people", slug=slug))
    return render_template("surveys/list_remove.html", evaluation=found, person=person, form=form)


def _find(slug: str) -> Evaluation:
    """The evaluation, if it has a list."""
    found = manage_queries.find_evaluation(slug)
    return found if found and found.counted_from_on else abort(404)


def _foreseen(found: Evaluation, form: PeopleForm) -> list[ListedPerson]:
    known = lists.known_people([line.email for line in form.kept if not line.fault], found.id)
    return list_rules.foreseen(
        form.kept,
        known,
        default_sector_id=form.sector_id,
        sectors_chosen=form.sectors_chosen,
    )


def _added(found: Evaluation, form: PeopleForm, listed: list[ListedPerson]) -> bool:
    """Whether the people were added; if not, the form says why."""
    evaluation_id = found.id
    to_add = [one for one in listed if not one.why_not]
    missing = [one for one in to_add if one.sector_id is None]
    if missing:
        form.refuse(f"Choose a sector for {missing[0].name or missing[0].email}")
        return False
    try:
        with transaction():
            count = lists.add_people(evaluation_id, to_add, actor=current_user, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    flash(f"{count} {'person is' if count == 1 else 'people are'} on the list now.")
    return True

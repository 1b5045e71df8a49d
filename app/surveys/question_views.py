"""Staff pages of the questions in a draft, and the preview of a version."""

from __future__ import annotations

import json

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.refusals import Refused
from app.surveys import building_forms, building_queries, forms, queries, question_building
from app.surveys.answer_rules import Answers, AskedQuestion, check, left_over
from app.surveys.building_forms import (
    BankForm,
    HeadingForm,
    QuestionForm,
    WhenForm,
    question_form,
    typed_of,
)
from app.surveys.building_queries import VersionFacts
from app.surveys.building_views import address_of, draft_of, in_groups
from app.surveys.evaluation_forms import OneButton
from app.surveys.forms import SectionForm
from app.surveys.manage_views import planners_only
from app.surveys.models import QuestionKind
from app.surveys.questionnaire_rules import WrittenQuestion
from app.surveys.walk import Walk

bp = Blueprint("draft_questions", __name__)

EXAMPLE_SUBJECT = "the course “Multi-Agency Neglect”"
AS_TYPED = "{subject}"


@bp.route("/manage/questionnaires/<slug>/draft/questions/new/<kind>", methods=["GET", "POST"])
@planners_only
def new_question(slug: str, kind: str) -> ResponseReturnValue:
    """Write a question of this kind."""
    draft = draft_of(slug)
    found = next((one for one in building_forms.TO_ADD if one == kind), None) or abort(404)
    sections = _sections(draft)
    form = question_form(
        found,
        building_queries.measures_to_choose(building_forms.scale_of(found)),
        section=sections[-1] if sections else "",
        highest="5",
        may_not_apply="no",
        is_required="no",
    )
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.add_question(
                    draft.id, found, form.details, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The question is added.")
            return redirect(address_of(draft))
    return _question_page(draft, found, form, sections)


@bp.route("/manage/questionnaires/<slug>/draft/questions/<key>", methods=["GET", "POST"])
@planners_only
def change_question(slug: str, key: str) -> ResponseReturnValue:
    """Word a question anew."""
    draft = draft_of(slug)
    kind, is_asked = building_queries.find_question(draft.id, key) or abort(404)
    written = _written(draft, key) if request.method == "GET" else None
    form = question_form(
        kind,
        building_queries.measures_to_choose(building_forms.scale_of(kind)),
        is_asked=is_asked,
        **(typed_of(written) if written else {}),
    )
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.change_question(
                    draft.id, key, form.details, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The question is changed.")
            return redirect(address_of(draft))
    written = written or _written(draft, key)
    return _question_page(draft, kind, form, _sections(draft), written, is_asked=is_asked)


@bp.route("/manage/questionnaires/<slug>/draft/questions/<key>/heading", methods=["GET", "POST"])
@planners_only
def rename_section(slug: str, key: str) -> ResponseReturnValue:
    """Other words above this question and all others of its section."""
    draft = draft_of(slug)
    section = dict(building_queries.places_of(draft.id)).get(key) or abort(404)
    form = HeadingForm(title=section)
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.rename_section(
                    draft.id, section, form.title.text, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The heading is changed.")
            return redirect(address_of(draft))
    return render_template("surveys/section_heading.html", form=form, draft=draft)


@bp.route("/manage/questionnaires/<slug>/draft/questions/<key>/when", methods=["GET", "POST"])
@planners_only
def when_to_ask(slug: str, key: str) -> ResponseReturnValue:
    """Ask a question of everybody, or only after some answers to one or two earlier ones."""
    draft = draft_of(slug)
    asked = _written(draft, key, building_queries.SUBJECT_IN_LISTS).asked
    routers = question_building.routers_for(draft.id, key)
    form = WhenForm(
        answers=[f"{router} {value}" for router, values in asked.conditions for value in values]
    )
    form.offer(routers)
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.route_question(
                    draft.id,
                    key,
                    form.conditions,
                    actor=current_user,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("Whom to ask is saved.")
            return redirect(address_of(draft))
    return render_template(
        "surveys/question_when.html", form=form, draft=draft, question=asked, routers=routers
    )


@bp.route("/manage/questionnaires/<slug>/draft/questions/<key>/remove", methods=["GET", "POST"])
@planners_only
def remove_question(slug: str, key: str) -> ResponseReturnValue:
    """Asks whether to take a question out; a POST does."""
    draft = draft_of(slug)
    question = _written(draft, key, building_queries.SUBJECT_IN_LISTS)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.remove_question(
                    draft.id, key, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The question is removed.")
            return redirect(address_of(draft))
    return render_template(
        "surveys/question_remove.html",
        form=form,
        draft=draft,
        question=question,
        dependent=[
            one
            for one in building_queries.written_questions(draft.id)
            if key in dict(one.asked.conditions)
        ],
    )


@bp.route("/manage/questionnaires/<slug>/draft/standard-questions", methods=["GET", "POST"])
@planners_only
def standard_questions(slug: str) -> ResponseReturnValue:
    """Add questions that are worded, answered and counted alike everywhere."""
    draft = draft_of(slug)
    bank = building_queries.bank(dict(building_queries.places_of(draft.id)).keys())
    form = BankForm()
    form.offer(bank)
    if form.submitted_and_valid():
        try:
            with transaction():
                question_building.add_standard_questions(
                    draft.id, form.chosen, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The questions are added.")
            return redirect(address_of(draft))
    return render_template(
        "surveys/question_bank.html",
        form=form,
        draft=draft,
        bank=bank,
        groups=in_groups(bank, lambda question: question.questionnaire),
    )


@bp.route("/manage/questionnaires/<slug>/versions/<int:number>/preview", methods=["GET", "POST"])
@planners_only
def preview(slug: str, number: int) -> ResponseReturnValue:
    """A version as people answer it; the page itself carries what was answered, nothing is kept."""
    version = building_queries.find_version(slug, number) or abort(404)
    questions = queries.asked_questions(version.id, EXAMPLE_SUBJECT)
    address = url_for(".preview", slug=slug, number=number)
    if not questions:
        return redirect(address_of(version))
    is_sent = request.method == "POST"
    so_far = _so_far(questions, request.form.get("so_far")) if is_sent else {}
    walk = Walk.taken_up(questions, so_far)
    if not walk.sections:
        return redirect(address_of(version))
    step = walk.step(request.args.get("step") if is_sent else "1")
    form = SectionForm(walk.sections[step - 1], walk.answers)
    if is_sent:
        form, given = forms.read(form.section, request.form)
        if not form.errors:
            walk = walk.with_answers(form.section, given)
            if step >= len(walk.sections):
                return render_template("surveys/preview_done.html", version=version)
            step += 1
            form = SectionForm(walk.sections[step - 1], walk.answers)
    survey = {
        "title": version.title,
        "address": address,
        "is_preview": True,
        "so_far": json.dumps(walk.answers),
        "way_out": address_of(version),
    }
    return render_template(
        "surveys/answer.html",
        survey=survey,
        form=form,
        step=step,
        steps_count=walk.steps_count,
        progress=walk.progress(step),
        first_control_id=forms.first_control_id,
    )


def _so_far(questions: list[AskedQuestion], carried: str | None) -> Answers:
    """What earlier screens of a preview were answered with, as far as it is an answer at all."""
    try:
        given = json.loads(carried or "{}")
    except ValueError:
        return {}
    lists = {
        key: values
        for key, values in (given.items() if isinstance(given, dict) else ())
        if isinstance(values, list) and all(isinstance(value, str) for value in values)
    }
    return left_over(questions, check(questions, lists).answers)


def _written(draft: VersionFacts, key: str, subject_words: str = AS_TYPED) -> WrittenQuestion:
    written = building_queries.written_questions(draft.id, subject_words)
    return next((one for one in written if one.asked.key == key), None) or abort(404)


def _sections(draft: VersionFacts) -> list[str]:
    return list(dict.fromkeys(section for _, section in building_queries.places_of(draft.id)))


def _question_page(
    draft: VersionFacts,
    kind: QuestionKind,
    form: QuestionForm,
    sections: list[str],
    written: WrittenQuestion | None = None,
    *,
    is_asked: bool = False,
) -> str:
    return render_template(
        "surveys/question_form.html",
        form=form,
        draft=draft,
        kind=kind,
        kind_words=building_forms.KIND_WORDS[kind],
        sections=sections,
        written=written,
        is_asked=is_asked,
    )

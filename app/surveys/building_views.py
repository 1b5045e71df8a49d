"""Staff pages on which questionnaires are built: list, versions, questions, preview, publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NoReturn, TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.surveys import building, building_forms, building_queries, question_building
from app.surveys.building_forms import NewQuestionnaireForm, PublishForm, TitleForm
from app.surveys.building_queries import VersionFacts
from app.surveys.evaluation_forms import OneButton
from app.surveys.manage_views import planners_only
from app.surveys.models import QuestionnaireKind
from app.surveys.questionnaire_rules import faults

bp = Blueprint("questionnaires", __name__)

Item = TypeVar("Item")
Group = tuple[str, list[Item]]
STEPS = {"up": -1, "down": 1}


@bp.get("/manage/questionnaires")
@planners_only
def list_questionnaires() -> str:
    """Every questionnaire, and in how many plans it is asked."""
    length = building_queries.questionnaires_count()
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "surveys/questionnaires.html",
        lines=building_queries.listed_questionnaires(shown.first, shown.last),
        pages=shown,
        time_words=dict(building_forms.TIME_WORDS),
        address_of_page=lambda number: url_for(".list_questionnaires", page=number),
    )


@bp.route("/manage/questionnaires/new", methods=["GET", "POST"])
@planners_only
def new_questionnaire() -> ResponseReturnValue:
    """Begin a questionnaire of one's own."""
    form = NewQuestionnaireForm()
    if form.submitted_and_valid():
        with transaction():
            draft = building.create_questionnaire(
                form.title.text,
                QuestionnaireKind(form.kind.data),
                actor=current_user,
                now=clock.now(),
            )
        return redirect(address_of(draft))
    return render_template("surveys/questionnaire_new.html", form=form)


@bp.get("/manage/questionnaires/<slug>")
@planners_only
def questionnaire(slug: str) -> str:
    """A questionnaire: its versions, and where it is asked."""
    versions = building_queries.versions_of(slug) or abort(404)
    now = clock.now()
    return render_template(
        "surveys/questionnaire.html",
        questionnaire=versions[0],
        versions=versions,
        time_words=dict(building_forms.TIME_WORDS),
        uses=building_queries.uses_of(versions[0].questionnaire_id, now=now),
        uses_count=building_queries.uses_count(versions[0].questionnaire_id, now=now),
    )


@bp.route("/manage/questionnaires/<slug>/rename", methods=["GET", "POST"])
@planners_only
def rename(slug: str) -> ResponseReturnValue:
    """Give a questionnaire another title."""
    found = (building_queries.versions_of(slug) or abort(404))[0]
    form = TitleForm(title=found.title)
    if form.submitted_and_valid():
        with transaction():
            building.rename_questionnaire(
                slug, form.title.text, actor=current_user, now=clock.now()
            )
        flash("The title is changed.")
        return redirect(url_for(".questionnaire", slug=slug))
    return render_template(
        "surveys/questionnaire_title.html", form=form, slug=slug, heading="Change the title"
    )


@bp.route("/manage/questionnaires/<slug>/copy", methods=["GET", "POST"])
@planners_only
def copy(slug: str) -> ResponseReturnValue:
    """Begin another questionnaire with the questions of the newest version."""
    newest = (building_queries.versions_of(slug) or abort(404))[0]
    form = TitleForm(title=f"{newest.title} (copy)")
    if form.submitted_and_valid():
        with transaction():
            draft = building.copy_questionnaire(
                newest, form.title.text, actor=current_user, now=clock.now()
            )
        flash("The copy is made.")
        return redirect(address_of(draft))
    return render_template(
        "surveys/questionnaire_title.html", form=form, slug=slug, heading="Copy a questionnaire"
    )


@bp.route("/manage/questionnaires/<slug>/new-version", methods=["GET", "POST"])
@planners_only
def new_version(slug: str) -> ResponseReturnValue:
    """Says what a new version means; a POST begins it."""
    newest = (building_queries.versions_of(slug) or abort(404))[0]
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                draft = building.begin_version(slug, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(address_of(draft))
    return render_template("surveys/questionnaire_new_version.html", form=form, newest=newest)


@bp.route("/manage/questionnaires/<slug>/versions/<int:number>", methods=["GET", "POST"])
@planners_only
def version(slug: str, number: int) -> ResponseReturnValue:
    """The questions of one version; of a draft, a POST moves one of them or a section."""
    found = building_queries.find_version(slug, number) or abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                _move(found.id, request.form.get("move", ""))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(address_of(found))
    questions = building_queries.written_questions(found.id)
    return render_template(
        "surveys/questionnaire_version.html",
        form=form,
        version=found,
        questions=questions,
        sections=in_groups(questions, lambda question: question.asked.section),
        by_key={question.asked.key: question for question in questions},
        faults=[] if found.published_at else faults(questions),
        kind_words=building_forms.KIND_WORDS,
        to_add=building_forms.TO_ADD,
    )


@bp.route("/manage/questionnaires/<slug>/draft/publish", methods=["GET", "POST"])
@planners_only
def publish(slug: str) -> ResponseReturnValue:
    """Says what publishing means, and what still stands in its way; a POST does it."""
    draft = draft_of(slug)
    count = building_queries.uses_count(draft.questionnaire_id, now=clock.now())
    form: PublishForm | OneButton = PublishForm() if count else OneButton()
    if form.submitted_and_valid():
        moves = isinstance(form, PublishForm) and form.plans.data == "move"
        try:
            with transaction():
                building.publish(draft.id, moves_plans=moves, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"Version {draft.number} is published.")
            return redirect(url_for(".questionnaire", slug=slug))
    return render_template(
        "surveys/questionnaire_publish.html",
        form=form,
        draft=draft,
        uses_count=count,
        faults=faults(building_queries.written_questions(draft.id)),
    )


@bp.route("/manage/questionnaires/<slug>/draft/discard", methods=["GET", "POST"])
@planners_only
def discard(slug: str) -> ResponseReturnValue:
    """Asks whether to throw a draft away; a POST does."""
    draft = draft_of(slug)
    form = OneButton()
    if form.submitted_and_valid():
        try:
            with transaction():
                building.discard_draft(draft.id, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The draft is thrown away.")
            return redirect(url_for(".list_questionnaires"))
    return render_template("surveys/questionnaire_discard.html", form=form, draft=draft)


def draft_of(slug: str) -> VersionFacts:
    """The draft of a questionnaire; 404 without one."""
    return building_queries.find_draft(slug) or _not_there()


def address_of(found: VersionFacts) -> str:
    """Where a version is shown."""
    return url_for("questionnaires.version", slug=found.slug, number=found.number)


def in_groups(items: Sequence[Item], name_of: Callable[[Item], str]) -> list[Group[Item]]:
    """Neighbours that have one name, each name with its items."""
    return [(name, list(together)) for name, together in groupby(items, name_of)]


def _not_there() -> NoReturn:
    abort(404)


def _move(version_id: int, wanted: str) -> None:
    """Move what a button says: its direction, whether a question or a section, and which."""
    direction, _, rest = wanted.partition(" ")
    kind, _, name = rest.partition(" ")
    by, actor, now = STEPS.get(direction), current_user, clock.now()
    if by is None or kind not in {"question", "section"}:
        raise Refused("Use the buttons to say what to move")
    if kind == "question":
        question_building.move_question(version_id, name, by, actor=actor, now=now)
    else:
        question_building.move_section(version_id, name, by, actor=actor, now=now)

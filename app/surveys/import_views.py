"""Staff pages that bring answers in from Microsoft Forms: the file, its questions, the outcome."""

from __future__ import annotations

import hashlib

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.partnership import queries as partnership
from app.surveys import import_drafts, import_forms, import_queries, imports, manage_queries
from app.surveys.evaluation_forms import OneButton
from app.surveys.import_forms import UploadForm
from app.surveys.import_sector_rules import KnownSector
from app.surveys.readers.forms_file import read_forms_file

bp = Blueprint("imports", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.route("/manage/surveys/import", methods=["GET", "POST"])
@planners_only
def choose_file() -> ResponseReturnValue:
    """Asks for a file of answers and what it is about; a POST reads it and keeps nothing else."""
    form = UploadForm()
    form.offer_choices(import_queries.evaluations_to_choose())
    if form.submitted_and_valid():
        try:
            return redirect(url_for(".confirm", reference=_keep(form)))
        except Refused as refusal:
            form.file.errors = [str(refusal)]
    elif request.method == "GET":
        form.evaluation.data = request.args.get("evaluation", "")
    shown = pages(page_number(request.args.get("page")), length=import_queries.imports_count())
    return render_template(
        "surveys/import_file.html",
        form=form,
        lines=import_queries.imports(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".choose_file", page=number),
    )


@bp.route("/manage/surveys/import/<reference>", methods=["GET", "POST"])
@planners_only
def confirm(reference: str) -> ResponseReturnValue:
    """Shows what each question of a file probably is, to confirm or correct; a POST confirms.

    The worker imports it then: a long file takes longer than somebody should wait for a page.
    """
    draft = import_queries.find_draft(reference)
    if draft is None:
        run = import_queries.find_run(reference) or abort(404)
        return redirect(url_for(".show", reference=run.reference))
    if draft.confirmed_at and not draft.refusal:
        return render_template("surveys/import_waiting.html", draft=draft)
    found = import_drafts.read_draft(draft)
    measures = import_queries.known_measures()
    last = import_queries.remembered(found.fingerprint, found.questions)
    last |= {plan.words: plan for plan in import_drafts.read_plans(draft)}
    sent = request.form if request.method == "POST" else None
    sectors = [KnownSector(one.slug, one.name) for one in partnership.sectors()]
    form = import_forms.preview(found, measures, last, sectors, sent)
    if sent is None and draft.refusal:
        form.form_errors.append(draft.refusal)
    if sent is not None and not form.errors:
        try:
            with transaction():
                import_drafts.confirm_draft(
                    reference, form.plans, actor=current_user, now=clock.now()
                )
        except Refused as refusal:
            form.form_errors.append(str(refusal))
        else:
            return redirect(url_for(".confirm", reference=reference))
    return render_template(
        "surveys/import_questions.html",
        form=form,
        draft=draft,
        found=found,
        measures=measures,
        sectors=sectors,
        words=import_forms,
        asked=import_forms.when_words(draft.months_later),
    )


@bp.get("/manage/surveys/imports/<reference>")
@planners_only
def show(reference: str) -> str:
    """What a file brought, who brought it in, and whether that can still be undone."""
    run = import_queries.find_run(reference) or abort(404)
    may_undo = (
        run.undone_at is None
        and clock.now() <= run.imported_at + import_drafts.UNDO_WITHIN
        and import_queries.is_latest(run)
    )
    return render_template(
        "surveys/import_done.html",
        run=run,
        by=import_queries.name_of(run.imported_by),
        asked=import_forms.when_words(run.form.months_later),
        may_undo=may_undo,
        undo_until=run.imported_at + import_drafts.UNDO_WITHIN,
    )


@bp.route("/manage/surveys/imports/<reference>/undo", methods=["GET", "POST"])
@planners_only
def undo(reference: str) -> ResponseReturnValue:
    """Asks whether to take a file's answers out again; a POST does."""
    form = OneButton()
    run = import_queries.find_run(reference) or abort(404)
    if form.submitted_and_valid():
        try:
            with transaction():
                imports.undo_import(reference, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The import is undone: its answers are out of the figures.")
            return redirect(url_for(".show", reference=reference))
    return render_template("surveys/import_undo.html", run=run, form=form)


def _keep(form: UploadForm) -> str:
    """Read the chosen file and keep what is in it as a draft; its reference."""
    content = form.file.data.read()
    found = read_forms_file(content)
    evaluation = manage_queries.find_evaluation(form.evaluation.data) or abort(404)
    with transaction():
        return import_drafts.keep_draft(
            found,
            evaluation_id=evaluation.id,
            months_later=form.months_later,
            file_name=form.file_name,
            file_sha256=hashlib.sha256(content).hexdigest(),
            actor=current_user,
            now=clock.now(),
        )

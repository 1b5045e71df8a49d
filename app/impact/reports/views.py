"""Staff pages on which reports are written, published, corrected and withdrawn."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.impact import queries as impact
from app.impact.disclosure import Audience
from app.impact.reports import composing, operations, queries, showing, starting
from app.impact.reports.codebook import codebook_of
from app.impact.reports.documents import Document
from app.impact.reports.forms import (
    CorrectedReportForm,
    CorrectForm,
    ReportForm,
    SectionForm,
    WithdrawForm,
)
from app.impact.reports.queries import DraftSection, WorkingReport
from app.impact.summaries import EvaluationSummary
from app.impact.words.queries import quotes_by_reference, released_quotes
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.partnership import queries as partnership

bp = Blueprint("reports", __name__)
writers_only = for_roles(Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)
publishers_only = for_roles(Role.DELIVERY, Role.ADVISOR)
STEPS = {"up": -1, "down": 1}
Act = Callable[[], None]


@bp.get("/impact/reports")
@writers_only
def list_reports() -> str:
    """Every report: drafts, published, corrected, withdrawn."""
    shown = pages(page_number(request.args.get("page")), length=queries.reports_count())
    return render_template(
        "impact/reports/list.html",
        lines=queries.staff_list(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".list_reports", page=number),
    )


@bp.route("/impact/reports/new/<slug>", methods=["GET", "POST"])
@writers_only
def begin(slug: str) -> ResponseReturnValue:
    """Begin the report of an evaluation: its sections come with today's figures in place."""
    summary = summary_for_others(slug)
    form = ReportForm(title=f"{summary.title}: what changed")
    if form.submitted_and_valid():
        with transaction():
            evaluation_id = queries.evaluation_id_of(slug)
            sections = starting.first_sections(
                composing.live_source(summary).pieces, released_quotes(evaluation_id, public=True)
            )
            report = operations.begin_report(
                evaluation_id,
                form.title.text,
                form.summary.text,
                sections,
                actor=current_user,
                now=clock.now(),
            )
        return redirect(url_for(".report", slug=report))
    return render_template("impact/reports/begin.html", form=form, summary=summary)


@bp.route("/impact/reports/<slug>", methods=["GET", "POST"])
@writers_only
def report(slug: str) -> ResponseReturnValue:
    """A report as it is being written; a POST moves a section."""
    found = _report(slug)
    form = PageForm()
    if form.submitted_and_valid() and _done(
        form, lambda: _move(slug, request.form.get("move", ""))
    ):
        return redirect(url_for(".report", slug=slug))
    return render_template(
        "impact/reports/report.html",
        form=form,
        report=found,
        may_publish=bool({Role.DELIVERY, Role.ADVISOR} & current_user.roles),
    )


@bp.route("/impact/reports/<slug>/words", methods=["GET", "POST"])
@writers_only
def words(slug: str) -> ResponseReturnValue:
    """Title and summary of a draft, and what a correction says it changes."""
    draft = _draft(slug)
    typed = {"title": draft.title, "summary": draft.summary}
    form = CorrectedReportForm(**typed, correction=draft.correction)
    if draft.number == 1:
        form = ReportForm(**typed)
    if form.submitted_and_valid() and _done(form, lambda: _change_words(slug, form)):
        return redirect(url_for(".report", slug=slug))
    return render_template("impact/reports/words.html", form=form, report=draft)


@bp.route("/impact/reports/<slug>/sections/new", methods=["GET", "POST"])
@writers_only
def new_section(slug: str) -> ResponseReturnValue:
    """Write one more section."""
    draft = _draft(slug)
    form = SectionForm()

    def add() -> None:
        operations.add_section(slug, form.details, actor=current_user, now=clock.now())

    return _section_page(draft, form, add)


@bp.route("/impact/reports/<slug>/sections/<int:section_id>", methods=["GET", "POST"])
@writers_only
def section(slug: str, section_id: int) -> ResponseReturnValue:
    """Write a section anew."""
    draft = _draft(slug)
    found = _section(draft, section_id)
    form = SectionForm(
        heading=found.heading,
        words=found.words,
        pieces=list(found.pieces),
        quotes=list(found.quotes),
    )

    def change() -> None:
        details, now = form.details, clock.now()
        operations.change_section(slug, section_id, details, actor=current_user, now=now)

    return _section_page(draft, form, change, found)


@bp.route("/impact/reports/<slug>/sections/<int:section_id>/remove", methods=["GET", "POST"])
@writers_only
def remove_section(slug: str, section_id: int) -> ResponseReturnValue:
    """Asks whether to take a section out; a POST does."""
    draft = _draft(slug)
    found = _section(draft, section_id)
    form = PageForm()

    def remove() -> None:
        operations.remove_section(slug, section_id, actor=current_user, now=clock.now())

    if form.submitted_and_valid() and _done(form, remove):
        return redirect(url_for(".report", slug=slug))
    return render_template(
        "impact/reports/remove_section.html", form=form, report=draft, section=found
    )


@bp.get("/impact/reports/<slug>/preview")
@writers_only
def preview(slug: str) -> str:
    """The draft as everybody would read it if it were published now."""
    draft = _draft(slug)
    document = _document(draft)
    return render_template(
        "impact/reports/preview.html",
        report=draft,
        document=document,
        quotes=showing.quotes_for(document),
        left_out=composing.left_out(draft, document),
        page=showing,
        pictures=lambda key: url_for("figures.picture", slug=draft.evaluation_slug, key=key),
    )


@bp.route("/impact/reports/<slug>/publish", methods=["GET", "POST"])
@publishers_only
def publish(slug: str) -> ResponseReturnValue:
    """Says what publishing means; a POST freezes the figures and publishes."""
    draft = _draft(slug)
    form = PageForm()

    def do() -> None:
        operations.publish(slug, _document(_draft(slug)), actor=current_user, now=clock.now())

    if form.submitted_and_valid() and _done(form, do):
        flash("The report is published.")
        return redirect(url_for(".report", slug=slug))
    return render_template("impact/reports/publish.html", form=form, report=draft)


@bp.route("/impact/reports/<slug>/correct", methods=["GET", "POST"])
@writers_only
def correct(slug: str) -> ResponseReturnValue:
    """Begin a correction, which readers will see noted."""
    found = _report(slug)
    if found.is_draft:
        return redirect(url_for(".report", slug=slug))
    form = CorrectForm(figures="kept")

    def begin_correction() -> None:
        operations.begin_correction(
            slug,
            keeps_figures=form.figures.data == "kept",
            actor=current_user,
            now=clock.now(),
        )

    if form.submitted_and_valid() and _done(form, begin_correction):
        return redirect(url_for(".words", slug=slug))
    return render_template("impact/reports/correct.html", form=form, report=found)


@bp.route("/impact/reports/<slug>/discard", methods=["GET", "POST"])
@writers_only
def discard(slug: str) -> ResponseReturnValue:
    """Asks whether to throw the draft away; a POST does."""
    draft = _draft(slug)
    form = PageForm()

    def do() -> None:
        operations.discard_draft(slug, actor=current_user, now=clock.now())

    if form.submitted_and_valid() and _done(form, do):
        flash("The draft is thrown away.")
        return redirect(url_for(".list_reports"))
    return render_template("impact/reports/discard.html", form=form, report=draft)


@bp.route("/impact/reports/<slug>/withdraw", methods=["GET", "POST"])
@publishers_only
def withdraw(slug: str) -> ResponseReturnValue:
    """Asks why a report is taken back; a POST does."""
    found = _report(slug)
    if found.published_number is None or found.withdrawn_at:
        return redirect(url_for(".report", slug=slug))
    form = WithdrawForm()

    def do() -> None:
        operations.withdraw(slug, form.reason.text, actor=current_user, now=clock.now())

    if form.submitted_and_valid() and _done(form, do):
        flash("The report is withdrawn. Its page stays and says so.")
        return redirect(url_for(".report", slug=slug))
    return render_template("impact/reports/withdraw.html", form=form, report=found)


def summary_for_others(slug: str) -> EvaluationSummary:
    """What may be told of an evaluation outside the team that runs its sessions; 404 without."""
    found = impact.evaluation_summary(slug, audience=Audience.ELSEWHERE, now=clock.now())
    return found or abort(404)


def _report(slug: str) -> WorkingReport:
    return queries.working_report(slug) or abort(404)


def _draft(slug: str) -> WorkingReport:
    found = _report(slug)
    return found if found.is_draft else abort(404)


def _section(draft: WorkingReport, section_id: int) -> DraftSection:
    return next((one for one in draft.sections if one.id == section_id), None) or abort(404)


def _source(draft: WorkingReport) -> composing.Source:
    """The figures a draft can show: of today, or those that were published."""
    kept = queries.last_document(draft.id) if draft.keeps_figures else None
    if kept is not None:
        return composing.kept_source(kept)
    summary = summary_for_others(draft.evaluation_slug)
    return composing.live_source(summary, codebook_of(draft.evaluation_slug))


def _document(draft: WorkingReport) -> Document:
    chosen = {reference for one in draft.sections for reference in one.quotes}
    return composing.compose(
        draft,
        _source(draft),
        quotes=quotes_by_reference(chosen, public=True) if chosen else (),
        partnership=partnership.current(),
        example=clock.example_words(),
    )


def _section_page(
    draft: WorkingReport, form: SectionForm, act: Act, found: DraftSection | None = None
) -> ResponseReturnValue:
    pieces = _source(draft).pieces
    quotes = released_quotes(draft.evaluation_id, public=True)
    form.offer(pieces, quotes)
    if form.submitted_and_valid() and _done(form, act):
        return redirect(url_for(".report", slug=draft.slug))
    return render_template(
        "impact/reports/section.html", form=form, report=draft, section=found, quotes=quotes
    )


def _change_words(slug: str, form: ReportForm) -> None:
    correction = form.correction.text if isinstance(form, CorrectedReportForm) else ""
    operations.change_words(
        slug,
        form.title.text,
        form.summary.text,
        correction,
        actor=current_user,
        now=clock.now(),
    )


def _move(slug: str, wanted: str) -> None:
    direction, _, section_id = wanted.partition(" ")
    by = STEPS.get(direction)
    if by is None or not (section_id.isascii() and section_id.isdecimal() and len(section_id) < 10):
        raise Refused("Use the buttons to say which section to move")
    operations.move_section(slug, int(section_id), by, actor=current_user, now=clock.now())


def _done(form: PageForm, act: Act) -> bool:
    """Whether it was done, in one transaction; if it was refused, the form says why."""
    try:
        with transaction():
            act()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

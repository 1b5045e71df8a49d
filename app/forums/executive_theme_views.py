"""Staff pages of one theme that is with the Executive: its answer, and what everyone reads."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.catalogue.models import SourceOfNeed
from app.forums import executive
from app.forums import executive_queries as queries
from app.forums.executive_forms import MinutesForm, OneButton, PublicWordsForm
from app.forums.executive_queries import AnswerLine
from app.forums.executive_views import advisors_only, answered_meanwhile, done, me
from app.improvement import needs
from app.improvement.need_forms import NeedForm
from app.improvement.need_queries import priorities_to_choose
from app.kernel import clock
from app.kernel.forms import PageForm
from app.kernel.london import london_date

bp = Blueprint("executive_themes", __name__)
ADDRESS = "/forums/executive/themes/<reference>"


@bp.get(ADDRESS)
@advisors_only
def theme(reference: str) -> str:
    """What the Executive was asked, everything it answered, and what came of it."""
    return _page(_line(reference), OneButton())


def _page(line: AnswerLine, form: PageForm) -> str:
    versions = queries.versions_of(line.id)
    return render_template(
        "forums/executive_theme.html",
        line=line,
        versions=versions,
        differs=queries.differs_from_released(line, versions),
        names=queries.names_of({one.written_by for one in versions}),
        needs=queries.need_states([line.need_reference]),
        today=london_date(clock.now()),
        form=form,
    )


@bp.route(f"{ADDRESS}/answer", methods=["GET", "POST"])
@advisors_only
def answer(reference: str) -> ResponseReturnValue:
    """Record what the Executive answered, from the minutes; or record it otherwise."""
    line, form = _line(reference), MinutesForm()
    if not form.is_submitted():
        form.show(line)
    if form.submitted_and_valid():
        given = form.given(london_date(clock.now()))
        if done(
            form,
            lambda: executive.record_answer(reference, given, by=me().reference, now=clock.now()),
        ):
            flash(_recorded(line), "success")
            return redirect(url_for(".theme", reference=reference))
    return render_template(
        "forums/executive_answer.html",
        line=line,
        form=form,
        meanwhile=answered_meanwhile(reference, form),
    )


def _recorded(line: AnswerLine) -> str:
    if line.released_on:
        return "The answer is changed. The public page still says what it said: look at it again."
    return "The answer is recorded."


@bp.post(f"{ADDRESS}/done")
@advisors_only
def mark_done(reference: str) -> ResponseReturnValue:
    """Say that what the Executive promised is done."""
    line, form = _line(reference), OneButton()
    if done(form, lambda: executive.mark_done(reference, actor=me(), now=clock.now())):
        flash("It is marked as done.", "success")
        return redirect(url_for(".theme", reference=reference))
    return _page(line, form)


@bp.route(f"{ADDRESS}/publish", methods=["GET", "POST"])
@advisors_only
def publish(reference: str) -> ResponseReturnValue:
    """Write what everyone reads, and put it on the public page."""
    line, form = _line(reference), PublicWordsForm()
    if not form.is_submitted():
        form.show(line)
    if form.submitted_and_valid() and done(
        form,
        lambda: executive.release(
            reference, form.said.text, form.did.text, actor=me(), now=clock.now()
        ),
    ):
        flash("It is on the public page.", "success")
        return redirect(url_for(".theme", reference=reference))
    return render_template("forums/executive_publish.html", line=line, form=form)


@bp.post(f"{ADDRESS}/take-back")
@advisors_only
def take_back(reference: str) -> ResponseReturnValue:
    """Take an answer off the public page."""
    line, form = _line(reference), OneButton()
    if done(form, lambda: executive.take_back(reference, actor=me(), now=clock.now())):
        flash("It is not on the public page any more.", "success")
        return redirect(url_for(".theme", reference=reference))
    return _page(line, form)


@bp.route(f"{ADDRESS}/need", methods=["GET", "POST"])
@advisors_only
def raise_need(reference: str) -> ResponseReturnValue:
    """Raise a need in the action log from a theme."""
    line, form = _line(reference), NeedForm()
    form.offer_priorities(priorities_to_choose())
    if not form.is_submitted():
        _begin(form, line, london_date(clock.now()))
    if form.submitted_and_valid() and done(form, lambda: _raise(reference, form)):
        flash("The delivery group has it. You are told by e-mail what is decided.", "success")
        return redirect(url_for(".theme", reference=reference))
    return render_template("forums/executive_need.html", line=line, form=form)


def _begin(form: NeedForm, line: AnswerLine, today: date) -> None:
    form.title.data = line.title
    form.source.data = SourceOfNeed.WORKFORCE_REQUEST.value
    form.found_in.data = f"DSL opinion forms, {line.half_term}"
    form.found_on.process_data(min(line.given_on, today))
    form.details.data = line.question
    form.raised_for.data = "DSL Forum"


def _raise(reference: str, form: NeedForm) -> None:
    need = needs.raise_need(form.need_details, actor=me(), now=clock.now())
    executive.keep_need(reference, need.reference)


def _line(reference: str) -> AnswerLine:
    return queries.find_answer(reference) or abort(404)

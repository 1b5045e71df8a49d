"""Staff pages: what is with the Executive, the report of a half term, who answers it by a link."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import executive, executive_content, executive_links, executive_rules
from app.forums import executive_queries as queries
from app.forums.executive_forms import (
    AnswerForm,
    LinkForm,
    OneButton,
    question_field,
    questions_form,
)
from app.forums.executive_queries import AnswerLine
from app.forums.opinion_models import ExecutiveReport, OpinionRound
from app.forums.themes import theme_counts
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.london import london_date
from app.kernel.refusals import Refused

bp = Blueprint("executive", __name__)
advisors_only = for_roles(Role.ADVISOR, Role.DELIVERY)


def done(form: PageForm, verb: Callable[[], object]) -> bool:
    """Whether the verb was carried out; otherwise the form says why not."""
    try:
        with transaction():
            verb()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


def me() -> Person:
    """Whoever is signed in."""
    return cast(Person, current_user._get_current_object())


def answered_meanwhile(reference: str, form: AnswerForm) -> AnswerLine | None:
    """What somebody else answered while this was written; saved again, this takes its place."""
    if not form.form_errors:
        return None
    line = queries.find_answer(reference)
    if line is None or form.revision.data == str(line.revision):
        return None
    form.revision.data = str(line.revision)
    return line


@bp.get("/forums/executive")
@advisors_only
def desk() -> str:
    """Every theme that is not done, the late ones first, and the report of each half term."""
    today = london_date(clock.now())
    lines = queries.with_executive(today=today)
    return render_template(
        "forums/executive_desk.html",
        lines=lines,
        rounds=queries.rounds_listed(today=today),
        needs=queries.need_states(line.need_reference for line in lines),
        today=today,
    )


@bp.route("/forums/executive/<reference>", methods=["GET", "POST"])
@advisors_only
def report(reference: str) -> ResponseReturnValue:
    """The report as it was given; before that, as it would be; a POST gives it."""
    if request.method == "POST":
        return _give(reference)
    opinion_round, given = _round(reference)
    if given is not None:
        return render_template(
            "forums/executive_given.html",
            round=opinion_round,
            given=given,
            report=json.loads(given.content),
            lines=queries.answer_lines(ExecutiveReport.id == given.id),
            links=queries.links_of(given.id),
            today=london_date(clock.now()),
            is_open=executive_rules.is_open_link,
        )
    sources = executive_content.read_sources(opinion_round, now=clock.now())
    return render_template(
        "forums/executive_preview.html",
        round=opinion_round,
        report=executive_content.compose(sources, now=clock.now()),
        faults=executive_content.faults(sources),
        left_out=executive_content.left_out(sources),
        unread=sources.given.unread,
        form=OneButton(),
    )


@bp.get("/forums/executive/<reference>/print")
@advisors_only
def paper(reference: str) -> str:
    """The report on at most four A4 pages."""
    opinion_round, given = _round(reference)
    return render_template(
        "forums/executive_paper.html",
        round=opinion_round,
        is_given=given is not None,
        report=json.loads(given.content) if given else _as_it_would_be(opinion_round),
    )


def _as_it_would_be(opinion_round: OpinionRound) -> dict[str, Any]:
    sources = executive_content.read_sources(opinion_round, now=clock.now())
    return executive_content.compose(sources, now=clock.now())


def _give(reference: str) -> ResponseReturnValue:
    (opinion_round, _), form = _round(reference), OneButton()
    if done(form, lambda: executive.give(reference, actor=me(), now=clock.now())):
        flash("The report is given. It stays as it is from now on.", "success")
        return redirect(url_for(".report", reference=reference))
    sources = executive_content.read_sources(opinion_round, now=clock.now())
    return render_template(
        "forums/executive_preview.html",
        round=opinion_round,
        report=executive_content.compose(sources, now=clock.now()),
        faults=(),
        left_out=executive_content.left_out(sources),
        unread=sources.given.unread,
        form=form,
    )


@bp.route("/forums/executive/<reference>/questions", methods=["GET", "POST"])
@advisors_only
def questions(reference: str) -> ResponseReturnValue:
    """What the Executive is asked about each theme."""
    opinion_round, _ = _round(reference)
    themes = [one for one in theme_counts(opinion_round) if one.count]
    form = questions_form(themes, queries.questions_of(opinion_round.id))
    if form.submitted_and_valid():
        asked = {one.theme_id: form[question_field(one)].data for one in themes}
        if done(form, lambda: executive.ask(reference, asked, actor=me(), now=clock.now())):
            flash("The questions are saved.", "success")
            return redirect(url_for(".report", reference=reference))
    return render_template(
        "forums/executive_questions.html", round=opinion_round, themes=themes, form=form
    )


@bp.route("/forums/executive/<reference>/link", methods=["GET", "POST"])
@advisors_only
def new_link(reference: str) -> ResponseReturnValue:
    """Send a post of the Executive the link by which it answers this report."""
    (opinion_round, given), form = _round(reference), LinkForm()
    if given is None:
        abort(404)
    if not form.is_submitted():
        form.ends_on.process_data(executive_links.usual_end(london_date(clock.now())))
    if form.submitted_and_valid() and done(form, lambda: _make_link(given, form)):
        flash("The link is on its way.", "success")
        return redirect(url_for(".report", reference=reference))
    return render_template("forums/executive_link.html", round=opinion_round, form=form)


def _make_link(given: ExecutiveReport, form: LinkForm) -> None:
    now = clock.now()
    executive_links.make_link(
        given,
        form.post.text,
        form.email.text,
        form.ends_on.day or executive_links.usual_end(london_date(now)),
        actor=me(),
        now=now,
    )


@bp.route("/forums/executive/links/<reference>/withdraw", methods=["GET", "POST"])
@advisors_only
def withdraw_link(reference: str) -> ResponseReturnValue:
    """Ask, then end a link at once."""
    link, form = queries.find_link(reference) or abort(404), OneButton()
    address = url_for(".report", reference=link.report.round.reference)
    if form.submitted_and_valid() and done(
        form,
        lambda: executive_links.withdraw_link(reference, actor=me(), now=clock.now()),
    ):
        flash("The link does not open any more.", "success")
        return redirect(address)
    return render_template(
        "forums/executive_withdraw_link.html", link=link, address=address, form=form
    )


def _round(reference: str) -> tuple[OpinionRound, ExecutiveReport | None]:
    return queries.find_round(reference) or abort(404)

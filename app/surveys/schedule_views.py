"""Staff pages of one line of the schedule: how it goes, moving it, skipping it, undoing that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.london import date_words
from app.kernel.refusals import Refused
from app.surveys import plan_changes, schedule_queries
from app.surveys.evaluation_forms import OneButton
from app.surveys.schedule_forms import MoveForm, SkipForm
from app.surveys.schedule_queries import Line

bp = Blueprint("survey_schedule", __name__)

planners_only = for_roles(Role.DELIVERY, Role.ADVISOR)
ADDRESS = "/manage/evaluations/<slug>/plan/<int(signed=True):months>/of/<line>"


@bp.get(ADDRESS)
@planners_only
def show(slug: str, months: int, line: str) -> str:
    """One wave of one session, or of a list: due, asked, answered, missed and why, changed."""
    return render_template("surveys/schedule_line.html", line=_line(slug, months, line))


@bp.route(f"{ADDRESS}/move", methods=["GET", "POST"])
@planners_only
def move(slug: str, months: int, line: str) -> ResponseReturnValue:
    """Asks for another day and a reason; a POST moves the line."""
    found, form = _line(slug, months, line), MoveForm()

    def change() -> str:
        to = cast(Any, form.moved_to.day)
        plan_changes.move_line(
            found.wave_id,
            found.event_id,
            to=to,
            reason=form.reason.text,
            actor=current_user,
            now=clock.now(),
        )
        return f"People are asked on {date_words(to)}."

    return _change(found, form, change, "surveys/schedule_move.html")


@bp.route(f"{ADDRESS}/skip", methods=["GET", "POST"])
@planners_only
def skip(slug: str, months: int, line: str) -> ResponseReturnValue:
    """Asks why nobody is to be asked; a POST skips the line."""
    found, form = _line(slug, months, line), SkipForm()

    def change() -> str:
        plan_changes.skip_line(
            found.wave_id,
            found.event_id,
            reason=form.reason.text,
            actor=current_user,
            now=clock.now(),
        )
        return "Skipped: nobody is asked."

    return _change(found, form, change, "surveys/schedule_skip.html")


@bp.route(f"{ADDRESS}/undo", methods=["GET", "POST"])
@planners_only
def undo(slug: str, months: int, line: str) -> ResponseReturnValue:
    """Asks whether to ask when the plan says after all; a POST puts the line back."""
    found, form = _line(slug, months, line), OneButton()

    def change() -> str:
        plan_changes.undo_change(found.wave_id, found.event_id, actor=current_user, now=clock.now())
        return "People are asked when the plan says."

    return _change(found, form, change, "surveys/schedule_undo.html")


def _line(slug: str, months: int, line: str) -> Line:
    return schedule_queries.find_line(slug, months, line, now=clock.now()) or abort(404)


def _change(
    found: Line, form: PageForm, change: Callable[[], str], template: str
) -> ResponseReturnValue:
    """The page with the form; once it is filled in and not refused, back to the line."""
    if form.submitted_and_valid():
        try:
            with transaction():
                done = change()
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(done)
            return redirect(url_for(".show", **found.address))
    return render_template(template, line=found, form=form)

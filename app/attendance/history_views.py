"""Staff pages that bring past attendance in from a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.imports import organisations, queries, staging
from app.accounts.imports.forms import OneButton
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.imports.organisations_views import delivery_only
from app.accounts.imports.table_pages import (
    ask_for_columns,
    back_to_columns,
    is_beyond_checking,
    keep_columns,
    samples_of,
    take_table,
)
from app.attendance import history, history_forms, history_queries, history_rules
from app.attendance.history_forms import HistoryColumns
from app.attendance.history_plan_rules import Plan
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import london_date

bp = Blueprint("past_attendance", __name__)
KIND = ImportOf.ATTENDANCE
MOST_ASKED = 60


@bp.route("/manage/import/attendance", methods=["GET", "POST"])
@delivery_only
def choose_file() -> ResponseReturnValue:
    """Asks for a spreadsheet; a POST reads it."""
    return take_table(KIND, history_rules.FIELDS, "imports/history_file.html")


@bp.route("/manage/import/attendance/<reference>", methods=["GET", "POST"])
@delivery_only
def columns(reference: str) -> ResponseReturnValue:
    """Asks which column holds what; a POST keeps that, for the next such file too."""
    file = queries.find_file(reference, KIND) or abort(404)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    content, choices = staging.content_of(file), staging.choices_of(file)
    form = ask_for_columns(HistoryColumns, KIND, content, choices, history_rules.FIELDS)
    known = organisations.sectors()
    form.sector.choices = [("", "Not chosen"), *((slug, name) for slug, (_, name) in known.items())]
    if request.method == "GET":
        form.hours.data = f"{choices['hours']:g}" if "hours" in choices else ""
        form.mode.data, form.sector.data = choices.get("mode", ""), choices.get("sector", "")
    if form.submitted_and_valid():
        kept = {
            "hours": form.hours_number,
            "mode": form.mode.data,
            "sector": form.sector.data,
            "order": "",
        }
        refused = keep_columns(form, KIND, reference, kept)
        if refused is None:
            return redirect(url_for(".check", reference=reference))
        form.refuse(refused)
    return render_template(
        "imports/history_columns.html",
        form=form,
        file=file,
        samples=samples_of(content),
        before=queries.same_file_before(file.file_sha256, KIND),
    )


@bp.route("/manage/import/attendance/<reference>/check", methods=["GET", "POST"])
@delivery_only
def check(reference: str) -> ResponseReturnValue:
    """Asks what a file leaves open, then shows what it would add; a POST confirms."""
    file = queries.find_file(reference, KIND) or abort(404)
    choices = staging.choices_of(file)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    if "columns" not in choices:
        return redirect(url_for(".columns", reference=reference))
    content = staging.content_of(file)
    asks_order = not choices.get("order") and history_queries.must_ask_for_order(content, choices)
    reading = history_rules.Reading()
    if not asks_order:
        reading = history.read_some(content, choices, today=london_date(clock.now()))
    plan, _known = history.plan_for(reading.came, content, _with_memory(choices))
    if max(len(plan.unknown_offers), len(plan.ambiguous_people)) > MOST_ASKED:
        refused = Refused(
            f"More than {MOST_ASKED} offers or people are unclear: mend the file or its columns"
        )
        return back_to_columns(refused, "past_attendance.columns", reference)
    form = _form(plan, asks_order=asks_order)
    if form.submitted_and_valid():
        answer = _go_on(form, file, plan, reading, asks_order)
        if answer is not None:
            return answer
    elif request.method == "GET" and file.refusal:
        form.refuse(file.refusal)
    return render_template(
        "imports/history_check.html",
        form=form,
        file=file,
        plan=plan,
        problems=reading.problems,
        asks=asks_order or plan.unknown_offers or plan.ambiguous_people,
        asks_order=asks_order,
    )


def _with_memory(choices: dict[str, Any]) -> dict[str, Any]:
    """The choices made, on top of what titles meant in files before."""
    offers = {**staging.remembered(KIND, "offer"), **choices.get("offers", {})}
    return {**choices, "offers": offers}


def _form(plan: Plan, *, asks_order: bool) -> Any:
    if not asks_order and not plan.unknown_offers and not plan.ambiguous_people:
        return OneButton()
    ids = {one for _came, candidates in plan.ambiguous_people.values() for one in candidates}
    return history_forms.questions(
        plan,
        asks_order=asks_order,
        offers=history_queries.offers_to_choose() if plan.unknown_offers else (),
        people=history_queries.people_words(ids) if ids else {},
    )


def _go_on(
    form: Any, file: FileImport, plan: Plan, reading: history_rules.Reading, asks_order: bool
) -> Response | None:
    """Keep what was decided, or let the worker take the file in; None where that is refused."""
    reference = file.reference
    is_asked = asks_order or bool(plan.unknown_offers or plan.ambiguous_people)
    try:
        with transaction():
            if is_asked:
                _keep_answers(form, file, plan, asks_order)
                return redirect(url_for(".check", reference=reference))
            if reading.problems:
                raise Refused("Mend the rows below in the file, then choose it again")
            staging.choose(reference, **_with_memory(staging.choices_of(file)))
            staging.confirm(reference, actor=current_user.reference, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return redirect(url_for("file_imports.show", reference=reference))


def _keep_answers(form: Any, file: FileImport, plan: Plan, asks_order: bool) -> None:
    chosen, is_all = history_forms.answers(form, plan, asks_order=asks_order)
    if not is_all:
        raise Refused("Choose an answer to each of these questions")
    if asks_order:
        staging.choose(file.reference, order=chosen["order"]["order"])
        return
    before = staging.choices_of(file)
    kept = {name: {**before.get(name, {}), **found} for name, found in chosen.items()}
    known = {key: value for key, value in chosen["offers"].items() if value.isdecimal()}
    staging.remember(KIND, "offer", known, now=clock.now())
    staging.choose(file.reference, **kept)

"""Staff pages that bring a list of schools' safeguarding leads in from a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.imports import column_rules, leads, leads_plan_rules, queries, staging
from app.accounts.imports import leads_columns_rules as columns_rules
from app.accounts.imports.leads_forms import (
    END,
    LEAVE,
    LeadsChoices,
    LeadsColumns,
    ask_for_posts,
    ask_for_schools,
)
from app.accounts.imports.leads_rules import Reading
from app.accounts.imports.leads_words_rules import POST_NAMES
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.imports.table_pages import (
    ask_for_columns,
    back_to_columns,
    is_beyond_checking,
    keep_columns,
    samples_of,
    take_table,
)
from app.accounts.imports.views import programme_only
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text

bp = Blueprint("leads_import", __name__)
KIND = ImportOf.LEADS
MOST_SHOWN = 200
MOST_ASKED = 60


@bp.route("/manage/import/leads", methods=["GET", "POST"])
@programme_only
def choose_file() -> ResponseReturnValue:
    """Asks for a spreadsheet; a POST reads it."""
    return take_table(KIND, columns_rules.FIELDS, "imports/leads_file.html")


@bp.route("/manage/import/leads/<reference>", methods=["GET", "POST"])
@programme_only
def columns(reference: str) -> ResponseReturnValue:
    """Asks which column holds what; a POST keeps that, for the next such file too."""
    file = queries.find_file(reference, KIND) or abort(404)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    content, choices = staging.content_of(file), staging.choices_of(file)
    fields = columns_rules.fields_for(content["headings"])
    form = ask_for_columns(LeadsColumns, KIND, content, choices, fields)
    if form.submitted_and_valid():
        refused = keep_columns(form, KIND, reference, {})
        if refused is None:
            return redirect(url_for(".check", reference=reference))
        form.refuse(refused)
    return render_template(
        "imports/leads_columns.html",
        form=form,
        file=file,
        samples=samples_of(content),
        is_unlike_any=columns_rules.is_unlike_any(content["headings"]),
        before=queries.same_file_before(file.file_sha256, KIND),
    )


@bp.route("/manage/import/leads/<reference>/check", methods=["GET", "POST"])
@programme_only
def check(reference: str) -> ResponseReturnValue:
    """Asks what words of posts mean, then shows what the file would do; a POST confirms."""
    file = queries.find_file(reference, KIND) or abort(404)
    choices = staging.choices_of(file)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    if "columns" not in choices:
        return redirect(url_for(".columns", reference=reference))
    try:
        reading = _read(file)
    except Refused as refusal:
        return back_to_columns(refusal, "leads_import.columns", reference)
    form = _form(reading, choices)
    if form.submitted_and_valid():
        answer = _go_on(form, reading, file)
        if answer is not None:
            return answer
    elif request.method == "GET" and file.refusal:
        form.refuse(file.refusal)
    return _show(file, reading, form)


def _form(reading: Reading, choices: dict[str, Any]) -> Any:
    if reading.unknown:
        return ask_for_posts(reading.unknown)
    form = LeadsChoices()
    if request.method == "GET":
        form.others.data = END if choices.get("ends_others") else LEAVE
    return form


def _read(file: FileImport) -> Reading:
    today = london_date(clock.now())
    return leads.read_again(staging.content_of(file), staging.choices_of(file), today=today)


def _show(file: FileImport, reading: Reading, form: Any) -> str:
    if reading.unknown:
        return render_template("imports/leads_words.html", form=form, file=file)
    schools = leads.schools_for(staging.choices_of(file))
    known = leads.known_for({one.email for one in reading.given if one.email})
    found = leads_plan_rules.plan(reading, schools, known)
    if_ended = leads_plan_rules.plan(reading, schools, known, ends_others=True)
    return render_template(
        "imports/leads_check.html",
        form=form,
        file=file,
        reading=reading,
        found=found,
        not_named=[leads_plan_rules.ending_words(one, found.schools) for one in if_ended.ending],
        has_unclear_schools=bool(schools.unclear),
        not_in_file=leads.schools_not_named(found, schools),
        left_out_count=len({one.place for one in found.problems}),
        is_nothing_new=not (found.new_posts or found.completed or found.named or if_ended.ending),
        post_names=POST_NAMES,
        most_shown=MOST_SHOWN,
    )


def _go_on(form: Any, reading: Reading, file: FileImport) -> Response | None:
    """Keep what words mean, or let the worker take the file in; None where that is refused."""
    reference = file.reference
    try:
        with transaction():
            if reading.unknown:
                _keep_posts(form, reading, file)
                return redirect(url_for(".check", reference=reference))
            staging.choose(reference, ends_others=form.others.data == END)
            staging.confirm(reference, actor=current_user.reference, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return redirect(url_for("file_imports.show", reference=reference))


def _keep_posts(form: Any, reading: Reading, file: FileImport) -> None:
    answers = {key: form[f"post{place}"].data for place, key in enumerate(reading.unknown)}
    chosen = {key: value for key, value in answers.items() if value}
    staging.remember(KIND, "post", chosen, now=clock.now())
    before = staging.choices_of(file).get("posts", {})
    if len(chosen) < len(reading.unknown):
        raise Refused("Choose what each of these words means")
    staging.choose(file.reference, posts={**before, **chosen})


@bp.route("/manage/import/leads/<reference>/schools", methods=["GET", "POST"])
@programme_only
def schools_meant(reference: str) -> ResponseReturnValue:
    """Asks which schools unclear names mean; a POST keeps that, for the next such file too."""
    file = queries.find_file(reference, KIND) or abort(404)
    choices = staging.choices_of(file)
    if is_beyond_checking(file) or "columns" not in choices:
        return redirect(url_for(".columns", reference=reference))
    schools = leads.schools_for(choices)
    try:
        leads_plan_rules.find_schools(_read(file), schools)
    except Refused as refusal:
        return back_to_columns(refusal, "leads_import.columns", reference)
    unclear = dict(list(schools.unclear.items())[:MOST_ASKED])
    form = ask_for_schools(list(unclear), schools)
    if form.submitted_and_valid():
        try:
            with transaction():
                _keep_schools(form.meant, file)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".check", reference=reference))
    return render_template(
        "imports/leads_schools.html",
        form=form,
        file=file,
        unclear=unclear,
        names=sorted(one.name for one in schools.known.values() if one.closed_on is None),
    )


def _keep_schools(meant: dict[str, int], file: FileImport) -> None:
    chosen = {column_rules.plain(name): str(school) for name, school in meant.items()}
    before = staging.choices_of(file).get("schools", {})
    staging.choose(file.reference, schools={**before, **chosen})
    staging.remember(KIND, "school", chosen, now=clock.now())


@bp.get("/manage/import/leads/<reference>/left-out.csv")
@programme_only
def left_out(reference: str) -> ResponseReturnValue:
    """The rows that cannot be taken in, as the file has them, and what is wrong with each."""
    file = queries.find_file(reference, KIND) or abort(404)
    if is_beyond_checking(file) or "columns" not in staging.choices_of(file):
        return redirect(url_for(".columns", reference=reference))
    try:
        found = leads.plan_now(_read(file), staging.choices_of(file))
    except Refused as refusal:
        return back_to_columns(refusal, "leads_import.columns", reference)
    content = staging.content_of(file)
    wrong: dict[int, list[str]] = {}
    for one in found.problems:
        wrong.setdefault(one.place, []).append(one.words)
    rows = [["What is wrong", "Row", *content["headings"]]]
    for place, words in wrong.items():
        rows.append(["; ".join(words), *map(str, content["rows"][place])])
    answer = make_response(BYTE_ORDER_MARK + csv_text(rows))
    answer.content_type = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="rows-left-out.csv"'
    return answer

"""Staff pages that bring organisations in from a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.imports import column_rules, forms, organisations, queries, staging
from app.accounts.imports import organisations_rules as rules
from app.accounts.imports.forms import FileForm, OneButton, OrganisationColumns
from app.accounts.imports.models import FileImport, ImportOf
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("organisations_import", __name__)
KIND = ImportOf.ORGANISATIONS
delivery_only = for_roles(Role.DELIVERY)
ASKED = {"kind": "kind of organisation", "sector": "sector"}
MOST_SHOWN = 200


@bp.route("/manage/import/organisations", methods=["GET", "POST"])
@delivery_only
def choose_file() -> ResponseReturnValue:
    """Asks for a spreadsheet; a POST reads it."""
    form = FileForm()
    if form.submitted_and_valid():
        try:
            content = column_rules.read_table(form.stream.read(), rules.FIELDS)
            with transaction():
                reference = keep(form, KIND, content)
            return redirect(url_for(".columns", reference=reference))
        except Refused as refusal:
            form.refuse_file(refusal)
    return render_template("imports/organisations_file.html", form=form)


@bp.route("/manage/import/organisations/<reference>", methods=["GET", "POST"])
@delivery_only
def columns(reference: str) -> ResponseReturnValue:
    """Asks which column holds what; a POST keeps that, for the next such file too."""
    file = queries.find_file(reference, KIND) or abort(404)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    content, choices = staging.content_of(file), staging.choices_of(file)
    form = ask_for_columns(OrganisationColumns, KIND, content, choices, rules.FIELDS)
    known = organisations.sectors()
    form.sector.choices = [("", "Not chosen"), *((slug, name) for slug, (_, name) in known.items())]
    if request.method == "GET":
        form.kind.data, form.sector.data = choices.get("kind", ""), choices.get("sector", "")
    if form.submitted_and_valid():
        kept = {"kind": form.kind.data or "", "sector": form.sector.data or ""}
        refused = keep_columns(form, KIND, reference, kept)
        if refused is None:
            return redirect(url_for(".check", reference=reference))
        form.refuse(refused)
    return render_template(
        "imports/organisations_columns.html",
        form=form,
        file=file,
        samples=samples_of(content),
        before=queries.same_file_before(file.file_sha256, KIND),
    )


@bp.route("/manage/import/organisations/<reference>/check", methods=["GET", "POST"])
@delivery_only
def check(reference: str) -> ResponseReturnValue:
    """Shows what a file would add; asks about words it does not know; a POST confirms."""
    file = queries.find_file(reference, KIND) or abort(404)
    choices = staging.choices_of(file)
    if is_beyond_checking(file):
        return redirect(url_for("file_imports.show", reference=reference))
    if "columns" not in choices:
        return redirect(url_for(".columns", reference=reference))
    try:
        reading = organisations.read_again(staging.content_of(file), choices)
    except Refused as refusal:
        return back_to_columns(refusal, "organisations_import.columns", reference)
    form = _ask_for_words(reading) if reading.unknown else OneButton()
    if form.submitted_and_valid():
        answer = _go_on(form, reading, reference, choices)
        if answer is not None:
            return answer
    elif request.method == "GET" and file.refusal:
        form.refuse(file.refusal)
    return render_template(
        "imports/organisations_check.html",
        form=form,
        file=file,
        reading=reading,
        found=rules.compare(reading.given, organisations.known_bodies()),
        kind_names=rules.KIND_NAMES,
        most_shown=MOST_SHOWN,
    )


def _go_on(
    form: Any, reading: rules.Reading, reference: str, choices: dict[str, Any]
) -> Response | None:
    """Keep what words mean, or let the worker take the file in; None where that is refused."""
    try:
        with transaction():
            if reading.unknown:
                _keep_words(form, reading, reference, choices)
                return redirect(url_for(".check", reference=reference))
            if reading.problems:
                raise Refused("Mend the rows below in the file, then choose it again")
            staging.confirm(reference, actor=current_user.reference, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return redirect(url_for("file_imports.show", reference=reference))


def _ask_for_words(reading: rules.Reading) -> Any:
    """One list for each word that is no known kind or sector."""
    offered = {
        "kind": [(kind.value, name) for kind, name in rules.KIND_NAMES.items()],
        "sector": [(slug, name) for slug, (_id, name) in organisations.sectors().items()],
    }
    return forms.with_selects(
        OneButton,
        {
            f"{name}{place}": (
                f"“{words}” as a {ASKED[name]}",
                [("", "Not chosen"), *offered[name]],
                "",
            )
            for name, unknown in reading.unknown.items()
            for place, words in enumerate(unknown.values())
        },
    )


def _keep_words(form: Any, reading: rules.Reading, reference: str, choices: dict[str, Any]) -> None:
    words = {name: dict(kept) for name, kept in choices.get("words", {}).items()}
    for name, unknown in reading.unknown.items():
        answers = {key: form[f"{name}{place}"].data for place, key in enumerate(unknown)}
        chosen = {key: value for key, value in answers.items() if value}
        words.setdefault(name, {}).update(chosen)
        staging.remember(KIND, name, chosen, now=clock.now())
        if len(chosen) < len(unknown):
            raise Refused("Choose what each of these words means")
    staging.choose(reference, words=words)


# What past attendance asks in the same way.


def keep(form: FileForm, kind: ImportOf, content: Any) -> str:
    """Keep what was read of a table; its reference."""
    return staging.keep_file(
        kind,
        content,
        rows_count=len(content["rows"]),
        file_name=form.file_name,
        file_sha256=form.sha256(),
        actor=current_user.reference,
        now=clock.now(),
    )


def is_beyond_checking(file: FileImport) -> bool:
    """Whether a file is on its way in, in, or gone."""
    return file.content is None or file.state in staging.UNDER_WAY


def ask_for_columns(
    base: type[forms.Columns],
    kind: ImportOf,
    content: Any,
    choices: dict[str, Any],
    fields: tuple[column_rules.Field, ...],
) -> forms.Columns:
    """The form of a file's columns, with what was chosen before, else what is likely."""
    headings = content["headings"]
    if "columns" in choices:
        by_place = {place: name for name, place in choices["columns"].items()}
        likely = [by_place.get(place, "") for place in range(len(headings))]
    else:
        likely = column_rules.suggest(headings, fields, staging.remembered(kind, "column"))
    return forms.columns_form(base, headings, fields, likely)


def keep_columns(
    form: forms.ColumnsForm, kind: ImportOf, reference: str, more: dict[str, Any]
) -> Refused | None:
    """Keep what each column holds, for next time too; why not, if it is refused."""
    by_place = {place: name for name, place in form.places.items()}
    chosen = {
        column_rules.plain(heading)[:200]: by_place.get(place, "")
        for place, heading in enumerate(form.headings)
    }
    try:
        with transaction():
            staging.choose(reference, columns=form.places, **more)
            staging.remember(kind, "column", chosen, now=clock.now())
    except Refused as refusal:
        return refusal
    return None


def samples_of(content: Any) -> list[str]:
    """For each column a few of its values."""
    return [
        "; ".join(column_rules.samples(content["rows"], place))
        for place in range(len(content["headings"]))
    ]


def back_to_columns(refusal: Refused, endpoint: str, reference: str) -> Response:
    """Where columns were chosen such that nothing can be made of the file."""
    flash(str(refusal), "notice")
    return redirect(url_for(endpoint, reference=reference))

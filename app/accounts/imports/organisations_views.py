"""Staff pages that bring organisations in from a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.imports import forms, organisations, queries, staging
from app.accounts.imports import organisations_rules as rules
from app.accounts.imports.forms import OneButton, OrganisationColumns
from app.accounts.imports.models import ImportOf
from app.accounts.imports.table_pages import (
    ask_for_columns,
    back_to_columns,
    is_beyond_checking,
    keep_columns,
    samples_of,
    take_table,
)
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
    return take_table(KIND, rules.FIELDS, "imports/organisations_file.html")


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

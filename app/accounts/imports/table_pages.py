"""What every import of a table asks in the same way: the file, and which column holds what."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.imports import column_rules, forms, staging
from app.accounts.imports.forms import FileForm
from app.accounts.imports.models import FileImport, ImportOf
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused


def take_table(
    kind: ImportOf, fields: tuple[column_rules.Field, ...], template: str
) -> ResponseReturnValue:
    """The page that asks for a spreadsheet; a POST reads it, and leads to its columns."""
    form = FileForm()
    if form.submitted_and_valid():
        try:
            content = column_rules.read_table(form.stream.read(), fields)
            with transaction():
                reference = _keep(form, kind, content)
            return redirect(url_for(".columns", reference=reference))
        except Refused as refusal:
            form.refuse_file(refusal)
    return render_template(template, form=form)


def _keep(form: FileForm, kind: ImportOf, content: Any) -> str:
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

"""Staff pages that take the schools register over."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.imports import queries, schools, staging
from app.accounts.imports.forms import RegisterChoices, RegisterForm
from app.accounts.imports.models import ImportOf
from app.accounts.imports.readers.schools_register import MOST_BYTES, read_register
from app.accounts.imports.views import programme_only
from app.accounts.signed_in import TOKEN_KEY
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.partnership import queries as partnership

bp = Blueprint("schools_import", __name__)
ROOM_FOR_THE_REST = 64 * 1024


@bp.url_value_preprocessor
def allow_a_large_file(endpoint: str | None, _values: object) -> None:
    """The register is larger than any other file; only a browser that signed in may send it.

    This runs before the form is looked at, which is when the limit counts.
    """
    if endpoint == "schools_import.choose_file" and TOKEN_KEY in session:
        request.max_content_length = MOST_BYTES + ROOM_FOR_THE_REST


@bp.route("/manage/import/schools", methods=["GET", "POST"])
@programme_only
def choose_file() -> ResponseReturnValue:
    """Asks for the register and an authority; a POST reads it and keeps that authority's rows."""
    form = RegisterForm()
    if form.submitted_and_valid():
        try:
            return redirect(url_for(".check", reference=_keep(form)))
        except Refused as refusal:
            form.refuse_file(refusal)
    elif request.method == "GET":
        form.authority.data = partnership.current().local_authority
    return render_template("imports/schools_file.html", form=form)


@bp.route("/manage/import/schools/<reference>", methods=["GET", "POST"])
@programme_only
def check(reference: str) -> ResponseReturnValue:
    """Shows what the register would change; a POST confirms it, and the worker does it."""
    file = queries.find_file(reference, ImportOf.SCHOOLS) or abort(404)
    if file.content is None or file.state in staging.UNDER_WAY:
        return redirect(url_for("file_imports.show", reference=reference))
    form = RegisterChoices()
    kept = staging.choices_of(file)
    content = staging.content_of(file)
    if request.method == "GET":
        form.with_future.data = bool(kept.get("with_future"))
        links = kept.get("links", {})
        if file.refusal:
            form.refuse(file.refusal)
    else:
        links = _links()
    found = schools.compare_now(
        content, today=london_date(clock.now()), with_future=bool(form.with_future.data)
    )
    if form.submitted_and_valid():
        try:
            with transaction():
                staging.choose(reference, with_future=bool(form.with_future.data), links=links)
                staging.confirm(reference, actor=current_user.reference, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("file_imports.show", reference=reference))
    return render_template(
        "imports/schools_check.html",
        form=form,
        file=file,
        found=found,
        links=links,
        authority=content["authority"],
        before=queries.same_file_before(file.file_sha256, ImportOf.SCHOOLS),
    )


def _links() -> dict[str, str]:
    """Which closed school is followed by which: by its id, the other's number."""
    sent = {name: value for name, value in request.form.items() if name.startswith("follows-")}
    return {name.removeprefix("follows-"): value[:10] for name, value in sent.items() if value}


def _keep(form: RegisterForm) -> str:
    sha256 = form.sha256()
    authority = form.authority.text
    found = read_register(form.stream, authority=authority, known_urns=schools.known_urns())
    with transaction():
        return schools.keep_register(
            found,
            authority=authority,
            file_name=form.file_name,
            file_sha256=sha256,
            actor=current_user.reference,
            now=clock.now(),
        )

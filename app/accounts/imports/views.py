"""Staff pages of all imports: the list, how far a file is, what it gave, undoing."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.imports import queries, staging
from app.accounts.imports.forms import OneButton
from app.accounts.imports.models import ImportOf, ImportState
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.paging import page_number, pages

bp = Blueprint("file_imports", __name__)

programme_only = for_roles(Role.DELIVERY, Role.ADVISOR)

KIND_WORDS = {
    ImportOf.SCHOOLS: "Schools register",
    ImportOf.ORGANISATIONS: "Organisations",
    ImportOf.ATTENDANCE: "Past attendance",
    ImportOf.LEADS: "Safeguarding leads",
}
STATE_WORDS = {
    ImportState.READ: "To be checked",
    ImportState.CONFIRMED: "Being taken in",
    ImportState.WORKING: "Being taken in",
    ImportState.DONE: "Taken in",
    ImportState.UNDONE: "Undone",
    ImportState.FAILED: "Not taken in",
}
# Where each kind of file is checked.
CHECK_PAGES = {
    ImportOf.SCHOOLS: "schools_import.check",
    ImportOf.ORGANISATIONS: "organisations_import.columns",
    ImportOf.ATTENDANCE: "past_attendance.columns",
    ImportOf.LEADS: "leads_import.columns",
}


OF_AN_ADVISOR = frozenset({ImportOf.SCHOOLS, ImportOf.LEADS})


def kinds_of(person: Any) -> frozenset[ImportOf]:
    """Which imports are somebody's to make and to undo: an advisor's are two."""
    return frozenset(ImportOf) if Role.DELIVERY in person.roles else OF_AN_ADVISOR


@bp.get("/manage/import")
@programme_only
def index() -> str:
    """What can be brought in, and what was: by whom, how far it is, what it gave."""
    kinds = kinds_of(current_user)
    shown = pages(page_number(request.args.get("page")), length=queries.imports_count(kinds))
    return render_template(
        "imports/index.html",
        lines=queries.imports(kinds, shown.first, shown.last),
        pages=shown,
        kinds=kinds,
        ImportOf=ImportOf,
        kind_words=KIND_WORDS,
        state_words=STATE_WORDS,
        counts_of=counts_of,
        address_of_page=lambda number: url_for(".index", page=number),
    )


@bp.get("/manage/import/files/<reference>")
@programme_only
def show(reference: str) -> ResponseReturnValue:
    """How far a file is, or what it gave and whether that can still be undone."""
    file = queries.find_import(reference, kinds_of(current_user)) or abort(404)
    if file.state is ImportState.READ:
        return redirect(url_for(CHECK_PAGES[file.kind], reference=reference))
    undo_until = file.finished_at + staging.UNDO_WITHIN if file.finished_at else None
    return render_template(
        "imports/show.html",
        file=file,
        kind_words=KIND_WORDS[file.kind],
        state_words=STATE_WORDS[file.state],
        is_under_way=file.state in staging.UNDER_WAY,
        counts=counts_of(file),
        undo_until=undo_until,
        may_undo=file.state is ImportState.DONE and undo_until and clock.now() <= undo_until,
        check_again=url_for(CHECK_PAGES[file.kind], reference=reference),
        ImportState=ImportState,
    )


@bp.route("/manage/import/files/<reference>/undo", methods=["GET", "POST"])
@programme_only
def undo(reference: str) -> ResponseReturnValue:
    """Asks whether to take out again what a file brought; a POST does."""
    form = OneButton()
    file = queries.find_import(reference, kinds_of(current_user)) or abort(404)
    if form.submitted_and_valid():
        try:
            with transaction():
                staging.undo(reference, actor=current_user.reference, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The import is undone: everything is as it was before.")
            return redirect(url_for(".show", reference=reference))
    return render_template("imports/undo.html", file=file, form=form, counts=counts_of(file))


@bp.route("/manage/import/files/<reference>/give-up", methods=["POST"])
@programme_only
def give_up(reference: str) -> ResponseReturnValue:
    """Forgets a file that nobody confirmed."""
    queries.find_import(reference, kinds_of(current_user)) or abort(404)
    try:
        with transaction():
            staging.give_up(reference)
    except Refused as refusal:
        flash(str(refusal), "notice")
        return redirect(url_for(".show", reference=reference))
    flash("The file is forgotten: nothing of it was taken in.")
    return redirect(url_for(".index"))


def counts_of(file: Any) -> dict[str, int]:
    """What a file gave, by word, without what it gave none of."""
    found: dict[str, int] = json.loads(file.counts)
    return {words: count for words, count in found.items() if count}

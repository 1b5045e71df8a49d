"""Administration: who holds which role, new organisations, and who did what."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import operations, organisations, queries, second_step
from app.accounts.forms import (
    KIND_WORDS,
    ROLE_WORDS,
    GrantRoleForm,
    MergeForm,
    OrganisationForm,
)
from app.accounts.models import Organisation, OrganisationKind, Person
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.forms import SHORT_TEXT_LENGTH, choices_of, one_line
from app.kernel.paging import PAGE_SIZE, page_number, pages
from app.partnership import queries as partnership
from app.partnership.models import Sector

bp = Blueprint("manage_accounts", __name__)

Answer = str | Response
MOST_DIGITS = 9  # what a database's integer surely holds


@bp.route("/admin", methods=["GET", "POST"])
@for_roles(Role.ADMINISTRATOR)
def administration() -> Answer:
    """People with roles, and giving one to somebody."""
    form = GrantRoleForm()
    if form.submitted_and_valid():
        role = Role(form.role.data)
        with transaction():
            person = operations.find_or_add_person(form.email.text, now=clock.now())
            is_new = operations.grant_role(
                person, role, actor=current_user.reference, now=clock.now()
            )
            email = person.email
        words = "now has" if is_new else "already has"
        flash(f"{email} {words} the role {ROLE_WORDS[role]}")
        return redirect(url_for("manage_accounts.administration"))
    shown = pages(page_number(request.args.get("page")), length=queries.count_role_holders())
    return render_template(
        "accounts/administration.html",
        form=form,
        pages=shown,
        holders=queries.role_holders(first=shown.first, size=PAGE_SIZE),
        proposed_count=queries.count_proposed_organisations(),
        role_words=ROLE_WORDS,
    )


def _person_or_404(reference: str) -> Person:
    return queries.person_called(reference) or abort(404)


def _person_page(reference: str) -> Response:
    return redirect(url_for("manage_accounts.person", reference=reference))


@bp.get("/admin/people/<reference>")
@for_roles(Role.ADMINISTRATOR)
def person(reference: str) -> str:
    """One person's roles and sign-ins."""
    return _show_person(_person_or_404(reference))


def _show_person(found: Person, refusal: str = "") -> str:
    sessions = queries.open_sessions(found, here="", now_real=clock.real_now())
    return render_template(
        "accounts/person.html",
        person=found,
        sessions=sessions,
        is_enrolled=second_step.is_enrolled(found),
        role_words=ROLE_WORDS,
        refusal=refusal,
    )


@bp.post("/admin/people/<reference>/roles/<role>/revoke")
@for_roles(Role.ADMINISTRATOR)
def revoke_role(reference: str, role: str) -> Answer:
    """Take a role away; the person's next page is already without it."""
    if role not in list(Role):
        abort(404)
    try:
        with transaction():
            found = _person_or_404(reference)
            operations.revoke_role(found, Role(role), actor=current_user.reference, now=clock.now())
    except Refused as refusal:
        return _show_person(_person_or_404(reference), str(refusal))
    flash(f"The role {ROLE_WORDS[Role(role)]} is taken away")
    return _person_page(reference)


@bp.post("/admin/people/<reference>/sign-ins/end")
@for_roles(Role.ADMINISTRATOR)
def end_sign_ins(reference: str) -> Response:
    """Sign somebody out everywhere at once."""
    with transaction():
        count = operations.end_all_sessions(
            _person_or_404(reference),
            actor=current_user.reference,
            now=clock.now(),
            now_real=clock.real_now(),
        )
    flash(f"{count} {'sign-in has' if count == 1 else 'sign-ins have'} ended")
    return _person_page(reference)


@bp.post("/admin/people/<reference>/second-step/remove")
@for_roles(Role.ADMINISTRATOR)
def remove_second_step(reference: str) -> Response:
    """Let somebody who lost telephone and recovery codes set up the second step anew."""
    with transaction():
        found = _person_or_404(reference)
        second_step.remove(found, actor=current_user.reference, now=clock.now())
    flash("The second step is reset: the next staff sign-in sets it up anew")
    return _person_page(reference)


@bp.get("/admin/organisations")
@for_roles(Role.ADMINISTRATOR)
def proposed_organisations() -> str:
    """Organisations people have added, to be accepted, corrected or merged."""
    shown = pages(
        page_number(request.args.get("page")), length=queries.count_proposed_organisations()
    )
    return render_template(
        "accounts/proposed_organisations.html",
        pages=shown,
        proposed=queries.proposed_organisations(first=shown.first, size=PAGE_SIZE),
        kind_words=KIND_WORDS,
    )


def _proposed_or_404(reference: str) -> Organisation:
    return queries.proposed_organisation(reference) or abort(404)


def _next_proposed(words: str) -> Response:
    flash(words)
    return redirect(url_for("manage_accounts.proposed_organisations"))


@bp.route("/admin/organisations/<reference>", methods=["GET", "POST"])
@for_roles(Role.ADMINISTRATOR)
def accept_organisation(reference: str) -> Answer:
    """Correct a proposed organisation and take it into the list."""
    found = _proposed_or_404(reference)
    known = {"name": found.name, "kind": found.kind.value, "sector": found.sector.slug}
    form = OrganisationForm(data=known)
    form.sector.choices = choices_of((s.slug, s.name) for s in partnership.sectors())
    if form.submitted_and_valid():
        try:
            with transaction():
                organisations.accept_organisation(
                    _proposed_or_404(reference),
                    name=form.name.text,
                    kind=OrganisationKind(form.kind.data),
                    sector=db.session.scalars(
                        select(Sector).where(Sector.slug == form.sector.data)
                    ).one(),
                    actor=current_user.reference,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _next_proposed(f"{form.name.data} is in the list")
    return render_template("accounts/accept_organisation.html", form=form, reference=reference)


@bp.route("/admin/organisations/<reference>/merge", methods=["GET", "POST"])
@for_roles(Role.ADMINISTRATOR)
def merge_organisation(reference: str) -> Answer:
    """Choose the known organisation that a proposed one is the same as."""
    found = _proposed_or_404(reference)
    wanted = one_line(request.args.get("q", found.name))[:SHORT_TEXT_LENGTH]
    form = MergeForm()
    listed = queries.find_organisations(wanted)
    form.into.choices = choices_of((line.reference, line.name) for line in listed)
    if form.submitted_and_valid():
        try:
            with transaction():
                into = queries.organisation_to_choose(str(form.into.data)) or abort(404)
                organisations.merge_organisation(
                    _proposed_or_404(reference),
                    into,
                    actor=current_user.reference,
                    now=clock.now(),
                )
                name = into.name
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _next_proposed(f"Its people now belong to {name}")
    return render_template(
        "accounts/merge_organisation.html",
        form=form,
        name=found.name,
        reference=reference,
        wanted=wanted,
        hints={line.reference: line.sector for line in listed},
    )


@bp.get("/admin/trail")
@for_roles(Role.ADMINISTRATOR)
def trail() -> str:
    """Who did what, the newest first."""
    about = one_line(request.args.get("about"))[:SHORT_TEXT_LENGTH]
    lines = queries.trail(about, before=_before(), size=PAGE_SIZE + 1)
    return render_template(
        "accounts/trail.html",
        lines=lines[:PAGE_SIZE],
        about=about,
        is_first_page=_before() is None,
        older_than=lines[PAGE_SIZE - 1].id if len(lines) > PAGE_SIZE else None,
    )


def _before() -> int | None:
    """The line that the page before ended with; none for anything that is not a number."""
    given = request.args.get("before", "")
    is_number = given.isascii() and given.isdecimal() and len(given) <= MOST_DIGITS
    return int(given) if is_number else None

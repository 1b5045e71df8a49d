"""A person's own details: asked once, seen and changed at any time."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import operations, organisations, queries, rules, second_step, signed_in
from app.accounts.access import next_path
from app.accounts.forms import (
    CAPACITY_WORDS,
    KIND_WORDS,
    NOT_WITH_ONE,
    ROLE_WORDS,
    UNLISTED,
    AboutYouForm,
    ChooseOrganisationForm,
    JobForm,
    NewOrganisationForm,
    SectorForm,
)
from app.accounts.models import Capacity, Organisation, OrganisationKind
from app.kernel import access, clock
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.forms import SHORT_TEXT_LENGTH, choices_of, one_line
from app.partnership import queries as partnership
from app.partnership.models import Sector

bp = Blueprint("profile", __name__)

Answer = str | Response


@bp.route("/welcome", methods=["GET", "POST"])
@access.signed_in
def welcome() -> Answer:
    """Ask for a name, the capacity and the organisation; nothing else."""
    path = next_path()
    form = AboutYouForm(data=_as_known())
    if form.submitted_and_valid():
        with transaction():
            operations.describe_person(
                current_user,
                name=form.name.text,
                capacity=Capacity(form.capacity.data),
                now=clock.now(),
            )
        if form.organisation.data:
            found = url_for("profile.choose_organisation", q=form.organisation.data, next=path)
            return redirect(found)
        return redirect(url_for("profile.choose_sector", next=path))
    return render_template("accounts/welcome.html", form=form, **_surroundings(path))


def _as_known() -> dict[str, str | None]:
    """What the form shows before anybody types."""
    organisation = current_user.organisation
    return {
        "name": current_user.name,
        "capacity": current_user.capacity.value if current_user.capacity else None,
        "organisation": organisation.name if organisation else "",
    }


def _surroundings(path: str) -> dict[str, object]:
    """What every one of these pages shows around its question."""
    journey = session.get(signed_in.JOURNEY_KEY, "") if path.startswith(signed_in.JOURNEYS) else ""
    return {"path": path, "journey": journey, "is_new": current_user.profile_completed_at is None}


def _with_job(form: JobForm) -> JobForm:
    """The form with a job title for those who are asked for one, and without for the others."""
    if not rules.is_asked_for_job(current_user.capacity):
        del form.job_title
    elif request.method == "GET":
        form.job_title.data = current_user.job_title or ""
    return form


@bp.route("/welcome/organisation", methods=["GET", "POST"])
@access.signed_in
def choose_organisation() -> Answer:
    """Show the organisations that fit what was typed, to choose one from."""
    path = next_path()
    wanted = one_line(request.args.get("q"))[:SHORT_TEXT_LENGTH]
    found = queries.find_organisations(wanted)
    if not found and request.method == "GET":
        return redirect(url_for("profile.new_organisation", q=wanted, next=path))
    form = ChooseOrganisationForm()
    form.organisation.choices = choices_of(
        [
            *((line.reference, line.name) for line in found),
            (UNLISTED, "My organisation is not listed"),
            (NOT_WITH_ONE, "I am not with an organisation"),
        ]
    )
    _with_job(form)
    if form.submitted_and_valid():
        chosen = form.organisation.data
        if chosen == UNLISTED:
            return redirect(url_for("profile.new_organisation", q=wanted, next=path))
        if chosen == NOT_WITH_ONE:
            return redirect(url_for("profile.choose_sector", next=path))
        return _complete(form, path, organisation=queries.organisation_to_choose(chosen))
    if len(found) == 1 and request.method == "GET":
        form.organisation.data = found[0].reference
    hints = {line.reference: line.sector for line in found}
    surroundings = _surroundings(path)
    return render_template(
        "accounts/choose_organisation.html", form=form, wanted=wanted, hints=hints, **surroundings
    )


@bp.route("/welcome/new-organisation", methods=["GET", "POST"])
@access.signed_in
def new_organisation() -> Answer:
    """Take the name, kind and sector of an organisation that is not in the list."""
    path = next_path()
    form = NewOrganisationForm()
    sectors = partnership.sectors()
    form.sector.choices = choices_of([("", "Choose a sector"), *_words(sectors)])
    _with_job(form)
    if request.method == "GET":
        form.name.data = one_line(request.args.get("q"))[:SHORT_TEXT_LENGTH]
    if form.submitted_and_valid():
        try:
            with transaction():
                organisation = organisations.propose_organisation(
                    form.name.text,
                    OrganisationKind(form.kind.data),
                    _sector_called(form.sector.data),
                    proposer=current_user,
                    now=clock.now(),
                    now_real=clock.real_now(),
                )
                _save(form, organisation=organisation)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _go_on(path)
    return render_template("accounts/new_organisation.html", form=form, **_surroundings(path))


@bp.route("/welcome/sector", methods=["GET", "POST"])
@access.signed_in
def choose_sector() -> Answer:
    """Ask somebody without an organisation for the sector alone."""
    path = next_path()
    form = SectorForm()
    form.sector.choices = choices_of(_words(partnership.sectors()))
    _with_job(form)
    if form.submitted_and_valid():
        return _complete(form, path, sector=_sector_called(form.sector.data))
    if request.method == "GET" and current_user.sector:
        form.sector.data = current_user.sector.slug
    return render_template("accounts/choose_sector.html", form=form, **_surroundings(path))


def _words(sectors: list[Sector]) -> list[tuple[str, str]]:
    return [(sector.slug, sector.name) for sector in sectors]


def _sector_called(slug: str) -> Sector:
    found: Sector = db.session.scalars(select(Sector).where(Sector.slug == slug)).one()
    return found


def _complete(
    form: JobForm,
    path: str,
    *,
    organisation: Organisation | None = None,
    sector: Sector | None = None,
) -> Response:
    with transaction():
        _save(form, organisation=organisation, sector=sector)
    return _go_on(path)


def _save(
    form: JobForm, *, organisation: Organisation | None = None, sector: Sector | None = None
) -> None:
    operations.complete_profile(
        current_user,
        organisation=organisation,
        sector=sector,
        job_title=form.job_title.data if form.job_title else None,
        now=clock.now(),
    )


def _go_on(path: str) -> Response:
    """Back to where somebody was going; the journey has been told and need not be kept."""
    session.pop(signed_in.JOURNEY_KEY, None)
    if path == "/profile":
        flash("Your details are saved")
    return redirect(path)


@bp.get("/profile")
@access.signed_in
def profile() -> str:
    """A person's own details and sign-ins."""
    return render_template(
        "accounts/profile.html",
        sessions=queries.open_sessions(
            current_user, here=g.sign_in.token_hash, now_real=clock.real_now()
        ),
        capacity_words=CAPACITY_WORDS,
        kind_words=KIND_WORDS,
        role_words=ROLE_WORDS,
        recovery_codes_left=_recovery_codes_left(),
        is_enrolled=current_user.is_staff and second_step.is_enrolled(current_user),
    )


def _recovery_codes_left() -> int:
    return second_step.recovery_codes_left(current_user) if current_user.is_staff else 0


@bp.post("/profile/sign-ins/<name>/end")
@access.signed_in
def end_sign_in(name: str) -> Response:
    """Sign out on another device."""
    if len(name) != queries.SESSION_NAME_LENGTH:
        abort(404)
    with transaction():
        ended_count = operations.end_session_named(
            current_user,
            name,
            actor=current_user.reference,
            now=clock.now(),
            now_real=clock.real_now(),
        )
    if not ended_count:
        abort(404)
    flash("That device is signed out")
    return redirect(url_for("profile.profile"))

"""Organisations as staff find and correct them: names, trust, successors, merging."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import organisations, succession
from app.accounts import queries as accounts
from app.accounts.forms import KIND_WORDS
from app.accounts.models import Organisation, OrganisationKind
from app.accounts.organisations import Details
from app.bookings.forms import OneButton
from app.home.people import organisation_queries as queries
from app.home.people.forms import NO_BODY, BodyForm, CloseForm, NameForm
from app.home.people.organisation_queries import Show
from app.home.people.views import POST_WORDS, searched
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.forms import choices_of
from app.kernel.london import london_date
from app.kernel.paging import page_number
from app.partnership import queries as partnership
from app.partnership.models import Sector

bp = Blueprint("organisations", __name__)
staff_only = for_roles(Role.DELIVERY, Role.ADVISOR)

Answer = str | Response


@bp.get("/manage/organisations")
@staff_only
def list_organisations() -> str:
    """Search organisations by present, former and other names, trust or postcode."""
    words, wanted = searched(), request.args.get("show", "")
    show = Show(wanted) if wanted in set(Show) else Show.OPEN
    found, pages, length = queries.organisations(words, show, page_number(request.args.get("page")))
    return render_template(
        "home/people/list_organisations.html",
        found=found,
        pages=pages,
        length=length,
        words=words,
        show=show,
        address=lambda number: url_for(
            ".list_organisations", q=words or None, show=show.value, page=number
        ),
    )


def _found_or_404(reference: str) -> Organisation:
    return queries.organisation_called(reference) or abort(404)


def _back(reference: str, words: str) -> Response:
    flash(words)
    return redirect(url_for(".organisation", reference=reference))


@bp.get("/manage/organisations/<reference>")
@staff_only
def organisation(reference: str) -> str:
    """One organisation: names, people and posts, what its people came to, what became of it."""
    found = _found_or_404(reference)
    before = queries.predecessors_of(found)
    people, pages, people_count = queries.people_of(found.id, page_number(request.args.get("page")))
    sessions, sessions_count = queries.sessions_of([found.id, *(one.id for one in before)])
    return render_template(
        "home/people/organisation.html",
        organisation=found,
        kind_words=KIND_WORDS,
        post_words=POST_WORDS,
        aliases=succession.aliases(found),
        successor=queries.successor_of(found),
        predecessors=before,
        people=people,
        pages=pages,
        people_count=people_count,
        posts=queries.posts_at(found.id),
        sessions=sessions,
        sessions_count=sessions_count,
        sees_people=bool({Role.DELIVERY, Role.ADMINISTRATOR} & current_user.roles),
        address=lambda number: url_for(".organisation", reference=reference, page=number),
    )


@bp.route("/manage/organisations/new", methods=["GET", "POST"])
@staff_only
def add() -> Answer:
    """Add one body that no register and no file holds."""
    form = BodyForm()
    form.sector.choices = choices_of((s.slug, s.name) for s in partnership.sectors())
    if form.submitted_and_valid():
        try:
            with transaction():
                added = organisations.add(
                    _details_of(form), _sector_of(form), actor=_actor(), now=clock.now()
                )
                reference, name = added.reference, added.name
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, f"{name} is in the list of organisations")
    return render_template("home/people/body_details.html", form=form, organisation=None)


@bp.route("/manage/organisations/<reference>/details", methods=["GET", "POST"])
@staff_only
def details(reference: str) -> Answer:
    """Correct name, kind, sector, trust, postcode and mailbox."""
    found = _found_or_404(reference)
    form = BodyForm(
        data={
            "name": found.name,
            "kind": found.kind.value,
            "sector": found.sector.slug,
            "trust_name": found.trust_name,
            "postcode": found.postcode,
            "contact_email": found.contact_email or "",
            "phase": found.phase or "",
            "establishment_type": found.establishment_type or "",
        }
    )
    form.keep_choosable(found.phase, found.establishment_type)
    form.sector.choices = choices_of((s.slug, s.name) for s in partnership.sectors())
    if form.submitted_and_valid():
        try:
            with transaction():
                _correct(form, reference)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, "The details are saved")
    return render_template("home/people/body_details.html", form=form, organisation=found)


def _correct(form: BodyForm, reference: str) -> None:
    organisations.correct(
        _found_or_404(reference),
        _details_of(form),
        _sector_of(form),
        actor=_actor(),
        now=clock.now(),
    )


def _details_of(form: BodyForm) -> Details:
    return Details(
        name=form.name.text,
        kind=OrganisationKind(form.kind.data),
        trust_name=form.trust_name.text,
        postcode=form.postcode.text.upper(),
        contact_email=form.contact_email.text or None,
        phase=form.phase.data or None,
        establishment_type=form.establishment_type.data or None,
    )


def _sector_of(form: BodyForm) -> Sector:
    return db.session.scalars(select(Sector).where(Sector.slug == form.sector.data)).one()


def _actor() -> str:
    reference: str = current_user.reference
    return reference


@bp.route("/manage/organisations/<reference>/names", methods=["GET", "POST"])
@staff_only
def names(reference: str) -> Answer:
    """The other and former names by which people find it."""
    found, form = _found_or_404(reference), NameForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                organisations.add_alias(
                    _found_or_404(reference),
                    form.name.text,
                    actor=current_user.reference,
                    now=clock.now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"It can be found as {form.name.text}, too")
            return redirect(url_for(".names", reference=reference))
    return render_template(
        "home/people/body_names.html",
        form=form,
        organisation=found,
        aliases=succession.aliases(found),
    )


@bp.post("/manage/organisations/<reference>/names/remove")
@staff_only
def remove_name(reference: str) -> Response:
    """Take one of the other names away."""
    with transaction():
        is_gone = organisations.remove_alias(
            _found_or_404(reference),
            request.form.get("name", ""),
            actor=current_user.reference,
            now=clock.now(),
        )
    flash("The name is removed" if is_gone else "There was no such name any more")
    return redirect(url_for(".names", reference=reference))


@bp.route("/manage/organisations/<reference>/close", methods=["GET", "POST"])
@staff_only
def close(reference: str) -> Answer:
    """Say when it closed, and what took its place."""
    found, wanted = _found_or_404(reference), searched()
    listed = [line for line in accounts.find_organisations(wanted) if line.reference != reference]
    form = CloseForm(data={"closed_on": london_date(clock.now()), "with_people": True})
    form.successor.choices = choices_of(
        [*((line.reference, line.name) for line in listed), (NO_BODY, "Nothing: it is no more")]
    )
    if form.submitted_and_valid():
        actor = current_user.reference
        try:
            with transaction():
                words = _close(form, reference, actor)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, words)
    return render_template(
        "home/people/body_close.html",
        form=form,
        organisation=found,
        wanted=wanted,
        hints={line.reference: line.sector for line in listed},
        following=succession.foresee(found),
    )


def _close(form: CloseForm, reference: str, actor: str) -> str:
    found, now = _found_or_404(reference), clock.now()
    day: date = form.closed_on.day or london_date(now)
    if form.successor.data == NO_BODY:
        succession.close(found, closed_on=day, actor=actor, now=now)
        return "It is closed: nobody can choose it any more"
    after = accounts.organisation_to_choose(str(form.successor.data))
    if after is None:
        raise Refused("Choose an organisation that is open and in the list")
    name, with_people = after.name, bool(form.with_people.data)
    succession.succeed(found, after, closed_on=day, with_people=with_people, actor=actor, now=now)
    return f"{name} has taken its place"


@bp.post("/manage/organisations/<reference>/reopen")
@staff_only
def reopen(reference: str) -> Response:
    """It was closed by mistake."""
    try:
        with transaction():
            succession.reopen(
                _found_or_404(reference), actor=current_user.reference, now=clock.now()
            )
    except Refused as refusal:
        flash(str(refusal), "notice")
        return redirect(url_for(".organisation", reference=reference))
    return _back(reference, "It is open again")


@bp.get("/manage/organisations/<reference>/merge")
@staff_only
def choose_to_merge(reference: str) -> str:
    """Find the organisation that is the same as this one."""
    found = _found_or_404(reference)
    words = searched(found.name)
    listed = [line for line in accounts.find_organisations(words) if line.reference != reference]
    return render_template(
        "home/people/choose_body_to_merge.html", organisation=found, words=words, listed=listed
    )


@bp.route("/manage/organisations/<reference>/merge/<into_reference>", methods=["GET", "POST"])
@staff_only
def merge(reference: str, into_reference: str) -> Answer:
    """Say what would become of both, then merge the first into the second."""
    found, form = _found_or_404(reference), OneButton()
    into = accounts.organisation_to_choose(into_reference) or abort(404)
    if form.submitted_and_valid():
        actor = current_user.reference
        try:
            with transaction():
                succession.merge_known(found, into, actor=actor, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            found = _found_or_404(reference)
            into = queries.organisation_called(into_reference) or abort(404)
        else:
            return _back(into_reference, "The two are one organisation now")
    return render_template(
        "home/people/merge_body.html",
        form=form,
        organisation=found,
        into=into,
        kind_words=KIND_WORDS,
        following=succession.foresee(found),
    )

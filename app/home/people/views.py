"""People as staff find and correct them: details, address, place of work, merging, deactivating."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from app import persons
from app.accounts import corrections
from app.accounts import queries as accounts
from app.accounts.forms import ROLE_WORDS
from app.accounts.models import Capacity, Person
from app.bookings.forms import OneButton
from app.home.people import merge_preview, queries
from app.home.people.forms import (
    CAPACITIES,
    NO_BODY,
    AddressForm,
    DetailsForm,
    PlaceForm,
    ReasonForm,
)
from app.home.people.queries import Show
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import db, transaction
from app.kernel.errors import Refused
from app.kernel.forms import SHORT_TEXT_LENGTH, choices_of, one_line
from app.kernel.paging import page_number
from app.outbox.queries import failed_to
from app.partnership import queries as partnership
from app.partnership.models import Sector
from app.record.queries import record_of

bp = Blueprint("people", __name__)
staff_only = for_roles(Role.DELIVERY, Role.ADMINISTRATOR)

Answer = str | Response
POST_WORDS = {
    "dsl": "Designated safeguarding lead",
    "deputy_dsl": "Deputy designated safeguarding lead",
    "headteacher": "Headteacher",
    "safeguarding_governor": "Safeguarding governor",
}


@bp.get("/manage/people")
@staff_only
def list_people() -> str:
    """Search people by name, address or organisation."""
    words = searched()
    wanted = request.args.get("show", "")
    show = Show(wanted) if wanted in set(Show) else Show.ALL
    page = page_number(request.args.get("page"))
    found, pages, length = queries.people(words, show, page, now_real=clock.real_now())
    return render_template(
        "home/people/list_people.html",
        found=found,
        pages=pages,
        length=length,
        words=words,
        show=show,
        address=lambda number: url_for(
            ".list_people", q=words or None, show=show.value, page=number
        ),
    )


def searched(otherwise: str = "") -> str:
    """The words searched for, as the address has them."""
    return one_line(request.args.get("q", otherwise))[:SHORT_TEXT_LENGTH]


def _person_or_404(reference: str) -> Person:
    return queries.person_called(reference) or abort(404)


def _actor() -> Person:
    found: Person = current_user._get_current_object()
    return found


def _back(reference: str, words: str) -> Response:
    flash(words)
    return redirect(url_for(".person", reference=reference))


@bp.get("/manage/people/<reference>")
@staff_only
def person(reference: str) -> Answer:
    """One person: who they are, what they booked and learned, whether mail reaches them."""
    kept = queries.person_called(reference) is None and queries.merged_into(reference)
    if kept:
        return redirect(url_for(".person", reference=kept))
    found, now = _person_or_404(reference), clock.now()
    bookings, pages, bookings_count = queries.bookings_of(
        found.id, page_number(request.args.get("page"))
    )
    record = record_of(found.id, now=now)
    return render_template(
        "home/people/person.html",
        person=found,
        capacity_words=CAPACITIES,
        role_words=ROLE_WORDS,
        post_words=POST_WORDS,
        posts=queries.posts_of(found.id),
        bookings=bookings,
        pages=pages,
        bookings_count=bookings_count,
        learned=record.lines,
        refreshers=record.refreshers,
        failed=failed_to(found.reference, found.email),
        duplicates=queries.duplicates(found),
        address=lambda number: url_for(".person", reference=reference, page=number),
    )


@bp.route("/manage/people/<reference>/details", methods=["GET", "POST"])
@staff_only
def details(reference: str) -> Answer:
    """Correct name, capacity and job title."""
    found = _person_or_404(reference)
    known = {
        "name": found.name,
        "capacity": found.capacity.value if found.capacity else "",
        "job_title": found.job_title or "",
    }
    form = DetailsForm(data=known)
    if form.submitted_and_valid():
        corrected = corrections.Details(
            name=form.name.text,
            capacity=Capacity(form.capacity.data) if form.capacity.data else None,
            job_title=form.job_title.text,
        )
        try:
            with transaction():
                corrections.correct_details(
                    _person_or_404(reference), corrected, actor=_actor(), now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, "The details are saved")
    return render_template("home/people/details.html", form=form, person=found)


@bp.route("/manage/people/<reference>/organisation", methods=["GET", "POST"])
@staff_only
def place(reference: str) -> Answer:
    """Correct where somebody works or volunteers."""
    found = _person_or_404(reference)
    wanted = searched(found.organisation.name if found.organisation else "")
    listed = accounts.find_organisations(wanted)
    sectors = partnership.sectors()
    form = PlaceForm(data={"sector": found.sector.slug if found.sector else ""})
    form.organisation.choices = choices_of(
        [*((line.reference, line.name) for line in listed), (NO_BODY, "With no organisation")]
    )
    form.sector.choices = choices_of([("", "Not chosen"), *((s.slug, s.name) for s in sectors)])
    if form.submitted_and_valid():
        try:
            with transaction():
                _correct_place(form, reference)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _back(reference, "The organisation is saved")
    return render_template(
        "home/people/place.html",
        form=form,
        person=found,
        wanted=wanted,
        hints={line.reference: line.sector for line in listed},
    )


def _correct_place(form: PlaceForm, reference: str) -> None:
    chosen = str(form.organisation.data)
    body = None if chosen == NO_BODY else accounts.organisation_to_choose(chosen)
    if body is None and chosen != NO_BODY:
        raise Refused("This organisation is no longer in our list. Choose another one")
    by_slug = select(Sector).where(Sector.slug == form.sector.data)
    sector = body.sector if body else db.session.scalars(by_slug).one()
    corrections.correct_place(
        _person_or_404(reference), body, sector, actor=_actor(), now=clock.now()
    )


@bp.route("/manage/people/<reference>/address", methods=["GET", "POST"])
@staff_only
def address(reference: str) -> Answer:
    """Correct the address, with care: both are told, and the calendar there gets what comes."""
    found, now = _person_or_404(reference), clock.now()
    form = AddressForm(data={"again": True})
    again_count = len(persons.to_send_again(found, now=now))
    if not again_count:
        del form.again
    if form.submitted_and_valid():
        try:
            with transaction():
                done = persons.correct_address(
                    _person_or_404(reference),
                    form.email.text,
                    with_failed=bool(form.again and form.again.data),
                    actor=_actor(),
                    now=now,
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            sent = done.entries_count + done.again_count
            words = {0: "", 1: ", and 1 message is on its way there"}
            more = words.get(sent, f", and {sent} messages are on their way there")
            return _back(reference, f"The address is saved{more}")
    return render_template(
        "home/people/address.html", form=form, person=found, again_count=again_count
    )


@bp.route("/manage/people/<reference>/state", methods=["GET", "POST"])
@staff_only
def state(reference: str) -> Answer:
    """Deactivate somebody, or let them sign in again; the reason goes on the trail."""
    found, now, form = _person_or_404(reference), clock.now(), ReasonForm()
    was_active = found.deactivated_at is None
    if form.submitted_and_valid():
        turn = corrections.deactivate if was_active else corrections.activate
        try:
            with transaction():
                turn(
                    _person_or_404(reference),
                    reason=form.reason.text,
                    actor=_actor(),
                    now=now,
                    now_real=clock.real_now(),
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            words = "cannot sign in any more" if was_active else "can sign in again"
            return _back(reference, f"This person {words}")
    return render_template(
        "home/people/state.html",
        form=form,
        person=found,
        was_active=was_active,
        coming_count=queries.coming_count(found.id, now=now),
    )


@bp.get("/manage/people/<reference>/merge")
@staff_only
def choose_to_merge(reference: str) -> str:
    """Find the other person who is the same as this one."""
    found = _person_or_404(reference)
    words = searched(found.name)
    page = page_number(request.args.get("page"))
    listed, pages, _ = queries.people(words, Show.ALL, page, now_real=clock.real_now())
    return render_template(
        "home/people/choose_to_merge.html",
        person=found,
        listed=[line for line in listed if line.reference != reference],
        words=words,
        pages=pages,
        address=lambda number: url_for(
            ".choose_to_merge", reference=reference, q=words, page=number
        ),
    )


@bp.route("/manage/people/<reference>/merge/<into_reference>", methods=["GET", "POST"])
@staff_only
def merge(reference: str, into_reference: str) -> Answer:
    """Say what would become of both, then merge the first into the second, for good."""
    duplicate, into = _person_or_404(reference), _person_or_404(into_reference)
    form, now = OneButton(), clock.now()
    if form.submitted_and_valid():
        try:
            with transaction():
                persons.merge(duplicate, into, actor=_actor(), now=now)
        except Refused as refusal:
            form.refuse(refusal)
            duplicate, into = _person_or_404(reference), _person_or_404(into_reference)
        else:
            return _back(into_reference, "The two are one person now")
    return render_template(
        "home/people/merge.html",
        form=form,
        duplicate=duplicate,
        into=into,
        preview=merge_preview.foresee(duplicate, into, actor=_actor(), now=now),
    )

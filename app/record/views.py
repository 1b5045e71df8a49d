"""A person's own record, and the certificates that anybody can check."""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from app.accounts import throttle
from app.accounts.models import Person
from app.accounts.rules import Act, CountedBy, client_network
from app.accounts.throttle import TooOften
from app.bookings.models import Booking
from app.kernel import clock
from app.kernel.access import link_holder, public, signed_in
from app.kernel.db import db, transaction
from app.kernel.forms import PageForm
from app.kernel.headers import keep_address_secret
from app.kernel.london import london_date
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.kernel.spreadsheet import BYTE_ORDER_MARK, csv_text
from app.kernel.tokens import same
from app.record import certificates, emails, operations, queries, record_page
from app.record.certificates import Certificate
from app.record.forms import CodeForm, ElsewhereForm
from app.record.models import LearningElsewhere

bp = Blueprint("record", __name__)

PRIVATE = {"/certificates", "/reminders"}


@bp.after_request
def _keep_to_those_who_hold_the_address(response: Response) -> Response:
    """Codes and links must neither travel on in a Referer header nor be found by searching."""
    if f"/{request.path.split('/')[1]}" in PRIVATE:
        return keep_address_secret(response)
    return response


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


@bp.get("/record")
@signed_in
def record() -> str:
    """What one has learned, what must be renewed and when; to print or to download."""
    now = clock.now()
    found = queries.record_of(current_user.id, now=now)
    shown = pages(page_number(request.args.get("page")), length=len(found.lines))
    ways = queries.ways_on([due.rule.id for due in found.refreshers], _me(), now=now)
    return render_template(
        "record/record.html",
        lines=[
            record_page.line_words(line, found.names)
            for line in found.lines[shown.first : shown.last]
        ],
        pages=shown,
        address=lambda number: url_for(".record", page=number),
        refreshers=[record_page.due_words(due, ways[due.rule.id]) for due in found.refreshers],
        year=record_page.year_words(found, today=london_date(now)),
        has_stopped=bool(found.refreshers) and queries.has_stopped(current_user.id),
        today=london_date(now),
    )


@bp.get("/record.csv")
@signed_in
def download() -> Response:
    """The same as the page, for a spreadsheet."""
    now = clock.now()
    rows = record_page.record_rows(
        queries.record_of(current_user.id, now=now),
        name=current_user.name,
        today=london_date(now),
        example=clock.example_words() or "",
    )
    return Response(
        BYTE_ORDER_MARK + csv_text(rows),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="learning-record.csv"'},
    )


@bp.route("/record/elsewhere/new", methods=["GET", "POST"])
@signed_in
def add_elsewhere() -> ResponseReturnValue:
    """Add learning done elsewhere to one's own record."""
    form = ElsewhereForm()
    form.offer_refreshers(queries.refresher_rules())
    if form.submitted_and_valid():
        me, now = _me(), clock.now()
        try:
            with transaction():
                operations.add_elsewhere(form.details, actor=me, now=now)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("It is in your record.")
            return redirect(url_for(".record"))
    return render_template("record/elsewhere.html", form=form, entry=None)


@bp.route("/record/elsewhere/<reference>", methods=["GET", "POST"])
@signed_in
def change_elsewhere(reference: str) -> ResponseReturnValue:
    """Change what one added."""
    entry, form = _entry_or_404(reference), ElsewhereForm()
    form.offer_refreshers(queries.refresher_rules())
    if request.method == "GET":
        form.show(entry)
    if form.submitted_and_valid():
        try:
            with transaction():
                operations.change_elsewhere(entry, form.details, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            entry = _entry_or_404(reference)
        else:
            flash("Your record is changed.")
            return redirect(url_for(".record"))
    return render_template("record/elsewhere.html", form=form, entry=entry)


@bp.route("/record/elsewhere/<reference>/remove", methods=["GET", "POST"])
@signed_in
def remove_elsewhere(reference: str) -> ResponseReturnValue:
    """Ask, then take out what one added."""
    entry, form = _entry_or_404(reference), PageForm()
    if form.submitted_and_valid():
        with transaction():
            operations.remove_elsewhere(entry, actor=_me(), now=clock.now())
        flash("It is taken out of your record.")
        return redirect(url_for(".record"))
    return render_template("record/remove_elsewhere.html", form=form, entry=entry)


def _entry_or_404(reference: str) -> LearningElsewhere:
    return queries.own_entry(reference, current_user.id) or abort(404)


@bp.post("/record/reminders")
@signed_in
def change_reminders() -> ResponseReturnValue:
    """Stop the reminders of what must be renewed, or start them again."""
    person_id = current_user.id
    if PageForm().submitted_and_valid():
        with transaction():
            if request.form.get("reminders") == "stop":
                operations.stop_reminders(person_id, now=clock.now())
            elif request.form.get("reminders") == "start":
                operations.resume_reminders(person_id)
    return redirect(url_for(".record"))


@bp.route("/reminders/<reference>/<token>", methods=["GET", "POST"])
@link_holder
def stop_reminders(reference: str, token: str) -> ResponseReturnValue:
    """Asks whether to stop the reminders; a POST does."""
    if not same(token, emails.stop_token(reference)):
        abort(404)
    person_id = db.session.scalar(select(Person.id).where(Person.reference == reference))
    if person_id is None:
        abort(404)
    if PageForm().submitted_and_valid():
        with transaction():
            operations.stop_reminders(person_id, now=clock.now())
        return redirect(url_for(".stop_reminders", reference=reference, token=token), 303)
    return render_template(
        "record/stop_reminders.html",
        has_stopped=queries.has_stopped(person_id),
        address=url_for(".stop_reminders", reference=reference, token=token),
    )


@bp.get("/bookings/<reference>/certificate")
@signed_in
def certificate_of_booking(reference: str) -> ResponseReturnValue:
    """The certificate of one's own booking; somebody else's is as absent as one that never was."""
    is_mine = (Booking.reference == reference) & (Booking.person_id == current_user.id)
    own = db.session.scalar(select(Booking.reference).where(is_mine)) or abort(404)
    return _certificate_page(certificates.find(own, now=clock.now()) or abort(404))


@bp.route("/certificates", methods=["GET", "POST"])
@public
def check() -> ResponseReturnValue:
    """Where anybody types the code of a certificate."""
    form = CodeForm()
    if form.submitted_and_valid():
        code = form.code.text
        try:
            reference = _reference_in(code)
        except TooOften as refusal:
            form.refuse(refusal)
        else:
            if reference:
                return redirect(url_for(".certificate", code=certificates.code_of(reference)))
            form.code.errors = [
                "No certificate has this code: check it against the certificate, letter by letter"
            ]
    return render_template("record/check.html", form=form)


@bp.get("/certificates/<code>")
@public
def certificate(code: str) -> ResponseReturnValue:
    """A certificate, if the register still bears it out."""
    try:
        reference = _reference_in(code)
    except TooOften as refusal:
        form = CodeForm()
        form.refuse(refusal)
        return render_template("record/check.html", form=form), 429
    if reference is None:
        return render_template("record/no_such_certificate.html"), 404
    own_code = certificates.code_of(reference)
    if code != own_code:
        return redirect(url_for(".certificate", code=own_code))
    found = certificates.find(reference, now=clock.now())
    if found is None:
        return render_template("record/not_valid.html", code=own_code), 410
    return _certificate_page(found)


def _certificate_page(found: Certificate) -> str:
    return render_template(
        "record/certificate.html",
        certificate=found,
        today=london_date(clock.now()),
        check_address=f"{current_app.config['BASE_URL']}{url_for('.check')}",
    )


def _reference_in(code: str) -> str | None:
    """The booking that a code is of; TooOften once many were tried that were never given out."""
    reference = certificates.reference_in(code)
    subjects = {CountedBy.CLIENT: client_network(request.remote_addr)}
    with transaction():
        throttle.admit(Act.CHECK_CERTIFICATE, subjects, now_real=clock.real_now())
        if reference is None:
            throttle.count(Act.CHECK_CERTIFICATE, subjects, now_real=clock.real_now())
    return reference

"""Answering a request: a line manager by a link, staff in a list; and asking another manager."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import approval_queries, approvals, links, queries
from app.bookings.colleague_emails import asker_of
from app.bookings.links import Purpose, Reading
from app.bookings.models import Approval, ApprovedBy, Booking, BookingState
from app.bookings.terms_forms import DecisionForm, ManagerForm
from app.bookings.terms_rules import Answerable
from app.kernel import clock
from app.kernel.access import Role, for_roles, link_holder, signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.headers import keep_address_secret
from app.kernel.paging import page_number

bp = Blueprint("approvals", __name__)
bp.after_request(keep_address_secret)

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _state(asked: Approval) -> Answerable:
    return approvals.answerable_now(asked.booking, asked, asked.booking.event, now=clock.now())


@bp.route("/bookings/<reference>/approval/<token>", methods=["GET", "POST"])
@link_holder
def answer(reference: str, token: str) -> str | Response | tuple[str, int]:
    """The line manager's page: who asks for what; approve or decline."""
    asked = approval_queries.request_called(reference)
    reading = links.read(reference, Purpose.APPROVAL, token, asked)
    if asked is None or reading is not Reading.GOOD:
        return render_template("bookings/approval_no_link.html", reading=reading.name), 404
    form, refused = DecisionForm(), False
    if form.submitted_and_valid() and _state(asked) is Answerable.YES:
        refused = not _answer(asked, form, actor=None)
        if not refused:
            return redirect(url_for(".answer", reference=reference, token=token))
        asked = approval_queries.request_called(reference) or abort(404)
    state = _state(asked)
    return render_template(
        "bookings/approval.html",
        asker=asker_of(asked.booking),
        approval=asked,
        booking=asked.booking,
        event=asked.booking.event,
        state=state.value,
        form=form,
        shows_form=state is Answerable.YES or refused,
    )


def _answer(asked: Approval, form: DecisionForm, *, actor: Person | None) -> str:
    """Do what the button says: what came of it; empty if it is refused, which the form shows."""
    booking_id, now, reason = asked.booking_id, clock.now(), form.reason.text
    try:
        with transaction():
            if request.form.get("decision") == "approve":
                booking = approvals.approve(booking_id, actor=actor, now=now)
            elif request.form.get("decision") == "decline":
                booking = approvals.decline(booking_id, reason=reason, actor=actor, now=now)
            else:
                raise Refused("Choose whether to approve or to decline")
            return _decided(booking)
    except Refused as refusal:
        form.refuse(refusal)
        return ""


@bp.get("/manage/approvals")
@staff
def waiting() -> str:
    """Every request that waits for an answer, the oldest first."""
    lines, shown = approval_queries.waiting_requests(
        page_number(request.args.get("page")), now=clock.now()
    )
    return render_template(
        "bookings/manage_approvals.html",
        lines=lines,
        list_pages=shown,
        address=lambda number: url_for(".waiting", page=number),
    )


@bp.route("/manage/approvals/<reference>", methods=["GET", "POST"])
@staff
def decide(reference: str) -> str | Response:
    """One request: approve or decline it for the partnership, or for a manager who rings."""
    asked = approval_queries.request_called(reference) or abort(404)
    form = DecisionForm()
    if form.submitted_and_valid():
        decided = _answer(asked, form, actor=_me())
        if decided:
            flash(decided, "success")
            return redirect(url_for(".waiting"))
        asked = approval_queries.request_called(reference) or abort(404)
    return render_template(
        "bookings/manage_approval.html",
        approval=asked,
        booking=asked.booking,
        event=asked.booking.event,
        state=_state(asked).value,
        form=form,
    )


def _decided(booking: Booking) -> str:
    name = booking.person.name
    match booking.state:
        case BookingState.CANCELLED:
            return f"{name} gets no place, and has been told"
        case BookingState.WAITING:
            return f"No place is free for {name}, who waits for one now and has been told"
        case _:
            return f"{name} has a place, and has been told"


@bp.route("/bookings/<reference>/manager", methods=["GET", "POST"])
@signed_in
def manager(reference: str) -> str | Response:
    """Name another line manager for one's request, or write to the same again."""
    booking, asked = _own_request_or_404(reference)
    form = ManagerForm()
    if not form.is_submitted():
        form.manager_name.data, form.manager_email.data = asked.manager_name, asked.manager_email
    if form.submitted_and_valid():
        booking_id, me = booking.id, _me()
        try:
            with transaction():
                approvals.ask_again(booking_id, form.manager, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            booking, asked = _own_request_or_404(reference)
        else:
            flash(f"We have written to {form.manager.name}", "success")
            return redirect(url_for("bookings.booking", reference=reference))
    return render_template(
        "bookings/manager.html", booking=booking, event=booking.event, approval=asked, form=form
    )


def _own_request_or_404(reference: str) -> tuple[Booking, Approval]:
    booking = queries.own_booking(reference, current_user.id) or abort(404)
    asked = approval_queries.request_called(reference) or abort(404)
    if asked.approved_by is not ApprovedBy.MANAGER or booking.state is not BookingState.REQUESTED:
        abort(404)
    return booking, asked

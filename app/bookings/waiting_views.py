"""Staff pages of a waiting list: who is next and why, and taking somebody off it."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import manage_queries, queries, waiting_queries
from app.bookings.forms import RemoveForm
from app.bookings.places import terms_of
from app.bookings.removing import remove
from app.bookings.waiting_list import would_move_up
from app.bookings.waiting_rules import rules_for_staff
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.paging import page_number

bp = Blueprint("waiting_list", __name__, url_prefix="/manage/events/<reference>/waiting-list")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.get("")
@staff
def shown(reference: str) -> str:
    """The list in its order, who would be next, who is passed over and why, what is kept."""
    event = queries.event_by_reference(reference) or abort(404)
    terms = terms_of(event.offer_id)
    lines, pages = waiting_queries.waiting_lines(event.id, page_number(request.args.get("page")))
    first = would_move_up(event, terms, 1)
    return render_template(
        "bookings/manage_waiting_list.html",
        event=event,
        counts=manage_queries.state_counts(event.id),
        rules=rules_for_staff(terms, closes_at=event.booking_closes_at, now=clock.now()),
        held=waiting_queries.held_lines(event.id),
        lines=lines,
        next_id=first[0] if first else None,
        list_pages=pages,
        address=lambda number: url_for(".shown", reference=reference, page=number),
    )


@bp.route("/<booking_reference>/remove", methods=["GET", "POST"])
@staff
def take_off(reference: str, booking_reference: str) -> str | Response:
    """Take somebody off the list, or a kept place from them, with a reason."""
    event = queries.event_by_reference(reference) or abort(404)
    booking = waiting_queries.on_the_list(event.id, booking_reference) or abort(404)
    form = RemoveForm()
    if form.submitted_and_valid():
        booking_id, name = booking.id, booking.person.name
        me = cast(Person, current_user._get_current_object())
        try:
            with transaction():
                remove(booking_id, reason=form.reason.text, actor=me, now=clock.now())
        except Refused as refusal:
            flash(str(refusal), "notice")
        else:
            flash(f"{name} is off the waiting list, and has been told", "success")
        return redirect(url_for(".shown", reference=reference))
    return render_template(
        "bookings/manage_take_off_list.html", event=event, booking=booking, form=form
    )

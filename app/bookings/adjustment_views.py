"""Saying what one needs to take part, or something else than before, until the session starts."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import adjustments, queries
from app.bookings.forms import AdjustmentsForm
from app.bookings.models import Booking, BookingState
from app.kernel import clock
from app.kernel.access import signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("adjustments", __name__)


@bp.route("/bookings/<reference>/adjustments", methods=["GET", "POST"])
@signed_in
def change(reference: str) -> str | Response:
    """One's own wishes; whoever booked for a colleague neither sees nor changes theirs."""
    booking, form = _own_or_404(reference), AdjustmentsForm()
    is_over = booking.state is BookingState.CANCELLED or clock.now() >= booking.event.starts_at
    if not form.is_submitted():
        form.adjustments.data = booking.adjustments
        if is_over:
            return redirect(url_for("bookings.booking", reference=reference))
    if form.submitted_and_valid():
        booking_id, text = booking.id, form.adjustments.text
        me = cast(Person, current_user._get_current_object())
        try:
            with transaction():
                adjustments.change_adjustments(booking_id, text, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            booking = _own_or_404(reference)
        else:
            noted = "What you need is noted, and the staff who run the session see it"
            flash(noted if text else "Nothing is noted any more", "success")
            return redirect(url_for("bookings.booking", reference=reference))
    return render_template(
        "bookings/adjustments.html",
        booking=booking,
        event=booking.event,
        form=form,
        hint=adjustments.hint(booking.mode, has_catering=booking.event.has_catering),
    )


def _own_or_404(reference: str) -> Booking:
    booking = queries.own_booking(reference, current_user.id)
    if booking is None or booking.person_id != current_user.id:
        abort(404)
    return booking

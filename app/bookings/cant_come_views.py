"""Saying that one cannot come, by the link in each message and calendar entry."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.bookings import links, operations, waiting_queries
from app.bookings.calendar_invites import reached
from app.bookings.forms import OneButton
from app.bookings.links import Purpose, Reading
from app.bookings.models import BookingState
from app.bookings.notice import last_day
from app.kernel import clock
from app.kernel.access import link_holder
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.headers import keep_address_secret
from app.kernel.london import london_date

bp = Blueprint("cant_come", __name__)
bp.after_request(keep_address_secret)


@bp.route("/bookings/<reference>/cant-come/<token>", methods=["GET", "POST"])
@link_holder
def by_link(reference: str, token: str) -> str | Response | tuple[str, int]:
    """Ask, then cancel; whoever holds the link acts for the person it was sent to."""
    reading = links.read(reference, Purpose.CANT_COME, token)
    booking = waiting_queries.booking_called(reference) if reading is Reading.GOOD else None
    if booking is None:
        return render_template("bookings/cant_come_no_link.html", reading=reading.name), 404
    form = OneButton()
    if form.submitted_and_valid():
        booking_id, person = booking.id, reached(booking)
        try:
            with transaction():
                operations.cancel_booking(booking_id, actor=person, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            booking = waiting_queries.booking_called(reference) or booking
        else:
            return redirect(url_for(".by_link", reference=reference, token=token))
    now, event = clock.now(), booking.event
    return render_template(
        "bookings/cant_come.html",
        form=form,
        booking=booking,
        event=event,
        name="" if reached(booking) is booking.person else booking.person.name,
        is_over=booking.state is BookingState.CANCELLED,
        has_started=now >= event.starts_at,
        is_late=london_date(now) > last_day(event),
        last_day_of_notice=last_day(event),
    )

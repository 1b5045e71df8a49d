"""Taking or giving up a place that is kept: by the link in the message, or signed in."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import held_places, links, queries, waiting_queries
from app.bookings.calendar_invites import reached
from app.bookings.colleague_emails import name_for_booker
from app.bookings.forms import OneButton
from app.bookings.links import Purpose, Reading
from app.bookings.models import Booking, BookingState, CancelReason
from app.bookings.notice import is_late, last_day
from app.bookings.places import facts_of
from app.bookings.rules import opening
from app.bookings.waiting_letters import JOINABLE
from app.kernel import clock
from app.kernel.access import link_holder, signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.headers import keep_address_secret

bp = Blueprint("held_places", __name__)
bp.after_request(keep_address_secret)


class Stand(enum.StrEnum):
    """What became of a place that was kept."""

    KEPT = "kept"
    TAKEN = "taken"
    GIVEN_UP = "given_up"
    EXPIRED = "expired"
    WAITING = "waiting"
    CALLED_OFF = "called_off"
    CANCELLED = "cancelled"


def stand(booking: Booking, *, now: datetime) -> Stand:
    """Where the booking stands, for whoever follows the link."""
    if booking.event.cancelled_at:
        return Stand.CALLED_OFF
    match booking.state:
        case BookingState.HELD:
            is_over = booking.held_until is not None and now >= booking.held_until
            return Stand.EXPIRED if is_over else Stand.KEPT
        case BookingState.CONFIRMED:
            return Stand.TAKEN
        case BookingState.CANCELLED:
            ended = {CancelReason.EXPIRED: Stand.EXPIRED, CancelReason.DECLINED: Stand.GIVEN_UP}
            because = booking.cancelled_because
            return ended.get(because, Stand.CANCELLED) if because else Stand.CANCELLED
        case _:
            return Stand.WAITING


@bp.route("/bookings/<reference>/held/<token>", methods=["GET", "POST"])
@link_holder
def by_link(reference: str, token: str) -> str | Response | tuple[str, int]:
    """The page behind the link in the message: take the place or give it up."""
    reading = links.read(reference, Purpose.HELD, token)
    booking = waiting_queries.booking_called(reference) if reading is Reading.GOOD else None
    if booking is None:
        return render_template("bookings/held_no_link.html", reading=reading.name), 404
    here = url_for(".by_link", reference=reference, token=token)
    return _answer(booking, actor=None, after=here)


@bp.route("/bookings/<reference>/held", methods=["GET", "POST"])
@signed_in
def own(reference: str) -> str | Response | tuple[str, int]:
    """The same for somebody signed in, from their booking."""
    booking = queries.own_booking(reference, current_user.id) or abort(404)
    me = cast(Person, current_user._get_current_object())
    return _answer(booking, actor=me, after=url_for("bookings.booking", reference=reference))


def _answer(booking: Booking, *, actor: Person | None, after: str) -> str | Response:
    form, booking_id, reference = OneButton(), booking.id, booking.reference
    if form.submitted_and_valid():
        try:
            _do(booking_id, actor)
        except Refused as refusal:
            form.refuse(refusal)
            booking = waiting_queries.booking_called(reference) or abort(404)
        else:
            return redirect(after)
    now, event = clock.now(), booking.event
    is_own = reached(booking) is booking.person
    if actor is not None:
        is_own = actor.id == booking.person_id
    return render_template(
        "bookings/held.html",
        booking=booking,
        event=event,
        form=form,
        stand=stand(booking, now=now).value,
        name="" if is_own else name_for_booker(booking),
        last_day_of_notice=last_day(event),
        is_late=is_late(event, now),
        can_join_again=opening(facts_of(event), now) in JOINABLE,
    )


def _do(booking_id: int, actor: Person | None) -> None:
    verbs = {"take": held_places.accept, "give-up": held_places.decline}
    verb = verbs.get(request.form.get("decision", ""))
    if verb is None:
        raise Refused("Choose whether to take the place or to give it up")
    with transaction():
        verb(booking_id, actor=actor, now=clock.now())

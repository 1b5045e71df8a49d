"""Pages for changing one's mind: to another date, or a colleague instead."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.accounts.people import NamedPerson
from app.bookings import manage_queries, moving, moving_queries, queries
from app.bookings.colleague_emails import name_for_booker
from app.bookings.forms import HandOverForm, MoveForm
from app.bookings.models import Booking, BookingState
from app.bookings.moving_queries import AskedMove
from app.bookings.notice import is_late, last_day
from app.bookings.rules import places_free
from app.catalogue.models import EventMode
from app.kernel import clock
from app.kernel.access import Role, for_roles, signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import date_words

bp = Blueprint("moving", __name__)
staff = for_roles(Role.DELIVERY, Role.ADVISOR)
OF_OWN = "/bookings/<reference>"
BY_STAFF = "/manage/events/<reference>/bookings/<booking_reference>"


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _can_change(booking: Booking) -> bool:
    return booking.state is not BookingState.CANCELLED and clock.now() < booking.event.starts_at


def _own_or_404(reference: str) -> Booking:
    return queries.own_booking(reference, current_user.id) or abort(404)


def _managed_or_404(reference: str, booking_reference: str) -> Booking:
    event = queries.event_by_reference(reference) or abort(404)
    booking = manage_queries.managed_booking(event.id, booking_reference)
    return booking or abort(404)


@bp.get(f"{OF_OWN}/move")
@signed_in
def choose(reference: str) -> str | Response:
    """The other dates of the offer, to move to."""
    booking = _own_or_404(reference)
    if not _can_change(booking):
        return redirect(url_for("bookings.booking", reference=reference))
    return _choose(booking, by_staff=False)


@bp.get(f"{BY_STAFF}/move")
@staff
def staff_choose(reference: str, booking_reference: str) -> str | Response:
    """The other dates of the offer, to move somebody to."""
    booking = _managed_or_404(reference, booking_reference)
    if not _can_change(booking):
        return redirect(url_for("manage_bookings.bookings", reference=reference))
    return _choose(booking, by_staff=True)


def _choose(booking: Booking, *, by_staff: bool) -> str:
    choices = moving_queries.choices(booking.event, by_staff=by_staff, now=clock.now())
    return render_template(
        "bookings/move.html",
        booking=booking,
        event=booking.event,
        choices=choices,
        is_own=booking.person_id == current_user.id,
        for_name=name_for_booker(booking),
        by_staff=by_staff,
        address_of=lambda line: _address(booking, line.reference, by_staff=by_staff),
        back=_back(booking, by_staff=by_staff),
    )


def _address(booking: Booking, to_reference: str, *, by_staff: bool) -> str:
    if not by_staff:
        return url_for(".move", reference=booking.reference, to_reference=to_reference)
    return url_for(
        ".staff_move",
        reference=booking.event.reference,
        booking_reference=booking.reference,
        to_reference=to_reference,
    )


def _back(booking: Booking, *, by_staff: bool) -> str:
    if by_staff:
        return url_for("manage_bookings.bookings", reference=booking.event.reference)
    return url_for("bookings.booking", reference=booking.reference)


@bp.route(f"{OF_OWN}/move/<to_reference>", methods=["GET", "POST"])
@signed_in
def move(reference: str, to_reference: str) -> str | Response:
    """Check, then move."""
    form = MoveForm()
    if form.is_submitted():
        asked = moving_queries.own_move(reference, to_reference, _me()) or abort(404)
        made = _move(asked, form, by_staff=False)
        if made:
            return redirect(url_for("bookings.booking", reference=made[0]))
    return _check_move(_own_or_404(reference), to_reference, form, by_staff=False)


@bp.route(f"{BY_STAFF}/move/<to_reference>", methods=["GET", "POST"])
@staff
def staff_move(reference: str, booking_reference: str, to_reference: str) -> str | Response:
    """Check, then move somebody, who is told."""
    form = MoveForm()
    if form.is_submitted():
        found = moving_queries.staff_move(reference, booking_reference, to_reference)
        asked = found or abort(404)
        made = _move(asked, form, by_staff=True)
        if made:
            flash(f"{made[1]} is moved to {date_words(asked.to_starts_at)}", "success")
            told = url_for("by_phone.told", reference=to_reference, booking_reference=made[0])
            return redirect(told)
    booking = _managed_or_404(reference, booking_reference)
    return _check_move(booking, to_reference, form, by_staff=True)


def _move(asked: AskedMove, form: MoveForm, *, by_staff: bool) -> tuple[str, str] | None:
    """Move the place: the reference of the new booking and whose it is; None if refused."""
    if asked.to_mode is not EventMode.HYBRID:
        del form.mode
    if not form.submitted_and_valid():
        return None
    me = _me()
    try:
        with transaction():
            made = moving.move_booking(
                asked.booking_id,
                asked.to_event_id,
                actor=me,
                mode=EventMode(form.mode.data) if "mode" in form else asked.to_mode,
                past_the_rules=by_staff,
                now=clock.now(),
            )
            return made.reference, made.person.name
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _check_move(
    booking: Booking, to_reference: str, form: MoveForm, *, by_staff: bool
) -> str | Response:
    """The page that asks once more, with what was refused if anything was."""
    to_event = queries.event_by_reference(to_reference) or abort(404)
    if to_event.offer_id != booking.event.offer_id:
        abort(404)
    if not form.is_submitted():
        if not _can_change(booking):
            return redirect(_back(booking, by_staff=by_staff))
        if to_event.mode is EventMode.HYBRID:
            form.mode.data = booking.mode.value
        else:
            del form.mode
    return render_template(
        "bookings/move_check.html",
        form=form,
        booking=booking,
        event=booking.event,
        to_event=to_event,
        left=places_free(to_event.capacity, to_event.places_taken),
        is_own=booking.person_id == current_user.id,
        for_name=name_for_booker(booking),
        by_staff=by_staff,
        is_waiting=booking.state is BookingState.WAITING,
        is_late=is_late(booking.event, clock.now()),
        last_day_of_notice=last_day(booking.event),
        back=_back(booking, by_staff=by_staff),
    )


@bp.route(f"{OF_OWN}/hand-over", methods=["GET", "POST"])
@signed_in
def hand_over(reference: str) -> str | Response:
    """Name a colleague, who gets the place."""
    form = HandOverForm()
    if form.submitted_and_valid():
        me = _me()
        booking_id, workplace = moving_queries.own_to_hand_over(reference, me) or abort(404)
        named = NamedPerson(form.name.text, form.email.text, workplace)
        try:
            with transaction():
                moving.hand_over(booking_id, named, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"{named.name} has the place now and is told", "success")
            return redirect(url_for("bookings.booking", reference=reference))
    booking = _own_or_404(reference)
    is_place = booking.state is BookingState.CONFIRMED and _can_change(booking)
    if not is_place and not form.is_submitted():
        return redirect(url_for("bookings.booking", reference=reference))
    return render_template(
        "bookings/hand_over.html",
        form=form,
        booking=booking,
        event=booking.event,
        is_own=booking.person_id == current_user.id,
        for_name=name_for_booker(booking),
    )

"""Staff pages of an event: overview, bookings, change, messages; publishing and cancelling."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import change_words, event_changes, manage_queries, operations, queries
from app.bookings.change_preview import CANCEL_LETTERS, change_letters, who_is_told
from app.bookings.event_changes import EventChange
from app.bookings.forms import CancelEventForm, OneButton, event_change
from app.bookings.models import Booking, BookingState, Promotion
from app.bookings.moving_queries import exchanges
from app.bookings.places import facts_of, terms_of
from app.bookings.rules import opening
from app.catalogue.forms import EventForm
from app.catalogue.manage_queries import half_terms_for
from app.catalogue.models import Event, EventState
from app.catalogue.recordings import captions_words
from app.catalogue.trainers import runs, sees_own_events_only
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.paging import page_number

bp = Blueprint("manage_bookings", __name__, url_prefix="/manage/events/<reference>")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)
runners = for_roles(Role.DELIVERY, Role.ADVISOR, Role.TRAINER)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _event_or_404(reference: str) -> Event:
    return queries.event_by_reference(reference) or abort(404)


def _runners_event(reference: str) -> Event:
    """The event, for those who plan and for the trainers who run it."""
    event = _event_or_404(reference)
    if sees_own_events_only(current_user.roles) and not runs(current_user.id, event.id):
        abort(403)
    return event


@bp.get("")
@runners
def overview(reference: str) -> str:
    """Where an event stands: numbers, sectors, what to do next."""
    return _overview(_runners_event(reference), OneButton())


def _overview(event: Event, form: OneButton) -> str:
    rules = terms_of(event.offer_id)
    return render_template(
        "bookings/manage_overview.html",
        event=event,
        form=form,
        state=opening(facts_of(event), clock.now()),
        terms=rules,
        sectors=manage_queries.sector_mix(event.id),
        organisations=(
            manage_queries.organisation_mix(event.id) if rules.most_per_organisation else []
        ),
        registers=manage_queries.register_counts(event.id),
        captions_words=captions_words,
    )


@bp.post("/publish")
@staff
def publish(reference: str) -> str | Response:
    """Announce a draft."""
    event, form = _event_or_404(reference), OneButton()
    if form.submitted_and_valid():
        event_id, me = event.id, _me()
        try:
            with transaction():
                operations.publish_event(event_id, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The session is published. People can find it now.", "success")
            return redirect(url_for(".overview", reference=reference))
    return _overview(_event_or_404(reference), form)


@bp.get("/bookings")
@runners
def bookings(reference: str) -> str | Response:
    """Who is booked, who asks, who cancelled; the waiting list has a page of its own.

    Trainers see who comes and what they need, and nothing else.
    """
    event = _runners_event(reference)
    which = request.args.get("show", "booked")
    if sees_own_events_only(current_user.roles):
        which = "booked"
    if which == "waiting":
        return redirect(url_for("waiting_list.shown", reference=reference))
    if which not in manage_queries.LISTS:
        which = "booked"
    lines, shown = manage_queries.managed_bookings(
        event.id, which, page_number(request.args.get("page"))
    )
    return render_template(
        "bookings/manage_bookings.html",
        event=event,
        which=which,
        counts=manage_queries.state_counts(event.id),
        lines=lines,
        exchanges=exchanges(event.id, [line.reference for line in lines]),
        list_pages=shown,
        address=lambda number: url_for(".bookings", reference=reference, show=which, page=number),
    )


@bp.route("/bookings/<booking_reference>/cancel", methods=["GET", "POST"])
@staff
def cancel_booking(reference: str, booking_reference: str) -> str | Response:
    """Cancel a place for somebody."""
    event, form = _event_or_404(reference), OneButton()
    booking = _booking_or_404(event, booking_reference)
    if form.submitted_and_valid():
        booking_id, name, me = booking.id, booking.person.name, _me()
        try:
            with transaction():
                operations.cancel_booking(booking_id, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            event = _event_or_404(reference)
            booking = _booking_or_404(event, booking_reference)
        else:
            flash(f"The booking of {name} is cancelled", "success")
            return redirect(url_for(".bookings", reference=reference))
    return render_template(
        "bookings/manage_cancel_booking.html", event=event, booking=booking, form=form
    )


def _booking_or_404(event: Event, reference: str) -> Booking:
    booking = manage_queries.managed_booking(event.id, reference)
    if booking is None or booking.state is BookingState.CANCELLED:
        abort(404)
    return booking


@bp.route("/cancel", methods=["GET", "POST"])
@staff
def cancel(reference: str) -> str | Response:
    """Call an event off, with the reason that people are told."""
    event, form = _event_or_404(reference), CancelEventForm()
    if event.state is EventState.CANCELLED:
        return redirect(url_for(".overview", reference=reference))
    if form.submitted_and_valid():
        event_id, me = event.id, _me()
        try:
            with transaction():
                operations.cancel_event(
                    event_id, reason=form.reason.text, actor=me, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
            event = _event_or_404(reference)
        else:
            flash("The session is cancelled. Everybody who was booked is being told.", "success")
            return redirect(url_for(".overview", reference=reference))
    is_published = event.state is EventState.PUBLISHED
    told = who_is_told(event, CANCEL_LETTERS) if is_published else []
    return render_template(
        "bookings/manage_cancel.html",
        event=event,
        form=form,
        people=len(told),
        told=told,
        to_ring=[one.name for one in told if one.must_be_rung],
    )


@bp.route("/change", methods=["GET", "POST"])
@staff
def change(reference: str) -> str | Response:
    """Change an event: fill in, check who will be told of what, save."""
    event, form = _event_or_404(reference), EventForm()
    if event.state is EventState.CANCELLED:
        return redirect(url_for(".overview", reference=reference))
    now, step = clock.now(), request.form.get("step", "fill_in")
    form.not_before = now if event.state is EventState.PUBLISHED else None
    form.offer_half_terms(half_terms_for(event.offer.kind, now=now))
    if not form.is_submitted():
        form.show(event)
    elif step in {"check", "save"} and form.submitted_and_valid():
        wanted = event_change(form, event, now=now)
        if request.form.get("as_of") != event.updated_at.isoformat():
            form.refuse(
                "Somebody else has changed this session since you opened it. Check your changes "
                "against it, then continue"
            )
        elif step == "check":
            return _check_change(event, wanted)
        elif _save_change(event, wanted, form):
            return redirect(url_for(".overview", reference=reference))
        event = _event_or_404(reference)
    return render_template(
        "bookings/manage_change.html",
        event=event,
        form=form,
        rows=form.rows(extra=int("add_date" in request.form)),
    )


def _check_change(event: Event, wanted: EventChange) -> str:
    old, new = change_words.facts_in_words(event), change_words.facts_in_words(event, wanted)
    is_told = old != new and event.state is EventState.PUBLISHED
    is_kept = terms_of(event.offer_id).promotion is Promotion.HELD
    moving_up = event_changes.promoted_by(event, wanted)
    letters = change_letters(facts_change=is_told, is_kept=is_kept)
    told = who_is_told(event, letters, moving_up) if is_told or moving_up else []
    sent = [
        (name, value)
        for name in request.form
        if name not in {"csrf_token", "step", "add_date"}
        for value in request.form.getlist(name)
    ]
    return render_template(
        "bookings/manage_check_change.html",
        event=event,
        form=OneButton(),
        differences=change_words.differences(event, wanted),
        told=told,
        people=len(told) if is_told else 0,
        to_ring=[one.name for one in told if one.must_be_rung],
        promoted_count=len(moving_up),
        is_kept=is_kept,
        too_many=wanted.capacity is not None and wanted.capacity < event.places_taken,
        new_capacity=wanted.capacity,
        closes_before_words=change_words.closing_left_behind(event, wanted),
        sent=sent,
    )


def _save_change(event: Event, wanted: EventChange, form: EventForm) -> bool:
    event_id, me = event.id, _me()
    try:
        with transaction():
            operations.change_event(event_id, wanted, actor=me, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    flash("The session is changed.", "success")
    return True


@bp.get("/messages")
@staff
def messages(reference: str) -> str:
    """What was sent about the event and its bookings."""
    event = _event_or_404(reference)
    lines, shown = manage_queries.messages(
        event.id, event.reference, page_number(request.args.get("page"))
    )
    return render_template(
        "bookings/manage_messages.html",
        event=event,
        lines=lines,
        list_pages=shown,
        address=lambda number: url_for(".messages", reference=reference, page=number),
    )

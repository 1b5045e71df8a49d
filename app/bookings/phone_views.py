"""Staff pages of booking for somebody who rings, and of what to say to them then."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.callers import person_with_address
from app.accounts.models import Person
from app.bookings import adjustments, by_phone, manage_queries, phone_page, queries
from app.bookings.by_phone import RuleSaysNo
from app.bookings.models import BookingState
from app.bookings.phone_forms import CAPACITY_WORDS, PhoneForm
from app.bookings.phone_page import Foreseen
from app.bookings.places import facts_of
from app.bookings.rules import opening
from app.bookings.terms import POST_CHOICES
from app.bookings.waiting_list import waiting_position
from app.catalogue.models import Event
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference
from app.partnership import queries as partnership

bp = Blueprint("by_phone", __name__, url_prefix="/manage/events/<reference>/bookings")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.route("/new", methods=["GET", "POST"])
@staff
def new(reference: str) -> str | Response:
    """Ask who rings, check with what they should know, then book."""
    form, step = PhoneForm(), request.form.get("step", "check")
    if step == "book":
        return _book(reference, form)
    event = _event_or_404(reference)
    form.offer(partnership.sectors())
    if step == "check" and form.submitted_and_valid() and form.knows_how(event):
        known = person_with_address(form.address)
        if form.knows_where(known):
            try:
                return _check_page(
                    event, form, phone_page.foresee(event, form, known, now=clock.now())
                )
            except Refused as refusal:
                form.refuse(refusal)
    return _fill_in_page(event, form)


def _book(reference: str, form: PhoneForm) -> str | Response:
    if form.sector.data:  # nothing else needs the sectors here
        form.offer(partnership.sectors())
    if not form.submitted_and_valid():
        return _fill_in_page(_event_or_404(reference), form)
    call, me, now = form.call(), cast(Person, current_user._get_current_object()), clock.now()
    try:
        with transaction():
            made = by_phone.book_by_phone(reference, call, actor=me, now=now).reference
    except LookupError:
        abort(404)
    except Refused as refusal:
        form.refuse(refusal)
        return _check_page(_event_or_404(reference), form, rule=refusal)
    return redirect(url_for(".told", reference=reference, booking_reference=made))


def _event_or_404(reference: str) -> Event:
    return queries.event_by_reference(reference) or abort(404)


def _fill_in_page(event: Event, form: PhoneForm) -> str:
    form.form_key.data = form.form_key.data or new_reference(20)
    return render_template(
        "bookings/manage_book.html",
        event=event,
        form=form,
        state=opening(facts_of(event), clock.now()),
        examples=adjustments.examples(event.mode, has_catering=event.has_catering),
    )


def _check_page(
    event: Event, form: PhoneForm, foreseen: Foreseen | None = None, *, rule: Refused | None = None
) -> str:
    """Once more before it is booked; after a refusal with the rule that says no now."""
    says_no = foreseen.rule if foreseen else rule
    return render_template(
        "bookings/manage_check_book.html",
        event=event,
        form=form,
        known=foreseen.person if foreseen and foreseen.person.id else None,
        person=foreseen.person if foreseen else None,
        sector=form.sector_words,
        warnings=foreseen.warnings if foreseen else (),
        rule=says_no if isinstance(says_no, RuleSaysNo) else None,
        state=opening(facts_of(event), clock.now()),
        capacity={one.value: words for one, words in CAPACITY_WORDS.items()}.get(
            form.capacity.data
        ),
        post=dict(POST_CHOICES).get(form.post.data),
    )


@bp.get("/<booking_reference>")
@staff
def told(reference: str, booking_reference: str) -> str:
    """One booking, as it is told on the telephone: what became of it, when, where, reference."""
    event = _event_or_404(reference)
    booking = manage_queries.managed_booking(event.id, booking_reference) or abort(404)
    is_waiting = booking.state is BookingState.WAITING
    return render_template(
        "bookings/manage_booked.html",
        event=event,
        booking=booking,
        name=booking.person.name or booking.person.email,
        position=waiting_position(booking) if is_waiting else 0,
    )

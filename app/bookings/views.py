"""The public event page, booking a place, and a person's own bookings."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.forms import CAPACITY_WORDS
from app.accounts.models import Person
from app.accounts.signed_in import JOURNEY_KEY
from app.bookings import (
    adjustments,
    colleague_queries,
    event_page,
    new_dates,
    operations,
    queries,
    terms,
)
from app.bookings.booking_page import booking_words, joining
from app.bookings.calendar_invites import item_of, links_by_date
from app.bookings.colleague_emails import name_for_booker
from app.bookings.forms import BookForm, BookWithManagerForm, OneButton
from app.bookings.models import ApprovedBy, Booking, BookingOrigin, BookingState
from app.bookings.moving_queries import replacement
from app.bookings.notice import is_late, last_day
from app.bookings.places import Ways, facts_of, terms_of
from app.bookings.request_page import approved_words, request_to_show, request_words
from app.bookings.rules import opening
from app.bookings.terms_rules import Terms
from app.bookings.waiting_list import waiting_position
from app.bookings.waiting_page import on_the_list
from app.bookings.warning_queries import warnings_of
from app.catalogue import public_pages
from app.catalogue.models import Event, EventMode, EventState
from app.kernel import clock, ical
from app.kernel.access import Role, public, signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.headers import keep_address_secret
from app.kernel.london import date_words
from app.kernel.paging import page_number
from app.kernel.tokens import new_reference

bp = Blueprint("bookings", __name__)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _event_or_404(reference: str) -> Event:
    return _seen_or_404(queries.event_by_reference(reference))


def _seen_or_404(event: Event | None) -> Event:
    if event is None:
        abort(404)
    plans = bool(current_user.roles & {Role.DELIVERY, Role.ADVISOR})
    if not plans and (event.state is EventState.DRAFT or not _is_for_them(event)):
        abort(404)
    return event


def _is_for_them(event: Event) -> bool:
    """Whether it is for everybody, for the organisation of whoever asks, or booked by them."""
    if event.in_house_for_id is None:
        return True
    if not current_user.is_authenticated:
        return False
    is_theirs: bool = current_user.organisation_id == event.in_house_for_id
    return is_theirs or queries.live_booking(event.id, current_user.id) is not None


@bp.get("/events/<reference>")
@public
def event(reference: str) -> ResponseReturnValue:
    """One event: what, when, where, and whether there are places."""
    if not public_pages.for_visitors():
        return _event_page(reference)
    now = clock.now()
    version = event_page.version(reference)
    if version is None:
        abort(404)
    return public_pages.kept_answer(
        ("event", reference),
        lambda: _event_page(reference),
        version=version,
        good_until=lambda: event_page.next_change_at(_event_or_404(reference), now),
        now=now,
    )


def _event_page(reference: str) -> str:
    shown = _event_or_404(reference)
    state = opening(facts_of(shown), clock.now())
    booking = position = None
    if current_user.is_authenticated:
        booking = queries.live_booking(shown.id, current_user.id)
    if booking and booking.state is BookingState.WAITING:
        position = event_page.ordinal(waiting_position(booking))
    return render_template(
        "bookings/event.html",
        event=shown,
        state=state,
        opening=event_page.opening_words(shown, state),
        runner=event_page.event_runner(shown) if shown.booking_url else "",
        booking=booking,
        position=position,
        **_terms_in_words(terms_of(shown.offer_id), None),
        structured_data=event_page.structured_data(shown),
        links_by_date=event_page.links_by_date(shown, now=clock.now()),
    )


@bp.get("/events/<reference>.ics")
@public
def event_calendar(reference: str) -> AnyResponse:
    """The event as a file to add to a calendar; not sent again to whoever has it as it is."""
    shown = _event_or_404(reference)
    response = calendar_response(event_page.calendar_file(shown), reference)
    response.add_etag()
    return response.make_conditional(request)


def calendar_response(text: str, name: str) -> Response:
    """A calendar file to download."""
    response = Response(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@bp.route("/events/<reference>/book", methods=["GET", "POST"])
@public
def book(reference: str) -> str | AnyResponse:
    """Check answers and book; signing in and a first profile are part of the journey."""
    form = BookWithManagerForm() if "manager_email" in request.form else BookForm()
    first = _where_first(reference)
    if first:
        return redirect(first)
    if form.is_submitted() and (made := _book(reference, form)):
        return redirect(url_for("bookings.booking", reference=made))
    return _book_page(reference, form)


def _where_first(reference: str) -> str | None:
    """Where somebody must go before they can book; None if they are signed in and known."""
    here = url_for("bookings.book", reference=reference)
    if not current_user.is_authenticated:
        shown = _event_or_404(reference)
        session[JOURNEY_KEY] = f"Book a place: {shown.title}, {date_words(shown.starts_at)}"
        return url_for("accounts.sign_in", next=here)
    return None if current_user.profile_completed_at else f"/welcome?next={here}"


def _book(reference: str, form: BookForm) -> str | None:
    """Book the place asked for; the booking's reference, or None and the form says why."""
    if not {"mode", "asks_mode"} & request.form.keys():
        del form.mode
    if not form.submitted_and_valid():
        return None
    mode = EventMode(form.mode.data) if "mode" in form else EventMode.HYBRID  # not said
    try:
        with transaction():
            made = operations.book_own(
                reference,
                _me(),
                mode=mode,
                form_key=form.form_key.data,
                adjustments=form.adjustments.text,
                manager=form.manager,
                now=clock.now(),
            )
            return made.reference
    except LookupError:
        abort(404)
    except Refused as refusal:
        form.refuse(refusal)
        return None


def _book_page(reference: str, form: BookForm) -> str | AnyResponse:
    """The answers to check, for somebody who can book; others are sent where they can go on."""
    found = queries.event_to_book(reference, _me()) or abort(404)
    shown = _seen_or_404(found.event)
    state = opening(facts_of(shown), clock.now())
    if not form.is_submitted():
        if found.own_reference:
            return redirect(url_for("bookings.booking", reference=found.own_reference))
        if state not in event_page.BOOKABLE:
            return redirect(url_for("bookings.event", reference=reference))
    asks_manager = found.terms.approved_by is ApprovedBy.MANAGER
    if asks_manager and not isinstance(form, BookWithManagerForm):
        form = _with_errors_of(form, BookWithManagerForm())
    if shown.mode is not EventMode.HYBRID and "mode" in form:
        del form.mode
    elif shown.mode is EventMode.HYBRID and "mode" not in form:
        form = _with_errors_of(form, type(form)())
    form.form_key.data = form.form_key.data or new_reference(20)
    return render_template(
        "bookings/book.html",
        form=form,
        event=shown,
        state=state,
        capacity_words=CAPACITY_WORDS,
        full_words=Ways(shown).full_words(),
        warnings=warnings_of(shown, current_user.id, now=clock.now()),
        adjustments_hint=adjustments.hint(shown.mode, has_catering=shown.has_catering),
        **_terms_in_words(found.terms, _me()),
    )


def _with_errors_of(form: BookForm, another: BookForm) -> BookForm:
    """What must be asked has changed since the page was opened: the same answers, more questions.

    What was refused is said on the new form too.
    """
    another.form_errors.extend(form.form_errors)
    return another


def _terms_in_words(rules: Terms, person: Person | None) -> dict[str, Any]:
    """What the pages say beforehand of who may book, and what keeps this person from it."""
    return {
        "rules": terms.told_beforehand(rules),
        "needs_yes": rules.approved_by is not ApprovedBy.NOBODY,
        "asks_manager": rules.approved_by is ApprovedBy.MANAGER,
        "barred": terms.barred_words(rules, person) if person else "",
    }


@bp.get("/bookings")
@signed_in
def mine() -> str:
    """One's own learning: coming up, waiting, past."""
    now, me_id = clock.now(), current_user.id
    upcoming, waiting = queries.coming_bookings(me_id, now=now)
    past, past_pages = queries.past_bookings(me_id, page_number(request.args.get("page")), now=now)
    return render_template(
        "bookings/mine.html",
        upcoming=upcoming,
        waiting=waiting,
        past=past,
        past_pages=past_pages,
        past_address=lambda number: url_for("bookings.mine", page=number),
        for_others=colleague_queries.booked_for_others(me_id, now=now),
        wishes=new_dates.wishes_of(me_id),
    )


def _own_booking_or_404(reference: str) -> Booking:
    """Somebody else's booking is as absent as one that never was."""
    return queries.own_booking(reference, current_user.id) or abort(404)


@bp.get("/bookings/<reference>")
@signed_in
def booking(reference: str) -> str:
    """One's own booking: what is true of it now, and what happens next."""
    shown = _own_booking_or_404(reference)
    state = opening(facts_of(shown.event), clock.now())
    is_own = shown.person_id == current_user.id
    replaced_by = replacement(shown) if shown.state is BookingState.CANCELLED else None
    words = booking_words(shown, state, is_own=is_own, to_whom=_to_whom(shown, replaced_by))
    asked = request_to_show(shown)
    if asked:
        words = request_words(shown, asked, is_own=is_own, now=clock.now())
    waits = on_the_list(shown, state, is_own=is_own, now=clock.now())
    if waits:
        words = waits.words
    return render_template(
        "bookings/booking.html",
        waiting_rules=waits.rules if waits else (),
        booking=shown,
        event=shown.event,
        words=words,
        approval=asked,
        approved=approved_words(shown),
        replacement=replaced_by,
        links_by_date=links_by_date(shown, now=clock.now()),
        is_own=is_own,
        for_name=name_for_booker(shown),
        is_reached=is_own or not shown.person.email,
        booked_by=shown.booked_by.name if shown.origin is BookingOrigin.COLLEAGUE else "",
        last_day_of_notice=last_day(shown.event),
        is_late=is_late(shown.event, clock.now()),
    )


def _to_whom(shown: Booking, replaced_by: Booking | None) -> str:
    """The name of whoever has the place now, for those who may know it: both sides of the gift."""
    if replaced_by is None or current_user.id not in {shown.person_id, replaced_by.booked_by_id}:
        return ""
    return replaced_by.name_given


@bp.get("/bookings/<reference>/calendar.ics")
@signed_in
def booking_calendar(reference: str) -> Response:
    """One's own dates to add to a calendar, with the personal joining page."""
    shown = _own_booking_or_404(reference)
    now = clock.now()
    if shown.state is not BookingState.CONFIRMED:
        abort(404)
    items = [item_of(shown, entry, now=now, is_addressed=False) for entry in shown.calendar_entries]
    return calendar_response(ical.download(items, shown.event.title), reference)


@bp.route("/bookings/<reference>/cancel", methods=["GET", "POST"])
@signed_in
def cancel(reference: str) -> str | AnyResponse:
    """Ask, then cancel."""
    shown = _own_booking_or_404(reference)
    form = OneButton()
    if form.submitted_and_valid():
        booking_id, me = shown.id, _me()
        try:
            with transaction():
                operations.cancel_booking(booking_id, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            shown = _own_booking_or_404(reference)
        else:
            return redirect(url_for("bookings.booking", reference=reference))
    elif shown.state is BookingState.CANCELLED:
        return redirect(url_for("bookings.booking", reference=reference))
    return render_template(
        "bookings/cancel.html",
        form=form,
        booking=shown,
        event=shown.event,
        is_own=shown.person_id == current_user.id,
        for_name=name_for_booker(shown),
        is_waiting=shown.state is BookingState.WAITING,
        is_late=is_late(shown.event, clock.now()),
        last_day_of_notice=last_day(shown.event),
    )


@bp.get("/bookings/<reference>/join")
@signed_in
def join(reference: str) -> Response:
    """The personal joining page: the meeting link, from 24 hours before until the end."""
    shown = _own_booking_or_404(reference)
    answer = joining(shown, shown.event, now=clock.now())
    page = render_template(
        "bookings/join.html",
        booking=shown,
        event=shown.event,
        is_own=shown.person_id == current_user.id,
        link=answer.link,
        date=answer.date,
        sentence=answer.sentence,
    )
    return keep_address_secret(Response(page))

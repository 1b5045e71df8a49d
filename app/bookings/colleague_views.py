"""Pages for booking others: whom, check, what became of each; and the places booked so."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts import throttle
from app.accounts.models import Person
from app.accounts.rules import Act, CountedBy
from app.accounts.signed_in import JOURNEY_KEY
from app.accounts.throttle import TooOften
from app.bookings import colleague_page, colleague_queries, event_page, queries, terms
from app.bookings.colleague_forms import ROWS_AT_FIRST, ROWS_MORE, ColleaguesForm
from app.bookings.colleagues import book_colleagues, foresee, tell_again
from app.bookings.models import ApprovedBy
from app.bookings.moving_queries import choices
from app.bookings.places import facts_of, terms_of
from app.bookings.rules import Opening, check_may_book, opening
from app.bookings.terms_rules import Terms
from app.catalogue.event_lines import EventLine
from app.catalogue.models import Event, EventMode
from app.kernel import clock
from app.kernel.access import public, signed_in
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import date_words
from app.kernel.paging import page_number
from app.kernel.tokens import new_reference

bp = Blueprint("colleagues", __name__)
SENT_ON = 307  # the same form goes on to the page that tells what became of it


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _event_or_404(reference: str) -> Event:
    """The event, unless it is a draft: nobody is booked on what is not published."""
    event = queries.event_by_reference(reference) or abort(404)
    if opening(facts_of(event), clock.now()) is Opening.DRAFT:
        abort(404)
    return event


def _where_first(event: Event) -> str | None:
    """Where somebody must go before they can book others, or instead of it; None to stay."""
    here = url_for(".book", reference=event.reference)
    if not current_user.is_authenticated:
        session[JOURNEY_KEY] = f"Book for colleagues: {event.title}, {date_words(event.starts_at)}"
        return url_for("accounts.sign_in", next=here)
    if current_user.profile_completed_at is None:
        return f"/welcome?next={here}"
    is_open = opening(facts_of(event), clock.now()) in event_page.BOOKABLE
    if not is_open and request.method != "POST":
        return url_for("bookings.event", reference=event.reference)
    return None


@bp.route("/events/<reference>/book-others", methods=["GET", "POST"])
@public
def book(reference: str) -> str | Response | tuple[str, int]:
    """Say whom, check what would become of each, book; each step is a button of one form."""
    step, status, form = request.form.get("step", ""), 200, None
    may_book = current_user.is_authenticated and current_user.profile_completed_at
    if step == "book" and may_book:
        form = _form_as_sent()
        status = _book(reference, form)
        if status == SENT_ON:
            return redirect(url_for(".booked", reference=reference), code=SENT_ON)
    event = _event_or_404(reference)
    elsewhere = _where_first(event)
    if elsewhere:
        return redirect(elsewhere)
    rules = terms_of(event.offer_id)
    if form is None:
        form = _new_form(event, rules, step)
        if step == "more":
            form.people.add_rows(ROWS_MORE)
        elif step != "fill_in" and form.submitted_and_valid() and _is_open(event, form):
            return _check(event, rules, form)
    return _fill_in(event, rules, form), status


def _new_form(event: Event, rules: Terms, step: str) -> ColleaguesForm:
    """The form with what this event asks, and a new key: for each list that is checked its own."""
    form = _form_as_sent()
    form.asks_manager = rules.approved_by is ApprovedBy.MANAGER
    form.leaves_out = form.leaves_out or step == "leave_out"
    form.form_key.data = new_reference(20)
    if event.mode is not EventMode.HYBRID:
        del form.mode
    return form


def _form_as_sent() -> ColleaguesForm:
    """The form with what was asked on the page that sent it; the event is not looked at yet."""
    form, me = ColleaguesForm(), _me()
    form.booker_name, form.booker_email = me.name, me.email or ""
    form.asks_manager = "manager_email" in request.form
    form.leaves_out = "leaves_out" in request.form
    del form.adjustments
    return form


def _is_open(event: Event, form: ColleaguesForm) -> bool:
    """Whether anybody can be booked now; the form says why not."""
    try:
        check_may_book(facts_of(event), already_booked=False, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


def _fill_in(event: Event, rules: Terms, form: ColleaguesForm) -> str:
    form.offer(colleague_queries.people_booked_before(current_user.id, event.id))
    form.people.add_rows(ROWS_AT_FIRST - len(form.people.data))
    return render_template(
        "bookings/colleagues_fill_in.html",
        form=form,
        event=event,
        state=opening(facts_of(event), clock.now()),
        rules=terms.told_beforehand(replace(rules, approved_by=ApprovedBy.NOBODY)),
        needs_yes=rules.approved_by is not ApprovedBy.NOBODY,
        asks_manager=form.asks_manager,
    )


def _check(event: Event, rules: Terms, form: ColleaguesForm) -> str:
    outcomes = foresee(event, rules, form.to_book, booked_by=_me())
    waiting = event.waiting_count
    shown = colleague_page.foreseen(form.listed, outcomes, waiting_count=waiting)
    return render_template(
        "bookings/colleagues_check.html",
        form=form,
        event=event,
        shown=shown,
        mode=_mode(form) or event.mode,
        needs_yes=rules.approved_by is not ApprovedBy.NOBODY,
        button=colleague_page.button_words(shown),
    )


def _book(reference: str, form: ColleaguesForm) -> int:
    """Book those who can be booked; what to answer with, once the form says what was wrong."""
    if "mode" not in request.form:
        del form.mode
    if not form.submitted_and_valid():
        return 200
    me, who = _me(), current_user.reference
    try:
        with transaction():
            book_colleagues(
                reference,
                form.to_book,
                booked_by=me,
                form_key=form.form_key.data or "",
                mode=_mode(form) or EventMode.HYBRID,
                manager=form.manager,
                admit=lambda people: _count(who, people),
                now=clock.now(),
            )
    except LookupError:
        abort(404)
    except Refused as refusal:
        form.refuse(refusal)
        return 429 if isinstance(refusal, TooOften) else 200
    return SENT_ON


def _count(who: str, people: int) -> None:
    """So many a day for one booker; TooOften says until when to wait."""
    whom, now_real = {CountedBy.PERSON: who}, clock.real_now()
    throttle.admit(Act.BOOK_FOR_OTHERS, whom, now_real=now_real, times=people)
    throttle.count(Act.BOOK_FOR_OTHERS, whom, now_real=now_real, times=people)


def _mode(form: ColleaguesForm) -> EventMode | None:
    """How they take part, if that was asked."""
    return EventMode(form.mode.data) if "mode" in form else None


@bp.route("/events/<reference>/booked-others", methods=["GET", "POST"])
@signed_in
def booked(reference: str) -> str | Response:
    """What became of each line of the form that was sent; looking again books nobody again."""
    if request.method != "POST":  # somebody comes back to the address alone
        return places(reference)
    event = _event_or_404(reference)
    form = _form_as_sent()
    if "mode" not in request.form:
        del form.mode
    if not form.submitted_and_valid():
        return redirect(url_for(".book", reference=reference))
    key = form.form_key.data or ""
    rules = terms_of(event.offer_id)
    try:
        outcomes = tell_again(event, rules, form.to_book, booked_by=_me(), form_key=key)
    except Refused as refusal:
        form.refuse(refusal)
        return _fill_in(event, rules, form)
    positions = colleague_queries.positions(event.id)
    shown = colleague_page.happened(form.listed, outcomes, positions)
    return render_template(
        "bookings/colleagues_booked.html",
        event=event,
        shown=shown,
        form=form,
        heading=colleague_page.result_heading(shown),
        others=_others(event),
    )


def _others(event: Event) -> list[EventLine]:
    """Other sessions of the offer that the same people can be booked on."""
    found = choices(event, now=clock.now())
    return [one.line for one in found if one.has_place or one.can_wait]


@bp.get("/bookings/for-others/<reference>")
@signed_in
def places(reference: str) -> str:
    """The places on one event that somebody booked for others."""
    event, me_id = _event_or_404(reference), current_user.id
    shown = page_number(request.args.get("page"))
    lines, numbered = colleague_queries.places_on(event.id, me_id, shown)
    return render_template(
        "bookings/colleagues_places.html",
        event=event,
        places=lines,
        pages=numbered,
        address=lambda number: url_for(".places", reference=reference, page=number),
        can_book=opening(facts_of(event), clock.now()) in event_page.BOOKABLE,
        others=_others(event) if lines else [],
    )

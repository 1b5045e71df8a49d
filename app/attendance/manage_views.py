"""Staff pages of the attendance feature: the register of each date, and the sheet to sign."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.attendance import operations, queries
from app.attendance.event_in_address import event_and_date, may_take_register
from app.attendance.forms import CHOICES, SAVED_WORDS, RegisterForm
from app.attendance.queries import RegisterLine
from app.attendance.rules import register_opens_at
from app.bookings.models import AttendanceOutcome
from app.catalogue.models import Event
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("manage_attendance", __name__)


@bp.route("/manage/events/<reference>/register", methods=["GET", "POST"])
@may_take_register
def register(reference: str) -> str | Response:
    """Who came on one date: one page, one form, saved at once and as often as needed."""
    event, number = event_and_date(reference)
    date, form = event.dates[number], RegisterForm()
    chosen: dict[str, AttendanceOutcome] = {}
    if form.is_submitted():
        chosen = form.read_outcomes(request.form)
        wants_to_save = "everyone" not in request.form and not form.form_errors
        if wants_to_save and form.validate() and _save(event, date.id, chosen, form):
            return redirect(url_for(".register", reference=reference, date=number + 1))
        event, _ = event_and_date(reference)
    is_filled_in = "everyone" in request.form
    found = queries.register_lines(event.id, event.dates[number].id)
    lines = [_as_chosen(line, chosen, is_filled_in=is_filled_in) for line in found]
    return render_template(
        "attendance/register.html",
        form=form,
        event=event,
        number=number,
        lines=lines,
        choices=CHOICES,
        is_filled_in=is_filled_in,
        opens_at=register_opens_at(event.dates[number].starts_at),
        is_open=clock.now() >= register_opens_at(event.dates[number].starts_at),
    )


def _save(
    event: Event, date_id: int, chosen: dict[str, AttendanceOutcome], form: RegisterForm
) -> bool:
    """Save the register and say so; False if it was refused."""
    event_id, me, now = event.id, cast(Person, current_user._get_current_object()), clock.now()
    try:
        with transaction():
            counts = operations.save_register(
                event_id, date_id, chosen, form.unbooked(), actor=me, now=now
            )
    except Refused as refusal:
        form.refuse(refusal)
        return False
    parts = [f"{counts[outcome]} {words}" for outcome, words in SAVED_WORDS.items()]
    flash(f"Register saved: {', '.join(parts)}.", "success")
    return True


def _as_chosen(
    line: RegisterLine, chosen: dict[str, AttendanceOutcome], *, is_filled_in: bool
) -> RegisterLine:
    """The line with what was just chosen, which is not saved yet."""
    outcome = chosen.get(line.reference, line.outcome)
    if is_filled_in:
        outcome = outcome or AttendanceOutcome.ATTENDED
    return replace(line, outcome=outcome)


@bp.get("/manage/events/<reference>/register/sheet")
@may_take_register
def sheet(reference: str) -> str:
    """The list of names to print and sign."""
    event, number = event_and_date(reference)
    lines = queries.register_lines(event.id, event.dates[number].id)
    return render_template(
        "attendance/sheet.html", event=event, date=event.dates[number], lines=lines
    )

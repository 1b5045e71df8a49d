"""Staff pages for counting heads on one date of an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.attendance import heads
from app.attendance.event_in_address import event_and_date, may_take_register
from app.attendance.heads_forms import HeadsForm
from app.attendance.rules import register_opens_at
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.forms import PageForm

bp = Blueprint("heads", __name__)


@bp.route("/manage/events/<reference>/register/heads", methods=["GET", "POST"])
@may_take_register
def count(reference: str) -> str | Response:
    """How many were there on one date, where nobody is written down by name."""
    event, number = event_and_date(reference)
    date, form = event.dates[number], HeadsForm()
    known = heads.head_count_of(date.id)
    if not form.is_submitted() and known is not None:
        form.show(known)
    event_id, date_id, me = event.id, date.id, _me()
    takes_back = "take_back" in request.form
    if takes_back and _done(
        form, lambda: heads.forget_count(event_id, date_id, actor=me, now=clock.now())
    ):
        flash("The head count is taken back.")
        return redirect(url_for("manage_attendance.register", reference=reference, date=number + 1))
    if (
        not takes_back
        and form.submitted_and_valid()
        and _done(
            form,
            lambda: heads.count_heads(event_id, date_id, form.counted, actor=me, now=clock.now()),
        )
    ):
        flash(f"{form.counted.head_count:,} heads are counted.", "success")
        return redirect(url_for(".count", reference=reference, date=number + 1))
    event, _ = event_and_date(reference)
    date = event.dates[number]
    return render_template(
        "attendance/heads.html",
        form=form,
        event=event,
        number=number,
        known=heads.head_count_of(date.id),
        opens_at=register_opens_at(date.starts_at),
        is_open=clock.now() >= register_opens_at(date.starts_at),
    )


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

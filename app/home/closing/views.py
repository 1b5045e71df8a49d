"""The closing checklist: what is missing, each with where it is done; then one button."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.attendance import closing
from app.attendance.event_in_address import event_and_date, may_take_register
from app.catalogue.models import EventState
from app.home.closing.queries import closing_facts
from app.home.closing.rules import checklist, may_be_closed
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.forms import PageForm

bp = Blueprint("closing", __name__)


@bp.route("/manage/events/<reference>/close", methods=["GET", "POST"])
@may_take_register
def close(reference: str) -> ResponseReturnValue:
    """Says what is left to do; a POST closes the event, or opens it again."""
    event, _ = event_and_date(reference)
    if event.state is not EventState.PUBLISHED:
        abort(404)
    form = PageForm()
    if form.submitted_and_valid():
        event_id, me = event.id, cast(Person, current_user._get_current_object())
        change = closing.reopen_event if "reopen" in request.form else closing.close_event
        try:
            with transaction():
                change(event_id, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            event, _ = event_and_date(reference)
        else:
            is_open = "reopen" in request.form
            flash("The session is open again." if is_open else "The session is closed.", "success")
            return redirect(url_for(".close", reference=reference))
    lines = checklist(closing_facts(event), now=clock.now())
    return render_template(
        "home/closing.html",
        form=form,
        event=event,
        lines=lines,
        may_close=may_be_closed(lines),
        closed=closing.find_closing(event.id),
    )

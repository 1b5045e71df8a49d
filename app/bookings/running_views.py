"""Staff pages about running an event: who runs it, and where its recording is."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.models import Person
from app.bookings import queries
from app.catalogue.event_facts_form import RecordingForm, TrainersForm
from app.catalogue.models import Event
from app.catalogue.recordings import name_trainers, share_recording
from app.catalogue.trainers import trainers_to_choose
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.errors import Refused

bp = Blueprint("running", __name__, url_prefix="/manage/events/<reference>")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _event_or_404(reference: str) -> Event:
    return queries.event_by_reference(reference) or abort(404)


@bp.route("/recording", methods=["GET", "POST"])
@staff
def recording(reference: str) -> str | Response:
    """Where the recording is, and for whom."""
    event, form = _event_or_404(reference), RecordingForm()
    if not form.is_submitted():
        form.show(event)
    elif form.submitted_and_valid():
        event_id, me = event.id, _me()
        try:
            with transaction():
                share_recording(event_id, form.recording, actor=me, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            event = _event_or_404(reference)
        else:
            flash("The recording is shared." if form.url.text else "No recording is shared.")
            return redirect(url_for("manage_bookings.overview", reference=reference))
    return render_template("bookings/manage_recording.html", event=event, form=form)


@bp.route("/trainers", methods=["GET", "POST"])
@staff
def trainers(reference: str) -> str | Response:
    """Who runs the event, and so sees its numbers, adjustments and register."""
    event, form = _event_or_404(reference), TrainersForm()
    form.offer(trainers_to_choose(event_id=event.id))
    if not form.is_submitted():
        form.trainers.data = [str(person.id) for person in event.trainers]
    elif form.submitted_and_valid():
        event_id, me = event.id, _me()
        with transaction():
            name_trainers(event_id, form.person_ids, actor=me, now=clock.now())
        flash("The trainers are named.")
        return redirect(url_for("manage_bookings.overview", reference=reference))
    return render_template("bookings/manage_trainers.html", event=event, form=form)

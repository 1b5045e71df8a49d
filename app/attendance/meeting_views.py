"""Staff pages that take a register from meeting files: choose, look through, save, undo."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.attendance import meeting_files, meeting_forms, meeting_queries, meeting_registers
from app.attendance.event_in_address import event_and_date, may_take_register
from app.attendance.forms import SAVED_WORDS
from app.attendance.meeting_forms import DecisionForm, MeetingFilesForm
from app.attendance.meeting_preview import Preview, preview
from app.attendance.models import DayOrder, MeetingFile, MeetingRegister
from app.attendance.presence_rules import OrderUnclear
from app.attendance.rules import register_opens_at
from app.catalogue.models import Event, EventState
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.forms import PageForm

bp = Blueprint("meetings", __name__)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


@bp.route("/manage/events/<reference>/register/meeting", methods=["GET", "POST"])
@may_take_register
def choose(reference: str) -> ResponseReturnValue:
    """Asks for the attendance files of a date; a POST reads and keeps them, and decides nothing."""
    event, number = event_and_date(reference)
    form = MeetingFilesForm()
    if form.submitted_and_valid():
        try:
            added = _keep(event, number, form)
        except Refused as refusal:
            form.files.errors = [str(refusal)]
            event, number = event_and_date(reference)
        else:
            if not added:
                flash(meeting_files.KNOWN_ALREADY, "notice")
            elif added < len(form.chosen_names):
                flash("Some of these files were added before: they change nothing.", "notice")
            return redirect(
                _address("check" if _waiting(event, number) else "choose", event, number)
            )
    date = event.dates[number]
    found = meeting_queries.latest_register(date.id)
    return render_template(
        "attendance/meeting_files.html",
        form=form,
        event=event,
        number=number,
        files=meeting_queries.files_of(date.id),
        saved=found[0] if found else None,
        saved_by=found[1] if found else "",
        may_undo=found is not None and _may_undo(found[0]),
        is_open=clock.now() >= register_opens_at(date.starts_at),
        opens_at=register_opens_at(date.starts_at),
        takes_place=event.state is EventState.PUBLISHED,
        saved_words=SAVED_WORDS,
    )


def _may_undo(saved: MeetingRegister) -> bool:
    return clock.now() <= saved.saved_at + meeting_files.UNDO_WITHIN


def _keep(event: Event, number: int, form: MeetingFilesForm) -> int:
    """Read the chosen files and keep them all, or none; how many are new."""
    date, chosen = event.dates[number], form.chosen()
    read = [(one, meeting_files.read_chosen(one, event, date)) for one in chosen]
    event_id, date_id, me = event.id, date.id, _me()
    with transaction():
        return meeting_files.add_files(event_id, date_id, read, actor=me, now=clock.now())


def _waiting(event: Event, number: int) -> bool:
    return bool(meeting_files.unsaved_count(event.dates[number].id))


def _address(page: str, event: Event, number: int) -> str:
    return url_for(f"meetings.{page}", reference=event.reference, date=number + 1)


@bp.route("/manage/events/<reference>/register/meeting/check", methods=["GET", "POST"])
@may_take_register
def check(reference: str) -> ResponseReturnValue:
    """Shows everybody in the meeting in four piles, to decide about; a POST saves the register."""
    event, number = event_and_date(reference)
    if "discard" in request.form:
        return _put_aside(event, number)
    files = meeting_queries.files_of(event.dates[number].id, with_content=True)
    if not meeting_forms.file_references(files):
        return redirect(_address("choose", event, number))
    try:
        found = preview(event, event.dates[number], files)
    except OrderUnclear:
        return _ask_order(event, number, files)
    except Refused as refusal:
        return _cannot_read(event, number, refusal)
    sent = request.form if request.method == "POST" else None
    form = meeting_forms.decisions(found, sent)
    if sent is not None and not form.errors:
        try:
            return _save(event, number, files, form)
        except Refused as refusal:
            form.form_errors.append(str(refusal))
            event, number = event_and_date(reference)
    return _shown(event, number, files, found, form)


def _shown(
    event: Event, number: int, files: list[MeetingFile], found: Preview, form: DecisionForm
) -> str:
    return render_template(
        "attendance/meeting_check.html",
        form=form,
        found=found,
        event=event,
        number=number,
        files=files,
        outcome_words=SAVED_WORDS,
    )


def _save(
    event: Event, number: int, files: list[MeetingFile], form: DecisionForm
) -> ResponseReturnValue:
    """Save what was decided in one transaction, and say so on the register."""
    said, references = meeting_forms.said_of(form), meeting_forms.file_references(files)
    reference, event_id, date_id = event.reference, event.id, event.dates[number].id
    me, now = _me(), clock.now()
    with transaction():
        counts = meeting_registers.save_meeting_register(
            event_id, date_id, references, said, actor=me, now=now
        )
    parts = [f"{counts[outcome]} {words}" for outcome, words in SAVED_WORDS.items()]
    flash(f"Register saved: {', '.join(parts)}. This can be undone for a day.", "success")
    return redirect(url_for("manage_attendance.register", reference=reference, date=number + 1))


def _put_aside(event: Event, number: int) -> ResponseReturnValue:
    reference, event_id, date_id, me = event.reference, event.id, event.dates[number].id, _me()
    with transaction():
        meeting_files.put_aside(event_id, date_id, actor=me, now=clock.now())
    flash("The files are removed. The register is as it was.", "success")
    return redirect(url_for("manage_attendance.register", reference=reference, date=number + 1))


def _ask_order(event: Event, number: int, files: list[MeetingFile]) -> ResponseReturnValue:
    """Asks which way round the dates of a file are, where nothing but a person can say."""
    unclear = meeting_files.first_unclear(files, event)
    if unclear is None:
        abort(404)
    file, readings = unclear
    form = meeting_forms.DayOrderForm()
    form.offer(readings)
    if "ask_order" in request.form and form.submitted_and_valid():
        reference = file.reference
        with transaction():
            meeting_files.say_order(reference, DayOrder(form.day_order.data))
        return redirect(_address("check", event, number))
    return render_template(
        "attendance/meeting_order.html", form=form, event=event, number=number, file=file
    )


def _cannot_read(event: Event, number: int, refusal: Refused) -> str:
    """Says why the files cannot be of this date any more, with a button to remove them."""
    form = PageForm()
    form.refuse(refusal)
    return render_template("attendance/meeting_order.html", form=form, event=event, number=number)


@bp.route("/manage/events/<reference>/register/meeting/undo", methods=["GET", "POST"])
@may_take_register
def undo(reference: str) -> ResponseReturnValue:
    """Asks whether to take back the register saved last from files; a POST does."""
    event, number = event_and_date(reference)
    found = meeting_queries.latest_register(event.dates[number].id)
    if found is None:
        return redirect(_address("choose", event, number))
    form = PageForm()
    if form.submitted_and_valid():
        event_id, date_id, me = event.id, event.dates[number].id, _me()
        try:
            with transaction():
                taken, kept = meeting_registers.undo_meeting_register(
                    event_id, date_id, actor=me, now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
            event, number = event_and_date(reference)
            found = meeting_queries.latest_register(date_id) or found
        else:
            flash(_undone_words(taken, kept), "success")
            return redirect(_address("choose", event, number))
    return render_template(
        "attendance/meeting_undo.html", form=form, event=event, number=number, saved=found[0]
    )


def _undone_words(taken: int, kept: int) -> str:
    lines = f"{taken} {'line' if taken == 1 else 'lines'}"
    words = f"Undone: {lines} of the register are as before."
    return f"{words} {kept} corrected since stay." if kept else words

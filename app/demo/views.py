"""Conveniences of the example: one-click sign-in, the mail that was sent, moving time."""

from __future__ import annotations

from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from app.accounts import operations as accounts
from app.accounts import signed_in
from app.audit import operations as audit
from app.demo import operations, queries, sent_mail
from app.demo.forms import MoveForm, WhoForm
from app.demo.personas import all_personas, find_persona
from app.kernel import clock
from app.kernel.access import example_only
from app.kernel.db import transaction
from app.kernel.errors import Refused
from app.kernel.london import clock_words, date_words

bp = Blueprint("demo", __name__)

MOST_PAGES = 80
# Somebody else's HTML, shown alone: it can load nothing, run nothing and send nothing.
HTML_OF_A_MESSAGE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


@bp.get("/dev")
@example_only
def try_it() -> ResponseReturnValue:
    """Who one can be, what time it is in the example, and what is worth seeing."""
    return _try_it_page(MoveForm())


@bp.post("/dev/sign-in")
@example_only
def sign_in_as() -> ResponseReturnValue:
    """Be one of the example's people, second step and all."""
    form = WhoForm()
    if not form.submitted_and_valid():
        return _try_it_page(form)
    found = find_persona(form.who.data or "")
    if found is None:
        abort(404)
    persona, person = found
    before, now_real = signed_in.current_token(), clock.real_now()
    reference = person.reference
    with transaction():
        if before:
            accounts.end_session(before, now_real=now_real)
        token = accounts.start_session(person, now_real=now_real, second_step=person.is_staff)
        audit.record(reference, "signed_in_at_dev", "person", reference, now=clock.now())
    signed_in.begin(token)
    flash(f"You are now {persona.name}. {persona.tries}", "notice")
    return redirect(persona.start)


@bp.post("/dev/time")
@example_only
def move_time() -> ResponseReturnValue:
    """Move the example's clock on; it never goes back."""
    form = MoveForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                now = operations.fast_forward(form.distance.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            when = f"{date_words(now)}, {clock_words(now)}"
            flash(f"In the example it is now {when}. What fell due is sent within a minute.")
            return redirect(url_for("demo.try_it"))
    return _try_it_page(form)


@bp.get("/dev/mail")
@example_only
def mail() -> ResponseReturnValue:
    """The messages that were sent, newest first."""
    folder = _mail_folder()
    page = request.args.get("page", 1, type=int)
    to = request.args.get("to", "")[:100]
    if not 1 <= page <= MOST_PAGES:
        abort(404)
    lines, has_more = sent_mail.newest(folder, to=to, page=page) if folder else ([], False)
    return render_template(
        "demo/mail.html",
        lines=lines,
        has_more=has_more,
        number=page,
        to=to,
        folder=folder,
        personas=all_personas(),
        waiting_count=queries.waiting_to_leave(),
    )


@bp.get("/dev/mail/<name>")
@example_only
def message(name: str) -> ResponseReturnValue:
    """One message as words, with what else is in it."""
    return render_template("demo/message.html", message=_message_or_404(name))


@bp.get("/dev/mail/<name>/html")
@example_only
def message_html(name: str) -> ResponseReturnValue:
    """One message as a mail program shows it, without scripts or anything from elsewhere."""
    response = Response(_message_or_404(name).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = HTML_OF_A_MESSAGE
    return response


@bp.get("/dev/mail/<name>/download")
@example_only
def message_download(name: str) -> ResponseReturnValue:
    """One message as it was sent, for a mail program."""
    found = _message_or_404(name)
    return _attachment(found.source, "message/rfc822", found.name)


@bp.get("/dev/mail/<name>/calendar")
@example_only
def message_calendar(name: str) -> ResponseReturnValue:
    """The calendar part of one message, for a calendar."""
    found = _message_or_404(name)
    if not found.calendar:
        abort(404)
    content = "\r\n".join(found.calendar.splitlines()).encode() + b"\r\n"
    return _attachment(content, "text/calendar", "invite.ics")


def _try_it_page(form: MoveForm | WhoForm) -> str:
    now = clock.now()
    return render_template(
        "demo/try_it.html",
        form=form,
        personas=all_personas(),
        now=now,
        examples=queries.examples(now=now),
        waiting_count=queries.waiting_to_leave(),
    )


def _mail_folder() -> Path | None:
    return sent_mail.folder_of(current_app.config["MAIL_URL"])


def _message_or_404(name: str) -> sent_mail.SentMessage:
    folder = _mail_folder()
    found = sent_mail.open_message(folder, name) if folder else None
    if found is None:
        abort(404)
    return found


def _attachment(content: bytes, mimetype: str, name: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

"""Staff pages for writing to the people of an event: write, see whom and how, send."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.bookings.queries import event_by_reference
from app.catalogue.models import Event, EventState
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused
from app.notices import written, written_rules
from app.notices.written_forms import WriteForm
from app.notices.written_rules import PLACEHOLDERS as USABLE
from app.outbox.wording_rules import PLACEHOLDERS

bp = Blueprint("written_letters", __name__)

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


@bp.route("/manage/events/<reference>/write", methods=["GET", "POST"])
@staff
def write(reference: str) -> ResponseReturnValue:
    """Write to the people of an event; before anything leaves, show whom and how it reads."""
    event, form = _event(reference), WriteForm()
    if not form.is_submitted():
        like = written.find_letter(request.args.get("like", ""))
        form.subject.data = like.subject if like else written_rules.STANDARD.subject
        form.body.data = like.body if like else ""
        form.whom_to.data = request.args.get("to", "booked")
    elif request.form.get("step") != "change" and form.submitted_and_valid():
        answer = _check_or_send(event, form)
        if answer is not None:
            return answer
    return render_template(
        "notices/write.html",
        event=event,
        form=form,
        usable=USABLE,
        placeholders=PLACEHOLDERS,
        earlier=written.earlier_letters(event),
        whom_words=written_rules.WHOM_WORDS,
    )


def _check_or_send(event: Event, form: WriteForm) -> ResponseReturnValue | None:
    """The page that asks once more, or the way onward once sent; None if refused."""
    try:
        written_rules.check_words(form.words)
        found = written.recipients(event, form.whom)
        written_rules.check_recipients(
            form.whom, with_address=len(found.reached), without=len(found.without_address)
        )
        if request.form.get("step") != "send":
            first = found.reached[0]
            return render_template(
                "notices/write_check.html",
                event=event,
                form=form,
                found=found,
                whom=written_rules.WHOM_WORDS[form.whom],
                first=first,
                letter=written.write(form.words, first, event),
            )
        me = cast(Person, current_user._get_current_object())
        key = form.form_key.data or ""
        with transaction():
            sent = written.send(
                event, form.whom, form.words, form_key=key, actor=me, now=clock.now()
            )
            count = sent.sent_count
    except Refused as refusal:
        form.refuse(refusal)
        return None
    flash(f"{'1 message is' if count == 1 else f'{count:,} messages are'} on the way.", "success")
    return redirect(url_for("manage_bookings.messages", reference=event.reference))


def _event(reference: str) -> Event:
    event = event_by_reference(reference)
    return event if event and event.state is not EventState.DRAFT else abort(404)

"""Staff pages of the words of letters: change them, see how they read, go back to the standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup, escape

from app.accounts.models import Person
from app.bookings.emails import wording_values
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import choices_of
from app.kernel.refusals import Refused
from app.notices import emails, operations, queries
from app.notices.forms import OneButton, WordingForm
from app.notices.models import NoticeKind
from app.outbox import wording
from app.outbox.models import WordingKind
from app.outbox.wording_rules import KINDS, PLACEHOLDERS, Words, check, fill_paragraphs

bp = Blueprint("manage_wording", __name__, url_prefix="/manage/wording")

staff = for_roles(Role.DELIVERY, Role.ADVISOR)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _kind_or_404(word: str) -> WordingKind:
    return WordingKind(word) if word in set(WordingKind) else abort(404)


@bp.get("")
@staff
def list_wordings() -> str:
    """The letters whose words can be changed, and which have been."""
    changed = wording.changed_words()
    return render_template("notices/list_wordings.html", kinds=KINDS, changed=changed)


@bp.route("/<kind>", methods=["GET", "POST"])
@staff
def change_wording(kind: str) -> ResponseReturnValue:
    """Change a letter's words, or see how they would read."""
    which, form = _kind_or_404(kind), WordingForm()
    if not KINDS[which].has_subject:
        del form.subject
    events = queries.events_to_preview(now=clock.now())
    form.preview_of.choices = choices_of(events)
    if not form.is_submitted():
        form.show(wording.current(which))
    elif form.submitted_and_valid() and _is_saved(which, form):
        flash("The new words are in use from now on.", "success")
        return redirect(url_for(".change_wording", kind=kind))
    if not form.preview_of.data and events:
        form.preview_of.data = events[0][0]
    is_good = not form.errors and not form.form_errors
    return render_template(
        "notices/wording.html",
        form=form,
        kind=which,
        facts=KINDS[which],
        is_changed=which in wording.changed_words(),
        placeholders=PLACEHOLDERS,
        preview=_preview(which, form.words, form.preview_of.data) if is_good else None,
    )


def _is_saved(kind: WordingKind, form: WordingForm) -> bool:
    """Whether the words are in use now; not if they were only to be seen, or are refused."""
    try:
        check(kind, form.words)
        if request.form.get("step") != "save":
            return False
        with transaction():
            operations.change_wording(kind, form.words, actor=_me(), now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


@bp.route("/<kind>/standard", methods=["GET", "POST"])
@staff
def use_standard(kind: str) -> ResponseReturnValue:
    """Asks whether to go back to the standard words; a POST does."""
    which, form = _kind_or_404(kind), OneButton()
    if form.submitted_and_valid():
        with transaction():
            operations.use_standard_wording(which, actor=_me(), now=clock.now())
        flash("The standard words are in use again.", "success")
        return redirect(url_for(".change_wording", kind=kind))
    return render_template("notices/use_standard.html", form=form, kind=which, facts=KINDS[which])


def _preview(
    kind: WordingKind, words: Words, reference: str | None
) -> tuple[str, Sequence[Markup]] | None:
    """Subject and paragraphs as the person looking would get them; None without a session."""
    sample = queries.sample_booking(reference or "", _me())
    if sample is None:
        return None
    booking, event = sample
    if not KINDS[kind].has_subject:
        return "", fill_paragraphs(words.body, wording_values(booking, event, event.dates))
    letter = emails.write(
        NoticeKind(kind.value),
        booking,
        event,
        event.dates,
        next_dates=emails.next_dates(event, now=clock.now()),
        words=words,
    )
    read = [
        Markup("<br>").join(escape(line) for line in paragraph.split("\n"))
        for paragraph in letter.text.strip().split("\n\n")
    ]
    return letter.subject, read

"""Copy for the e-bulletin: choose coming sessions, take away ready text. Nothing is stored."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

from app.catalogue import bulletin, filter_rules, queries, rules
from app.catalogue.bulletin_rules import Announcement, social_text
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.forms import PageForm, one_line
from app.outbox.letters import to_text

bp = Blueprint("bulletin", __name__)

IN_SOCIAL_MEDIA = "Example data"


@bp.get("/manage/bulletin")
@for_roles(Role.DELIVERY, Role.ADVISOR)
def show() -> str:
    """Choose sessions by filter and tick, and read the text made of them."""
    now = clock.now()
    choices = queries.filter_choices(now=now)
    read = filter_rules.read_filter(dict(request.args.lists()), choices)
    references = list(dict.fromkeys(map(one_line, request.args.getlist("event"))))[
        : bulletin.MOST_CHOSEN
    ]
    base_url = current_app.config["BASE_URL"]
    found = bulletin.announcements(references, base_url=base_url, now=now) if references else []
    # Nothing is changed, so the choice stands in the address, and there is nothing to guard.
    form = PageForm(formdata=None, meta={"csrf": False})
    if "make" in request.args and not found:
        form.refuse("Choose at least one session")
    lines = bulletin.events_to_announce(read.filter, now=now)
    return render_template(
        "catalogue/manage_bulletin.html",
        form=form,
        chosen=read.filter,
        notes=[*read.notes, *_notes(references, found, lines_count=len(lines))],
        choices=choices,
        lines=lines,
        references=set(references),
        most_chosen=bulletin.MOST_CHOSEN,
        found=found,
        html=(html := _html(found, base_url)),
        text=to_text(html) if html else "",
        posts=[social_text(event, note=_social_note()) for event in found],
        rules=rules,
    )


def _notes(references: list[str], found: list[Announcement], *, lines_count: int) -> list[str]:
    notes = []
    if len(found) < len(references):
        notes.append("A session that you chose can no longer be booked, so it is left out.")
    if lines_count == bulletin.MOST_SHOWN:
        notes.append(f"Only the first {bulletin.MOST_SHOWN} sessions are shown: use the filters.")
    return notes


def _html(found: list[Announcement], base_url: str) -> str:
    """The formatted text, without any style of ours."""
    if not found:
        return ""
    return render_template(
        "catalogue/_bulletin_text.html",
        events=found,
        learning_url=f"{base_url}/learning",
        note=clock.example_words(),
    )


def _social_note() -> str:
    return IN_SOCIAL_MEDIA if clock.example_words() else ""

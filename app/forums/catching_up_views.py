"""The page on which people of schools catch up with forums they were not at."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import catching_up
from app.forums.establishments import is_in_education
from app.forums.forums import coming_forum
from app.kernel import clock
from app.kernel.access import Role, for_roles, signed_in
from app.kernel.db import transaction
from app.kernel.forms import PageForm, one_line
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("catching_up", __name__)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


@bp.route("/forums/catch-up", methods=["GET", "POST"])
@signed_in
def catch_up() -> ResponseReturnValue:
    """The forums somebody missed; a button says that they watched one, or takes that back."""
    me, now = _me(), clock.now()
    everything = request.args.get("show") == "all"
    form = PageForm()
    if form.submitted_and_valid():
        try:
            flash(_said())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".catch_up", show="all" if everything else None))
        me = _me()
    if not is_in_education(me):
        return render_template("forums/catch_up_not_for_you.html")
    return render_template(
        "forums/catch_up.html",
        form=form,
        found=catching_up.to_catch_up(me, everything=everything, now=now),
        everything=everything,
        coming=coming_forum(now=now),
    )


def _said() -> str:
    """Do what a button asks; the words that say so. Refused if it cannot be."""
    reference = one_line(request.form.get("forum"))[:100]
    watched = request.form.get("watched")
    with transaction():
        event = catching_up.forum_called(reference)
        if event is None or watched not in {"yes", "no"}:
            raise Refused("Choose a forum from the list")
        if watched == "yes":
            catching_up.say_watched(event, actor=_me(), now=clock.now())
            return "Thank you: it counts as caught up."
        catching_up.take_back_watched(event, actor=_me(), now=clock.now())
    return "It no longer counts as watched."


@bp.get("/forums/events/<reference>/watched")
@for_roles(Role.ADVISOR, Role.DELIVERY)
def watched(reference: str) -> str:
    """Who says they watched a forum's recording, and whom we told that it is there."""
    event = catching_up.forum_called(reference) or abort(404)
    found = catching_up.watched_of(event.id)
    shown = pages(page_number(request.args.get("page")), length=len(found))
    return render_template(
        "forums/watched.html",
        event=event,
        length=len(found),
        schools_count=len({one.organisation_name for one in found if one.organisation_name}),
        found=found[shown.first : shown.last],
        pages=shown,
        address=lambda number: url_for(".watched", reference=reference, page=number),
        told=catching_up.told_of(event.id),
    )

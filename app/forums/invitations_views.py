"""Inviting everybody to a forum: what would go out, and the one button that sends it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.forums import invitations, reminders_rules
from app.forums.establishments import Addressee
from app.forums.invitations_letters import facts_of, write_invitation
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.refusals import Refused

bp = Blueprint("forum_invitations", __name__)


@bp.route("/forums/events/<reference>/invitations", methods=["GET", "POST"])
@for_roles(Role.ADVISOR, Role.DELIVERY)
def invite(reference: str) -> ResponseReturnValue:
    """Shows the letter and how many addresses it goes to; a POST has the worker send it."""
    event = invitations.find_forum(reference) or abort(404)
    form, now, event_id = PageForm(), clock.now(), event.id
    if form.submitted_and_valid():
        try:
            with transaction():
                invitations.invite(event_id, actor=current_user._get_current_object(), now=now)
        except Refused as refusal:
            form.refuse(refusal)
            event = invitations.find_forum(reference) or abort(404)
        else:
            flash("The invitations leave in the next minutes.")
            return redirect(url_for(".invite", reference=reference))
    nobody = Addressee("", "", None, ())
    return render_template(
        "forums/invitations.html",
        form=form,
        event=event,
        foreseen=invitations.foresee(event, now=now),
        asked=invitations.invitation_of(event_id),
        written_to_count=invitations.written_to_count(event),
        why_not=invitations.why_not(event, now=now),
        letter=write_invitation(nobody, facts_of(event, now=now)),
        reminder_at=reminders_rules.due_at(event.starts_at),
        now=now,
    )

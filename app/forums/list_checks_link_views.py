"""A school's own list, by the link it was sent: seen, corrected, and said to be right."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.forums import list_checks
from app.forums import list_checks_rules as rules
from app.forums.establishment_rules import POST_WORDS
from app.forums.list_checks_forms import OwnListForm
from app.forums.models import ListCheck
from app.kernel import clock
from app.kernel.access import link_holder
from app.kernel.db import transaction
from app.kernel.headers import keep_address_secret
from app.kernel.refusals import Refused

bp = Blueprint("school_list", __name__)
bp.after_request(keep_address_secret)


@bp.route("/school-list/<token>", methods=["GET", "POST"])
@link_holder
def own_list(token: str) -> ResponseReturnValue:
    """The list; a POST shows what would change, and the next one changes it."""
    check, now = list_checks.find(token), clock.now()
    if check is None:
        return render_template("forums/school_list_no_link.html", reading="WRONG"), 404
    ended = _why_ended(check)
    if ended:
        return render_template(
            "forums/school_list_no_link.html",
            reading=ended,
            check=check,
            successor=list_checks.organisation_today(check.organisation),
        ), 410
    form, step, check_id = OwnListForm(), request.form.get("step", ""), check.id
    is_filled_in = step != "change" and form.submitted_and_valid()
    try:
        if step == "save" and is_filled_in:
            with transaction():
                list_checks.save(check_id, form.said, now=now)
            flash("Thank you. The list is checked.")
            return redirect(url_for(".own_list", token=token))
        listed = list_checks.on_list(check, now=now)
        leaving = list_checks.leaving(listed, form.said) if is_filled_in else []
    except Refused as refusal:
        form.refuse(refusal)
        listed, is_filled_in = list_checks.on_list(check, now=now), False
    return render_template(
        "forums/school_list_check.html" if is_filled_in else "forums/school_list.html",
        form=form,
        check=check,
        listed=listed,
        leaving=leaving if is_filled_in else [],
        post_words=POST_WORDS,
    )


def _why_ended(check: ListCheck) -> str:
    """Why the link cannot be used any more; empty if it can."""
    if check.organisation.closed_on is not None:
        return "CLOSED"
    return "OVER" if rules.is_over(check.school_year, clock.now()) else ""

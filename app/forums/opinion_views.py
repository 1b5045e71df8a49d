"""Answering for a school by its link, without signing in: write, check, send."""

from __future__ import annotations

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.forums import opinions
from app.forums.opinion_forms import OpinionForm
from app.forums.opinion_models import RoundState
from app.forums.opinion_rules import last_day
from app.forums.opinions import LinkFacts
from app.kernel import clock
from app.kernel.access import link_holder
from app.kernel.db import transaction
from app.kernel.headers import keep_address_secret

bp = Blueprint("opinions", __name__)
bp.after_request(keep_address_secret)


@bp.route("/opinions/<token>", methods=["GET", "POST"])
@link_holder
def answer(token: str) -> str | Response | tuple[str, int]:
    """What a school says: each step is a button of one form; only the last keeps anything."""
    link = _link(token)
    if link.is_answered or not link.is_open(clock.now()):
        return _explain(link)
    form, step = OpinionForm(), request.form.get("step", "")
    if link.is_anonymous:
        del form.may_be_named
    if request.method != "POST":
        form.begin()
    elif step != "change" and form.submitted_and_valid():
        if step == "send":
            return _send(link, form, token)
        return _show("forums/opinion_check.html", link, form, token)
    return _show("forums/opinion.html", link, form, token)


@bp.get("/opinions/<token>/done")
@link_holder
def done(token: str) -> str:
    """Thanks for answering."""
    return render_template("forums/opinion_done.html", link=_link(token), token=token)


def _send(link: LinkFacts, form: OpinionForm, token: str) -> Response:
    try:
        with transaction():
            opinions.give_opinion(link.link_id, form.said, form_key=form.key, now=clock.now())
    except opinions.Over:
        return redirect(url_for(".answer", token=token), 303)
    return redirect(url_for(".done", token=token), 303)


def _show(template: str, link: LinkFacts, form: OpinionForm, token: str) -> str:
    return render_template(
        template, link=link, form=form, token=token, last_day=last_day(link.closes_at)
    )


def _explain(link: LinkFacts) -> tuple[str, int]:
    """Why there is nothing to answer: it was done, the school closed, too early or too late."""
    is_over = link.state is RoundState.CLOSED or link.closes_at <= clock.now()
    status = 200 if link.is_answered and not is_over else 410
    page = render_template(
        "forums/opinion_over.html", link=link, is_over=is_over, last_day=last_day(link.closes_at)
    )
    return page, status


def _link(token: str) -> LinkFacts:
    found = opinions.find_link(token, now=clock.now())
    if found is None:
        abort(make_response(render_template("forums/opinion_no_link.html"), 404))
    return found

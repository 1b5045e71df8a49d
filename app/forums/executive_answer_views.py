"""Answering for the Executive by a link, without signing in: one report's themes, and no more."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.forums import executive, executive_rules
from app.forums import executive_queries as queries
from app.forums.executive_forms import AnswerForm
from app.forums.executive_queries import AnswerLine
from app.forums.executive_views import answered_meanwhile, done
from app.forums.opinion_models import RespondentLink, ThemeAnswer
from app.kernel import clock
from app.kernel.access import link_holder
from app.kernel.headers import keep_address_secret
from app.kernel.london import london_date
from app.kernel.refusals import Refused

bp = Blueprint("executive_answers", __name__)
bp.after_request(keep_address_secret)


@bp.get("/executive-answers/<token>")
@link_holder
def themes(token: str) -> ResponseReturnValue:
    """The themes of one report, what is asked about each, and what is answered."""
    link = _link(token)
    if not _opens(link):
        return _ended(link)
    lines = queries.answer_lines(ThemeAnswer.round_id == link.report.round_id)
    return render_template(
        "forums/executive_answers.html",
        link=link,
        token=token,
        lines=lines,
        half_term=queries.half_term_words(link.report.round.half_term),
        thanked=next((one for one in lines if one.reference == request.args.get("saved")), None),
    )


@bp.route("/executive-answers/<token>/<reference>", methods=["GET", "POST"])
@link_holder
def answer(token: str, reference: str) -> ResponseReturnValue:
    """Write the answer to one theme, check it, and save it."""
    link = _link(token)
    if not _opens(link):
        return _ended(link)
    line, form = _line(link, reference), AnswerForm()
    if not form.is_submitted():
        form.show(line)
    elif request.form.get("step") != "change" and form.submitted_and_valid():
        reply = _check_or_save(link, token, line, form)
        if reply is not None:
            return reply
    return render_template(
        "forums/executive_answers_form.html",
        token=token,
        line=line,
        form=form,
        meanwhile=answered_meanwhile(reference, form),
    )


def _check_or_save(
    link: RespondentLink, token: str, line: AnswerLine, form: AnswerForm
) -> ResponseReturnValue | None:
    """The page that asks once more, or the way onward once saved; None if refused."""
    now = clock.now()
    given = form.given(london_date(now))
    if request.form.get("step") == "save":
        by = link.post
        if done(form, lambda: executive.record_answer(line.reference, given, by=by, now=now)):
            return redirect(url_for(".themes", token=token, saved=line.reference))
        return None
    try:
        executive_rules.check_answer(
            given,
            revision=line.revision,
            was_due_on=line.due_on,
            given_on=line.given_on,
            today=london_date(now),
        )
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return render_template(
        "forums/executive_answers_check.html", token=token, line=line, form=form, link=link
    )


def _link(token: str) -> RespondentLink:
    return queries.link_with(token) or abort(404)


def _opens(link: RespondentLink) -> bool:
    today = london_date(clock.now())
    return executive_rules.is_open_link(link.ends_on, link.withdrawn_at is not None, today=today)


def _ended(link: RespondentLink) -> tuple[str, int]:
    return render_template("forums/executive_answers_ended.html", link=link), 410


def _line(link: RespondentLink, reference: str) -> AnswerLine:
    """A theme of the link's own report; there are no others."""
    found = queries.answer_lines(
        ThemeAnswer.reference == reference, ThemeAnswer.round_id == link.report.round_id
    )
    return found[0] if found else abort(404)

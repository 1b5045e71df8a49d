"""Answering: by a personal link without signing in, or by an evaluation's open link."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from app.accounts import throttle
from app.accounts.rules import Act, CountedBy, client_network
from app.kernel import clock
from app.kernel.access import link_holder, public
from app.kernel.db import transaction
from app.kernel.refusals import Refused
from app.surveys import answering_hours, forms, operations, queries, responses
from app.surveys.forms import SectionForm
from app.surveys.models import InvitationState
from app.surveys.open_link_rules import typed_slug
from app.surveys.queries import Link, OpenSurvey
from app.surveys.walk import Walk

bp = Blueprint("surveys", __name__)

OPEN_DRAFTS = "open_surveys"
MOST_OPEN_DRAFTS = 5
TOKEN_LENGTH = 64


@dataclass(frozen=True)
class Survey:
    """What the answering page needs to know, whichever door somebody came through."""

    title: str
    address: str
    done: str
    draft_hash: str
    begin: Callable[[], None]
    submit: Callable[[Walk], object]
    version_id: int
    link: Link | None = None
    opened: OpenSurvey | None = None


@bp.after_request
def _tell_nobody_the_address(response: Response) -> Response:
    """A personal link must not travel on in a Referer header (S10)."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.route("/surveys/<token>", methods=["GET", "POST"])
@link_holder
def answer(token: str) -> str | Response | tuple[str, int]:
    """A survey by a personal link, one screen at a time."""
    link = _link(token)
    if link.state is not InvitationState.SENT or link.closes_at <= clock.now():
        return _explain(link, token)
    address = url_for("surveys.answer", token=token)
    questions = queries.asked_questions(link.version_id, link.subject_words)
    draft_hash = responses.hash_of_draft(token)

    def submit(walk: Walk) -> None:
        operations.submit_response(
            link.invitation_id, questions, walk.answers, draft_hash=draft_hash, now=clock.now()
        )

    survey = Survey(
        link.title, address, address, draft_hash, _nothing, submit, link.version_id, link
    )
    return _take_step(survey, Walk.taken_up(questions, responses.read_draft(draft_hash)))


@bp.route("/surveys/<token>/stop", methods=["GET", "POST"])
@link_holder
def stop(token: str) -> str | Response:
    """Asks whether to stop asking this person; a POST does."""
    link = _link(token)
    if request.method == "POST":
        with transaction():
            operations.stop_asking(link.person_id, now=clock.now())
        return redirect(url_for("surveys.stopped", token=token), 303)
    return render_template("surveys/stop.html", token=token, link=link)


@bp.get("/surveys/<token>/stopped")
@link_holder
def stopped(token: str) -> str:
    """Says that nobody will ask this person again."""
    _link(token)
    return render_template("surveys/stopped.html")


@bp.get("/s/<slug>")
@public
def short_address(slug: str) -> Response:
    """The address on a poster, as somebody typed it."""
    typed = typed_slug(slug)
    _open_survey(typed)
    return redirect(url_for("surveys.answer_open", slug=typed))


@bp.route("/surveys/open/<slug>", methods=["GET", "POST"])
@public
def answer_open(slug: str) -> str | Response | tuple[str, int]:
    """A survey by an open link: nobody is asked or told who answers."""
    found = _open_survey(slug)
    if not found.is_open(clock.now()):
        return render_template("surveys/open_closed.html", survey=found, now=clock.now()), 410
    asked = queries.asked_questions(found.version_id, found.subject_words)
    questions = [question for question in asked if question.can_be_answered]
    draft_hash = responses.hash_of_draft(_open_draft_key(slug))
    address = url_for("surveys.answer_open", slug=slug)
    done = url_for("surveys.open_done", slug=slug)

    def submit(walk: Walk) -> None:
        operations.submit_open_response(
            slug, walk.questions, walk.answers, draft_hash=draft_hash, now=clock.now()
        )
        session.get(OPEN_DRAFTS, {}).pop(slug, None)
        session.modified = True

    survey = Survey(found.title, address, done, draft_hash, _admit_client, submit, found.version_id)
    if questions and found.sector_id is None:
        questions.append(queries.sector_question())
    walk = Walk.taken_up(questions, responses.read_draft(draft_hash))
    return _take_step(replace(survey, opened=found), walk)


@bp.get("/surveys/open/<slug>/done")
@public
def open_done(slug: str) -> str:
    """Thanks for answering by an open link."""
    return render_template("surveys/open_done.html", survey=_open_survey(slug), slug=slug)


def _take_step(survey: Survey, walk: Walk) -> str | Response:
    """Show the screen that comes now, or take in what was answered on it and go on."""
    if not walk.sections:
        return render_template("surveys/nothing_to_ask.html", survey=survey)
    step = walk.step(request.args.get("step"))
    section = walk.sections[step - 1]
    if request.method != "POST":  # HEAD too: mail scanners ask for it
        return _show(survey, walk, step, SectionForm(section, walk.answers))
    if request.form.get("version", str(survey.version_id)) != str(survey.version_id):
        return _take_up_changed(survey, walk)
    form, given = forms.read(section, request.form)
    if form.errors:
        return _show(survey, walk, step, form)
    try:
        return _go_on(survey, walk, walk.with_answers(section, given), step)
    except responses.Over:
        return redirect(survey.address, 303)
    except Refused as refusal:
        form.form_errors.append(str(refusal))
        return _show(survey, walk, step, form)


def _go_on(survey: Survey, before: Walk, after: Walk, step: int) -> Response:
    """Keep what was answered, and lead to the next screen, or to thanks once it is sent in."""
    is_last = step >= len(after.sections)
    is_sent = is_last and step >= before.steps_count  # the button said so
    _keep(survey, before, after, is_sent=is_sent)
    if is_sent:
        return redirect(survey.done, 303)
    if is_last:
        flash("That was the last question for you: send your answers.", "notice")
    return redirect(f"{survey.address}?step={step if is_last else step + 1}", 303)


def _keep(survey: Survey, before: Walk, after: Walk, *, is_sent: bool) -> None:
    with transaction():
        if not before.answers:
            survey.begin()
        if is_sent:
            survey.submit(after)
        else:
            responses.save_draft(survey.draft_hash, after.answers, now=clock.now())
    if is_sent and survey.link:  # open links are mostly answered where they are shown
        with transaction():
            answering_hours.count_answer(now=clock.now())


def _take_up_changed(survey: Survey, walk: Walk) -> Response:
    """The questions were changed while somebody answered: keep what fits, and say so."""
    sent = {key: forms.sent_values(request.form, key) for key in request.form}
    with transaction():
        kept = walk.with_what_fits(sent)
        responses.save_draft(survey.draft_hash, kept.answers, now=clock.now())
    flash("The questions have changed since you began. What still fits is kept.", "notice")
    return redirect(survey.address, 303)


def _show(survey: Survey, walk: Walk, step: int, form: SectionForm) -> str:
    return render_template(
        "surveys/answer.html",
        survey=survey,
        form=form,
        step=step,
        steps_count=walk.steps_count,
        progress=walk.progress(step),
        first_control_id=forms.first_control_id,
    )


def _link(token: str) -> Link:
    """What the link leads to; the same helpful page for every token that leads nowhere."""
    link = queries.find_link(token) if len(token) == TOKEN_LENGTH else None
    if link is None:
        abort(_nowhere())
    return link


def _open_survey(slug: str) -> OpenSurvey:
    found = queries.find_open_survey(slug)
    if found is None:
        abort(_nowhere())
    return found


def _nowhere() -> Response:
    return make_response(render_template("surveys/unknown_link.html"), 404)


def _explain(link: Link, token: str) -> str | tuple[str, int]:
    """Why there is nothing to answer: it is done, it was not wanted, or it is too late."""
    if link.state is InvitationState.ANSWERED:
        return render_template("surveys/answered.html", link=link)
    if link.state is InvitationState.STOPPED:
        return render_template("surveys/stopped.html")
    return render_template("surveys/closed.html", link=link), 410


def _open_draft_key(slug: str) -> str:
    """What a draft by the open link is found by: a random key that only this browser holds."""
    keys: dict[str, str] = session.get(OPEN_DRAFTS, {})
    if slug not in keys:
        newest = list(keys.items())[1 - MOST_OPEN_DRAFTS :]
        keys = session[OPEN_DRAFTS] = dict([*newest, (slug, secrets.token_hex(16))])
    return keys[slug]


def _admit_client() -> None:
    """Count whoever begins, not whoever sends in, so that no time of sending is kept anywhere."""
    subjects = {CountedBy.CLIENT: client_network(request.remote_addr)}
    throttle.admit(Act.ANSWER_OPEN_SURVEY, subjects, now_real=clock.real_now())
    throttle.count(Act.ANSWER_OPEN_SURVEY, subjects, now_real=clock.real_now())


def _nothing() -> None:
    """Whoever was invited may begin as often as they like."""

"""Staff pages of one forum or peer-support meeting: where it stands, its half term, its topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.catalogue.events import assign_half_term
from app.catalogue.models import Event
from app.forums import topics
from app.forums.catching_up import watched_of
from app.forums.forum_pages import forum_called, half_terms_near
from app.forums.models import ForumTopic
from app.forums.opinion_queries import round_of
from app.forums.topics_forms import TopicForm
from app.forums.year import facts_of
from app.forums.year_forms import HalfTermForm
from app.forums.year_rules import outside_words
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused

bp = Blueprint("forum", __name__, url_prefix="/forums/events/<reference>")

staff = for_roles(Role.ADVISOR, Role.DELIVERY)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())


def _forum_or_404(reference: str) -> Event:
    return forum_called(reference) or abort(404)


def _topic_or_404(event: Event, topic_id: int) -> ForumTopic:
    return topics.topic_called(event.id, topic_id) or abort(404)


@bp.get("")
@staff
def page(reference: str) -> str:
    """One forum: when, in which half term, what it is about, where everything else is."""
    return _page(_forum_or_404(reference))


def _page(event: Event, form: TopicForm | None = None) -> str:
    part = event.half_term
    return render_template(
        "forums/forum.html",
        event=event,
        topics=topics.topics_of([event.id]).get(event.id, []),
        outside=outside_words(event.starts_at, facts_of(part)) if part else "",
        is_over=event.ends_at <= clock.now(),
        watched=len(watched_of(event.id)),
        opinions=round_of(event.half_term_id) if event.half_term_id else None,
        form=form,
    )


@bp.route("/half-term", methods=["GET", "POST"])
@staff
def half_term(reference: str) -> ResponseReturnValue:
    """Say which half term a forum is counted in: in the holidays no date can say it."""
    event = _forum_or_404(reference)
    form = HalfTermForm()
    form.offer(half_terms_near(event))
    if not form.is_submitted():
        form.half_term.data = str(event.half_term_id or "")
    elif form.submitted_and_valid():
        try:
            with transaction():
                assign_half_term(event.id, form.half_term_id, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
            event = _forum_or_404(reference)
        else:
            flash(f"It is counted in {form.chosen_words} now.")
            return redirect(url_for(".page", reference=reference))
    return render_template("forums/half_term.html", event=event, form=form)


@bp.route("/topics/new", methods=["GET", "POST"])
@staff
def new_topic(reference: str) -> ResponseReturnValue:
    """Add a topic."""
    event = _forum_or_404(reference)
    form = TopicForm()
    if form.submitted_and_valid() and _done(
        form,
        lambda: topics.add_topic(event.id, form.facts, actor=_me(), now=clock.now()),
        f"{form.title.text} is added.",
    ):
        return redirect(url_for(".page", reference=reference))
    return render_template("forums/topic.html", event=_forum_or_404(reference), form=form)


@bp.route("/topics/<int:topic_id>", methods=["GET", "POST"])
@staff
def topic(reference: str, topic_id: int) -> ResponseReturnValue:
    """Change a topic."""
    event = _forum_or_404(reference)
    shown = _topic_or_404(event, topic_id)
    form, was = TopicForm(), shown.title
    if not form.is_submitted():
        form.show(shown)
    elif form.submitted_and_valid() and _done(
        form,
        lambda: topics.change_topic(event.id, topic_id, form.facts, actor=_me(), now=clock.now()),
        f"{form.title.text} is changed.",
    ):
        return redirect(url_for(".page", reference=reference))
    return render_template("forums/topic.html", event=_forum_or_404(reference), form=form, was=was)


@bp.post("/topics/<int:topic_id>/up")
@staff
def topic_up(reference: str, topic_id: int) -> ResponseReturnValue:
    """Put a topic one place earlier."""
    event = _forum_or_404(reference)
    words = f"{_topic_or_404(event, topic_id).title} is one place earlier."
    return _changed(event, topic_id, topics.move_topic_up, words)


@bp.post("/topics/<int:topic_id>/down")
@staff
def topic_down(reference: str, topic_id: int) -> ResponseReturnValue:
    """Put a topic one place later."""
    event = _forum_or_404(reference)
    words = f"{_topic_or_404(event, topic_id).title} is one place later."
    return _changed(event, topic_id, topics.move_topic_down, words)


@bp.post("/topics/<int:topic_id>/remove")
@staff
def remove_topic(reference: str, topic_id: int) -> ResponseReturnValue:
    """Take a topic away."""
    event = _forum_or_404(reference)
    words = f"{_topic_or_404(event, topic_id).title} is removed."
    return _changed(event, topic_id, topics.remove_topic, words)


def _changed(
    event: Event, topic_id: int, verb: Callable[..., None], words: str
) -> ResponseReturnValue:
    form, event_id, reference = TopicForm(formdata=None), event.id, event.reference
    if _done(form, lambda: verb(event_id, topic_id, actor=_me(), now=clock.now()), words):
        return redirect(url_for(".page", reference=reference))
    return _page(_forum_or_404(reference), form)


def _done(form: TopicForm, verb: Callable[[], object], words: str) -> bool:
    """Do it in one piece; False, and the form says why, if a rule said no."""
    try:
        with transaction():
            verb()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    flash(words)
    return True

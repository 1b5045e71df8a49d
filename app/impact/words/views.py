"""Staff pages on which comments are read, found, themed and cut."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.impact.words import comment_queries, duty, quote_queries, reading, rules, themes
from app.impact.words.comment_queries import Comment, Wanted
from app.impact.words.forms import DutyForm, KeepForm, OneButton, ThemesForm
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import db, transaction
from app.kernel.forms import one_line
from app.kernel.london import london_date
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused
from app.surveys.models import Evaluation

bp = Blueprint("comments", __name__)

readers_only = for_roles(*duty.READERS)
with_evaluators = for_roles(*duty.READERS, Role.EVALUATOR)
READ_AT_ONCE = 20
STATES = {"": "All", "unread": "Not read yet", "cut": "With words taken out"}


def may_read() -> bool:
    """Whether whoever is looking reads comments, rather than seeing those that have been read."""
    return bool(current_user.roles & set(duty.READERS))


@bp.get("/impact/words")
@readers_only
def queue() -> str:
    """What nobody has read yet, the longest waiting first."""
    return render_template(
        "impact/words/queue.html",
        batches=comment_queries.batches(),
        duty=duty.duty(),
        to_release=quote_queries.to_release_count(),
        rules=rules,
        today=london_date(clock.now()),
    )


@bp.route("/impact/words/read/<slug>", methods=["GET", "POST"])
@readers_only
def read(slug: str) -> ResponseReturnValue:
    """The new comments of an evaluation; a POST takes those that were shown out of the queue."""
    evaluation = db.session.query(Evaluation).filter_by(slug=slug).one_or_none() or abort(404)
    form = OneButton()
    if form.submitted_and_valid():
        shown = [int(one) for one in request.form.getlist("comment") if _is_id(one)]
        with transaction():
            found = db.session.get_one(Evaluation, evaluation.id)
            count = reading.mark_read(found, shown, actor=current_user, now=clock.now())
        flash(f"{count} {'comment is' if count == 1 else 'comments are'} marked as read.")
        return redirect(url_for(".read", slug=slug))
    return render_template(
        "impact/words/read.html",
        form=form,
        evaluation=evaluation,
        comments=comment_queries.unread_of(evaluation.id, most=READ_AT_ONCE),
        theme_counts=comment_queries.theme_counts(evaluation.id),
        consent_words=rules.CONSENT_WORDS,
    )


@bp.get("/impact/words/comments")
@with_evaluators
def search() -> str:
    """Comments with certain words, of an evaluation, on a theme."""
    wanted = Wanted(
        words=one_line(request.args.get("words"))[:100],
        evaluation=request.args.get("evaluation", ""),
        theme=request.args.get("theme", ""),
        state=request.args.get("state", "") if may_read() else "",
    )
    evaluations = (
        comment_queries.commented_evaluations()
        if may_read()
        else comment_queries.widely_commented_evaluations()
    )
    among = None if may_read() else [one.id for one in evaluations]
    length = comment_queries.comments_count(wanted, among=among)
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "impact/words/search.html",
        wanted=wanted,
        length=length,
        comments=comment_queries.found_comments(wanted, shown.first, shown.last, among=among),
        pages=shown,
        evaluations=[(one.slug, one.title) for one in evaluations],
        themes=comment_queries.offered_themes(),
        states=STATES,
        for_readers=may_read(),
        consent_words=rules.CONSENT_WORDS,
        address_of_page=lambda number: url_for(
            ".search", **{**request.args.to_dict(), "page": number}
        ),
    )


@bp.route("/impact/words/comments/<int:answer_id>", methods=["GET", "POST"])
@readers_only
def comment(answer_id: int) -> ResponseReturnValue:
    """One comment; a POST gives it themes, and with that it is read."""
    found = _comment(answer_id)
    offered = comment_queries.offered_themes()
    given = [reference for reference, name in offered if name in found.themes]
    form = ThemesForm(themes=given)
    form.offer(offered)
    if form.submitted_and_valid():
        try:
            _give_themes(found, form)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The themes are kept.")
            return redirect(url_for(".read", slug=found.slug))
    return render_template(
        "impact/words/comment.html",
        comment=found,
        form=form,
        quotes=quote_queries.quotes_of_comment(answer_id),
        consent_words=rules.CONSENT_WORDS,
        state_words=rules.STATE_WORDS,
    )


def _give_themes(found: Comment, form: ThemesForm) -> None:
    now = clock.now()
    with transaction():
        themes.give_themes(
            found.id,
            form.themes.data or [],
            new_name=form.new_theme.text,
            actor=current_user,
            now=now,
        )
        evaluation = db.session.get_one(Evaluation, found.evaluation_id)
        reading.mark_read(evaluation, [found.id], actor=current_user, now=now)


@bp.route("/impact/words/comments/<int:answer_id>/take-out", methods=["GET", "POST"])
@readers_only
def take_out(answer_id: int) -> ResponseReturnValue:
    """Says what taking words out means; a POST takes them out for good."""
    found = _comment(answer_id)
    form = KeepForm(kept=found.text)
    takes_all = "whole" in request.form
    if (OneButton() if takes_all else form).submitted_and_valid():
        try:
            with transaction():
                kept = "" if takes_all else form.kept.text
                reading.take_words_out(answer_id, kept, actor=current_user, now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The words are taken out, and kept nowhere.")
            return redirect(url_for(".comment", answer_id=answer_id))
    return render_template("impact/words/take_out.html", comment=found, form=form)


@bp.route("/impact/words/reader", methods=["GET", "POST"])
@readers_only
def reader() -> ResponseReturnValue:
    """Which post reads new comments; a POST gives the task to another."""
    now_on_duty = duty.duty()
    form = DutyForm(post=now_on_duty.post, reader=now_on_duty.reader or "")
    form.offer(duty.possible_readers())
    if form.submitted_and_valid():
        with transaction():
            duty.change_duty(
                form.post.text, form.reader.data or None, actor=current_user, now=clock.now()
            )
        flash("It is noted who reads new comments.")
        return redirect(url_for(".queue"))
    return render_template("impact/words/reader.html", form=form)


def _comment(answer_id: int) -> Comment:
    return comment_queries.find_comment(answer_id) or abort(404)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= comment_queries.HIGHEST_ID

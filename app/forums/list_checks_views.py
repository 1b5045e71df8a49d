"""Staff pages about schools' own lists: asking, how far they are, taking back what was wrong."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.forums import list_checks, list_confirming, year
from app.forums import list_checks_queries as queries
from app.forums.establishment_rules import POST_WORDS
from app.forums.establishments import addressees, establishments_on
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.forms import PageForm
from app.kernel.london import london_date
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("list_checks", __name__)
advisors_only = for_roles(Role.ADVISOR, Role.DELIVERY)


@bp.get("/forums/schools/lists")
@advisors_only
def progress() -> str:
    """Who has checked their list this school year, and what was said last."""
    now = clock.now()
    school_year = year.school_year_now(now)
    answered = request.args.get("show") == "checked"
    length = queries.checks_count(school_year, answered=answered)
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "forums/school_lists.html",
        school_year=school_year,
        progress=queries.progress(school_year),
        answered=answered,
        lines=queries.checks(school_year, shown.first, shown.last, answered=answered),
        pages=shown,
        changes=queries.newest_changes(),
        form=PageForm(),
        now=now,
        post_words=POST_WORDS,
        address=lambda number: url_for(
            ".progress", show="checked" if answered else None, page=number
        ),
    )


@bp.route("/forums/schools/lists/ask", methods=["GET", "POST"])
@advisors_only
def ask() -> ResponseReturnValue:
    """Shows how many addresses there are; a POST asks every school, and the worker sends."""
    form, now = PageForm(), clock.now()
    school_year = year.school_year_now(now)
    if form.submitted_and_valid():
        try:
            with transaction():
                count = list_checks.ask_all(
                    school_year, actor=current_user._get_current_object(), now=now
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(
                f"{count} schools are asked: the letters leave in the next minutes, by day."
                if count
                else "Every school was asked already. Nothing is sent twice."
            )
            return redirect(url_for(".progress"))
    places = establishments_on(london_date(now))
    written_to, unreached = addressees(places)
    return render_template(
        "forums/school_lists_ask.html",
        form=form,
        school_year=school_year,
        places_count=len(places),
        addresses_count=len(written_to),
        unreached=unreached,
        progress=queries.progress(school_year),
    )


@bp.post("/forums/schools/lists/<change>/confirm")
@advisors_only
def confirm(change: str) -> ResponseReturnValue:
    """Somebody whom a school added is who they are said to be."""
    if queries.change_called(change) is None:
        abort(404)
    form = PageForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                list_confirming.confirm(
                    change, actor=current_user._get_current_object(), now=clock.now()
                )
        except Refused as refusal:
            flash(str(refusal))
        else:
            flash("It is confirmed.")
    return redirect(url_for(".progress"))


@bp.route("/forums/schools/lists/<change>/take-back", methods=["GET", "POST"])
@advisors_only
def take_back(change: str) -> ResponseReturnValue:
    """Asks whether what a school said was wrong; a POST undoes it."""
    found = queries.change_called(change) or abort(404)
    form = PageForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                list_checks.take_back(
                    change, actor=current_user._get_current_object(), now=clock.now()
                )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("It is taken back.")
            return redirect(url_for("schools.one_school", reference=found.school_reference))
    return render_template(
        "forums/school_lists_take_back.html", form=form, change=found, post_words=POST_WORDS
    )

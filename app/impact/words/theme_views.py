"""Staff pages of themes: made, renamed, merged, retired."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.impact.words import theme_queries, themes
from app.impact.words.forms import MergeForm, OneButton, ThemeForm
from app.impact.words.views import readers_only
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.forms import PageForm, choices_of
from app.kernel.paging import page_number, pages
from app.kernel.refusals import Refused

bp = Blueprint("comment_themes", __name__)


@bp.route("/impact/words/themes", methods=["GET", "POST"])
@readers_only
def list_themes() -> ResponseReturnValue:
    """All themes with how often each was given; a POST adds one."""
    form = ThemeForm()
    if form.submitted_and_valid():
        done = _done(
            form, lambda: themes.add_theme(form.name.text, actor=current_user, now=clock.now())
        )
        if done:
            flash("The theme is added.")
            return redirect(url_for(".list_themes"))
    shown = pages(page_number(request.args.get("page")), length=theme_queries.themes_count())
    return render_template(
        "impact/words/themes.html",
        form=form,
        themes=theme_queries.listed_themes(shown.first, shown.last),
        pages=shown,
        address_of_page=lambda number: url_for(".list_themes", page=number),
    )


@bp.route("/impact/words/themes/<reference>", methods=["GET", "POST"])
@readers_only
def theme(reference: str) -> ResponseReturnValue:
    """One theme; a POST gives it another name."""
    found = theme_queries.find_theme(reference) or abort(404)
    form = ThemeForm(name=found.name)
    if form.submitted_and_valid() and _done(
        form,
        lambda: themes.rename_theme(reference, form.name.text, actor=current_user, now=clock.now()),
    ):
        flash("The theme has its new name.")
        return redirect(url_for(".list_themes"))
    return render_template("impact/words/theme.html", theme=found, form=form)


@bp.route("/impact/words/themes/<reference>/merge", methods=["GET", "POST"])
@readers_only
def merge(reference: str) -> ResponseReturnValue:
    """Says what merging means; a POST does it."""
    found = theme_queries.find_theme(reference) or abort(404)
    form = MergeForm()
    others = [one for one in theme_queries.theme_choices() if one[0] != reference]
    form.into.choices = [("", "Choose a theme"), *choices_of(others)]
    if form.submitted_and_valid() and _done(
        form,
        lambda: themes.merge_themes(reference, form.into.data, actor=current_user, now=clock.now()),
    ):
        flash("The themes are one now.")
        return redirect(url_for(".list_themes"))
    return render_template("impact/words/theme_merge.html", theme=found, form=form)


@bp.post("/impact/words/themes/<reference>/retire")
@readers_only
def retire(reference: str) -> ResponseReturnValue:
    """Offer a theme no more, or again."""
    found = theme_queries.find_theme(reference) or abort(404)
    change = themes.offer_again if found.retired_on else themes.retire_theme
    form = OneButton()
    if form.submitted_and_valid() and _done(
        form, lambda: change(reference, actor=current_user, now=clock.now())
    ):
        flash("The theme is offered again." if found.retired_on else "The theme is retired.")
    return redirect(url_for(".list_themes"))


def _done(form: PageForm, change: Callable[[], object]) -> bool:
    try:
        with transaction():
            change()
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True

"""Staff pages of themes: what schools say over half terms; renamed, merged."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.models import Person
from app.forums import themes
from app.forums.opinion_models import Theme, ThemeClass
from app.forums.theme_rules import change_words
from app.forums.themes import CLASS_WORDS
from app.forums.themes_forms import MergeForm, RenameForm, ThemeForm
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused

bp = Blueprint("forum_themes", __name__, url_prefix="/forums/themes")

advisors_only = for_roles(Role.ADVISOR)
staff_only = for_roles(Role.ADVISOR, Role.DELIVERY)


@bp.get("")
@staff_only
def list_themes() -> str:
    """Every theme with its counts over half terms."""
    return render_template(
        "forums/themes.html",
        lines=themes.theme_lines(),
        half_terms=themes.half_terms_with_rounds(),
        class_words=CLASS_WORDS,
        classes=list(ThemeClass),
        may_change=Role.ADVISOR in current_user.roles,
    )


@bp.route("/new", methods=["GET", "POST"])
@advisors_only
def new_theme() -> ResponseReturnValue:
    """A theme by itself; the one there is, if its title is known."""
    form = ThemeForm()
    if form.submitted_and_valid():
        try:
            with transaction():
                theme_class = ThemeClass(form.theme_class.data)
                made = themes.add_theme(theme_class, form.title.text, actor=_me(), now=clock.now())
                reference = made.reference
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".show", reference=reference))
    return render_template("forums/theme_form.html", form=form, theme=None)


@bp.get("/<reference>")
@staff_only
def show(reference: str) -> ResponseReturnValue:
    """One theme over half terms; a merged one leads to the other."""
    theme = _theme(reference)
    if theme.reference != reference:
        return redirect(url_for(".show", reference=theme.reference))
    trend = themes.trend(theme.id)
    last = trend[-1] if trend else None
    return render_template(
        "forums/theme.html",
        theme=theme,
        trend=trend,
        most=max((one.count for one in trend), default=0),
        first=next((one for one in trend if one.count), None),
        change=change_words(last.count, trend[-2].count if len(trend) > 1 else None)
        if last
        else "",
        class_words=CLASS_WORDS,
        may_change=Role.ADVISOR in current_user.roles,
    )


@bp.route("/<reference>/rename", methods=["GET", "POST"])
@advisors_only
def rename(reference: str) -> ResponseReturnValue:
    """Another title for a theme."""
    theme = _theme(reference)
    form = RenameForm(title=theme.title)
    if form.submitted_and_valid():
        try:
            with transaction():
                themes.rename_theme(reference, form.title.text, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The theme has its new title wherever it was given.")
            return redirect(url_for(".show", reference=reference))
    return render_template("forums/theme_form.html", form=form, theme=theme)


@bp.route("/<reference>/merge", methods=["GET", "POST"])
@advisors_only
def merge(reference: str) -> ResponseReturnValue:
    """Merge a theme into another of its class; its history goes along."""
    theme = _theme(reference)
    form = MergeForm()
    form.offer(
        [
            one
            for one in themes.all_themes()
            if one.theme_class is theme.theme_class and one.id != theme.id
        ]
    )
    if form.submitted_and_valid():
        try:
            with transaction():
                themes.merge_themes(reference, form.into.data, actor=_me(), now=clock.now())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("The themes are one now.")
            return redirect(url_for(".show", reference=form.into.data))
    return render_template("forums/theme_merge.html", form=form, theme=theme)


def _theme(reference: str) -> Theme:
    return themes.find_theme(reference) or abort(404)


def _me() -> Person:
    return cast(Person, current_user._get_current_object())

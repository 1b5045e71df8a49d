"""Staff pages of a school year: its half terms, and what is planned in each."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.catalogue.events import count_by_date
from app.forums.year import facts_of, half_terms_of, school_year_now
from app.forums.year_forms import YearForm
from app.forums.year_queries import known_years, outside_after, year_page
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.db import transaction
from app.kernel.refusals import Refused
from app.partnership import queries as partnership
from app.partnership.half_term_rules import (
    next_year_like,
    school_year_in_address,
    year_after,
    year_before,
)
from app.partnership.operations import set_half_terms
from app.partnership.rules import HalfTermFacts

bp = Blueprint("forums_year", __name__, url_prefix="/forums/year")

staff = for_roles(Role.ADVISOR, Role.DELIVERY)


def in_address(school_year: str) -> str:
    """A school year as addresses name it: 2026-27."""
    return school_year.replace("/", "-")


@bp.get("")
@staff
def now() -> ResponseReturnValue:
    """The school year under way."""
    name, years = school_year_now(clock.now()), known_years()
    return _page(name, years) if name in years else _unknown(in_address(name), years)


@bp.get("/<year>")
@staff
def year(year: str) -> ResponseReturnValue:
    """The half terms of a school year with their forums, and what is missing."""
    years = known_years()
    name = school_year_in_address(year)
    if name not in years:
        return unknown_year(year, years)
    return _page(name, years)


def _page(name: str, years: Sequence[str]) -> str:
    return render_template(
        "forums/year.html",
        year=year_page(name, now=clock.now()),
        years=years,
        in_address=in_address,
        next_year=year_after(name),
    )


def unknown_year(year: str, years: Sequence[str]) -> ResponseReturnValue:
    """That nobody entered the half terms of this school year, and what to do."""
    return _unknown(year, years), 404


def _unknown(year: str, years: Sequence[str]) -> str:
    name = school_year_in_address(year)
    return render_template(
        "forums/year_unknown.html",
        name=name,
        can_be_prepared=name is not None and year_before(name) in years,
        years=years,
        in_address=in_address,
    )


@bp.route("/<year>/dates", methods=["GET", "POST"])
@staff
def dates(year: str) -> ResponseReturnValue:
    """Set the half terms of a school year; those of a new one begin as last year's, moved."""
    name = school_year_in_address(year)
    shown = _to_show(name) if name else []
    if name is None or not shown:
        return unknown_year(year, known_years())
    form = YearForm()
    form.school_year = name
    form.neighbours = [one for one in partnership.half_term_facts() if one.school_year != name]
    outside: list[str] = []
    if not form.is_submitted():
        form.show(shown)
    elif form.submitted_and_valid():
        outside = outside_after(name, form.parts)
        if _are_seen(outside) and _saved(form, name):
            return redirect(url_for(".year", year=year))
    return render_template(
        "forums/year_dates.html",
        form=form,
        name=name,
        outside=outside,
        is_new=shown[0].school_year == name and not half_terms_of(name),
        in_address=in_address,
        before=year_before(name),
    )


def _to_show(name: str) -> list[HalfTermFacts]:
    """The half terms as they are; of a year nobody entered, last year's 52 weeks later."""
    known = [facts_of(row) for row in half_terms_of(name)]
    return known or next_year_like(facts_of(row) for row in half_terms_of(year_before(name)))


def _are_seen(outside: Sequence[str]) -> bool:
    """Whether the forums that would be outside of their half term were shown before."""
    return set(outside) <= set(request.form.getlist("seen"))


def _saved(form: YearForm, name: str) -> bool:
    """Save the half terms; False, and the form says why, if a rule said no."""
    try:
        with transaction():
            by, now = current_user.reference, clock.now()
            set_half_terms(name, form.days, actor_reference=by, now=now)
            counted = count_by_date(half_terms_of(name), actor=by, now=now)
    except Refused as refusal:
        form.refuse(refusal)
        return False
    flash(f"The half terms of {name} are saved.{_counted_words(counted)}")
    return True


def _counted_words(count: int) -> str:
    if not count:
        return ""
    many = "1 session that was" if count == 1 else f"{count} sessions that were"
    return f" {many} in no half term {'is' if count == 1 else 'are'} counted in one now."

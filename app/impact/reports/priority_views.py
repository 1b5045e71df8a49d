"""The report of a priority for a quarter or a financial year: page, print and Excel."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from app.impact import periods
from app.impact.reports import drawings, priorities, showing, spreadsheets
from app.impact.reports.figures_views import file_answer, picture_answer
from app.impact.reports.priorities import PriorityReport
from app.impact.reports.views import writers_only
from app.kernel import clock
from app.kernel.london import short_date_words
from app.partnership import queries as partnership

bp = Blueprint("priority_reports", __name__)


@bp.get("/impact/priority-reports")
@writers_only
def list_priorities() -> str:
    """Every priority, to choose one and a time."""
    return render_template(
        "impact/reports/priority_list.html",
        choices=priorities.choices(),
        this_year=periods.financial_year_of(clock.now()),
    )


@bp.get("/impact/priority-reports/<slug>")
@writers_only
def priority(slug: str) -> str:
    """Offers, sessions, people, what they say, quotations and reports, in one time."""
    found = _report(slug)
    return render_template(
        "impact/reports/priority.html",
        report=found,
        page=showing,
        pictures=lambda key: (
            f"/impact/priority-reports/{slug}/charts/{key}.svg?period={found.period.slug}"
        ),
    )


@bp.get("/impact/priority-reports/<slug>/figures.xlsx")
@writers_only
def excel(slug: str) -> Response:
    """The tables of that page, and how they were made."""
    found = _report(slug)
    made = spreadsheets.as_excel(
        found.title,
        _method(found),
        found.tables,
        example=clock.example_words(),
        made_at=clock.now(),
        has_contents=True,
        by_figure=True,
    )
    return file_answer(made, spreadsheets.XLSX, f"priority-{slug}-{found.period.slug}.xlsx")


@bp.get("/impact/priority-reports/<slug>/charts/<key>.svg")
@writers_only
def picture(slug: str, key: str) -> Response:
    """One figure as a picture."""
    found = _report(slug)
    piece = {piece["key"]: piece for piece in found.pieces}.get(key)
    made_on = short_date_words(found.made_on)
    source = drawings.source_lines(partnership.current().name, made_on, clock.example_words())
    return picture_answer(piece, source, f"priority-{slug}-{key}.svg")


def _report(slug: str) -> PriorityReport:
    now = clock.now()
    asked = periods.find(request.args.get("period", ""))
    period = asked or periods.find(periods.financial_year_of(now))
    if period is None:
        abort(404)
    return priorities.priority_report(slug, period, now=now) or abort(404)


def _method(found: PriorityReport) -> list[tuple[str, ...]]:
    return [
        ("Priority", found.title),
        ("Time", found.period.title),
        ("Made by", partnership.current().name),
        ("Made on", short_date_words(found.made_on)),
        ("Answers", "are what people say of their own practice; no cause is claimed"),
        ("Bases", "Each question has its own number who answered."),
        ("Small groups", "Figures of fewer than 10 people are withheld."),
    ]

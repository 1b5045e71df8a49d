"""The report of any period: page, Excel, CSV, and a few A4 pages for the Strategic Group."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from app.home.report import answer_tables, charts, period_rules, sentences, tables
from app.home.report.composing import Report, make_report
from app.home.report.forms import PeriodForm
from app.impact.periods import Period
from app.impact.reports import showing, spreadsheets
from app.impact.reports.figures_views import file_answer
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.london import london_date, short_date_words
from app.partnership import queries as partnership

bp = Blueprint("report", __name__)
readers_only = for_roles(Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)

ROWS_ON_THE_PAGE = 25
ROWS_ON_PAPER = 30


@bp.get("/manage/report")
@readers_only
def report() -> str:
    """What was offered, who came, who could not, whom it did not reach, against the time before."""
    today = london_date(clock.now())
    form = PeriodForm(formdata=request.args, choices=period_rules.choices(today))
    period = form.chosen(today)
    if period is None:
        return render_template("home/report.html", form=form, report=None)
    made = _made(period)
    return render_template(
        "home/report.html",
        form=form,
        report=made,
        charts=charts,
        table_of=lambda maker: _shown(made, maker, ROWS_ON_THE_PAGE),
        groups=tables.groups(made),
        tables=tables,
        answers=answer_tables,
        as_table=showing.as_table,
    )


@bp.get("/manage/report/print")
@readers_only
def paper() -> str:
    """For the Strategic Group: what was counted and what follows, on a few A4 pages."""
    made = _made(_asked())
    return render_template(
        "home/report_paper.html",
        report=made,
        points=sentences.points(made),
        offers=tables.held(made),
        charts=charts,
        table_of=lambda maker: _shown(made, maker, ROWS_ON_PAPER),
        tables=tables,
        as_table=showing.as_table,
    )


@bp.get("/manage/report/tables.xlsx")
@readers_only
def excel() -> Response:
    """Every table on a sheet of its own, after a sheet that says what there is."""
    made = _made(_asked())
    book = spreadsheets.as_excel(
        _title(made),
        _about(made),
        tables.all_tables(made),
        example=clock.example_words(),
        made_at=clock.now(),
        first_sheet="Contents",
        has_contents=True,
    )
    return file_answer(book, spreadsheets.XLSX, f"report-{made.period.slug}.xlsx")


@bp.get("/manage/report/tables.csv")
@readers_only
def csv() -> Response:
    """Every table in one file, one under the other."""
    made = _made(_asked())
    example = clock.example_words()
    first = [(_title(made),), *([(example,)] if example else []), *_about(made)]
    text = spreadsheets.as_csv(first, tables.all_tables(made))
    return file_answer(text, "text/csv", f"report-{made.period.slug}.csv")


def _asked() -> Period:
    """The period of the address, the last quarter without one; there is no page of any other."""
    if "period" not in request.args:
        return period_rules.last_quarter(london_date(clock.now()))
    return period_rules.find(request.args["period"]) or abort(404)


def _made(period: Period) -> Report:
    return make_report(period, own=partnership.current().name, now=clock.now())


def _shown(made: Report, maker: Any, most: int) -> Any:
    return showing.as_table(tables.first_rows(maker(made), most))


def _title(made: Report) -> str:
    return f"Report of {made.period.title}"


def _about(made: Report) -> list[tuple[str, ...]]:
    return [
        ("Partnership", partnership.current().name),
        ("Period", made.period.title),
        ("The time before", made.before.title),
        ("Made on", short_date_words(made.made_on)),
        ("People and attendances", "are two units; heads counted are a third, never added to them"),
        ("Answers", "are what people say of themselves; no group of fewer than 10 is shown"),
    ]

"""Evaluation reports as everybody reads them: at addresses that stay, version by version."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, func, select, union_all
from werkzeug.wrappers import Response as WerkzeugResponse

from app.catalogue import public_pages
from app.impact import periods
from app.impact.reports import queries, showing, spreadsheets
from app.impact.reports.documents import pieces_in
from app.impact.reports.figures_views import csv_lines, file_answer, picture_answer
from app.impact.reports.models import EvaluationReport
from app.impact.reports.queries import PublishedVersion
from app.impact.words.models import QuoteRow, QuoteState
from app.kernel import clock
from app.kernel.access import public
from app.kernel.db import read_alone
from app.kernel.forms import one_line
from app.kernel.london import london_date
from app.kernel.page_cache import etag_of
from app.kernel.paging import page_number, pages

bp = Blueprint("public_reports", __name__)
MOST_ADDRESS_KEPT = 300

_OF_ALL = select(func.count(), func.sum(EvaluationReport.revision))
_OF_ONE = union_all(
    select(EvaluationReport.id, EvaluationReport.revision).where(
        EvaluationReport.slug == bindparam("slug")
    ),
    # A quotation that is withdrawn, or loses words, is gone from the page at once.
    select(func.count(), func.sum(QuoteRow.revision)).where(
        QuoteRow.state == QuoteState.RELEASED,
        QuoteRow.evaluation_id.in_(
            select(EvaluationReport.evaluation_id).where(EvaluationReport.slug == bindparam("slug"))
        ),
    ),
)


@bp.get("/evaluation-reports")
@public
def list_reports() -> ResponseReturnValue:
    """Every published report, the newest first, narrowed as the address says."""
    if len(request.query_string) > MOST_ADDRESS_KEPT:
        return _list_page()  # made up by a program: not worth the room
    version = tuple(map(tuple, read_alone(_OF_ALL, {})))
    return _kept(("reports", request.query_string), _list_page, version)


@bp.get("/evaluation-reports/<slug>")
@public
def report(slug: str) -> ResponseReturnValue:
    """A report as it stands."""
    return _kept(("report", slug[:MOST_ADDRESS_KEPT]), lambda: _page(slug), _version_of(slug))


@bp.get("/evaluation-reports/<slug>/versions/<int:number>")
@public
def version(slug: str, number: int) -> ResponseReturnValue:
    """One version of a report, which says so if a later one has taken its place."""
    key = ("report", slug[:MOST_ADDRESS_KEPT], number)
    return _kept(key, lambda: _page(slug, number), _version_of(slug))


@bp.get("/evaluation-reports/<slug>/versions/<int:number>/figures.xlsx")
@public
def excel(slug: str, number: int) -> WerkzeugResponse:
    """The tables of a version, how they were made, and the codebook, for Excel."""
    found = _readable(slug, number)
    document = found.document
    quotes = showing.quotes_for(document).values()
    made = spreadsheets.as_excel(
        document["title"],
        showing.first_lines(document),
        showing.tables_of(document, quotes),
        example=document["example"],
        made_at=found.published_at,
        has_contents=True,
        by_figure=True,
    )
    return _public(file_answer(made, spreadsheets.XLSX, f"{slug}-{number}.xlsx"))


@bp.get("/evaluation-reports/<slug>/versions/<int:number>/figures.csv")
@public
def csv(slug: str, number: int) -> WerkzeugResponse:
    """The same as one CSV file."""
    document = _readable(slug, number).document
    quotes = showing.quotes_for(document).values()
    tables = showing.tables_of(document, quotes)
    made = spreadsheets.as_csv(csv_lines(document["title"], document), tables)
    return _public(file_answer(made, "text/csv", f"{slug}-{number}.csv"))


@bp.get("/evaluation-reports/<slug>/versions/<int:number>/charts/<key>.svg")
@public
def picture(slug: str, number: int, key: str) -> WerkzeugResponse:
    """One figure of a version as a picture."""
    document = _readable(slug, number).document
    piece = {piece["key"]: piece for piece in pieces_in(document)}.get(key)
    return _public(picture_answer(piece, showing.source_of(document), f"{slug}-{key}.svg"))


def _list_page() -> str:
    chosen = {name: one_line(request.args.get(name))[:100] for name in ("q", "topic", "year")}
    conditions = queries.narrowed(words=chosen["q"], topic=chosen["topic"], year=chosen["year"])
    shown = pages(page_number(request.args.get("page")), length=queries.public_count(conditions))
    first, last = queries.first_and_last_published()
    years = periods.between(london_date(first), london_date(last)) if first and last else ()
    kept = {name: value for name, value in chosen.items() if value}
    return render_template(
        "impact/reports/public_list.html",
        lines=queries.public_list(conditions, shown.first, shown.last),
        pages=shown,
        chosen=chosen,
        topics=queries.topics_reported(),
        years=[period for period in years if period.slug == period.slug[:7]],
        address_of_page=lambda number: (
            f"{url_for('.list_reports')}?{urlencode({**kept, 'page': number})}"
        ),
    )


def _page(slug: str, number: int | None = None) -> str:
    found = queries.published_version(slug, number) or abort(404)
    return render_template(
        "impact/reports/public_report.html",
        report=found,
        document=found.document,
        quotes={} if found.withdrawn_at else showing.quotes_for(found.document),
        page=showing,
        pictures=lambda key: url_for(".picture", slug=slug, number=found.number, key=key),
    )


def _readable(slug: str, number: int) -> PublishedVersion:
    found = queries.published_version(slug, number)
    return found if found and not found.withdrawn_at else abort(404)


def _version_of(slug: str) -> Hashable:
    return tuple(map(tuple, read_alone(_OF_ONE, {"slug": slug})))


def _kept(
    key: Hashable, make: Callable[[], ResponseReturnValue], version: Hashable
) -> ResponseReturnValue:
    """The page as it is kept for visitors until a report, or a quotation in it, changes."""
    now = clock.now()
    if not public_pages.for_visitors():
        return make()
    return public_pages.kept_answer(
        key, make, version=version, good_until=lambda: now + public_pages.MOST_AGE, now=now
    )


def _public(response: Response) -> WerkzeugResponse:
    response.set_etag(etag_of(response.get_data()))
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response.make_conditional(request)

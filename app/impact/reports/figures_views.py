"""Figures to pass on: sentences, pictures and tables to copy, files to download (live)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, url_for

from app.impact.reports import composing, drawings, showing, spreadsheets
from app.impact.reports.codebook import codebook_of
from app.impact.reports.documents import Document, Piece, PlainTable
from app.impact.reports.pieces import pieces_of
from app.impact.reports.views import summary_for_others, writers_only
from app.impact.summaries import EvaluationSummary
from app.kernel import clock
from app.kernel.london import short_date_words
from app.partnership import queries as partnership

bp = Blueprint("figures", __name__)
SVG = "image/svg+xml"


@bp.get("/impact/evaluations/<slug>/figures")
@writers_only
def figures(slug: str) -> str:
    """Every figure that may be told to others, with its sentence, its picture and its table."""
    summary = summary_for_others(slug)
    return render_template(
        "impact/reports/figures.html",
        summary=summary,
        document=document_of(summary),
        pieces=pieces_of(summary).values(),
        page=showing,
        pictures=lambda key: url_for(".picture", slug=slug, key=key),
    )


@bp.get("/impact/evaluations/<slug>/figures.xlsx")
@writers_only
def figures_excel(slug: str) -> Response:
    """The tables of that page, how they were made, and the codebook, for Excel."""
    summary = summary_for_others(slug)
    document = document_of(summary, codebook_of(slug))
    made = spreadsheets.as_excel(
        summary.title,
        showing.first_lines(document),
        _tables(document, summary),
        example=document["example"],
        made_at=clock.now(),
        has_contents=True,
        by_figure=True,
    )
    return file_answer(made, spreadsheets.XLSX, f"figures-{slug}.xlsx")


@bp.get("/impact/evaluations/<slug>/figures.csv")
@writers_only
def figures_csv(slug: str) -> Response:
    """The same as one CSV file."""
    summary = summary_for_others(slug)
    document = document_of(summary, codebook_of(slug))
    made = spreadsheets.as_csv(csv_lines(summary.title, document), _tables(document, summary))
    return file_answer(made, "text/csv", f"figures-{slug}.csv")


@bp.get("/impact/evaluations/<slug>/codebook.csv")
@writers_only
def codebook_csv(slug: str) -> Response:
    """Every question, its answers, its measure and its base."""
    codebook = codebook_of(slug)
    if not codebook["rows"]:
        abort(404)
    rows = [codebook["columns"], *codebook["rows"]]
    made = spreadsheets.as_csv(rows, [])
    return file_answer(made, "text/csv", f"codebook-{slug}.csv")


@bp.get("/impact/evaluations/<slug>/charts/<key>.svg")
@writers_only
def picture(slug: str, key: str) -> Response:
    """One figure as a picture."""
    summary = summary_for_others(slug)
    made_on = short_date_words(summary.made_on)
    source = drawings.source_lines(partnership.current().name, made_on, clock.example_words())
    return picture_answer(pieces_of(summary).get(key), source, f"{slug}-{key}.svg")


def picture_answer(piece: Piece | None, source: tuple[str, ...], name: str) -> Response:
    """A figure's picture; 404 if there is no such figure, or nothing to draw."""
    if piece is None or not drawings.has_picture(piece):
        abort(404)
    drawn = drawings.picture(piece, showing.look(source))
    response = Response(drawn, mimetype=SVG)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def file_answer(content: bytes | str, kind: str, name: str) -> Response:
    """Something to download."""
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_lines(title: str, document: Document) -> list[tuple[str, ...]]:
    """The lines above the tables of a CSV file."""
    example = [(document["example"],)] if document["example"] else []
    return [("Figures", title), *example, *showing.first_lines(document)]


def document_of(summary: EvaluationSummary, codebook: PlainTable | None = None) -> Document:
    """What a file of live figures says of itself; it has no sections."""
    source = composing.live_source(summary, codebook or composing.NO_TABLE)
    facts = partnership.current()
    return Document(
        title=summary.title,
        summary="",
        evaluation=summary.title,
        subject=source.subject,
        offers=source.offers,
        partnership=facts.name,
        contact=facts.email,
        figures_of=source.figures_of,
        example=clock.example_words(),
        sections=[],
        method=source.method,
        limits=source.limits,
        codebook=source.codebook,
    )


def _tables(document: Document, summary: EvaluationSummary) -> list[PlainTable]:
    shown = [table for piece in pieces_of(summary).values() for table in piece["tables"]]
    return [*shown, document["codebook"]]

"""Staff pages of the impact feature: aggregates only, never a name beside an answer."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_login import current_user

from app.impact import queries, tables, wording
from app.impact.disclosure import Audience
from app.impact.summaries import EvaluationSummary, OfferSummary
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.london import london_date, short_date_words
from app.kernel.paging import page_number, pages
from app.partnership import queries as partnership
from app.surveys.models import OutcomeLevel

bp = Blueprint("manage_impact", __name__)
READERS = (Role.DELIVERY, Role.ADVISOR, Role.EVALUATOR)
LEVELS = (
    (
        OutcomeLevel.REACTION,
        "Reaction: what people thought of it",
        "How well it was received, and by how many.",
    ),
    (
        OutcomeLevel.LEARNING,
        "Learning: what people say they know and feel able to do",
        "Self-rated knowledge, skills and confidence.",
    ),
    (
        OutcomeLevel.BEHAVIOUR,
        "Behaviour: what people say they do",
        "Use in practice, and what changed in their settings.",
    ),
)
PAGE_SIZE = 20


def audience() -> Audience:
    """The delivery group runs the sessions and sees totals of fewer answers than others do."""
    return Audience.RUNNING_TEAM if Role.DELIVERY in current_user.roles else Audience.ELSEWHERE


@bp.get("/impact")
@for_roles(*READERS)
def list_evaluations() -> str:
    """Every evaluation with its headline and what happens next."""
    shown = pages(
        page_number(request.args.get("page")),
        length=queries.number_of_evaluations(),
        size=PAGE_SIZE,
    )
    return render_template(
        "impact/list_evaluations.html",
        lines=queries.listed_evaluations(
            shown.first, shown.last, audience=audience(), now=clock.now()
        ),
        pages=shown,
        page_address=lambda number: url_for(".list_evaluations", page=number),
    )


@bp.get("/impact/evaluations/<slug>")
@for_roles(*READERS)
def show_evaluation(slug: str) -> str:
    """What people say changed, time by time, with how sure we are."""
    summary = _evaluation(slug)
    return render_template(
        "impact/show_evaluation.html",
        summary=summary,
        tables=tables.tables_of_evaluation(summary),
        levels=LEVELS,
        words=wording,
    )


@bp.get("/impact/evaluations/<slug>.csv")
@for_roles(*READERS)
def evaluation_csv(slug: str) -> Response:
    """The tables of an evaluation's page, for a spreadsheet."""
    summary = _evaluation(slug)
    first_lines: list[tuple[str, ...]] = [
        ("Impact summary", summary.title),
        *_origin(),
        ("In the figures, “it” is", summary.subject_words),
        ("Answers", "are what people say of their own practice; no cause is claimed"),
        (
            "Withheld",
            f"figures with fewer than {summary.threshold} answers, and breakdowns by sector with "
            f"fewer than {summary.breakdown_threshold}",
        ),
    ]
    first_lines += [(door.label, door.imported_words) for door in summary.imported_doors]
    if summary.threshold < summary.breakdown_threshold:
        first_lines.append(
            (
                "For",
                "the people who run the sessions; do not pass on figures of few answers",
            )
        )
    return _csv(slug, first_lines, tables.tables_of_evaluation(summary))


@bp.get("/impact/offers/<slug>")
@for_roles(*READERS)
def show_offer(slug: str) -> str:
    """Whom an offer reached, and the evaluations that ask about it."""
    summary = _offer(slug)
    return render_template(
        "impact/show_offer.html", summary=summary, tables=tables.tables_of_offer(summary)
    )


@bp.get("/impact/offers/<slug>.csv")
@for_roles(*READERS)
def offer_csv(slug: str) -> Response:
    """The tables of an offer's page, for a spreadsheet."""
    summary = _offer(slug)
    period = (
        f"April {summary.year[:4]} to March {int(summary.year[:4]) + 1}"
        if summary.year
        else "all years"
    )
    first_lines = [("Reach and impact", summary.title), *_origin(), ("Reach of", period)]
    return _csv(slug, first_lines, tables.tables_of_offer(summary))


def _evaluation(slug: str) -> EvaluationSummary:
    return queries.evaluation_summary(slug, audience=audience(), now=clock.now()) or abort(404)


def _offer(slug: str) -> OfferSummary:
    return queries.offer_summary(
        slug, year=request.args.get("year"), audience=audience(), now=clock.now()
    ) or abort(404)


def _origin() -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [
        ("Source", f"Registers and survey answers of the {partnership.current().name}"),
        ("Made on", short_date_words(london_date(clock.now()))),
    ]
    example = clock.example_words()
    return [*lines, (example,)] if example else lines


def _csv(slug: str, first_lines: list[tuple[str, ...]], found: tables.Tables) -> Response:
    # The mark at the start tells spreadsheet programs that the text is UTF-8.
    return Response(
        "\ufeff" + tables.as_csv(first_lines, found),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="impact-{slug}.csv"'},
    )

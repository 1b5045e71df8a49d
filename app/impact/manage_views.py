"""Staff pages of the impact feature: aggregates only, never a name beside an answer."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_login import current_user

from app.impact import queries, tables, wording
from app.impact.disclosure import Audience
from app.impact.groups import GroupKind
from app.impact.summaries import EvaluationSummary
from app.impact.who_answered import who_answered
from app.impact.words.queries import released_quotes
from app.improvement.need_queries import needs_of_offers
from app.kernel import clock
from app.kernel.access import Role, for_roles
from app.kernel.london import london_date, short_date_words
from app.kernel.page_cache import page_part
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
MOST_QUOTES = 12
KIND_WORDS = {
    GroupKind.OFFER: "Offers",
    GroupKind.SERIES: "Series",
    GroupKind.TOPIC: "Topics",
    GroupKind.PRIORITY: "Priorities",
    GroupKind.PROVIDER: "Providers",
    GroupKind.PERIOD: "Quarters and years",
    GroupKind.SECTOR: "Sectors",
    GroupKind.EVENT: "Sessions",
}


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
        kinds=KIND_WORDS,
    )


@bp.get("/impact/evaluations/<slug>")
@for_roles(*READERS)
def show_evaluation(slug: str) -> str:
    """What people say changed, time by time, with how sure we are."""
    now = clock.now()
    read = queries.read_evaluation(slug, now=now) or abort(404)
    quotes = released_quotes(read.facts.id, public=False)
    needs = needs_of_offers([slug for _, slug, _ in read.offers])

    def make() -> str:
        summary = queries.summary_of(read, audience=audience(), now=now)
        return render_template(
            "impact/_evaluation.html",
            summary=summary,
            tables=tables.tables_of_evaluation(summary),
            levels=LEVELS,
            who=who_answered(summary.reach, summary.doors),
            words=wording,
            quotes=quotes,
            most_quotes=MOST_QUOTES,
            needs=needs,
        )

    # The same rows make the same words: putting them together again is most of the work.
    key, version = ("impact summary", slug, audience()), (read.version(now), quotes, needs)
    return render_template(
        "impact/show_evaluation.html",
        title=read.facts.title,
        summary=page_part(key, version=version, now=now, make=make),
    )


@bp.get("/impact/evaluations/<slug>.csv")
@for_roles(*READERS)
def evaluation_csv(slug: str) -> Response:
    """The tables of an evaluation's page, for a spreadsheet."""
    summary = _evaluation(slug)
    first_lines: list[tuple[str, ...]] = [
        ("Impact summary", summary.title),
        *origin(),
        ("In the figures, “it” is", summary.subject_words),
        ("Answers", "are what people say of their own practice; no cause is claimed"),
        (
            "Withheld",
            f"figures with fewer than {summary.threshold} answers, and breakdowns by sector with "
            f"fewer than {summary.breakdown_threshold}",
        ),
    ]
    if summary.counted_words:
        first_lines.append(("Figures", summary.counted_words))
    first_lines += [(door.label, door.imported_words) for door in summary.imported_doors]
    if summary.threshold < summary.breakdown_threshold:
        first_lines.append(
            (
                "For",
                "the people who run the sessions; do not pass on figures of few answers",
            )
        )
    return csv_response(slug, first_lines, tables.tables_of_evaluation(summary))


def _evaluation(slug: str) -> EvaluationSummary:
    return queries.evaluation_summary(slug, audience=audience(), now=clock.now()) or abort(404)


def origin() -> list[tuple[str, ...]]:
    """The lines of a spreadsheet that say where its figures come from."""
    lines: list[tuple[str, ...]] = [
        ("Source", f"Registers and survey answers of the {partnership.current().name}"),
        ("Made on", short_date_words(london_date(clock.now()))),
    ]
    example = clock.example_words()
    return [*lines, (example,)] if example else lines


def csv_response(slug: str, first_lines: list[tuple[str, ...]], found: tables.Tables) -> Response:
    """These tables as a file for a spreadsheet."""
    # The mark at the start tells spreadsheet programs that the text is UTF-8.
    return Response(
        "\ufeff" + tables.as_csv(first_lines, found),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="impact-{slug}.csv"'},
    )

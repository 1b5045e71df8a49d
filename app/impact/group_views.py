"""Pages of the groupings: everything a reader may see of an offer, a series, a year, a sector."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for

from app.impact import comparing, group_lists, group_queries, group_tables, waiting_words, wording
from app.impact.comparing import Comparison
from app.impact.groups import GroupKind
from app.impact.manage_views import KIND_WORDS, LEVELS, READERS, audience, csv_response, origin
from app.impact.summaries import GroupSummary
from app.impact.who_answered import who_answered
from app.improvement.need_queries import needs_of_offers
from app.kernel import clock
from app.kernel.access import for_roles
from app.kernel.paging import page_number, pages

bp = Blueprint("impact_groups", __name__)
CAPTIONS = {
    GroupKind.OFFER: "Impact of an offer",
    GroupKind.SERIES: "Impact of a series",
    GroupKind.TOPIC: "Impact on a topic",
    GroupKind.PRIORITY: "Impact on a priority",
    GroupKind.PROVIDER: "Impact of what a provider delivers",
    GroupKind.PERIOD: "Impact of the sessions in a time",
    GroupKind.SECTOR: "What one sector says",
    GroupKind.EVENT: "Impact of a session",
}


@bp.get("/impact/compare")
@for_roles(*READERS)
def compare() -> str:
    """Offers side by side on one measure, in the order of their names."""
    found = _comparison()
    return render_template(
        "impact/compare.html",
        found=found,
        kinds=KIND_WORDS,
        tables=group_tables.tables_of_comparison(found) if found else {},
        words=wording,
    )


@bp.get("/impact/compare.csv")
@for_roles(*READERS)
def compare_csv() -> Response:
    """The table of a comparison, for a spreadsheet."""
    found = _comparison() or abort(404)
    first_lines: list[tuple[str, ...]] = [
        ("Offers side by side", wording.as_sentence(found.title)),
        *origin(),
        ("Order", "by name; no ranking"),
        *((("Too few answers", "; ".join(found.left_out)),) if found.left_out else ()),
    ]
    return csv_response(
        f"compare-{found.measure}", first_lines, group_tables.tables_of_comparison(found)
    )


def _comparison() -> Comparison | None:
    return comparing.compare(
        request.args.get("measure"),
        time=request.args.get("time"),
        audience=audience(),
        now=clock.now(),
    )


@bp.get("/impact/<kind>")
@for_roles(*READERS)
def list_groups(kind: str) -> str:
    """Every grouping of one kind, to choose from."""
    chosen, now = _kind(kind), clock.now()
    length = group_lists.number_of_choices(chosen, now=now)
    shown = pages(page_number(request.args.get("page")), length=length)
    return render_template(
        "impact/list_groups.html",
        kind=kind,
        kinds=KIND_WORDS,
        heading=KIND_WORDS[chosen],
        choices=group_lists.choices(chosen, first=shown.first, last=shown.last, now=now),
        pages=shown,
        page_address=lambda number: url_for(".list_groups", kind=kind, page=number),
    )


@bp.get("/impact/<kind>/<slug>")
@for_roles(*READERS)
def show_group(kind: str, slug: str) -> str:
    """How much, how well, what difference, over every evaluation it holds."""
    summary = _summary(kind, slug)
    return render_template(
        "impact/show_group.html",
        summary=summary,
        tables=group_tables.tables_of_group(summary),
        levels=LEVELS,
        who=who_answered(summary.reach, summary.doors),
        words=wording,
        state_words=waiting_words.of_a("periods" if summary.period else kind),
        caption=CAPTIONS[_kind(kind)],
        needs=needs_of_offers([slug] if _kind(kind) is GroupKind.OFFER else []),
    )


@bp.get("/impact/<kind>/<slug>.csv")
@for_roles(*READERS)
def group_csv(kind: str, slug: str) -> Response:
    """The tables of a grouping's page, for a spreadsheet."""
    summary = _summary(kind, slug)
    first_lines: list[tuple[str, ...]] = [
        (CAPTIONS[_kind(kind)], summary.title),
        *origin(),
        ("Answers", "are what people say of their own practice; no cause is claimed"),
        ("Added up", wording.pooled_words(summary)),
    ]
    if summary.period:
        first_lines.append(("Sessions of", summary.period_words))
    if summary.counted_words:
        first_lines.append(("Figures", summary.counted_words))
    return csv_response(f"{kind}-{slug}", first_lines, group_tables.tables_of_group(summary))


def _summary(kind: str, slug: str) -> GroupSummary:
    return group_queries.group_summary(
        _kind(kind),
        slug,
        period=request.args.get("period"),
        audience=audience(),
        now=clock.now(),
    ) or abort(404)


def _kind(kind: str) -> GroupKind:
    return GroupKind(kind) if kind in set(GroupKind) else abort(404)

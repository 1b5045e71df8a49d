"""The numbers of groupings and of offers side by side, as tables."""

from __future__ import annotations

from app.impact import wording
from app.impact.comparing import Comparison
from app.impact.summaries import Figure, GroupSummary
from app.impact.tables import (
    SHARE_COLUMNS,
    Row,
    Table,
    Tables,
    answered_table,
    cells,
    change_tables,
    evidence_table,
    lower,
    measure_tables,
    reach_table,
    sectors_table,
    who_table,
)
from app.impact.who_answered import who_answered
from app.surveys.models import MeasureScale


def tables_of_group(summary: GroupSummary) -> Tables:
    """Every table of a grouping's page by the place where it stands, in the page's order."""
    doors = [*summary.doors, *summary.open_doors]
    found: Tables = {"answered": (answered_table(doors),) if doors else ()}
    for change in summary.knowledge:
        found[change.key] = tuple(change_tables(change))
    for place, measures in (("personal", summary.measures), ("open", summary.open_measures)):
        for measure in measures:
            found[f"{place}-{measure.key}"] = tuple(
                measure_tables(measure, summary.breakdown_threshold)
            )
    who = [who_table(one) for one in who_answered(summary.reach, doors) if one.lines]
    found["reach"] = (reach_table(summary.reach), sectors_table(summary.reach, []), *who)
    found["evidence"] = (evidence_table(summary.evidence),) if summary.evidence else ()
    found["evaluations"] = (_evaluations(summary),) if summary.evaluations else ()
    return found


def tables_of_comparison(found: Comparison) -> Tables:
    """The one table of offers side by side."""
    if not found.lines:
        return {"compared": ()}
    figures = ("Mean", "Likely range (95%)", "Number who answered")
    columns = figures if found.scale is MeasureScale.SCORE else SHARE_COLUMNS
    rows = tuple(
        (
            line.title,
            *(cells(line.figure.share) if line.figure.share else _score_cells(line.figure)),
            line.figure.asked_of or "everyone who answered",
            wording.beside_words(line),
        )
        for line in found.lines
    )
    title = f"{wording.as_sentence(found.title)}: {lower(dict(found.times)[found.time or ''])}"
    offered = ("Offer", *columns, "Asked of", "Beside the others")
    return {"compared": (Table(title, offered, rows),)}


def _score_cells(figure: Figure) -> Row:
    if figure.mean is None:
        return ("–", "–", "–")
    mean = figure.mean
    return (wording.score(mean.mean), wording.likely_scores(mean), f"{mean.base:,}")


def _evaluations(summary: GroupSummary) -> Table:
    return Table(
        "Evaluations that ask about it",
        ("Evaluation", "Number who answered", "Headline", "Next"),
        tuple(
            (
                line.title,
                f"{line.answered:,}",
                f"{line.headline.number} {line.headline.words}"
                if line.headline
                else "no figures yet",
                line.next_words,
            )
            for line in summary.evaluations
        ),
    )

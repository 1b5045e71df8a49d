"""What people say, in tables of a report: as impact shows it, never of fewer than 10 answers."""

from __future__ import annotations

from collections.abc import Sequence

from app.home.report.composing import Report
from app.impact.reports.documents import PlainTable
from app.impact.summaries import EvaluationLine, MeasureLines


def evaluations(report: Report) -> PlainTable:
    """Each offer: what people say of it, and when they are next asked (R42, R54)."""
    lines = report.answers.lines
    rows = [
        [offer.title, _headlines(lines[offer.id], offer.title), _next(lines[offer.id])]
        for offer, _ in report.offers
        if offer.id in lines
    ]
    note = "Of all sessions of an offer, with count and base; never of fewer than 10 answers."
    columns = ["Offer", "What people say", "Next"]
    return PlainTable(title="Evaluation of each offer", columns=columns, rows=rows, note=note)


def said(report: Report) -> PlainTable:
    """A few measures of this period's sessions, each with its count and base."""
    rows = [
        [
            measure.title[:1].upper() + measure.title[1:],
            whom,
            figure.door.label,
            f"{figure.share.percent}%",
            f"{figure.share.count:,}",
            f"{figure.share.base:,}",
        ]
        for whom, measures in _asked(report)
        for measure in measures
        for figure in measure.figures
        if figure.share
    ]
    columns = ["What people say of themselves", "Asked", "When", "Share", "Count", "Of"]
    note = (
        "Answers about sessions of this period; each question has its own number who answered."
        " Groups of fewer than 10 are left out, and so is what one could be worked out from."
    )
    return PlainTable(title="What people say", columns=columns, rows=rows, note=note)


def _headlines(lines: Sequence[EvaluationLine], title: str) -> str:
    """The headline of each evaluation; one that asks about more than the offer says its name."""
    shown = [
        f"{'' if line.title == title else f'{line.title}: '}{line.headline.number}"
        f" {line.headline.words}"
        for line in lines
        if line.headline
    ]
    return "; ".join(shown) or "no figures yet"


def _next(lines: Sequence[EvaluationLine]) -> str:
    return "; ".join(dict.fromkeys(line.next_words for line in lines))


def _asked(report: Report) -> list[tuple[str, Sequence[MeasureLines]]]:
    return [
        ("People who came", report.answers.measures),
        ("By a link open to everyone", report.answers.open_measures),
    ]

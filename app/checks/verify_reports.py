"""What must be true of published evaluation reports."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select

from app.checks.moment import Find, Moment
from app.impact.reports.documents import Bases, bases_in
from app.impact.reports.models import EvaluationReport, ReportVersion
from app.impact.reports.publishing_rules import too_small, unsafe_keys
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.models import Evaluation


def reported_wrongly(_moment: Moment) -> Iterator[str]:
    """Evaluations whose day of reporting is not that of the last report that stands."""
    last: dict[int, date] = {}
    stands = (
        select(EvaluationReport.evaluation_id, func.max(ReportVersion.published_at))
        .join(ReportVersion, ReportVersion.report_id == EvaluationReport.id)
        .where(ReportVersion.published_at.is_not(None), EvaluationReport.withdrawn_at.is_(None))
        .group_by(EvaluationReport.evaluation_id)
    )
    for evaluation_id, published_at in db.session.execute(stands):
        if published_at:
            last[evaluation_id] = london_date(published_at)
    rows = select(Evaluation.id, Evaluation.slug, Evaluation.reported_on)
    for evaluation_id, slug, reported_on in db.session.execute(rows):
        if reported_on != last.get(evaluation_id):
            yield slug


def shown_wrongly(_moment: Moment) -> Iterator[str]:
    """Reports whose address does not lead to their newest published version."""
    newest = (
        select(func.max(ReportVersion.number))
        .where(
            ReportVersion.report_id == EvaluationReport.id,
            ReportVersion.published_at.is_not(None),
        )
        .correlate(EvaluationReport)
        .scalar_subquery()
    )
    rows = select(EvaluationReport.slug, EvaluationReport.published_number, newest)
    for slug, number, last in db.session.execute(rows):
        if number != last:
            yield slug


def telling_of_a_few(_moment: Moment) -> Iterator[str]:
    """Reports with a figure of 1 to 9 people, or that differ by so many from an earlier one."""
    before: dict[int, list[dict[str, Bases]]] = defaultdict(list)
    rows = (
        select(EvaluationReport.evaluation_id, EvaluationReport.slug, ReportVersion.document)
        .join(ReportVersion, ReportVersion.report_id == EvaluationReport.id)
        .where(ReportVersion.published_at.is_not(None))
        .order_by(ReportVersion.published_at, ReportVersion.id)
    )
    for evaluation_id, slug, document in db.session.execute(rows):
        bases = bases_in(json.loads(document or "{}"))
        if too_small(bases) or unsafe_keys(before[evaluation_id], bases):
            yield slug
        before[evaluation_id].append(bases)


INVARIANTS: dict[str, Find] = {
    "an evaluation is reported on the day of its last report that stands": reported_wrongly,
    "the address of a report leads to its newest published version": shown_wrongly,
    "published reports tell of nobody and of no few people": telling_of_a_few,
}

"""What must be true of the counts that the worker keeps."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from app.checks.moment import Find, Moment
from app.impact import keeping
from app.impact.models import KeptCounts
from app.kernel.db import db
from app.surveys.models import Evaluation


def kept_wrongly(moment: Moment) -> Iterator[str]:
    """Evaluations whose kept answers are not those a recount finds."""
    kept = select(Evaluation.id, Evaluation.slug).join(
        KeptCounts, KeptCounts.evaluation_id == Evaluation.id
    )
    for evaluation_id, slug in db.session.execute(kept).all():
        if not keeping.agrees_with_a_recount(evaluation_id, now=moment.now):
            yield slug


INVARIANTS: dict[str, Find] = {
    "kept figures are what was answered": kept_wrongly,
}

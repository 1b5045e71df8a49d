"""Counting large evaluations ahead, for the worker, so that their pages open at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select

from app.impact import kept
from app.impact.answers_counted import LetIn, read_answers
from app.impact.counting import let_in, read_counts
from app.impact.counts import Counted, EvaluationCounts, EvaluationFacts
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience, threshold_for
from app.impact.forms_asked import read_forms
from app.impact.grouped_rows import asked_rows, response_rows
from app.impact.groups import FACTS, begun_events
from app.impact.kept import Row
from app.impact.kept_sessions import keep_lines
from app.impact.queries import offers_of, reach_of_evaluation
from app.kernel.db import db
from app.surveys.models import Evaluation, SurveyInvitation
from app.surveys.response_models import Response

LARGE = 2_000  # asked or answered: below it, counting takes no longer than reading what was kept


def large_evaluations() -> list[int]:
    """Evaluations whose counts are to be kept."""
    asked = (
        select(SurveyInvitation.evaluation_id)
        .group_by(SurveyInvitation.evaluation_id)
        .having(func.count() >= LARGE)
    )
    answered = (
        select(Response.evaluation_id)
        .group_by(Response.evaluation_id)
        .having(func.count() >= LARGE)
    )
    return sorted(db.session.scalars(asked.union(answered)))


def keep_counts(evaluation_id: int, *, now: datetime) -> None:
    """Count an evaluation and keep that; answers only if others are in the figures now."""
    facts, asked, responses = _count(evaluation_id, now=now)
    in_figures = []
    for fingerprint, counts, wanted in _in_figures(facts, asked, responses, now=now):
        in_figures.append(fingerprint)
        if kept.answers_under(fingerprint) is None:
            forms = read_forms(wanted.figures.versions)
            rows = read_answers({facts.id: counts}, forms, wanted)
            kept.keep_answers(facts.id, fingerprint, rows)
    offer_ids = [offer_id for offer_id, _slug, _title in offers_of(facts)]
    counts = EvaluationCounts(facts)
    let_in({facts.id: counts}, asked, responses, threshold=ELSEWHERE_THRESHOLD, now=now)
    reach = reach_of_evaluation(offer_ids, counts)
    kept.keep_counted(facts.id, Counted(asked, responses, reach, counted_at=now))
    in_figures += _keep_sessions(facts, offer_ids, now=now)
    kept.forget_answers(facts.id, but=in_figures)


def _keep_sessions(
    facts: EvaluationFacts, offer_ids: Collection[int], *, now: datetime
) -> Collection[str]:
    """Keep which sessions may stand apart, as each kind of reader sees it."""
    offer_of = {event.id: event.offer_id for event in begun_events(offer_ids, now=now)}
    thresholds = {threshold_for(audience) for audience in Audience}
    as_read = {
        threshold: read_counts([facts], threshold=threshold, now=now)[facts.id]
        for threshold in thresholds
    }
    return keep_lines(as_read, offer_of)


def agrees_with_a_recount(evaluation_id: int, *, now: datetime) -> bool:
    """Whether the answers kept of an evaluation are those that are found when counted again."""
    for fingerprint, counts, wanted in _in_figures(*_count(evaluation_id, now=now), now=now):
        known = kept.answers_under(fingerprint)
        forms = read_forms(wanted.figures.versions)
        rows = read_answers({evaluation_id: counts}, forms, wanted)
        if known is not None and known.as_lists() != rows.as_lists():
            return False
    return True


def _count(
    evaluation_id: int, *, now: datetime
) -> tuple[EvaluationFacts, Sequence[Row], Sequence[Row]]:
    row = db.session.execute(select(*FACTS).where(Evaluation.id == evaluation_id)).one()
    return EvaluationFacts(*row), asked_rows([row[0]], now=now), response_rows([row[0]])


def _in_figures(
    facts: EvaluationFacts, asked: Sequence[Row], responses: Sequence[Row], *, now: datetime
) -> Iterator[tuple[str, EvaluationCounts, LetIn]]:
    """What is in the figures for each kind of reader: under which fingerprint, and which it is."""
    seen = set()
    for audience in Audience:
        counts = EvaluationCounts(facts)
        wanted = let_in(
            {facts.id: counts}, asked, responses, threshold=threshold_for(audience), now=now
        )
        for fingerprint in wanted.figures.fingerprints().values():
            if fingerprint not in seen:
                seen.add(fingerprint)
                yield fingerprint, counts, wanted

"""What may be shown of evaluations and offers, from stored rows; a report is 20 statements."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from app.catalogue.models import Offer
from app.impact import figures, knowledge
from app.impact.chain import HEADLINE, chain_of, first_of
from app.impact.counting import count_rows, read_counts
from app.impact.counts import EvaluationCounts, EvaluationFacts, Reach
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience, threshold_for
from app.impact.grouped_rows import Rows, read_rows
from app.impact.groups import FACTS
from app.impact.reach_queries import reach_of
from app.impact.summaries import EvaluationLine, EvaluationSummary
from app.improvement.queries import EvidenceLine, evidence_of
from app.kernel.db import db, rows_of
from app.kernel.london import london_date, short_date_words
from app.surveys.models import Evaluation, evaluation_offer
from app.surveys.response_models import Response

_FACTS = select(*FACTS).where(Evaluation.slug == bindparam("slug"))


@dataclass(frozen=True, slots=True)
class Read:
    """Everything read of an evaluation but the answers themselves."""

    facts: EvaluationFacts
    rows: Rows
    offers: Sequence[tuple[int, str, str]]
    reach: Reach
    evidence: tuple[EvidenceLine, ...]

    def version(self, now: datetime) -> Hashable:
        """Two that are equal make the same summary, at any moment of a day."""
        until = self.facts.open_until
        return self, london_date(now), until is not None and until <= now


def read_evaluation(slug: str, *, now: datetime) -> Read | None:
    """What a summary is made from; None if there is no such evaluation."""
    found = rows_of(_FACTS, {"slug": slug})
    if not found:
        return None
    facts = EvaluationFacts(*tuple[Any, ...](found[0]))
    rows = read_rows([facts.id], now=now)
    offers = offers_of(facts)
    ids = [offer_id for offer_id, _, _ in offers]
    kept = rows.kept.get(facts.id)
    until = None if rows.plan.waves or not facts.has_open_link else facts.open_until
    return Read(
        facts,
        rows,
        offers,
        reach=kept.reach if kept else reach_of(ids, until=until),
        evidence=evidence_of(ids) if ids else (),
    )


def evaluation_summary(slug: str, *, audience: Audience, now: datetime) -> EvaluationSummary | None:
    """All that this reader may see of an evaluation; None if there is no such evaluation."""
    read = read_evaluation(slug, now=now)
    return summary_of(read, audience=audience, now=now) if read else None


def summary_of(read: Read, *, audience: Audience, now: datetime) -> EvaluationSummary:
    """All that this reader may see of what was read, and of the answers behind it."""
    facts, threshold = read.facts, threshold_for(audience)
    counts = count_rows([facts], read.rows, threshold=threshold, now=now)[facts.id]
    doors = figures.doors_of(counts, threshold=threshold)
    personal = [pair for pair in doors if not pair[0].is_open_link]
    by_link = [pair for pair in doors if pair[0].is_open_link]
    open_doors = [door for door, _ in by_link if not door.imported_words]
    measures, open_measures = figures.measures_of(personal), figures.measures_of(by_link)
    changes = knowledge.knowledge_of(counts, doors)
    return EvaluationSummary(
        evaluation_id=facts.id,
        slug=facts.slug,
        title=facts.title,
        subject_words=facts.subject_words,
        made_on=london_date(now),
        threshold=threshold,
        breakdown_threshold=ELSEWHERE_THRESHOLD,
        offers=tuple((slug, title) for _, slug, title in read.offers),
        reach=read.reach,
        doors=tuple(door for door, _ in personal),
        open_door=open_doors[0] if open_doors else None,
        open_imports=tuple(door for door, _ in by_link if door.imported_words),
        measures=measures,
        open_measures=open_measures,
        knowledge=changes,
        knowledge_means=knowledge.knowledge_means_of(measures, changes, personal),
        comments=figures.comments_of(doors),
        chain=chain_of(read.reach, measures, open_measures, changes, read.evidence),
        counted_at=counts.kept.counted_at if counts.kept else None,
        evidence=read.evidence,
    )


def reach_of_evaluation(offer_ids: Collection[int], counts: EvaluationCounts) -> Reach:
    """Who came to what an evaluation asks about."""
    return reach_of(offer_ids, until=_reach_ends_at(counts))


def number_of_evaluations() -> int:
    """How many evaluations there are."""
    return db.session.scalar(select(func.count(Evaluation.id))) or 0


def listed_evaluations(
    first: int, last: int, *, audience: Audience, now: datetime
) -> tuple[EvaluationLine, ...]:
    """Evaluations from first to last, those with most answers first."""
    answers = (
        select(Response.evaluation_id, func.count().label("answered"))
        .group_by(Response.evaluation_id)
        .subquery()
    )
    rows = db.session.execute(
        select(*FACTS)
        .outerjoin(answers, answers.c.evaluation_id == Evaluation.id)
        .order_by(func.coalesce(answers.c.answered, 0).desc(), Evaluation.title, Evaluation.id)
        .offset(first)
        .limit(last - first)
    ).all()
    return evaluation_lines([EvaluationFacts(*row) for row in rows], audience=audience, now=now)


def evaluation_lines(
    facts: Sequence[EvaluationFacts], *, audience: Audience, now: datetime
) -> tuple[EvaluationLine, ...]:
    """These evaluations with their headline figure and what happens next."""
    threshold = threshold_for(audience)
    found = read_counts(facts, threshold=threshold, now=now, only_measures=HEADLINE)
    return tuple(evaluation_line(found[one.id], threshold=threshold) for one in facts)


def evaluation_line(counts: EvaluationCounts, *, threshold: int) -> EvaluationLine:
    """One evaluation with its headline figure and what happens next."""
    doors = figures.doors_of(counts, threshold=threshold)
    measures = figures.measures_of([pair for pair in doors if not pair[0].is_open_link])
    by_link = figures.measures_of([pair for pair in doors if pair[0].is_open_link])
    headline = first_of("Headline", HEADLINE, measures, by_link)
    return EvaluationLine(
        slug=counts.facts.slug,
        title=counts.facts.title,
        answered=sum(door.answered for door, _ in doors),
        headline=headline if headline.number != "–" else None,
        next_words=_next_words(counts),
    )


def _next_words(counts: EvaluationCounts) -> str:
    """The next thing due: asking that closes, or asking that begins."""
    closing = [
        door.open_until for door in counts.doors.values() if door.is_open and door.open_until
    ]
    asking = [door.next_due_at for door in counts.doors.values() if door.next_due_at]
    coming = sorted(
        [(moment, "Asking closes on") for moment in closing]
        + [(moment, "The next are asked on") for moment in asking]
    )
    if not coming:
        open_now = None in counts.doors and counts.doors[None].is_open
        return "Open to everyone" if open_now else "Nothing due"
    moment, words = coming[0]
    return f"{words} {short_date_words(moment)}"


def _reach_ends_at(counts: EvaluationCounts) -> datetime | None:
    """Whoever came after the open link had closed is not whom it asked about."""
    own = {door_id for door_id, door in counts.doors.items() if door.imported is None}
    return counts.facts.open_until if own == {None} else None


_OFFERS = (
    select(Offer.id, Offer.slug, Offer.title)
    .where(
        or_(
            Offer.id.in_(
                select(evaluation_offer.c.offer_id).where(
                    evaluation_offer.c.evaluation_id == bindparam("evaluation_id")
                )
            ),
            Offer.series_id == bindparam("series_id"),
        )
    )
    .order_by(Offer.title)
)


def offers_of(facts: EvaluationFacts) -> list[tuple[int, str, str]]:
    """The offers an evaluation asks about: id, slug and title."""
    asked = {"evaluation_id": facts.id, "series_id": facts.series_id}
    return [(row.id, row.slug, row.title) for row in rows_of(_OFFERS, asked)]

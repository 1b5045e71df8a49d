"""What a report of a period says of answers: each evaluation's headline, and a few measures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.impact import pooling, queries
from app.impact.chain import HEADLINE
from app.impact.counting import read_counts
from app.impact.disclosure import Audience, threshold_for
from app.impact.group_queries import sources_of_sessions
from app.impact.groups import Group, GroupKind, holdings_of
from app.impact.periods import Period
from app.impact.summaries import EvaluationLine, MeasureLines

# Beside what headlines need: few enough that a report with all else stays within its statements.
REPORTED = (*HEADLINE, "skills", "relevance", "usefulness", "confidence")


@dataclass(frozen=True, slots=True)
class PeriodAnswers:
    """What may be shown of answers about the sessions of a period."""

    lines: Mapping[int, tuple[EvaluationLine, ...]]  # by offer, of all its sessions
    measures: tuple[MeasureLines, ...]  # of those invited, about sessions of the period
    open_measures: tuple[MeasureLines, ...]  # by links open to everyone that were open within it


def answers_of(period: Period, *, audience: Audience, now: datetime) -> PeriodAnswers:
    """Headlines of every evaluation, and the reported measures of this period's sessions."""
    threshold = threshold_for(audience)
    group = Group(GroupKind.PERIOD, period.slug, period.title, period=period)
    holdings = holdings_of(group, now=now)
    counts = read_counts(
        list(holdings.asked_about), threshold=threshold, now=now, only_measures=REPORTED
    )
    personal, open_ = sources_of_sessions(holdings, counts, threshold=threshold)
    measures, open_measures = (
        pooling.with_figures(pooling.pooled_measures(sources, pooling.pooled_doors(sources)))
        for sources in (personal, open_)
    )
    lines: dict[int, list[EvaluationLine]] = defaultdict(list)
    for facts, offer_ids in holdings.asked_about.items():
        line = queries.evaluation_line(counts[facts.id], threshold=threshold)
        for offer_id in offer_ids:
            lines[offer_id].append(line)
    return PeriodAnswers(
        {offer_id: tuple(found) for offer_id, found in lines.items()}, measures, open_measures
    )

"""Offers side by side on one measure: in the order of their names, never of their figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select

from app.catalogue.models import Offer
from app.impact import figures, pooling
from app.impact.counting import read_counts
from app.impact.counts import KNOWLEDGE, KNOWLEDGE_RECALLED
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience, threshold_for
from app.impact.groups import Group, GroupKind, Holding, holdings_of
from app.impact.pooling import Source
from app.impact.summaries import Figure
from app.impact.trends import Direction, direction
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.models import Measure, MeasureScale, Question, QuestionnaireVersion


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One offer, or offers that are asked about together: its figure and how it stands."""

    title: str
    figure: Figure
    beside_others: Direction | None  # beside the sum of all others; None without others


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every offer with enough answers to one measure at one time."""

    measure: str
    title: str
    scale: MeasureScale
    made_on: date
    measures: tuple[tuple[str, str], ...]  # key and title of those that can be chosen
    times: tuple[tuple[str, str], ...]  # key and words of those at which it was asked
    time: str | None
    lines: tuple[ComparedLine, ...]
    left_out: tuple[str, ...]  # titles of those with too few answers
    threshold: int = ELSEWHERE_THRESHOLD


def comparable_measures() -> tuple[tuple[str, str, MeasureScale], ...]:
    """Measures that are a share or a score and asked in some published form, in report order."""
    asked = exists().where(
        Question.measure_id == Measure.id,
        Question.version_id == QuestionnaireVersion.id,
        QuestionnaireVersion.published_at.is_not(None),
    )
    rows = db.session.execute(
        select(Measure.key, Measure.title, Measure.scale)
        .where(Measure.scale != MeasureScale.CHOICES, Measure.key != KNOWLEDGE_RECALLED, asked)
        .order_by(Measure.position)
    )
    return tuple((key, title, scale) for key, title, scale in rows)


def compare(
    key: str | None, *, time: str | None, audience: Audience, now: datetime
) -> Comparison | None:
    """The offers side by side on this measure, at this time or the latest; None without any."""
    measures = comparable_measures()
    titles = {found: title for found, title, _ in measures}
    chosen = key if key in titles else next(iter(titles), None)
    if chosen is None:
        return None
    found = _sources(chosen, audience=audience, now=now)
    asked = [
        (title, figure)
        for title, sources in sorted(found.items(), key=lambda item: item[0].lower())
        for figure in _figures(sources, chosen)
    ]
    doors = sorted((figure.door for _, figure in asked), key=pooling.time_of)
    times = {door.key: door.label for door in doors}
    at = time if time in times else next(reversed(times), None)
    lines = [(title, figure) for title, figure in asked if figure.door.key == at]
    shown = [(title, figure) for title, figure in lines if not figure.is_withheld]
    return Comparison(
        measure=chosen,
        title=titles[chosen],
        scale=next(scale for found_key, _, scale in measures if found_key == chosen),
        made_on=london_date(now),
        measures=tuple(titles.items()),
        times=tuple(times.items()),
        time=at,
        lines=tuple(
            ComparedLine(title, figure, beside_others(figure, [other for _, other in shown]))
            for title, figure in shown
        ),
        left_out=tuple(dict.fromkeys(title for title, figure in lines if figure.is_withheld)),
    )


def beside_others(figure: Figure, all_of_them: Sequence[Figure]) -> Direction | None:
    """Whether it lies beyond the sum of the others that were asked of the same people."""
    others = [
        other
        for other in all_of_them
        if other is not figure and other.routed_words == figure.routed_words
    ]
    return direction(pooling.pooled(others, figure.door), figure) if others else None


def _figures(sources: Sequence[Source], measure: str) -> Iterable[Figure]:
    pooled = pooling.pooled_measures(sources, pooling.pooled_doors(sources))
    return (figure for one in pooled if one.key == measure for figure in one.figures)


def _sources(measure: str, *, audience: Audience, now: datetime) -> dict[str, list[Source]]:
    """What each evaluation shows of a measure, by the one offer it asks about or its own title."""
    everything = Group(GroupKind.PERIOD, "", "")
    holdings = holdings_of(everything, now=now).evaluations
    threshold = threshold_for(audience)
    wanted = (measure, KNOWLEDGE_RECALLED) if measure == KNOWLEDGE else (measure,)
    counts = read_counts(
        [holding.facts for holding in holdings],
        threshold=threshold,
        now=now,
        only_measures=wanted,
    )
    titles = _titles(holdings)
    found: dict[str, list[Source]] = defaultdict(list)
    for holding in holdings:
        pairs = figures.doors_of(counts[holding.facts.id], threshold=threshold)
        measures = [
            *figures.measures_of(pair for pair in pairs if not pair[0].is_open_link),
            *figures.measures_of(pair for pair in pairs if pair[0].is_open_link),
        ]
        title = titles.get(next(iter(holding.offer_ids), 0)) if len(holding.offer_ids) == 1 else ""
        found[title or holding.facts.title].append(
            Source(holding.facts.slug, [door for door, _ in pairs], measures)
        )
    return found


def _titles(holdings: Iterable[Holding]) -> dict[int, str]:
    ids = {next(iter(one.offer_ids)) for one in holdings if len(one.offer_ids) == 1}
    rows = db.session.execute(select(Offer.id, Offer.title).where(Offer.id.in_(ids)))
    return {row.id: row.title for row in rows}

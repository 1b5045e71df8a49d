"""The impact summary of an event, an offer, a series, a topic, a priority, a provider, a period or
a sector: how much, how well, what difference, over every evaluation it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from app.impact import figures, knowledge, periods, pooling, queries, rules
from app.impact.chain import chain_of
from app.impact.counting import read_counts
from app.impact.counts import EvaluationCounts, Reach, sorted_doors
from app.impact.disclosure import ELSEWHERE_THRESHOLD, Audience, threshold_for
from app.impact.groups import Group, GroupKind, Holding, Holdings, find_group, holdings_of
from app.impact.kept_sessions import lines_of_waves
from app.impact.pooling import Source
from app.impact.reach_queries import reach_of
from app.impact.session_lines import WaveInPart, answers_within, measures_of_sessions
from app.impact.summaries import Door, DoorState, Figure, GroupSummary, MeasureLines
from app.improvement.queries import EvidenceLine, evidence_of
from app.kernel.db import db
from app.kernel.london import london_date
from app.surveys.models import InvitationState, SurveyInvitation

Counts = dict[int, EvaluationCounts]
Asked = dict[int, tuple[int, int, int]]  # by wave: asked, delivered, answered


def group_summary(
    kind: GroupKind, slug: str, *, period: str | None = None, audience: Audience, now: datetime
) -> GroupSummary | None:
    """All that this reader may see of a grouping; None if there is no such one."""
    group = find_group(kind, slug, period=period)
    if group is None:
        return None
    threshold = threshold_for(audience)
    holdings = holdings_of(group, now=now)
    counts = read_counts([h.facts for h in holdings.evaluations], threshold=threshold, now=now)
    if group.sector:
        personal, open_ = _of_sector(group, holdings, counts, threshold=threshold)
    else:
        personal, open_ = sources_of_sessions(holdings, counts, threshold=threshold)
    doors, open_doors = pooling.pooled_doors(personal), pooling.pooled_doors(open_)
    measures = pooling.with_figures(pooling.pooled_measures(personal, doors))
    open_measures = pooling.with_figures(pooling.pooled_measures(open_, open_doors))
    changes = pooling.pooled_changes(personal + open_, doors + open_doors)
    reach = _kept_reach(group, holdings, counts) or _reach(group)
    evidence = _evidence(group)
    chosen = group.period if kind.has_periods else None
    return GroupSummary(
        kind=kind.value,
        slug=slug,
        title=group.title,
        made_on=london_date(now),
        threshold=threshold,
        breakdown_threshold=ELSEWHERE_THRESHOLD,
        period=chosen.slug if chosen else None,
        period_words=chosen.title if chosen else "",
        periods=_periods(holdings) if kind.has_periods else (),
        reach=reach,
        doors=doors,
        measures=measures,
        open_doors=open_doors,
        open_measures=open_measures,
        knowledge=changes,
        chain=chain_of(reach, measures, open_measures, changes, evidence),
        evaluations=tuple(
            queries.evaluation_line(counts[one.facts.id], threshold=threshold)
            for one in holdings.evaluations
        ),
        in_part=tuple(h.facts.title for h in holdings.evaluations if h.event_ids is not None),
        sessions=holdings.sessions if kind is GroupKind.OFFER else (),
        evidence=evidence,
        counted_at=min((one.kept.counted_at for one in counts.values() if one.kept), default=None),
    )


def _kept_reach(group: Group, holdings: Holdings, counts: Counts) -> Reach | None:
    """What the worker counted of an evaluation of exactly these offers, whenever they were held."""
    if group.period or group.event_id or group.sector:
        return None
    for holding in holdings.evaluations:
        own = counts[holding.facts.id]
        is_asked_later = any(isinstance(door_id, int) for door_id in own.doors)
        if own.kept and is_asked_later and holding.offer_ids == group.offer_ids:
            return own.kept.reach
    return None


def _reach(group: Group) -> Reach:
    return reach_of(
        group.offer_ids,
        since=group.period.since if group.period else None,
        until=group.period.until if group.period else None,
        event_id=group.event_id,
        sector_id=group.sector_id,
    )


def _evidence(group: Group) -> tuple[EvidenceLine, ...] | None:
    """What others found about its offers; a time or a sector has none of its own."""
    if group.offer_ids is None:
        return None
    return evidence_of(
        group.offer_ids,
        topic=group.slug if group.kind is GroupKind.TOPIC else None,
        since=group.period.first_on if group.period else None,
        until=group.period.ends_before if group.period else None,
    )


def _periods(holdings: Holdings) -> tuple[tuple[str, str], ...]:
    """Quarters and years in which there was a session of these offers, the latest first."""
    found = periods.between(*holdings.days) if holdings.days else ()
    return tuple((period.slug, period.title) for period in found)


def sources_of_sessions(
    holdings: Holdings, counts: Counts, *, threshold: int
) -> tuple[list[Source], list[Source]]:
    """What is shown of each evaluation, or of some sessions of it: those invited, and by links."""
    personal: list[Source] = []
    open_: list[Source] = []
    in_part: list[Holding] = []
    for holding in holdings.evaluations:
        if holding.event_ids is not None:
            in_part.append(holding)
            continue
        own = counts[holding.facts.id]
        pairs = figures.doors_of(own, threshold=threshold)
        changes = knowledge.knowledge_of(own, pairs)
        for is_open, sources in ((False, personal), (True, open_)):
            if is_open and not holding.has_open_link:
                continue
            chosen = [pair for pair in pairs if pair[0].is_open_link is is_open]
            sources.append(
                Source(
                    own.facts.slug,
                    [door for door, _ in chosen],
                    figures.measures_of(chosen),
                    [change for change in changes if change.door.is_open_link is is_open],
                )
            )
    return personal + _in_part(in_part, holdings.offer_of, counts, threshold=threshold), open_


def _in_part(
    holdings: Sequence[Holding], offer_of: dict[int, int], counts: Counts, *, threshold: int
) -> list[Source]:
    if not holdings:
        return []
    own = [counts[holding.facts.id] for holding in holdings]
    events = frozenset[int]().union(*(holding.event_ids or () for holding in holdings))
    by_wave = lines_of_waves(own, offer_of, events, threshold=threshold)
    asked = _asked(SurveyInvitation.event_id.in_(events) if events else false())
    found = []
    for holding, evaluation in zip(holdings, own, strict=True):
        event_ids = holding.event_ids or frozenset()
        doors, waves = [], []
        pairs = figures.doors_of(evaluation, threshold=threshold)
        for wave_id, (door, door_counts) in zip(sorted_doors(evaluation), pairs, strict=True):
            if not isinstance(wave_id, int):
                continue
            lines = by_wave.get((holding.facts.id, wave_id))
            in_figures = 0
            if lines is not None:
                wave = WaveInPart(door, door_counts, lines)
                in_figures = answers_within(wave, event_ids)
                waves.append(wave)
            doors.append(_door_in_part(door, asked.get(wave_id, (0, 0, 0)), in_figures))
        found.append(Source(holding.facts.slug, doors, measures_of_sessions(waves, event_ids)))
    return found


def _door_in_part(door: Door, asked: tuple[int, int, int], in_figures: int) -> Door:
    """How many were asked about some sessions; where their answers stand is the wave's affair."""
    sent, delivered, answered = asked
    state = door.state
    if state is DoorState.SHOWN and not in_figures:
        state = DoorState.TOO_FEW if answered else DoorState.NOBODY
    return replace(
        door,
        state=state,
        planned=0,
        asked=sent,
        delivered=delivered,
        answered=max(answered, in_figures),
        in_figures=in_figures,
        rate=rules.response_rate(answered, delivered) if delivered else None,
        answered_by_sector={},
    )


def _of_sector(
    group: Group, holdings: Holdings, counts: Counts, *, threshold: int
) -> tuple[list[Source], list[Source]]:
    """What stands of this sector in lines of its own, evaluation by evaluation."""
    name = group.sector or ""
    asked = _asked(SurveyInvitation.sector_id == group.sector_id)
    personal: list[Source] = []
    open_: list[Source] = []
    for holding in holdings.evaluations:
        own = counts[holding.facts.id]
        ids = sorted_doors(own)
        pairs = figures.doors_of(own, threshold=threshold)
        for is_open, sources in ((False, personal), (True, open_)):
            chosen = [
                pair for pair in pairs if pair[0].is_open_link is is_open and not pair[1].imported
            ]
            doors = []
            for door_id, (door, door_counts) in zip(ids, pairs, strict=True):
                if (door, door_counts) in chosen:
                    told = asked.get(door_id, (0, 0, 0)) if isinstance(door_id, int) else (0, 0, 0)
                    answered = door_counts.responses[name]
                    in_figures = door_counts.released[name]
                    part = _door_in_part(door, (*told[:2], answered), in_figures)
                    doors.append(replace(part, answered_by_sector={name: answered}))
            sources.append(
                Source(own.facts.slug, doors, _lines_of_sector(name, figures.measures_of(chosen)))
            )
    return personal, open_


def _lines_of_sector(name: str, measures: Iterable[MeasureLines]) -> list[MeasureLines]:
    found = []
    for measure in measures:
        parts = [_line_of_sector(name, figure) for figure in measure.figures if figure.share]
        if parts:
            found.append(replace(measure, figures=tuple(parts)))
    return found


def _line_of_sector(name: str, figure: Figure) -> Figure:
    own = [line for line in figure.sectors if line.members == 1 and line.label == name]
    share = own[0].share if own else None
    return replace(figure, share=share, mean=None, histogram={}, options=(), sectors=(), routed=0)


def _asked(which: ColumnElement[bool]) -> Asked:
    """How many invitations were sent, reached somebody and were answered, wave by wave."""
    invitation = SurveyInvitation
    was_sent = invitation.sent_at.is_not(None)
    was_answered = invitation.state == InvitationState.ANSWERED
    reached = or_(and_(was_sent, invitation.bounced_at.is_(None)), was_answered)
    rows = db.session.execute(
        select(
            invitation.wave_id,
            *(func.sum(case((what, 1), else_=0)) for what in (was_sent, reached, was_answered)),
        )
        .where(which)
        .group_by(invitation.wave_id)
    )
    return {wave_id: (sent, delivered, answered) for wave_id, sent, delivered, answered in rows}

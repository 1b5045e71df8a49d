"""What may be shown of some sessions of an evaluation: sums of lines of one partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from app.impact import figures
from app.impact.counts import (
    KNOWLEDGE,
    KNOWLEDGE_RECALLED,
    DoorCounts,
    MeasureFacts,
    QuestionCounts,
    QuestionFacts,
)
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.session_rules import Session, lines_of, lines_of_questions, may_cross
from app.impact.sessions_counted import SessionCounts
from app.impact.summaries import Door, Figure, MeasureLines

# Scores before and after are shown of pairs of answers, which no partition by session contains.
NEVER_SPLIT = (KNOWLEDGE, KNOWLEDGE_RECALLED)

Lines = dict[str, list[frozenset[Session]]]


@dataclass(frozen=True, slots=True)
class WaveOfSessions:
    """One wave: how it stands, all its answers, and its answers by session."""

    door: Door
    counts: DoorCounts
    by_session: SessionCounts


def measures_of_sessions(
    waves: Iterable[WaveOfSessions], event_ids: Collection[int]
) -> tuple[MeasureLines, ...]:
    """Each measure at each of these times, of the lines that lie wholly within these events."""
    found: dict[str, tuple[MeasureFacts, list[Figure]]] = {}
    for wave in waves:
        lines = shown_lines(wave)
        for question in _in_order(wave):
            measure = question.measure
            if measure is None or measure.key in NEVER_SPLIT:
                continue
            figure = _figure(wave, question, measure, _within(lines[question.key], event_ids))
            found.setdefault(measure.key, (measure, []))[1].append(figure)
    ordered = sorted(found.values(), key=lambda item: item[0].position)
    return tuple(figures.measure_lines(facts, parts) for facts, parts in ordered)


def answers_within(wave: WaveOfSessions, event_ids: Collection[int]) -> int:
    """How many answered forms are in lines that lie wholly within these events."""
    lines = lines_of(wave.by_session.responses, threshold=ELSEWHERE_THRESHOLD)
    within = _within([line.sessions for line in lines], event_ids)
    count = sum(wave.by_session.responses[session] for session in within)
    return count if count >= ELSEWHERE_THRESHOLD else 0


def shown_lines(wave: WaveOfSessions) -> Lines:
    """Which lines of each question may be shown beside each other, the total and the sectors."""
    asked = _in_order(wave)
    keys = {question.key for question in asked}
    bases = {question.key: _bases(wave, question) for question in asked}
    shown = lines_of_questions(
        lines_of(wave.by_session.responses, threshold=ELSEWHERE_THRESHOLD),
        [
            (
                question.key,
                _by_session(bases[question.key]),
                question.shown_if_key if question.shown_if_key in keys else None,
            )
            for question in asked
        ],
        threshold=ELSEWHERE_THRESHOLD,
    )
    for question in asked:
        is_led_to = question.shown_if_key in keys and not shown[question.shown_if_key or ""]
        beside = sum(figures.bases_of(question, wave.counts.counts[question.key]).values())
        waiting = beside - sum(bases[question.key].values())
        if (
            is_led_to
            or 0 < waiting < ELSEWHERE_THRESHOLD
            or not may_cross(
                shown[question.key],
                wave.counts.breakdowns,
                bases[question.key],
                threshold=ELSEWHERE_THRESHOLD,
            )
        ):
            shown[question.key] = []
    return shown


def _in_order(wave: WaveOfSessions) -> list[QuestionFacts]:
    asked = [q for q in wave.counts.questions.values() if q.key in wave.by_session.counts]
    return sorted(asked, key=lambda question: question.position)


def _bases(wave: WaveOfSessions, question: QuestionFacts) -> dict[tuple[Session, str], int]:
    return {
        (session, sector): base
        for session, counts in wave.by_session.counts[question.key].items()
        for sector, base in figures.bases_of(question, counts).items()
    }


def _by_session(bases: Mapping[tuple[Session, str], int]) -> Counter[Session]:
    counted: Counter[Session] = Counter()
    for (session, _), base in bases.items():
        counted[session] += base
    return counted


def _within(lines: Iterable[frozenset[Session]], event_ids: Collection[int]) -> frozenset[Session]:
    held = [line for line in lines if all(session.event_id in event_ids for session in line)]
    return frozenset[Session]().union(*held)


def _figure(
    wave: WaveOfSessions,
    question: QuestionFacts,
    measure: MeasureFacts,
    sessions: frozenset[Session],
) -> Figure:
    by_key = wave.by_session.counts
    keys = [question.key, *([question.shown_if_key] if question.shown_if_key in by_key else [])]
    of_these = DoorCounts(
        questions=wave.counts.questions,
        counts={key: _added(by_key[key], sessions) for key in keys if key},
    )
    door = replace(wave.door, threshold=ELSEWHERE_THRESHOLD)
    return figures.figure_of(door, of_these, question, measure, [])


def _added(
    by_session: Mapping[Session, QuestionCounts], sessions: Iterable[Session]
) -> QuestionCounts:
    total = QuestionCounts()
    for session in sessions:
        counts = by_session.get(session)
        if counts is None:
            continue
        total.answered.update(counts.answered)
        total.scores.update(counts.scores)
        for value, by_sector in counts.options.items():
            total.options.setdefault(value, Counter()).update(by_sector)
    return total

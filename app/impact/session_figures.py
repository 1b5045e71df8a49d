"""Which sessions of a wave may stand apart: lines of one partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.impact import figures
from app.impact.counts import (
    DoorCounts,
    QuestionFacts,
)
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.session_rules import Session, lines_of, lines_of_questions, may_cross
from app.impact.sessions_counted import SessionCounts
from app.impact.summaries import Door

Lines = dict[str, list[frozenset[Session]]]


@dataclass(frozen=True, slots=True)
class WaveOfSessions:
    """One wave: how it stands, all its answers, and its answers by session."""

    door: Door
    counts: DoorCounts
    by_session: SessionCounts


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

"""Which sessions of a wave may stand apart: lines of one partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.impact.counts import (
    DoorCounts,
    QuestionFacts,
    bases_of,
)
from app.impact.disclosure import ELSEWHERE_THRESHOLD
from app.impact.session_rules import Session, beside_sectors, lines_of, lines_of_question
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
    forms = lines_of(wave.by_session.responses, threshold=ELSEWHERE_THRESHOLD)
    shown: Lines = {}
    for question in _in_order(wave):
        counts = wave.counts.counts[question.key]
        bases = _bases(wave, question)
        places = counts.growth.places()
        router = question.shown_if_key if question.shown_if_key in wave.counts.counts else None
        # A question that words or another version led to has no lines to be sums of.
        outer = shown.get(router, []) if router else [line.sessions for line in forms]
        if question.also_if_key:
            outer = []  # nor is it shown of how many it was asked
        by_step = lines_of_question(
            outer, _by_session(bases), places, threshold=ELSEWHERE_THRESHOLD
        )
        shown[question.key] = beside_sectors(
            by_step, counts.breakdowns, bases, places, threshold=ELSEWHERE_THRESHOLD
        )
    return shown


def _in_order(wave: WaveOfSessions) -> list[QuestionFacts]:
    asked = [q for q in wave.counts.questions.values() if q.key in wave.by_session.counts]
    return sorted(asked, key=lambda question: question.position)


def _bases(wave: WaveOfSessions, question: QuestionFacts) -> dict[tuple[Session, str], int]:
    return {
        (session, sector): base
        for session, counts in wave.by_session.counts[question.key].items()
        for sector, base in bases_of(question, counts).items()
    }


def _by_session(bases: Mapping[tuple[Session, str], int]) -> Counter[Session]:
    counted: Counter[Session] = Counter()
    for (session, _), base in bases.items():
        counted[session] += base
    return counted

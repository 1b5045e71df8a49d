"""Lines of sessions with their answers: what a page of some sessions adds up, made or kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
from app.impact.session_figures import WaveOfSessions, shown_lines
from app.impact.session_rules import Session, lines_of
from app.impact.summaries import Door, Figure, MeasureLines

# Scores before and after are shown of pairs of answers, which no partition by session contains.
NEVER_SPLIT = (KNOWLEDGE, KNOWLEDGE_RECALLED)
NOBODY: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Line:
    """The sessions of a line, how many answered, and what: their own answers, and those to the
    question that led to it."""

    event_ids: Sequence[int]
    answered: int
    options: Sequence[int]  # in the order of the question's values
    scores: Sequence[int]  # from 0 to 10; empty where none is given
    led_by: Sequence[int] = ()  # in the order of the leading question's values

    def is_within(self, event_ids: Collection[int]) -> bool:
        """Whether all its sessions are among these."""
        return all(event_id in event_ids for event_id in self.event_ids)


@dataclass(frozen=True, slots=True)
class WaveLines:
    """The lines of one wave: of all its forms, and of each question by its key."""

    forms: Sequence[tuple[Sequence[int], int]]  # sessions, and how many answered
    questions: Mapping[str, Sequence[Line]]

    def as_plain(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "forms": self.forms,
            "questions": {
                key: [
                    [one.event_ids, one.answered, one.options, one.scores, one.led_by]
                    for one in own
                ]
                for key, own in self.questions.items()
            },
        }


def from_plain(stored: Mapping[str, Any], event_ids: Collection[int]) -> WaveLines:
    """Of what was stored, the lines that lie wholly within these sessions."""
    return WaveLines(
        [(ids, count) for ids, count in stored["forms"] if _within(ids, event_ids)],
        {
            key: [Line(*line) for line in lines if _within(line[0], event_ids)]
            for key, lines in stored["questions"].items()
        },
    )


def _within(ids: Iterable[int], event_ids: Collection[int]) -> bool:
    return all(event_id in event_ids for event_id in ids)


def lines_of_wave(wave: WaveOfSessions) -> WaveLines:
    """The lines that may be shown of this wave, each with its answers added up."""
    responses = wave.by_session.responses
    forms = lines_of(responses, threshold=ELSEWHERE_THRESHOLD)
    return WaveLines(
        [
            (_ids(line.sessions), sum(responses[session] for session in line.sessions))
            for line in forms
        ],
        {
            key: [_line(wave, key, sessions) for sessions in lines]
            for key, lines in shown_lines(wave).items()
        },
    )


def _ids(sessions: Iterable[Session]) -> list[int]:
    return sorted({session.event_id for session in sessions})


def _line(wave: WaveOfSessions, key: str, sessions: frozenset[Session]) -> Line:
    questions, by_key = wave.counts.questions, wave.by_session.counts
    own, leads = QuestionCounts(), QuestionCounts()
    router = questions.get(questions[key].shown_if_key or "")
    if router and router.key not in by_key:
        router = None
    for session in sessions:
        _add_up(own, by_key[key].get(session))
        if router:
            _add_up(leads, by_key[router.key].get(session))
    return Line(
        _ids(sessions),
        sum(own.answered.values()),
        [sum(own.options.get(value, NOBODY).values()) for value in questions[key].options],
        [own.scores[score] for score in range(11)] if own.scores else [],
        [sum(leads.options.get(value, NOBODY).values()) for value in router.options]
        if router
        else [],
    )


def _add_up(total: QuestionCounts, more: QuestionCounts | None) -> None:
    if more is None:
        return
    total.answered.update(more.answered)
    total.scores.update(more.scores)
    for value, by_sector in more.options.items():
        total.options.setdefault(value, Counter()).update(by_sector)


@dataclass(frozen=True, slots=True)
class WaveInPart:
    """One wave: how it stands, what it asked, and its lines."""

    door: Door
    counts: DoorCounts
    lines: WaveLines


def in_part(wave: WaveOfSessions) -> WaveInPart:
    """A wave as pages add it up."""
    return WaveInPart(wave.door, wave.counts, lines_of_wave(wave))


def answers_within(wave: WaveInPart, event_ids: Collection[int]) -> int:
    """How many answered forms are in lines that lie wholly within these events."""
    count = sum(count for ids, count in wave.lines.forms if _within(ids, event_ids))
    return count if count >= ELSEWHERE_THRESHOLD else 0


def measures_of_sessions(
    waves: Iterable[WaveInPart], event_ids: Collection[int]
) -> tuple[MeasureLines, ...]:
    """Each measure at each of these times, of the lines that lie wholly within these events."""
    found: dict[str, tuple[MeasureFacts, list[Figure]]] = {}
    for wave in waves:
        asked = [wave.counts.questions.get(key) for key in wave.lines.questions]
        for question in sorted(filter(None, asked), key=lambda one: one.position):
            measure = question.measure
            if measure is None or measure.key in NEVER_SPLIT:
                continue
            lines = [
                line for line in wave.lines.questions[question.key] if line.is_within(event_ids)
            ]
            figure = _figure(wave, question, measure, lines)
            found.setdefault(measure.key, (measure, []))[1].append(figure)
    ordered = sorted(found.values(), key=lambda item: item[0].position)
    return tuple(figures.measure_lines(facts, parts) for facts, parts in ordered)


def _figure(
    wave: WaveInPart, question: QuestionFacts, measure: MeasureFacts, lines: Sequence[Line]
) -> Figure:
    questions = wave.counts.questions
    scores = _sums(line.scores for line in lines)
    own = QuestionCounts(
        answered=Counter({"": sum(line.answered for line in lines)}),
        options=_options(question, [line.options for line in lines]),
        scores=Counter({score: count for score, count in enumerate(scores) if count}),
    )
    of_these = DoorCounts(questions=questions, counts={question.key: own})
    router = questions.get(question.shown_if_key or "")
    if router and router.key in wave.lines.questions:
        chosen = _options(router, [line.led_by for line in lines])
        of_these.counts[router.key] = QuestionCounts(options=chosen)
    door = replace(wave.door, threshold=ELSEWHERE_THRESHOLD)
    return figures.figure_of(door, of_these, question, measure, [])


def _options(question: QuestionFacts, lines: Iterable[Sequence[int]]) -> dict[str, Counter[str]]:
    sums = _sums(lines)
    return {
        value: Counter({"": count})
        for value, count in zip(question.options, sums or [0] * len(question.options), strict=True)
    }


def _sums(lines: Iterable[Sequence[int]]) -> list[int]:
    given = [line for line in lines if line]
    return [sum(column) for column in zip(*given, strict=True)]

"""Which sessions' answers may stand apart inside an evaluation, so that no subtraction finds few.

Whatever is said of an event, of an offer among several or of a period is a sum of lines of one
partition, made here. Lines lie inside the steps in which answers came into the figures: who looks
before and after a step, and then at a session, has subtracted nothing smaller than a line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.impact.disclosure import (
    RUNNING_TEAM_THRESHOLD,
    QuestionBases,
    ShownGroup,
    break_down_questions,
    crossed_breakdowns_are_safe,
    merge_small_groups,
)

MOST_LINES_TO_CROSS = 9  # every union of them is tried


class Session(NamedTuple):
    """Answers about one event that came into the figures in one step; 0 where it was forgotten."""

    step: int
    offer_id: int
    event_id: int
    part: int = 0  # of the step: the smaller one in which the running team saw them come


@dataclass(frozen=True, slots=True)
class Line:
    """Sessions whose answers stand together."""

    sessions: frozenset[Session]
    base: int


def lines_of(bases: Mapping[Session, int], *, threshold: int) -> tuple[Line, ...]:
    """Put sessions together until each line is large enough: of one offer first, then of a step.

    Before that those of one part of a step, whose total the running team has seen: a line that
    held some of it, and a few others, would tell of these.
    """
    steps: dict[int, dict[int, dict[int, list[Line]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for session, base in sorted(bases.items()):
        line = Line(frozenset({session}), base)
        steps[session.step][session.part][session.offer_id].append(line)
    found: list[Line] = []
    for parts in steps.values():
        in_step: list[Line] = []
        for offers in parts.values():
            in_part = [line for own in offers.values() for line in _together(own, threshold)]
            in_step += _together(in_part, threshold)
        found += _together(in_step, threshold)
    return tuple(_together(found, threshold))


def lines_of_questions(
    lines: Sequence[Line],
    questions: Sequence[tuple[str, Mapping[Session, int], str | None]],
    *,
    threshold: int,
) -> dict[str, list[frozenset[Session]]]:
    """The lines that may be shown of each question: (key, answers by session, routed by)."""
    names = {str(number): line for number, line in enumerate(lines)}
    of_session = {session: name for name, line in names.items() for session in line.sessions}
    shown = break_down_questions(
        {name: line.base for name, line in names.items()},
        [
            QuestionBases(key, _by_line(bases, of_session), asked_after)
            for key, bases, asked_after in questions
        ],
        threshold=threshold,
    )
    return {key: [_sessions(group, names) for group in groups] for key, groups in shown.items()}


def may_cross(
    lines: Iterable[frozenset[Session]],
    breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]],
    bases: Mapping[tuple[Session, str], int],
    *,
    threshold: int,
) -> bool:
    """Whether these lines may be shown beside all breakdowns by sector that there ever were.

    Each of these is of so many steps; whoever looked then has seen it.
    """
    lines = tuple(lines)
    if not lines or not breakdowns:
        return True
    row_of = {session: str(number) for number, line in enumerate(lines) for session in line}
    cells: Counter[tuple[str, str]] = Counter()
    by_part: Counter[tuple[str, str]] = Counter()
    for (session, sector), base in bases.items():
        if base:
            column = _column(session.step, sector, breakdowns)
            cells[row_of[session], column] += base
            by_part[f"{row_of[session]} of {session.part}", column] += base
    fewest = min(threshold, RUNNING_TEAM_THRESHOLD)
    return _may_cross(cells, threshold) and (
        len(cells) == len(by_part) or _may_cross(by_part, fewest)
    )


def _may_cross(cells: Counter[tuple[str, str]], threshold: int) -> bool:
    if all(base >= threshold for base in cells.values()):
        return True
    cells = _alike_together(cells)
    if min(len({cell[side] for cell in cells}) for side in (0, 1)) > MOST_LINES_TO_CROSS:
        return False
    return crossed_breakdowns_are_safe(cells, threshold=threshold)


def _column(step: int, sector: str, breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]]) -> str:
    """The line of each breakdown in which answers of this step and sector stand; "" is none."""
    return "/".join(
        next((line.label for line in lines if sector in line.members), "") if step < steps else ""
        for steps, lines in breakdowns
    )


def _alike_together(cells: Mapping[tuple[str, str], int]) -> Counter[tuple[str, str]]:
    """Lines of sessions from the same sectors as one: whatever one is taken from, all can be."""
    reached: dict[str, list[str]] = defaultdict(list)
    for line, sector in sorted(cells):
        reached[line].append(sector)
    together: Counter[tuple[str, str]] = Counter()
    for (line, sector), base in cells.items():
        together["/".join(reached[line]), sector] += base
    return together


def _together(lines: Sequence[Line], threshold: int) -> list[Line]:
    """Small lines put together; one line of them all if nothing can stand apart."""
    names = {str(number): line for number, line in enumerate(lines)}
    total = sum(line.base for line in lines)
    groups = merge_small_groups(
        {name: line.base for name, line in names.items()}, threshold=threshold, total=total
    )
    if not groups:
        return [Line(frozenset().union(*(line.sessions for line in lines)), total)]
    return [Line(_sessions(group, names), group.base) for group in groups]


def _sessions(group: ShownGroup, names: Mapping[str, Line]) -> frozenset[Session]:
    return frozenset[Session]().union(*(names[name].sessions for name in group.members))


def _by_line(bases: Mapping[Session, int], of_session: Mapping[Session, str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for session, base in bases.items():
        counted[of_session[session]] += base
    return counted

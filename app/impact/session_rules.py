"""Which sessions' answers may stand apart inside an evaluation, so that no subtraction finds few.

Whatever is said of an event, of an offer among several or of a period is a sum of lines of one
partition, made here. Lines lie inside the steps in which answers came into the figures: who looks
before and after a step, and then at a session, has subtracted nothing smaller than a line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.impact.disclosure import (
    MOST_LINES_TO_CROSS,
    RUNNING_TEAM_THRESHOLD,
    ShownGroup,
    crossed_breakdowns_are_safe,
    merge_small_groups,
)


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


Places = Mapping[int, tuple[int, int]]  # of a part: its step, and the smaller one it came in


def lines_of(bases: Mapping[Session, int], *, threshold: int) -> tuple[Line, ...]:
    """Put sessions together until each line is large enough: of one offer first, then of a step.

    Before that those of one part of a step, whose total the running team has seen: a line that
    held some of it, and a few others, would tell of these.
    """
    lines = [Line(frozenset({session}), base) for session, base in sorted(bases.items())]
    places = {session.part: (session.step, session.part) for session in bases}
    by_step = _by_step(lines, {session: places[session.part] for session in bases}, threshold)
    return tuple(_together([line for own in by_step.values() for line in own], threshold))


def lines_of_question(
    outer: Iterable[frozenset[Session]],
    bases: Mapping[Session, int],
    places: Places,
    *,
    threshold: int,
) -> dict[int, list[Line]]:
    """The lines of one question in each of its own steps: sums of those that may be shown of the
    question before, as its bases are counts of these; none where they do not hold the whole step.
    """
    held = [line for line in outer if all(session.part in places for session in line)]
    place_of = {session: places[session.part] for line in held for session in line}
    totals: Counter[int] = Counter()
    for session, base in bases.items():
        if session.part in places:
            totals[places[session.part][0]] += base
    lines = [Line(line, sum(bases.get(session, 0) for session in line)) for line in held]
    return {
        step: own
        for step, own in _by_step(lines, place_of, threshold).items()
        if sum(line.base for line in own) == totals[step]
    }


def beside_sectors(
    by_step: Mapping[int, Sequence[Line]],
    breakdowns: Sequence[tuple[int, Sequence[ShownGroup]]],
    bases: Mapping[tuple[Session, str], int],
    places: Places,
    *,
    threshold: int,
) -> list[frozenset[Session]]:
    """The lines that may be shown beside all breakdowns by sector that there ever will be.

    What a breakdown tells beside the one before is of the steps between them alone, so that each
    such stretch is crossed once and for all. A step in no breakdown yet stands as a whole.
    """
    shown: list[Line] = []
    first = 0
    for count, sectors in breakdowns:
        steps = [step for step in by_step if first <= step < count]
        stretch = {s: base for s, base in bases.items() if first <= _step(s[0], places) < count}
        lines = [line for step in steps for line in by_step[step]]
        if not may_cross([line.sessions for line in lines], sectors, stretch, places, threshold):
            lines = [line for step in steps for line in by_step[step] if len(by_step[step]) == 1]
        shown += lines
        first = count
    waiting = [own for step, own in by_step.items() if step >= first and len(own) == 1]
    shown += [line for own in waiting for line in own]
    return [line.sessions for line in shown if line.base]


def may_cross(
    lines: Iterable[frozenset[Session]],
    sectors: Sequence[ShownGroup],
    bases: Mapping[tuple[Session, str], int],
    places: Places,
    threshold: int,
) -> bool:
    """Whether these lines may be shown beside these lines by sector, and the totals of steps."""
    row_of = {session: str(number) for number, line in enumerate(lines) for session in line}
    column_of = {name: str(number) for number, line in enumerate(sectors) for name in line.members}
    cells: Counter[tuple[str, str]] = Counter()
    by_part: Counter[tuple[str, str]] = Counter()
    for (session, sector), base in bases.items():
        if base:
            step, part = places[session.part]
            row = row_of.get(session, f"step {step}")
            column = column_of.get(sector, "")
            cells[row, column] += base
            by_part[f"{row} of {part}", column] += base
    fewest = min(threshold, RUNNING_TEAM_THRESHOLD)
    return _may_cross(cells, threshold) and (
        len(cells) == len(by_part) or _may_cross(by_part, fewest)
    )


def _step(session: Session, places: Places) -> int:
    return places[session.part][0] if session.part in places else -1


def _may_cross(cells: Counter[tuple[str, str]], threshold: int) -> bool:
    if all(base >= threshold for base in cells.values()):
        return True
    cells = _alike_together(cells)
    if min(len({cell[side] for cell in cells}) for side in (0, 1)) > MOST_LINES_TO_CROSS:
        return False
    return crossed_breakdowns_are_safe(cells, threshold=threshold)


def _alike_together(cells: Mapping[tuple[str, str], int]) -> Counter[tuple[str, str]]:
    """Lines of sessions from the same sectors as one: whatever one is taken from, all can be."""
    reached: dict[str, list[str]] = defaultdict(list)
    for line, sector in sorted(cells):
        reached[line].append(sector)
    together: Counter[tuple[str, str]] = Counter()
    for (line, sector), base in cells.items():
        together["/".join(reached[line]), sector] += base
    return together


def _by_step(
    lines: Iterable[Line], place_of: Mapping[Session, tuple[int, int]], threshold: int
) -> dict[int, list[Line]]:
    """Put lines together inside each step: those of a smaller one first, of one offer before."""
    steps: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        steps[place_of[next(iter(line.sessions))][0]].append(line)
    found = {}
    for step, own in steps.items():
        in_step: list[Line] = []
        for part, in_part in _apart(own, lambda session: place_of[session][1]):
            if part is not None:
                offers = _apart(in_part, lambda session: session.offer_id)
                in_part = [
                    line
                    for offer_id, of_offer in offers
                    for line in (of_offer if offer_id is None else _together(of_offer, threshold))
                ]
                in_part = _together(in_part, threshold)
            in_step += in_part
        found[step] = _together(in_step, threshold)
    return found


def _apart(
    lines: Iterable[Line], value_of: Callable[[Session], int]
) -> list[tuple[int | None, list[Line]]]:
    """Lines by a value that all their sessions have; None where they have several."""
    found: dict[int | None, list[Line]] = defaultdict(list)
    for line in lines:
        values = {value_of(session) for session in line.sessions}
        found[values.pop() if len(values) == 1 else None].append(line)
    return list(found.items())


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

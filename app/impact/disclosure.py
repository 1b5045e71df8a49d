"""Which figures may be shown to whom, so that nobody's answers can be worked out (design §5).

The threshold is on bases and on differences of bases. Who sees a total of 25 and a part of 22 has
seen the other 3, whether or not they are printed. So a breakdown is always a whole partition of a
total that is shown, with every part large enough: whatever is added or subtracted then leaves a
union of parts. Hiding only the small cells would leave them to be found by subtraction.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

RUNNING_TEAM_THRESHOLD = 5  # totals only, without breakdown
ELSEWHERE_THRESHOLD = 10
NOT_STATED = "Not stated"
MOST_LINES_TO_CROSS = 9  # every union of them is tried


class Audience(enum.StrEnum):
    """Who looks."""

    RUNNING_TEAM = "running_team"  # those who run the event, at its totals
    ELSEWHERE = "elsewhere"  # everyone else, and every breakdown, comparison, export and report


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One line of a breakdown: several small groups may stand in it together."""

    members: tuple[str, ...]
    base: int

    @property
    def label(self) -> str:
        """The members' names, as in "Housing, Probation and Fire Service together"."""
        if len(self.members) == 1:
            return self.members[0]
        return f"{', '.join(self.members[:-1])} and {self.members[-1]} together"


@dataclass(frozen=True, slots=True)
class QuestionBases:
    """How many of each group answered a question, and the question that routes to it, if any."""

    key: str
    bases: Mapping[str, int]
    asked_after: str | None = None
    total: int | None = None  # shown beside the lines; more than their bases where some wait


def threshold_for(audience: Audience) -> int:
    """Fewest answers this audience may see figures of."""
    return RUNNING_TEAM_THRESHOLD if audience is Audience.RUNNING_TEAM else ELSEWHERE_THRESHOLD


def may_show_total(base: int, audience: Audience) -> bool:
    """Whether figures of all answers to one question may be shown to this audience."""
    return base >= threshold_for(audience)


def differences_are_safe(bases: Iterable[int], *, threshold: int) -> bool:
    """Whether groups, each inside the next larger, may be shown side by side or one after another.

    The same goes for two published versions of one report.
    """
    # Neighbours are enough: each wider gap is a sum of gaps that are 0 or large.
    gaps = (larger - smaller for smaller, larger in pairwise(sorted(bases)))
    return all(gap == 0 or gap >= threshold for gap in gaps)


def matched_means_are_safe(pairs: int, before: int, after: int, *, threshold: int) -> bool:
    """Whether means of matched pairs may stand beside those of all who answered before, or after.

    From enough pairs the counts better, same and worse may: no answer at one time yields them.
    """
    if pairs > min(before, after):
        raise ValueError(f"{pairs} pairs cannot come from {before} and {after} answers")
    return all(differences_are_safe((pairs, base), threshold=threshold) for base in (before, after))


def merge_small_groups(
    groups: Mapping[str, int], *, threshold: int, total: int
) -> list[ShownGroup]:
    """Break down a shown total into lines of at least the threshold; empty if it must be withheld.

    ValueError if the groups are more than the total.
    """
    # People in no group are a group too, for they would be the difference.
    missing = total - sum(groups.values())
    if missing < 0 or any(base < 0 for base in groups.values()):
        raise ValueError(f"groups {dict(groups)} are no parts of {total}")
    parts = [ShownGroup((name,), base) for name, base in groups.items() if base]
    if missing:
        parts.append(ShownGroup((NOT_STATED,), missing))
    return _merged(parts, threshold)


def lines_over_time(
    steps: Sequence[Sequence[Mapping[str, int]]],
    *,
    threshold: int,
    within: Mapping[int, Sequence[ShownGroup]] | None = None,
) -> list[tuple[int, list[ShownGroup]]]:
    """How many of the steps in which answers came in may be broken down, and into which lines.

    Each breakdown there was, in order; the last is the one to show. A step is made of the smaller
    ones in which the running team saw its totals grow.

    Whoever looks before and after a step sees what each line gained by it: nothing, or at least
    the threshold. Steps that would add a few to a line wait until they do not; so do those of
    which a total, seen when it came, would leave a few of a line.

    The bases of a question are counts of answers to the one that leads to it, or of forms: where
    `within` tells its lines, by the number of steps, there are others only then, and sums of these.
    """
    found: list[tuple[int, list[ShownGroup]]] = []
    for number in range(1, len(steps) + 1):
        if within is not None and number not in within:
            continue
        broken_down, lines = found[-1] if found else (0, [])
        new = steps[broken_down:number]
        added = sum_of(part for step in new for part in step)
        parts = _with_new_names(lines, added) if within is None else _joined(lines, within[number])
        grown = _grown(lines, parts, added, threshold)
        # What came before is in lines of its own: only what is new can lie across the totals.
        if grown and _may_stand_beside_totals(grown, new, threshold):
            found.append((number, grown))
    return found


def sum_of(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """How many of each group they are together."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _may_stand_beside_totals(
    lines: Sequence[ShownGroup], steps: Sequence[Sequence[Mapping[str, int]]], threshold: int
) -> bool:
    """Whether these lines leave nothing small of the steps, nor of their parts."""
    line_of = {name: str(number) for number, line in enumerate(lines) for name in line.members}

    def leave_nothing_small(totals: Sequence[Mapping[str, int]], fewest: int) -> bool:
        cells: Counter[tuple[str, str]] = Counter()
        for number, total in enumerate(totals):
            for name, base in total.items():
                cells[line_of[name], str(number)] += base
        if all(base == 0 or base >= fewest for base in cells.values()):
            return True
        return crossed_breakdowns_are_safe(cells, threshold=fewest)

    smaller = [part for step in steps for part in step]
    fewest = min(threshold, RUNNING_TEAM_THRESHOLD)
    return leave_nothing_small(list(map(sum_of, steps)), threshold) and leave_nothing_small(
        smaller, fewest
    )


def _with_new_names(lines: Sequence[ShownGroup], added: Mapping[str, int]) -> list[ShownGroup]:
    named = {name for line in lines for name in line.members}
    new = [ShownGroup((name,), 0) for name, count in added.items() if count and name not in named]
    return [*lines, *new]


def _joined(lines: Sequence[ShownGroup], outer: Sequence[ShownGroup]) -> list[ShownGroup]:
    """The smallest sums of these lines that are sums of the outer ones too."""
    found = list(lines)
    for line in outer:
        touched = [part for part in found if not set(line.members).isdisjoint(part.members)]
        names = dict.fromkeys(name for part in (*touched, line) for name in part.members)
        found = [part for part in found if part not in touched]
        found.append(ShownGroup(tuple(names), sum(part.base for part in touched)))
    return found


def _grown(
    lines: Sequence[ShownGroup],
    parts: Sequence[ShownGroup],
    added: Mapping[str, int],
    threshold: int,
) -> list[ShownGroup]:
    """The parts with what came to them, put together as needed; empty if it has to wait."""
    if not lines:
        return _merged([_with(part, _gain(part, added)) for part in parts], threshold)
    gain = {part: _gain(part, added) for part in parts}
    few = [part for part in parts if 0 < gain[part] < threshold]
    many = sorted((part for part in parts if gain[part] >= threshold), key=gain.__getitem__)
    while few and sum(gain[part] for part in few) < threshold:
        if not many:
            return []
        few.append(many.pop(0))
    found = [_with(part, gain[part]) for part in parts if part not in few]
    if few:
        together = tuple(name for part in parts if part in few for name in part.members)
        found.append(ShownGroup(together, sum(part.base + gain[part] for part in few)))
    # Lines are put together for good only once as many answers wait as are shown.
    waits = len(found) < len(lines) and sum(added.values()) < sum(line.base for line in lines)
    return [] if waits or sum(line.base > 0 for line in found) < 2 else found


def _gain(part: ShownGroup, added: Mapping[str, int]) -> int:
    return sum(added.get(name, 0) for name in part.members)


def _with(part: ShownGroup, gain: int) -> ShownGroup:
    return ShownGroup(part.members, part.base + gain)


def break_down_questions(
    responses: Mapping[str, int],
    questions: Sequence[QuestionBases],
    *,
    threshold: int,
    lines: Sequence[ShownGroup] | None = None,
) -> dict[str, list[ShownGroup]]:
    """Lines to show for each question by its key, routing questions first; empty is withheld.

    They start from these lines of everyone who responded, if there are such already.
    """
    # All questions start from one grouping of everyone who responded, so that a table keeps its
    # lines, and may only merge further. Grouped afresh, a question few were routed to would drop
    # the names of groups with nobody in it; a reader learns from that how a small group, hidden in
    # the question before, answered there. For the same reason a routed question starts from the
    # lines of the question that routes to it: its bases are that question's counts.
    everyone = lines
    if everyone is None:
        total = sum(responses.values())
        everyone = merge_small_groups(responses, threshold=threshold, total=total)
    shown: dict[str, list[ShownGroup]] = {}
    for question in questions:
        for name, base in question.bases.items():
            if not 0 <= base <= responses.get(name, 0):
                raise ValueError(f"{base} of {name} cannot have answered {question.key}")
        start = shown[question.asked_after] if question.asked_after else everyone
        lines = [
            ShownGroup(line.members, sum(question.bases.get(name, 0) for name in line.members))
            for line in start
        ]
        shown[question.key] = _merged(lines, threshold)
        waiting = (question.total or 0) - sum(question.bases.values())
        if 0 < waiting < threshold:
            shown[question.key] = []
    return shown


def crossed_breakdowns_are_safe(cells: Mapping[tuple[str, str], int], *, threshold: int) -> bool:
    """Whether one reader may see two breakdowns of the same answers, say by sector and by event.

    Counts are by (line of the one, line of the other); each breakdown must be safe alone.
    """
    # Tries every union of the lines of the shorter one: made for 13 sectors, not for hundreds.
    rows, columns = ({cell[side] for cell, base in cells.items() if base} for side in (0, 1))
    if len(rows) > len(columns):
        return crossed_breakdowns_are_safe(
            {(column, row): base for (row, column), base in cells.items()}, threshold=threshold
        )
    row_bases = {row: _sum_where(cells, 0, row) for row in rows}
    column_bases = {column: _sum_where(cells, 1, column) for column in columns}
    reaches = {
        column: frozenset(row for row in rows if cells.get((row, column))) for column in columns
    }
    # Columns wholly inside some rows are subtracted from them; what is left must be 0 or large.
    # Rows subtracted from columns need no second look: that is the same with the other rows.
    for size in range(1, len(rows)):
        for union in combinations(sorted(rows), size):
            left = sum(row_bases[row] for row in union) - sum(
                column_bases[column] for column in columns if reaches[column] <= set(union)
            )
            if 0 < left < threshold:
                return False
    return True


def parts_are_safe_beside(
    wholes: Mapping[str, int], cells: Mapping[tuple[str, str], int], *, threshold: int
) -> bool:
    """Whether some of the people of these groups may be shown, group by group of their own.

    Counts are by (group of theirs, one of these groups).
    """
    left = {(row, column) for row, column in cells if cells[row, column]}
    while left:
        piece = _connected(left)
        left -= piece
        columns = {column for _, column in piece}
        own = {cell: cells[cell] for cell in piece}
        for column in columns:
            held = sum(base for (_, other), base in own.items() if other == column)
            own["", column] = wholes[column] - held
        rest = _sum_where(own, 0, "")
        few = min(len(columns), len({row for row, _ in own})) <= MOST_LINES_TO_CROSS
        if 0 < rest < threshold or not few:
            return False
        if not crossed_breakdowns_are_safe(own, threshold=threshold):
            return False
    return True


def _connected(cells: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """One of these cells, and all that can be reached from it along rows and columns."""
    found, fresh = set[tuple[str, str]](), {next(iter(cells))}
    while fresh:
        found |= fresh
        rows, columns = ({cell[side] for cell in fresh} for side in (0, 1))
        fresh = {c for c in cells if c not in found and (c[0] in rows or c[1] in columns)}
    return found


def _merged(parts: list[ShownGroup], threshold: int) -> list[ShownGroup]:
    """Put parts of 1 to threshold-1 together, with the next smallest while that is too few."""
    if sum(part.base for part in parts) < threshold:
        return []
    small = [part for part in parts if 0 < part.base < threshold]
    if not small:
        return parts
    large = sorted((part for part in parts if part.base >= threshold), key=lambda part: part.base)
    while large and sum(part.base for part in small) < threshold:
        small.append(large.pop(0))
    put_together = set(small)
    kept = [part for part in parts if part not in put_together]
    if not any(part.base for part in kept):
        return []  # one line would be the total again, under another name
    together = tuple(name for part in parts if part in put_together for name in part.members)
    return [*kept, ShownGroup(together, sum(part.base for part in small))]


def _sum_where(cells: Mapping[tuple[str, str], int], side: int, line: str) -> int:
    return sum(base for cell, base in cells.items() if cell[side] == line)

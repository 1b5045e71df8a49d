"""Which figures may follow others in public: no two may differ by a few people (design §5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.impact.disclosure import ELSEWHERE_THRESHOLD, differences_are_safe
from app.impact.reports.documents import Bases


def unsafe_keys(before: Sequence[Mapping[str, Bases]], now: Mapping[str, Bases]) -> list[str]:
    """The figures that differ by 1 to 9 people from one that was published before."""
    return [
        key
        for key, bases in now.items()
        if not _is_safe([earlier[key] for earlier in before if key in earlier], bases)
    ]


def too_small(now: Mapping[str, Bases]) -> list[str]:
    """Figures of 1 to 9 people, in all or in one line: none should ever come this far."""
    return [
        key
        for key, bases in now.items()
        if any(
            0 < base < ELSEWHERE_THRESHOLD for base in (bases["total"], *bases["groups"].values())
        )
    ]


def _is_safe(before: Sequence[Bases], now: Bases) -> bool:
    # Lines may be of an earlier month than their total: their sum, and what they leave of it, are
    # things to subtract too.
    versions = [*before, now]
    sums = [sum(bases["groups"].values()) for bases in versions if bases["groups"]]
    if not _gaps_are_safe([*(bases["total"] for bases in versions), *sums]):
        return False
    rest = _not_in_lines(now)
    for earlier in before:
        rest_then = _not_in_lines(earlier)
        told = [(rest, rest_then), (rest, earlier["total"]), (rest_then, now["total"])]
        if not all(_gaps_are_safe(pair) for pair in told if all(pair)):
            return False
    return all(_groups_are_safe(earlier["groups"], now["groups"]) for earlier in before)


def _not_in_lines(bases: Bases) -> int:
    """How many of a total that has lines are in none of them."""
    return bases["total"] - sum(bases["groups"].values()) if bases["groups"] else 0


def _groups_are_safe(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Line by line; lines that only one of the two has are those sectors put together anew."""
    if not before or not now:
        return True
    both = before.keys() & now.keys()
    pairs = [(before[label], now[label]) for label in both]
    pairs.append((_others(before, both), _others(now, both)))
    if not _regrouping_is_safe(before, now, both):
        return False
    # Where some lines grew and others shrank, their sums could still differ by a few.
    grew, shrank = any(a < b for a, b in pairs), any(a > b for a, b in pairs)
    return not (grew and shrank) and all(_gaps_are_safe(pair) for pair in pairs)


def _regrouping_is_safe(
    before: Mapping[str, int], now: Mapping[str, int], both: Iterable[str]
) -> bool:
    """Sectors put together otherwise than before: no lines of one less lines of the other are few.

    Which sectors a line holds is not known here, so whatever could be subtracted counts.
    """
    named = set(both)
    earlier, later = (
        _sums(base for label, base in lines.items() if label not in named)
        for lines in (before, now)
    )
    return not any(0 < abs(a - b) < ELSEWHERE_THRESHOLD for a in earlier for b in later)


def _sums(bases: Iterable[int]) -> set[int]:
    """What some of these, or all, add up to."""
    sums = {0}
    for base in bases:
        sums |= {base + one for one in sums}
    return sums - {0}


def _others(lines: Mapping[str, int], but: Iterable[str]) -> int:
    named = set(but)
    return sum(base for label, base in lines.items() if label not in named)


def _gaps_are_safe(bases: Iterable[int]) -> bool:
    return differences_are_safe(bases, threshold=ELSEWHERE_THRESHOLD)

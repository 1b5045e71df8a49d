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
    # Lines may be of an earlier month than their total: their sum is one more thing to subtract.
    versions = [*before, now]
    sums = [sum(bases["groups"].values()) for bases in versions if bases["groups"]]
    if not _gaps_are_safe([*(bases["total"] for bases in versions), *sums]):
        return False
    return all(_groups_are_safe(earlier["groups"], now["groups"]) for earlier in before)


def _groups_are_safe(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Line by line; lines that only one of the two has are those sectors put together anew."""
    if not before or not now:
        return True
    both = before.keys() & now.keys()
    pairs = [(before[label], now[label]) for label in both]
    pairs.append((_others(before, both), _others(now, both)))
    # Where some lines grew and others shrank, their sums could still differ by a few.
    grew, shrank = any(a < b for a, b in pairs), any(a > b for a, b in pairs)
    return not (grew and shrank) and all(_gaps_are_safe(pair) for pair in pairs)


def _others(lines: Mapping[str, int], but: Iterable[str]) -> int:
    named = set(but)
    return sum(base for label, base in lines.items() if label not in named)


def _gaps_are_safe(bases: Iterable[int]) -> bool:
    return differences_are_safe(bases, threshold=ELSEWHERE_THRESHOLD)

"""Whether what was seen of some groups of people tells of a small one: exactly, by elimination."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

People = frozenset[Any]  # ids of responses, or what stands for one at a moment
PRIME = 2**61 - 1
MOST_TRIED = 200_000


class HarnessError(AssertionError):
    """The attack does not know who stands behind a figure: its findings would mean nothing."""


def small_group(views: Iterable[People], threshold: int) -> int | None:
    """The size of a group of fewer people in the span of these groups; None if there is none."""
    known = [view for view in set(views) if view]
    members: dict[tuple[int, ...], int] = defaultdict(int)
    of_person: dict[Any, list[int]] = defaultdict(list)
    for number, view in enumerate(known):
        for person in view:
            of_person[person].append(number)
    for seen_in in of_person.values():
        members[tuple(seen_in)] += 1
    # People who are in the very same groups cannot be told apart: they count as one.
    sizes = sorted(members.items(), key=lambda item: -item[1])
    large = sum(size >= threshold for _, size in sizes)
    if large == len(sizes):
        return None
    rows = [dict[int, int]() for _ in known]
    for column, (numbers, _) in enumerate(sizes):
        for number in numbers:
            rows[number][column] = 1
    return _smallest_union(_without(rows, large), [size for _, size in sizes], threshold)


def _without(rows: list[dict[int, int]], columns: int) -> list[tuple[int, dict[int, int]]]:
    """A reduced basis of those sums of rows that are nought in the first columns, by its pivots."""
    basis: dict[int, dict[int, int]] = {}
    for row in rows:
        left = dict(row)
        for pivot in sorted(basis):
            if factor := left.get(pivot):
                _subtract(left, factor, basis[pivot])
        if not left:
            continue
        # The first column is the pivot, so that the last rows are nought in those before it.
        pivot = min(left)
        inverse = pow(left[pivot], -1, PRIME)
        left = {column: value * inverse % PRIME for column, value in left.items()}
        for other in basis.values():
            if factor := other.get(pivot):
                _subtract(other, factor, left)
        basis[pivot] = left
    return [(pivot, row) for pivot, row in sorted(basis.items()) if pivot >= columns]


def _subtract(row: dict[int, int], factor: int, other: dict[int, int]) -> None:
    for column, value in other.items():
        left = (row.get(column, 0) - factor * value) % PRIME
        if left:
            row[column] = left
        else:
            row.pop(column, None)


def _smallest_union(
    basis: list[tuple[int, dict[int, int]]], sizes: list[int], threshold: int
) -> int | None:
    """The smallest sum of basis rows that is a group of fewer people, every one whole."""
    # In a reduced basis the pivots of a sum are the factors themselves, nought or one: so the
    # people behind the pivots of a small group are few too.
    found: list[int] = []
    tried = 0
    sums: list[tuple[int, int, dict[int, int]]] = [(0, 0, {})]
    while sums:
        start, people, total = sums.pop()
        for number in range(start, len(basis)):
            pivot, row = basis[number]
            if people + sizes[pivot] >= threshold:
                continue
            tried += 1
            if tried > MOST_TRIED:
                raise HarnessError(f"{len(basis)} dimensions are left: too many to try")
            more = dict(total)
            _subtract(more, PRIME - 1, row)
            sums.append((number + 1, people + sizes[pivot], more))
            if all(value == 1 for value in more.values()):
                size = sum(sizes[column] for column in more)
                found += [size] if size < threshold else []
    return min(found, default=None)

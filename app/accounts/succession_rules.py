"""Which body stands for which in the end; values in, values out."""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.errors import Refused


def final_successors(successors: Mapping[int, int]) -> dict[int, int]:
    """For each body that has a successor, the last one of its chain."""
    return {one: _last(one, successors) for one in successors}


def _last(one: int, successors: Mapping[int, int]) -> int:
    seen = {one}
    while (after := successors.get(one)) is not None and after not in seen:
        seen.add(after)
        one = after
    return one


def check_may_follow(
    organisation_id: int, successor_id: int, successors: Mapping[int, int]
) -> None:
    """Refused if a body would in the end take its own place."""
    in_the_end = final_successors(successors).get(successor_id, successor_id)
    if organisation_id in {successor_id, in_the_end}:
        raise Refused("An organisation cannot take its own place. Choose another one")

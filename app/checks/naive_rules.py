"""What many systems do instead: withhold small groups, and nothing that differs from one by others.

The attack must find that out, or it would not be worth much when it finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from app.checks import disclosure_attack
from app.impact import question_growth
from app.impact.disclosure import ELSEWHERE_THRESHOLD, ShownGroup, sum_of
from app.impact.growth_rules import Growth, growth_within

Steps = Sequence[Sequence[Mapping[str, int]]]
Breakdowns = list[tuple[int, list[ShownGroup]]]


@contextmanager
def only_the_groups_withheld() -> Iterator[None]:
    """Inside this, every total and every sector of ten or more is shown whenever there is one."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(question_growth, "lines_over_time", _only_large_sectors))
        for module in (question_growth, disclosure_attack):
            stack.enter_context(patch.object(module, "growth_within", _as_forms_come))
        yield


def _only_large_sectors(steps: Steps, **_more: object) -> Breakdowns:
    total = sum_of(part for step in steps for part in step)
    lines = [ShownGroup((name,), n) for name, n in total.items() if n >= ELSEWHERE_THRESHOLD]
    return [(len(steps), lines)] if steps else []


def _as_forms_come(outer: Growth, bases: Mapping[int, int]) -> Growth:
    large = sum(bases.values()) >= ELSEWHERE_THRESHOLD
    return outer if large else growth_within(outer, bases)

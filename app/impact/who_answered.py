"""Who answered beside who came, sector by sector: whom the answers speak for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.impact.counts import Reach
from app.impact.disclosure import ELSEWHERE_THRESHOLD, merge_small_groups
from app.impact.rules import Share, share
from app.impact.summaries import Door
from app.surveys.rules import BEFORE

POINTS_WORTH_SAYING = 10


@dataclass(frozen=True, slots=True)
class SectorShares:
    """One sector, or several small ones together: its part of those who came and who answered."""

    label: str
    came: Share
    answered: Share

    @property
    def difference(self) -> float:
        """Percentage points by which it is more of those who answered."""
        return 100 * (self.answered.count / self.answered.base - self.came.count / self.came.base)


@dataclass(frozen=True, slots=True)
class WhoAnswered:
    """Those who answered at one time beside those who came."""

    door: Door
    lines: tuple[SectorShares, ...]

    @property
    def key(self) -> str:
        """What tells it from those of other times."""
        return f"who-{self.door.key}"

    @property
    def furthest(self) -> SectorShares | None:
        """The sector furthest from its part of those who came, if that is worth saying."""
        if not self.lines:
            return None
        # Of two as far apart the one that weighs more; rounded, or chance would choose.
        line = max(self.lines, key=lambda one: (round(abs(one.difference), 6), one.difference))
        return line if abs(line.difference) >= POINTS_WORTH_SAYING else None


def who_answered(reach: Reach, doors: Iterable[Door]) -> tuple[WhoAnswered, ...]:
    """At each time of asking those who came; empty lines where few answered or all of one line."""
    came = {name: people for name, people in reach.people_by_sector.items() if people}
    if not came:
        return ()
    return tuple(
        WhoAnswered(door, _lines(came, door))
        for door in doors
        if not door.is_open_link
        and not door.imported_words
        and door.months_later != BEFORE  # asked of those who had booked
        and door.answered
        and sum(door.answered_by_sector.values()) == door.answered
    )


def _lines(came: dict[str, int], door: Door) -> tuple[SectorShares, ...]:
    in_order = {name: door.answered_by_sector.get(name, 0) for name in came}
    groups = merge_small_groups(
        {**in_order, **door.answered_by_sector},
        threshold=ELSEWHERE_THRESHOLD,
        total=door.answered,
    )
    everyone = sum(came.values())
    lines = [
        SectorShares(
            group.label,
            share(sum(came.get(name, 0) for name in group.members), everyone),
            share(group.base, door.answered),
        )
        for group in groups
    ]
    named = {name for group in groups for name in group.members}
    silent = sum(people for name, people in came.items() if name not in named)
    if lines and silent:
        label = "Sectors from which nobody answered"
        lines.append(SectorShares(label, share(silent, everyone), share(0, door.answered)))
    return tuple(lines)

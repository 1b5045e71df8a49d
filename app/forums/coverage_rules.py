"""Who was represented in a half term: values in, values out.

An establishment attended if somebody who stood for it came to a forum; it watched if nobody came
but somebody says they watched the recording; otherwise it was not represented.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.forums.establishment_rules import phase_position


class Standing(enum.StrEnum):
    """What a half term was for one establishment."""

    ATTENDED = "attended"
    WATCHED = "watched"
    NOT_REPRESENTED = "not_represented"
    NO_FORUM = "no_forum"  # none was held, or the establishment was not open then


@dataclass(frozen=True)
class Period:
    """A half term: the day on which establishments are counted, and whether a forum was held."""

    id: int
    name: str  # as Autumn 1 2026/27
    counted_on: date
    is_held: bool


@dataclass(frozen=True)
class Body:
    """An establishment as it is today, and when it, or one whose place it took, was open."""

    id: int
    phase: str
    type: str
    spans: tuple[tuple[date | None, date | None], ...]  # the first day; the first day no more

    def was_open_on(self, day: date) -> bool:
        """Whether it, or one whose place it took, was open on a London date."""
        return any(
            (opened_on is None or opened_on <= day) and (closed_on is None or closed_on > day)
            for opened_on, closed_on in self.spans
        )


Places = frozenset[tuple[int, int]]  # the half term and the body


@dataclass(frozen=True)
class Presence:
    """Which bodies attended, watched and are registered, in which half terms."""

    attended: Places
    watched: Places
    registered: Places


@dataclass(frozen=True)
class Count:
    """How many establishments of one phase or type there were, and how many took part."""

    name: str
    establishments: int
    attended: int
    watched: int  # and did not attend
    registered_to_come: int

    @property
    def not_represented(self) -> int:
        """How many neither attended nor watched."""
        return self.establishments - self.attended - self.watched


@dataclass(frozen=True)
class Coverage(Count):
    """One half term: how many establishments attended and watched, by phase and by type."""

    is_held: bool
    by_phase: tuple[Count, ...]
    by_type: tuple[Count, ...]


def body_ids(establishment_ids: Iterable[int], successors: Mapping[int, int]) -> dict[int, int]:
    """For each establishment, and each body before one, the establishment it is today.

    One whose place was taken by a body that is no establishment stands for itself.
    """
    known = set(establishment_ids)
    found = {one: one for one in known}
    return found | {one: after for one, after in successors.items() if after in known}


def places(pairs: Iterable[tuple[int, int]], bodies: Mapping[int, int]) -> Places:
    """Half terms and organisations as half terms and bodies; other organisations are left out."""
    return frozenset((period_id, bodies[one]) for period_id, one in pairs if one in bodies)


def standing(body: Body, period: Period, presence: Presence) -> Standing:
    """What a half term was for one establishment."""
    if not body.was_open_on(period.counted_on):
        return Standing.NO_FORUM
    if (period.id, body.id) in presence.attended:
        return Standing.ATTENDED
    if (period.id, body.id) in presence.watched:
        return Standing.WATCHED
    return Standing.NOT_REPRESENTED if period.is_held else Standing.NO_FORUM


def absent_for(body: Body, periods: Sequence[Period], presence: Presence) -> int:
    """For how many half terms in a row it has not been represented; periods, the newest last.

    A half term without a forum, or in which it was not open, neither counts nor ends the row.
    """
    count = 0
    for period in reversed(periods):
        was = standing(body, period, presence)
        if was in {Standing.ATTENDED, Standing.WATCHED}:
            break
        count += was is Standing.NOT_REPRESENTED
    return count


def last_represented(
    body: Body, periods: Sequence[Period], presence: Presence
) -> tuple[Period, Standing] | None:
    """The newest half term in which it attended or watched; periods, the newest last."""
    for period in reversed(periods):
        was = standing(body, period, presence)
        if was in {Standing.ATTENDED, Standing.WATCHED}:
            return period, was
    return None


def counted(period: Period, bodies: Iterable[Body], presence: Presence) -> Coverage:
    """The figures of one half term, of all establishments and by phase and type."""
    there = [body for body in bodies if body.was_open_on(period.counted_on)]
    stood = {body.id: standing(body, period, presence) for body in there}
    to_come = {body_id for period_id, body_id in presence.registered if period_id == period.id}

    def count(name: str, some: Sequence[Body]) -> Count:
        found = [stood[body.id] for body in some]
        return Count(
            name=name,
            establishments=len(some),
            attended=found.count(Standing.ATTENDED),
            watched=found.count(Standing.WATCHED),
            registered_to_come=sum(body.id in to_come for body in some),
        )

    def grouped(key: Callable[[Body], str], order: Callable[[str], object]) -> tuple[Count, ...]:
        groups: defaultdict[str, list[Body]] = defaultdict(list)
        for body in there:
            groups[key(body)].append(body)
        return tuple(count(name, groups[name]) for name in sorted(groups, key=order))  # type: ignore[arg-type]  # str and tuples of them compare

    return Coverage(
        **vars(count(period.name, there)),
        is_held=period.is_held,
        by_phase=grouped(lambda body: body.phase, phase_position),
        by_type=grouped(lambda body: body.type, str.lower),
    )

"""When schools are asked for their opinion, and what may be told of who answered: values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.impact.disclosure import (
    ELSEWHERE_THRESHOLD,
    ShownGroup,
    crossed_breakdowns_are_safe,
    merge_small_groups,
)
from app.kernel.london import SURVEY_HOUR, day_start, from_london, london_date
from app.kernel.refusals import Refused

FEWEST_TOGETHER = ELSEWHERE_THRESHOLD
REMIND_BEFORE = timedelta(days=7)
FEWEST_DAYS_BEFORE_REMINDING = 3
MOST_DAYS_OPEN = 70


@dataclass(frozen=True)
class Span:
    """From when until when schools can answer."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class Asked:
    """One school of a round: how it is counted, and whether it answered."""

    phase: str
    type: str
    has_answered: bool


@dataclass(frozen=True)
class Answers:
    """What came in by a round's links: how many schools answered, and how many opinions that is.

    A school that is named beside one of several answers is not counted as one without a name.
    """

    schools: int
    named_schools: int
    opinions: int
    unnamed_opinions: int
    unread: int = 0

    @property
    def unnamed_schools(self) -> int:
        """How many schools an opinion without a name can be of, at the least."""
        return max(self.schools - self.named_schools, 0)

    @property
    def may_name_who_answered(self) -> bool:
        """Whether the schools that answered may be known, beside opinions without a name."""
        return self.unnamed_opinions == 0 or self.unnamed_schools >= FEWEST_TOGETHER

    @property
    def may_be_counted(self) -> bool:
        """Whether a report may count what they say."""
        return self.schools >= FEWEST_TOGETHER and self.may_name_who_answered


@dataclass(frozen=True)
class GroupResponse:
    """How many of a group were asked, and how many of those answered."""

    label: str
    asked: int
    answered: int


def span(opens_on: date, closes_on: date, *, now: datetime) -> Span:
    """From 9am of the first day to the end of the last; Refused if that cannot be."""
    today = london_date(now)
    if closes_on < opens_on:
        raise Refused("The last day must be on or after the first day")
    if closes_on <= today:
        raise Refused("The last day must be after today")
    if opens_on < today:
        raise Refused("The first day must be today or later")
    if (closes_on - opens_on).days >= MOST_DAYS_OPEN:
        raise Refused(f"Choose a last day less than {MOST_DAYS_OPEN} days after the first")
    return Span(from_london(opens_on, SURVEY_HOUR), day_start(closes_on + timedelta(days=1)))


def last_day(closes_at: datetime) -> date:
    """The last day on which a school can answer."""
    return london_date(closes_at - timedelta(seconds=1))


def reminder_at(opened_at: datetime, closes_at: datetime) -> datetime | None:
    """When schools are reminded: 9am a week before the last day; None in a short round."""
    day = last_day(closes_at) - REMIND_BEFORE
    if (day - london_date(opened_at)).days < FEWEST_DAYS_BEFORE_REMINDING:
        return None
    return from_london(day, SURVEY_HOUR)


def may_be_read_now(unnamed_schools: int, *, shown: int) -> bool:
    """Whether what waits comes before readers: ten schools without a name since the last showing.

    Schools, not answers: ten answers of one school would all be known for its own.
    """
    return unnamed_schools - shown >= FEWEST_TOGETHER


def by_two(schools: Sequence[Asked]) -> tuple[list[GroupResponse], list[GroupResponse]]:
    """The response by phase and by type, no group of fewer than ten schools, nor any difference.

    Small groups stand together; where nothing of a breakdown can be shown it is empty.
    """
    phases = _folded(one.phase for one in schools)
    types = _folded(one.type for one in schools)
    while types and phases and not _are_safe_together(schools, phases, types):
        types = _with_two_smallest_together(types)
    return (
        _counted(phases, [(one.phase, one.has_answered) for one in schools]),
        _counted(types, [(one.type, one.has_answered) for one in schools]),
    )


def _folded(names: Iterable[str]) -> list[ShownGroup]:
    counts = Counter(names)
    return merge_small_groups(counts, threshold=FEWEST_TOGETHER, total=sum(counts.values()))


def _with_two_smallest_together(lines: Sequence[ShownGroup]) -> list[ShownGroup]:
    first, second, *rest = sorted(lines, key=lambda line: line.base)
    if not rest:
        return []
    together = ShownGroup((*first.members, *second.members), first.base + second.base)
    return [*rest, together]


def _are_safe_together(
    schools: Sequence[Asked], phases: Sequence[ShownGroup], types: Sequence[ShownGroup]
) -> bool:
    phase_of, type_of = _line_of(phases), _line_of(types)
    cells = Counter((phase_of[one.phase], type_of[one.type]) for one in schools)
    return crossed_breakdowns_are_safe(cells, threshold=FEWEST_TOGETHER)


def _line_of(lines: Sequence[ShownGroup]) -> Mapping[str, str]:
    return {name: line.label for line in lines for name in line.members}


def _counted(
    lines: Sequence[ShownGroup], schools: Sequence[tuple[str, bool]]
) -> list[GroupResponse]:
    line_of = _line_of(lines)
    answered = Counter(line_of[name] for name, has_answered in schools if has_answered and lines)
    return [GroupResponse(line.label, line.base, answered[line.label]) for line in lines]

"""Who may book an offer, and how many places one body may have: values in, values out."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.bookings.models import ApprovalDecision, ApprovedBy, Promotion

# Whoever waits has this part of the time left until booking closes to take a held place up.
PART_OF_TIME_LEFT = 4
SHORTEST_HOLD = timedelta(hours=1)
# A request that nobody decides by then lapses, so that the person is not left waiting for ever.
LONGEST_REQUEST = timedelta(days=14)


@dataclass(frozen=True)
class Terms:
    """Who may book an offer's events and how places are given; as it stands: everybody, at once.

    An establishment is named as kind:college, phase:Secondary or type:Academies.
    """

    sectors: frozenset[str] = frozenset()
    establishments: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()
    most_per_organisation: int | None = None
    most_per_sector: int | None = None
    approved_by: ApprovedBy = ApprovedBy.NOBODY
    promotion: Promotion = Promotion.AT_ONCE
    hold_hours: int = 24

    @property
    def have_limits(self) -> bool:
        """Whether places are counted by organisation or sector."""
        return self.most_per_organisation is not None or self.most_per_sector is not None


FOR_EVERYBODY = Terms()


@dataclass(frozen=True)
class Applicant:
    """What the rules look at in somebody who asks for a place."""

    sector: str
    establishments: frozenset[str] = frozenset()
    posts: frozenset[str] = frozenset()


def establishments_of(kind: str, phase: str | None, type_: str | None) -> frozenset[str]:
    """All that terms may call an establishment: its kind, and of a school its phase and type."""
    facts = {"kind": kind, "phase": phase, "type": type_}
    return frozenset(f"{what}:{value}" for what, value in facts.items() if value)


class Bar(enum.StrEnum):
    """The rule that keeps somebody from booking."""

    SECTOR = "sector"
    ESTABLISHMENT = "establishment"
    POST = "post"


def bar(terms: Terms, applicant: Applicant) -> Bar | None:
    """The first rule that keeps somebody from booking; None if they may (R20, R24)."""
    return next(iter(bars(terms, applicant)), None)


def bars(terms: Terms, applicant: Applicant) -> list[Bar]:
    """Every rule that keeps somebody from booking."""
    says_no = {
        Bar.SECTOR: terms.sectors and applicant.sector not in terms.sectors,
        Bar.ESTABLISHMENT: terms.establishments
        and not terms.establishments & applicant.establishments,
        Bar.POST: terms.posts and not terms.posts & applicant.posts,
    }
    return [rule for rule, is_no in says_no.items() if is_no]


class Limit(enum.StrEnum):
    """The limit that keeps the next free place from somebody."""

    ORGANISATION = "organisation"
    SECTOR = "sector"


@dataclass(frozen=True)
class Taken:
    """Places of one event that are taken, by organisation and by sector (ids)."""

    by_organisation: Counter[int] = field(default_factory=Counter)
    by_sector: Counter[int] = field(default_factory=Counter)

    def with_one_more(self, organisation_id: int | None, sector_id: int) -> Taken:
        """The same with one more place; somebody without organisation counts for none."""
        organisations = [] if organisation_id is None else [organisation_id]
        return Taken(
            self.by_organisation + Counter(organisations), self.by_sector + Counter([sector_id])
        )


def limit_reached(
    terms: Terms, taken: Taken, organisation_id: int | None, sector_id: int
) -> Limit | None:
    """The limit that one more place for them would break (R32); None if none would be."""
    most = terms.most_per_organisation
    if most is not None and organisation_id and taken.by_organisation[organisation_id] >= most:
        return Limit.ORGANISATION
    if terms.most_per_sector is not None and taken.by_sector[sector_id] >= terms.most_per_sector:
        return Limit.SECTOR
    return None


@dataclass(frozen=True)
class WaitingPerson:
    """One booking of the waiting list."""

    booking_id: int
    joined_at: datetime
    organisation_id: int | None = None
    sector_id: int = 0


@dataclass(frozen=True)
class Walk:
    """Who of the waiting people gets a place, in order, and who is passed over by which limit."""

    chosen: list[int]
    passed_over: dict[int, Limit]


def walk(
    waiting: Sequence[WaitingPerson],
    free: int | None,
    terms: Terms = FOR_EVERYBODY,
    taken: Taken | None = None,
) -> Walk:
    """Go down the list by when people joined, then by id, giving the free places (None: no end).

    Passed over is everybody whom a limit bars from the next place, even where none is left to give.
    """
    found, taken = Walk([], {}), taken or Taken()
    for person in sorted(waiting, key=lambda person: (person.joined_at, person.booking_id)):
        limit = limit_reached(terms, taken, person.organisation_id, person.sector_id)
        if limit:
            found.passed_over[person.booking_id] = limit
            continue
        if free is not None and len(found.chosen) >= free:
            continue
        found.chosen.append(person.booking_id)
        taken = taken.with_one_more(person.organisation_id, person.sector_id)
    return found


def held_until(terms: Terms, *, closes_at: datetime, now: datetime) -> datetime | None:
    """Until when a free place is kept for the next person; None if it is theirs at once.

    The full time is given far from the event, a quarter of what is left near it, an hour at least;
    nothing is held beyond the close of booking.
    """
    if terms.promotion is Promotion.AT_ONCE or now >= closes_at:
        return None
    part = max(SHORTEST_HOLD, (closes_at - now) / PART_OF_TIME_LEFT)
    return min(now + min(timedelta(hours=terms.hold_hours), part), closes_at)


def still_held_until(
    until: datetime, *, closes_at: datetime, starts_at: datetime, now: datetime
) -> datetime:
    """The deadline of a held place once its event has changed: never later, an hour at least.

    An event that now starts within the hour ends it sooner.
    """
    return min(until, max(closes_at, now + SHORTEST_HOLD), max(starts_at, now))


def request_expires_at(*, closes_at: datetime, now: datetime) -> datetime:
    """Until when a request can be decided: two weeks, or the close of booking if that is sooner."""
    return min(now + LONGEST_REQUEST, closes_at)


class Answerable(enum.StrEnum):
    """Whether a request can be answered, or what became of it."""

    YES = "yes"
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    STARTED = "started"


def answerable(
    *,
    decision: ApprovalDecision | None,
    is_requested: bool,
    expires_at: datetime,
    starts_at: datetime,
    now: datetime,
) -> Answerable:
    """What can still be done about a request: it may be answered until the instant it expires."""
    if decision is not None:
        return Answerable(decision.value)
    if not is_requested:
        return Answerable.WITHDRAWN
    if now >= starts_at:
        return Answerable.STARTED
    return Answerable.LAPSED if now >= expires_at else Answerable.YES

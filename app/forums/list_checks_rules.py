"""Each school's own list, once a school year: what is shown, what may be said, when to remind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kernel.london import london_date
from app.kernel.refusals import Refused

REMIND_AFTER = timedelta(days=21)
MOST_CHANGES = 30  # by one link in one year: a school has fewer leads than that
SHOWN_OF_A_NAME = 1


def masked(email: str | None) -> str:
    """An address that its owner recognises and nobody else can use."""
    if not email:
        return "no email address"
    name, _, host = email.rpartition("@")
    return f"{name[:SHOWN_OF_A_NAME]}…@{host}"


def last_day(school_year: str) -> date:
    """The last day on which the links of a school year, as 2026/27, can be used."""
    return date(int(school_year[:4]) + 1, 8, 31)


def is_over(school_year: str, now: datetime) -> bool:
    """Whether another school year has begun."""
    return london_date(now) > last_day(school_year)


def check_may_change(changes_count: int, more: int) -> None:
    """Refused if so many changes were made by one link that something is wrong."""
    if changes_count + more > MOST_CHANGES:
        raise Refused("This list was changed very often. Write to us, and we will put it right")


@dataclass(frozen=True)
class Together:
    """Things that share addresses, and are written about together."""

    members: tuple[int, ...]
    addresses: tuple[str, ...]


def together(addresses_of: Mapping[int, Iterable[str]]) -> list[Together]:
    """Groups of things such that each address belongs to one group only; the smallest id first.

    So a step of sending can end after any group, and no address is written to twice.
    """
    groups: dict[int, int] = {}
    by_address: dict[str, int] = {}

    def first_of(one: int) -> int:
        while groups[one] != one:
            one = groups[one]
        return one

    for member in sorted(addresses_of):
        groups[member] = member
        for address in addresses_of[member]:
            other = by_address.setdefault(address, member)
            low, high = sorted((first_of(member), first_of(other)))
            groups[high] = low
    members: dict[int, list[int]] = {}
    for member in sorted(groups):
        members.setdefault(first_of(member), []).append(member)
    return [_group(found, addresses_of) for found in members.values()]


def _group(members: Sequence[int], addresses_of: Mapping[int, Iterable[str]]) -> Together:
    addresses = {address for member in members for address in addresses_of[member]}
    return Together(tuple(members), tuple(sorted(addresses)))


def step_of(groups: Iterable[Together], most_addresses: int) -> list[Together]:
    """The groups of one step: at least one, and no more addresses than that if it can be."""
    chosen: list[Together] = []
    count = 0
    for group in groups:
        if chosen and count + len(group.addresses) > most_addresses:
            break
        chosen.append(group)
        count += len(group.addresses)
    return chosen

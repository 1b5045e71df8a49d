"""Who in the meeting is who on the list: what is certain is matched, the rest a person decides.

Never by likeness: address, then a name staff confirmed before, then the exact name if one only.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.attendance.presence_rules import Attendee, merged
from app.attendance.readers.visits import plain_name


class How(enum.StrEnum):
    """By what somebody was matched."""

    ADDRESS = "address"
    CONFIRMED = "confirmed"  # staff said before that this name or address is theirs
    NAME = "name"


class Doubt(enum.StrEnum):
    """Why a person has to say who it is."""

    MAY_BE_TWO = "may_be_two"
    SEVERAL_HAVE_THE_NAME = "several_have_the_name"
    NAME_TWICE = "name_twice"  # another in the meeting is already taken for them
    ACCOUNT_NAME = "account_name"
    NAME_TURNED_ROUND = "name_turned_round"


@dataclass(frozen=True, slots=True)
class Booked:
    """Somebody with a live booking, by what they may be known in a meeting."""

    reference: str
    person_id: int
    name: str
    email: str
    other_names: tuple[str, ...] = ()
    has_place: bool = True

    @property
    def names(self) -> frozenset[str]:
        """Their names for comparison."""
        return frozenset(plain_name(name) for name in (self.name, *self.other_names) if name)


@dataclass(frozen=True, slots=True)
class Line:
    """One attendee, and who they are or might be."""

    attendee: Attendee
    booked: Booked | None = None
    how: How | None = None
    doubt: Doubt | None = None
    candidates: tuple[Booked, ...] = ()
    person_id: int | None = None  # known from before, without a booking


@dataclass(frozen=True, slots=True)
class Piles:
    """Everybody booked and everybody in the meeting, each in one pile."""

    matched: tuple[Line, ...]
    unbooked: tuple[Line, ...]
    ambiguous: tuple[Line, ...]
    not_seen: tuple[Booked, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everybody in the meeting."""
        return self.matched + self.unbooked + self.ambiguous


def sort_into_piles(
    attendees: Sequence[Attendee],
    booked: Sequence[Booked],
    confirmed: Mapping[str, frozenset[int]],
) -> Piles:
    """Each attendee matched, without booking, or in doubt; and those booked who were not seen.

    `confirmed`: whose each name or address is, by person, as staff have said at earlier sessions.
    """
    lines = _one_line_each([_certain(one, booked, confirmed) for one in attendees])
    taken = {line.booked.reference for line in lines if line.booked}
    lines = [line if line.booked else _by_name(line, booked, taken) for line in lines]
    lines = _without_clashes(lines)
    matched = tuple(line for line in lines if line.booked)
    seen = {line.booked.reference for line in matched if line.booked}
    return Piles(
        matched=matched,
        unbooked=tuple(line for line in lines if not line.booked and not line.doubt),
        ambiguous=tuple(line for line in lines if line.doubt),
        not_seen=tuple(b for b in booked if b.has_place and b.reference not in seen),
    )


def _certain(
    attendee: Attendee, booked: Sequence[Booked], confirmed: Mapping[str, frozenset[int]]
) -> Line:
    """Matched by address, or by what staff have confirmed before."""
    for one in booked:
        if attendee.email and attendee.email == one.email:
            return Line(attendee, one, How.ADDRESS)
    said = {attendee.email, *attendee.user_names}
    if not attendee.may_be_two:
        said |= attendee.names
    people = frozenset[int]().union(*(confirmed.get(word, frozenset()) for word in said if word))
    theirs = [one for one in booked if one.person_id in people]
    if len(theirs) == 1:
        return Line(attendee, theirs[0], How.CONFIRMED)
    known = next(iter(people)) if len(people) == 1 else None
    return Line(attendee, person_id=known)


def _one_line_each(lines: Sequence[Line]) -> list[Line]:
    """Two addresses of one person become one line."""
    found: list[Line] = []
    place: dict[str, int] = {}
    for line in lines:
        if line.booked and line.booked.reference in place:
            first = place[line.booked.reference]
            both = merged(found[first].attendee, line.attendee)
            found[first] = replace(found[first], attendee=both)
            continue
        if line.booked:
            place[line.booked.reference] = len(found)
        found.append(line)
    return found


def _by_name(line: Line, booked: Sequence[Booked], taken: set[str]) -> Line:
    attendee = line.attendee
    same = tuple(one for one in booked if one.names & attendee.names)
    if attendee.may_be_two and (same or not attendee.is_phone):
        return replace(line, doubt=Doubt.MAY_BE_TWO, candidates=same)
    if len(same) > 1:
        return replace(line, doubt=Doubt.SEVERAL_HAVE_THE_NAME, candidates=same)
    if same and same[0].reference in taken:
        return replace(line, doubt=Doubt.NAME_TWICE, candidates=same)
    if same:
        return replace(line, booked=same[0], how=How.NAME, person_id=None)
    by_account = tuple(one for one in booked if one.email and one.email in attendee.user_names)
    if by_account:
        return replace(line, doubt=Doubt.ACCOUNT_NAME, candidates=by_account)
    turned = tuple(one for one in booked if one.names & _turned_round(attendee.names))
    if turned:
        return replace(line, doubt=Doubt.NAME_TURNED_ROUND, candidates=turned)
    return line


def _turned_round(names: frozenset[str]) -> frozenset[str]:
    """As "Zeal, Ann" for "Ann Zeal"."""
    parts = [name.split(",") for name in names]
    return frozenset(f"{two[1].strip()} {two[0].strip()}" for two in parts if len(two) == 2)


def _without_clashes(lines: Sequence[Line]) -> list[Line]:
    """Where two attendees have the name of one booking, neither is taken for it."""
    claims = Counter(line.booked.reference for line in lines if line.booked)
    return [
        replace(line, booked=None, how=None, doubt=Doubt.NAME_TWICE, candidates=(line.booked,))
        if line.booked and line.how is How.NAME and claims[line.booked.reference] > 1
        else line
        for line in lines
    ]


def people_by_word(known: Sequence[tuple[str, int]]) -> dict[str, frozenset[int]]:
    """Whose each confirmed name or address is."""
    found: dict[str, set[int]] = defaultdict(set)
    for word, person_id in known:
        found[word].add(person_id)
    return {word: frozenset(people) for word, people in found.items()}

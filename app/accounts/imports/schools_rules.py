"""What the schools register changes: values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.accounts.imports.readers.schools_register import OPEN_NOW, SchoolRow, Status
from app.accounts.models import OrganisationKind

COLLEGES = frozenset({"colleges", "universities"})
# Between the closing of a school and the opening of what takes its place.
MOST_DAYS_BETWEEN = 400
WORDS = {
    "name": "name",
    "phase": "phase",
    "establishment_type": "kind of school",
    "trust_name": "trust",
    "postcode": "postcode",
    "opened_on": "day of opening",
    "urn": "number in the register",
}


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A school as we have it."""

    id: int
    urn: str | None
    name: str
    phase: str | None
    establishment_type: str | None
    trust_name: str
    postcode: str
    opened_on: date | None
    closed_on: date | None
    successor_id: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A known school that the register says something else of."""

    known: KnownSchool
    school: SchoolRow
    values: dict[str, object]

    @property
    def words(self) -> str:
        """What changes, for people."""
        return "; ".join(_told(name, value) for name, value in self.values.items())


def _told(name: str, value: object) -> str:
    if name == "name":
        return f"now called {value}"
    if name == "closed_on":
        return "open again"
    shown = f"{value:%d/%m/%Y}" if isinstance(value, date) else value or "none"
    return f"{WORDS[name]}: {shown}"


@dataclass(frozen=True, slots=True)
class Closing:
    """A known school that has closed, and which schools may have taken its place."""

    known: KnownSchool
    closed_on: date
    followed_by: tuple[SchoolRow, ...]


@dataclass
class Comparison:
    """What the register would do, pile by pile."""

    new: list[SchoolRow] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    closing: list[Closing] = field(default_factory=list)
    future: list[SchoolRow] = field(default_factory=list)
    elsewhere: list[KnownSchool] = field(default_factory=list)
    unchanged_count: int = 0
    not_in_file_count: int = 0

    @property
    def does_nothing(self) -> bool:
        """Whether everything is as the register says."""
        return not (self.new or self.changed or self.closing)


def compare(
    schools: Sequence[SchoolRow],
    known: Iterable[KnownSchool],
    *,
    authority: str,
    today: date,
    with_future: bool = False,
) -> Comparison:
    """Sort the register's rows by what they change of the schools we know."""
    known = list(known)
    by_urn = {one.urn: one for one in known if one.urn}
    by_name = _without_number(known)
    found = Comparison()
    taken: set[int] = set()
    for school in schools:
        ours = by_urn.get(school.urn)
        if ours is None and school.status in OPEN_NOW and school.authority == authority:
            ours = by_name.get(plain(school.name))
            ours = None if ours is None or ours.id in taken else ours
        if ours is not None:
            taken.add(ours.id)
        _sort(found, school, ours, schools, authority, today, with_future)
    found.not_in_file_count = sum(one.id not in taken for one in known)
    return found


def plain(name: str) -> str:
    """A name as it is compared."""
    return " ".join(name.casefold().split())


def _without_number(known: Collection[KnownSchool]) -> dict[str, KnownSchool]:
    """Open schools that somebody typed, by name; left out where two have the same."""
    found: dict[str, KnownSchool] = {}
    doubled = set()
    for one in known:
        if one.urn or one.closed_on:
            continue
        name = plain(one.name)
        if name in found:
            doubled.add(name)
        found[name] = one
    return {name: one for name, one in found.items() if name not in doubled}


def _sort(
    found: Comparison,
    school: SchoolRow,
    ours: KnownSchool | None,
    schools: Sequence[SchoolRow],
    authority: str,
    today: date,
    with_future: bool,
) -> None:
    if ours is None:
        if school.authority != authority or school.status is Status.CLOSED:
            return
        if school.status is Status.PROPOSED:
            found.future.append(school)
        if school.status in OPEN_NOW or with_future:
            found.new.append(school)
        return
    if school.authority != authority and school.status is not Status.CLOSED:
        found.elsewhere.append(ours)
        return
    if school.status is Status.CLOSED:
        _sort_closed(found, school, ours, schools, today)
        return
    values = _changes(school, ours)
    if values and not ours.successor_id:
        found.changed.append(Change(ours, school, values))
    else:
        found.unchanged_count += 1


def _sort_closed(
    found: Comparison,
    school: SchoolRow,
    ours: KnownSchool,
    schools: Sequence[SchoolRow],
    today: date,
) -> None:
    if ours.closed_on is not None:
        found.unchanged_count += 1
        return
    closed_on = min(school.closed_on or today, today)
    found.closing.append(Closing(ours, closed_on, followers(school, schools)))


def _changes(school: SchoolRow, ours: KnownSchool) -> dict[str, object]:
    """What the register says differently; what it leaves empty is left alone."""
    said: dict[str, object] = {
        "urn": school.urn,
        "name": school.name,
        "phase": school.phase or ours.phase,
        "establishment_type": school.type_group or ours.establishment_type,
        "trust_name": school.trust,
        "postcode": school.postcode or ours.postcode,
        "opened_on": school.opened_on or ours.opened_on,
        "closed_on": None,
    }
    return {name: value for name, value in said.items() if value != getattr(ours, name)}


def followers(closed: SchoolRow, schools: Sequence[SchoolRow]) -> tuple[SchoolRow, ...]:
    """Schools that may have taken a closed one's place, the likeliest first.

    They stand at the same place, or keep its number, and opened about when it closed.
    """
    likely = []
    for one in schools:
        if one.urn == closed.urn or one.status is Status.CLOSED:
            continue
        same_number = bool(closed.number) and one.number == closed.number
        same_place = bool(closed.postcode) and one.postcode == closed.postcode
        if (same_number or same_place) and _near(closed.closed_on, one.opened_on):
            likely.append((not (same_number and same_place), not same_number, one.name, one))
    return tuple(one for *_order, one in sorted(likely, key=lambda line: line[:3]))


def _near(closed_on: date | None, opened_on: date | None) -> bool:
    if closed_on is None or opened_on is None:
        return closed_on is opened_on
    return abs((opened_on - closed_on).days) <= MOST_DAYS_BETWEEN


def kind_of(school: SchoolRow) -> OrganisationKind:
    """Which kind of organisation a school of the register is."""
    is_college = school.type_group.lower() in COLLEGES
    return OrganisationKind.COLLEGE if is_college else OrganisationKind.SCHOOL


def links_to_make(closings: Sequence[Closing], chosen: Mapping[str, str]) -> dict[int, str]:
    """Which closed school (id) a person linked to which number; only what was offered counts."""
    found = {}
    for closing in closings:
        urn = chosen.get(str(closing.known.id), "")
        if any(one.urn == urn for one in closing.followed_by):
            found[closing.known.id] = urn
    return found

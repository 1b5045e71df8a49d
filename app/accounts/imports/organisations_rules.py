"""Organisations from somebody's spreadsheet: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.accounts.imports.column_rules import MOST_PROBLEMS, Field, address_of, cell, plain, problem
from app.accounts.models import OrganisationKind
from app.kernel.refusals import Refused

MOST_CHARACTERS = 200
MOST_UNKNOWN_WORDS = 60
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}")

FIELDS = (
    Field(
        "name",
        "Name",
        (
            *("name", "organisation", "organisation name", "agency", "agency name", "setting"),
            *("setting name", "provider", "provider name", "establishment", "service", "club"),
        ),
        is_needed=True,
    ),
    Field(
        "aliases",
        "Other names",
        (
            "also known as",
            "alias",
            "aliases",
            "other names",
            "known as",
            "former name",
            "previous name",
            "former names",
        ),
    ),
    Field(
        "kind",
        "Kind of organisation",
        ("kind", "type", "organisation type", "setting type", "provider type", "category"),
    ),
    Field("sector", "Sector", ("sector", "workforce", "sector name", "partner group")),
    Field("postcode", "Postcode", ("postcode", "post code", "postal code")),
    Field(
        "contact_email",
        "Email address of the organisation",
        ("email", "e-mail", "email address", "contact email", "mailbox", "office email"),
    ),
)
WORDS = {one.name: one.words for one in FIELDS}

KIND_NAMES = {
    OrganisationKind.SCHOOL: "School",
    OrganisationKind.COLLEGE: "College",
    OrganisationKind.EARLY_YEARS: "Early years setting",
    OrganisationKind.AGENCY: "Public body or agency",
    OrganisationKind.VOLUNTARY: "Charity or community group",
    OrganisationKind.SPORTS_CLUB: "Sports club",
    OrganisationKind.FAITH: "Faith group",
    OrganisationKind.OUT_OF_AREA: "Outside the district",
}
USUAL_KINDS = {
    **{plain(name): kind for kind, name in KIND_NAMES.items()},
    **{plain(kind.value): kind for kind in OrganisationKind},
    "early years": OrganisationKind.EARLY_YEARS,
    "nursery": OrganisationKind.EARLY_YEARS,
    "day nursery": OrganisationKind.EARLY_YEARS,
    "pre-school": OrganisationKind.EARLY_YEARS,
    "preschool": OrganisationKind.EARLY_YEARS,
    "childminder": OrganisationKind.EARLY_YEARS,
    "charity": OrganisationKind.VOLUNTARY,
    "church": OrganisationKind.FAITH,
    "mosque": OrganisationKind.FAITH,
}


@dataclass(frozen=True, slots=True)
class Given:
    """One organisation as a file has it."""

    place: int  # among the rows of the file
    name: str
    kind: OrganisationKind
    sector: str  # its slug
    aliases: tuple[str, ...]
    postcode: str
    contact_email: str


@dataclass
class Reading:
    """What a file says, what it says wrongly, and words that somebody must explain."""

    given: list[Given] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unknown: dict[str, dict[str, str]] = field(default_factory=dict)  # field: plain words: as typed
    doubled_count: int = 0


@dataclass(frozen=True, slots=True)
class Meanings:
    """How the words of a file are to be read."""

    kinds: Mapping[str, str]  # plain words: kind
    sectors: Mapping[str, str]  # plain words: slug
    kind: str = ""  # of every row that says none
    sector: str = ""


def read_rows(
    rows: Sequence[Sequence[Any]], columns: Mapping[str, int], meanings: Meanings
) -> Reading:
    """The organisations of a file; what is wrong is told by row, the first twenty."""
    found = Reading()
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if len(found.problems) >= MOST_PROBLEMS:
            break
        name = cell(row, columns, "name")
        wrong = _wrong_with(row, columns, name)
        kind = _meant(found, "kind", cell(row, columns, "kind"), meanings.kinds, meanings.kind)
        sector = _meant(
            found, "sector", cell(row, columns, "sector"), meanings.sectors, meanings.sector
        )
        if plain(name) in seen:
            found.doubled_count += 1
        elif wrong:
            found.problems += wrong
        elif kind and sector:
            found.given.append(_given(place, row, columns, OrganisationKind(kind), sector))
        seen.add(plain(name))
    if any(len(words) > MOST_UNKNOWN_WORDS for words in found.unknown.values()):
        raise Refused("A column has too many different words for a kind or sector: leave it out")
    return found


def _meant(found: Reading, name: str, words: str, known: Mapping[str, str], otherwise: str) -> str:
    if not words:
        return otherwise
    meant = known.get(plain(words), "")
    if not meant:
        found.unknown.setdefault(name, {}).setdefault(plain(words), words[:MOST_CHARACTERS])
    return meant


def _wrong_with(row: Sequence[Any], columns: Mapping[str, int], name: str) -> list[str]:
    wrong = []
    if not name:
        wrong.append(problem(row, WORDS["name"], "", "is empty"))
    long = [
        one for one in ("name", "kind", "sector") if len(cell(row, columns, one)) > MOST_CHARACTERS
    ]
    wrong += [problem(row, WORDS[one], cell(row, columns, one), "is too long") for one in long]
    for alias in _aliases(row, columns):
        if len(alias) > MOST_CHARACTERS:
            wrong.append(problem(row, WORDS["aliases"], alias, "is too long"))
    postcode = cell(row, columns, "postcode").upper()
    if postcode and not POSTCODE.fullmatch(postcode):
        wrong.append(problem(row, WORDS["postcode"], postcode, "is not a postcode"))
    address = cell(row, columns, "contact_email")
    if address and address_of(address) is None:
        wrong.append(problem(row, WORDS["contact_email"], address, "is not an email address"))
    return wrong


def _given(
    place: int, row: Sequence[Any], columns: Mapping[str, int], kind: OrganisationKind, sector: str
) -> Given:
    address = cell(row, columns, "contact_email")
    return Given(
        place=place,
        name=cell(row, columns, "name"),
        kind=kind,
        sector=sector,
        aliases=_aliases(row, columns),
        postcode=cell(row, columns, "postcode").upper(),
        contact_email=(address_of(address) or "") if address else "",
    )


def _aliases(row: Sequence[Any], columns: Mapping[str, int]) -> tuple[str, ...]:
    names = cell(row, columns, "aliases").split(";")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


@dataclass(frozen=True, slots=True)
class KnownBody:
    """An organisation as we have it, with its other names."""

    id: int
    name: str
    postcode: str
    contact_email: str | None
    is_open: bool
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A known organisation, and what a file adds to what is empty of it."""

    known: KnownBody
    given: Given
    values: Mapping[str, str]
    aliases: tuple[str, ...]


@dataclass
class Comparison:
    """What a file would do, pile by pile."""

    new: list[Given] = field(default_factory=list)
    completed: list[Completion] = field(default_factory=list)
    closed: list[KnownBody] = field(default_factory=list)
    unchanged_count: int = 0


def compare(given: Iterable[Given], known: Iterable[KnownBody]) -> Comparison:
    """Sort a file's organisations by whether we know one of that name, or that other name."""
    by_any_name = by_name(known)
    found = Comparison()
    added: dict[int, set[str]] = {}  # by two rows of a file that both mean the same one
    for one in given:
        names = map(plain, (one.name, *one.aliases))
        ours = next((by_any_name[name] for name in names if name in by_any_name), None)
        if ours is None:
            found.new.append(one)
            continue
        values, aliases = _more(one, ours, added.setdefault(ours.id, set()))
        if not ours.is_open:
            found.closed.append(ours)
        elif values or aliases:
            found.completed.append(Completion(ours, one, values, aliases))
        else:
            found.unchanged_count += 1
    return found


def by_name(known: Iterable[KnownBody]) -> dict[str, KnownBody]:
    """By every name: one's own before another's other name, an open one before a closed one."""
    found: dict[str, KnownBody] = {}
    ordered = sorted(known, key=lambda one: (not one.is_open, one.id))
    for one in ordered:
        found.setdefault(plain(one.name), one)
    for one in ordered:
        for alias in one.aliases:
            found.setdefault(plain(alias), one)
    return found


def _more(given: Given, ours: KnownBody, added: set[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What a file adds; what is known already is never overwritten."""
    values = {
        name: getattr(given, name)
        for name in ("postcode", "contact_email")
        if getattr(given, name) and not getattr(ours, name) and name not in added
    }
    theirs = {plain(name) for name in (ours.name, *ours.aliases)} | added
    names = [name for name in (given.name, *given.aliases) if plain(name) not in theirs]
    added.update(values, map(plain, names))
    return values, tuple({plain(name): name for name in names}.values())

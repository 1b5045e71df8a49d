"""Who leads safeguarding at which school, from somebody's spreadsheet: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.accounts.imports.column_rules import address_of, cell, plain
from app.accounts.imports.leads_columns_rules import WIDE
from app.accounts.imports.leads_words_rules import (
    LEFT_OUT,
    NOBODY,
    looks_like_formula,
    post_key,
    same_name_key,
    split_posts,
)
from app.accounts.models import PostKind
from app.kernel.refusals import Refused
from app.kernel.typed_times import read_day

MOST_CHARACTERS = 200
MOST_UNKNOWN_WORDS = 60
MOST_IN_A_CELL = 20
MOST_OF_BOTH = 300  # characters of a name and an address
SEVERAL = re.compile(r"[/&+;]|\band\b", re.IGNORECASE)
ADDRESS_INSIDE = re.compile(r"[<(\[]?\s*(?:mailto:)?([^\s<>()\[\];,]+@[^\s<>()\[\];,]+)\s*[>)\]]?")


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody in one post at one school, as a row says."""

    place: int  # of the row in the file, from 0
    row: int  # its number as spreadsheet programs show it
    school: str
    urn: str
    name: str
    email: str
    kind: PostKind
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something in a row cannot be taken in."""

    place: int
    row: int
    words: str

    def __str__(self) -> str:
        return f"Row {self.row}: {self.words}"


@dataclass(frozen=True, slots=True)
class Line:
    """A row, and the school it is about as it says."""

    place: int
    row: int
    school: str
    urn: str


@dataclass
class Reading:
    """What a file says, and what of it cannot be used or is not clear."""

    given: list[Given] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)  # words of a post: as typed
    lines: list[Line] = field(default_factory=list)
    kinds: set[PostKind] = field(default_factory=set)  # of which the file speaks
    vacant_count: int = 0
    left_out_count: int = 0


def read_rows(
    rows: Sequence[Sequence[Any]],
    columns: Mapping[str, int],
    meanings: Mapping[str, str],
    *,
    today: date,
) -> Reading:
    """Who is in which post at which school; `meanings` says what words of posts mean."""
    found = Reading()
    for place, row in enumerate(rows):
        line = Line(place, int(row[0]), cell(row, columns, "school"), cell(row, columns, "urn"))
        if not line.school and not line.urn:
            found.problems.append(
                Problem(place, line.row, "the school is empty: each row needs its own")
            )
            continue
        if len(line.school) > MOST_CHARACTERS:
            found.problems.append(Problem(place, line.row, "the name of the school is too long"))
            continue
        found.lines.append(line)
        if "post" in columns:
            _read_person(found, line, row, columns, meanings, today)
        else:
            _read_school(found, line, row, columns)
    if len(found.unknown) > MOST_UNKNOWN_WORDS:
        raise Refused("The column of posts has too many words that are no post: choose another")
    _refuse_shared_addresses(found)
    return found


def _read_person(
    found: Reading,
    line: Line,
    row: Sequence[Any],
    columns: Mapping[str, int],
    meanings: Mapping[str, str],
    today: date,
) -> None:
    """A row that says one person's post, or posts."""
    kinds = _kinds(found, line, cell(row, columns, "post"), meanings)
    if not kinds:
        return
    found.kinds.update(kinds)
    parts = f"{cell(row, columns, 'first_name')} {cell(row, columns, 'last_name')}"
    names = _lines_of(row, columns, "name") or [parts.strip()]
    try:
        since = _since(cell(row, columns, "since"), today)
        people = _people(names, _addresses(row, columns, "email"))
    except Refused as refusal:
        found.problems.append(Problem(line.place, line.row, str(refusal)))
        return
    found.vacant_count += not people
    found.given += [
        Given(line.place, line.row, line.school, line.urn, *who, kind, since)
        for who in people
        for kind in kinds
    ]


def _kinds(found: Reading, line: Line, words: str, meanings: Mapping[str, str]) -> list[PostKind]:
    """The posts that words mean; notes what they are not, so that somebody can say."""
    if not words:
        found.problems.append(Problem(line.place, line.row, "the post is empty"))
        return []
    if len(words) > MOST_CHARACTERS:
        found.problems.append(Problem(line.place, line.row, "the post is too long"))
        return []
    whole = post_key(words)
    parts = {whole: words} if whole in meanings else split_posts(words)
    kinds = [meanings[key] for key in parts if key in meanings]
    found.unknown |= {key: text for key, text in parts.items() if key not in meanings}
    known = list(dict.fromkeys(PostKind(kind) for kind in kinds if kind != LEFT_OUT))
    if not known and len(kinds) == len(parts):
        found.left_out_count += 1
    return known


def _since(words: str, today: date) -> date | None:
    if not words:
        return None
    try:
        day = date.fromisoformat(words[:10]) if words[:4].isdecimal() else read_day(words)
    except ValueError:
        raise Refused(f"“{words[:40]}” is not a day since when, as 1 9 2025") from None
    if day > today:
        raise Refused(f"“{words[:40]}” is a day to come: take it in when the post has begun")
    return day


def _who(name: str, address: str) -> tuple[str, str] | None:
    """A name and an address in lower case; None for nobody; Refused in words."""
    name, address = _apart(name, address)
    if name and (looks_like_formula(name) or looks_like_formula(address)):
        raise Refused(f"“{name[:60]}” looks like a formula: write the words themselves")
    if not name and not address:
        return None
    if not name:
        raise Refused(f"“{address[:60]}” has no name beside it")
    if len(name) > MOST_CHARACTERS:
        raise Refused("the name of the person is too long")
    if not any(sign.isalpha() for sign in name):
        raise Refused(f"“{name[:60]}” is not a name")
    if SEVERAL.search(name):
        raise Refused(f"“{name[:60]}” looks like more than one person: write ; between them")
    email = address_of(address) if address else ""
    if email is None:
        raise Refused(f"“{address[:60]}” is not an email address ({name[:60]})")
    return name, email


def _apart(name: str, address: str) -> tuple[str, str]:
    """A name and an address, also where one cell holds both; words for nobody are empty."""
    if not address and "@" in name and (inside := ADDRESS_INSIDE.search(name[:MOST_OF_BOTH])):
        address = inside[1]
        name = " ".join(f"{name[: inside.start()]} {name[inside.end() :]}".split())
    address = address.strip(" <>[]();,").removeprefix("mailto:")
    return "" if plain(name) in NOBODY else name, "" if plain(address) in NOBODY else address


def _read_school(
    found: Reading, line: Line, row: Sequence[Any], columns: Mapping[str, int]
) -> None:
    """A row that says who holds each post at one school."""
    for field_name, words, kind, _usual in WIDE:
        if field_name not in columns:
            continue
        found.kinds.add(kind)
        try:
            addresses = _addresses(row, columns, f"{field_name}_email")
            people = _people(_lines_of(row, columns, field_name), addresses)
        except Refused as refusal:
            found.problems.append(Problem(line.place, line.row, f"{words}: {refusal}"))
            continue
        found.vacant_count += not people
        found.given += [
            Given(line.place, line.row, line.school, line.urn, *who, kind) for who in people
        ]


def _people(names: list[str], addresses: list[str]) -> list[tuple[str, str]]:
    """Names and addresses of one cell each, pair by pair; Refused where they do not pair."""
    if len(names) > MOST_IN_A_CELL:
        raise Refused(f"more than {MOST_IN_A_CELL} people in one cell")
    if len(names) != len(addresses):
        names = [one for one in names if plain(one) not in NOBODY]
        addresses = [one for one in addresses if plain(one) not in NOBODY]
    if addresses and len(names) != len(addresses):
        raise Refused(
            f"{len(names)} {'name' if len(names) == 1 else 'names'} and {len(addresses)} email "
            f"{'address' if len(addresses) == 1 else 'addresses'}: write as many of each, "
            "in the same order, with ; between them"
        )
    pairs = zip(names, addresses or [""] * len(names), strict=True)
    found = [_who(name, address) for name, address in pairs]
    return [who for who in found if who is not None]


def _lines_of(row: Sequence[Any], columns: Mapping[str, int], name: str) -> list[str]:
    """What a cell lists, each on one line; empty where it says nothing."""
    place = columns.get(name)
    if place is None or not str(row[place + 1]).strip():
        return []
    return [" ".join(one.split()) for one in re.split(r"[;\n]", str(row[place + 1]))]


def _addresses(row: Sequence[Any], columns: Mapping[str, int], name: str) -> list[str]:
    """Addresses are listed with commas as well, which names have inside."""
    listed = _lines_of(row, columns, name)
    return [part.strip() for one in listed for part in one.split(",")]


def _refuse_shared_addresses(found: Reading) -> None:
    """One address is one person's: where two names share it, nobody can say whose it is."""
    names: dict[str, dict[str, Given]] = {}
    for one in found.given:
        if one.email:
            names.setdefault(one.email, {}).setdefault(same_name_key(one.name), one)
    shared = {email: list(people.values()) for email, people in names.items() if len(people) > 1}
    for one in found.given:
        if one.email in shared:
            first, second, *_more = shared[one.email]
            words = (
                f"{one.email} stands beside {first.name} (row {first.row}) and {second.name} (row "
                f"{second.row}): leave it empty for whoever has no address of their own"
            )
            found.problems.append(Problem(one.place, one.row, words))
    found.given = [one for one in found.given if one.email not in shared]
    found.problems.sort(key=lambda one: one.place)

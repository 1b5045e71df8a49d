"""Which school of ours a row of a list means: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from itertools import chain

from app.accounts.imports.column_rules import plain
from app.accounts.imports.leads_words_rules import school_key
from app.accounts.models import OrganisationKind
from app.kernel.london import date_words
from app.kernel.refusals import Refused

MOST_NEAREST = 3
ALIKE = 0.6
MOST_LOOKED_FOR = 40  # names without a school for which others like them are looked for
MOST_OF_A_NUMBER = 12


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A school, college or setting as we have it."""

    id: int
    urn: str | None
    name: str
    sector_id: int
    kind: OrganisationKind = OrganisationKind.SCHOOL
    closed_on: date | None = None
    stands_for_it: int | None = None  # the last of those that took its place
    aliases: tuple[str, ...] = ()


@dataclass
class Schools:
    """Our schools, found by number and by name; each pair of words is looked for once."""

    known: Mapping[int, KnownSchool]
    by_urn: dict[str, KnownSchool] = field(default_factory=dict)
    by_name: dict[str, dict[int, KnownSchool]] = field(default_factory=dict)
    by_key: dict[str, dict[int, KnownSchool]] = field(default_factory=dict)
    found: dict[tuple[str, str], KnownSchool | Refused] = field(default_factory=dict)
    read_as: dict[str, KnownSchool] = field(default_factory=dict)  # where it is written otherwise
    chosen: Mapping[str, int] = field(default_factory=dict)  # what somebody said a name means
    unclear: dict[str, str] = field(default_factory=dict)  # names to be asked about, and why
    looked_for_count: int = 0

    def find(self, words: str, urn: str) -> KnownSchool:
        """The school that stands today for what a row says; Refused in words."""
        if (words, urn) not in self.found:
            try:
                self.found[words, urn] = self._find(words, urn)
            except Refused as refusal:
                self.found[words, urn] = refusal
        school = self.found[words, urn]
        if isinstance(school, Refused):
            raise school
        return school

    def _find(self, words: str, urn: str) -> KnownSchool:
        number, name = _number(urn), words
        if not number and _number(words).isdecimal() and len(_number(words)) <= MOST_OF_A_NUMBER:
            number, name = _number(words), ""
        numbered = self.by_urn.get(number)
        if numbered is None:
            if not name:
                raise Refused(f"“{number[:20]}” is not the number (URN) of a school in our list")
            return self._named(name)
        there = self._today(numbered)
        others = self._called(name) if name else {}
        if others and there.id not in {self._stands(one).id for one in others.values()}:
            other = next(iter(others.values()))
            raise Refused(f"{number} is the number (URN) of {numbered.name}, not of {other.name}")
        return there

    def _called(self, name: str) -> dict[int, KnownSchool]:
        chosen = self.known.get(self.chosen.get(plain(name), 0))
        if chosen is not None:
            return {chosen.id: chosen}
        return self.by_name.get(plain(name)) or self.by_key.get(school_key(name)) or {}

    def _named(self, name: str) -> KnownSchool:
        called = self._called(name)
        if not called:
            self.unclear[name] = f"not in our list of schools{self._nearest(name)}"
            raise Refused(f"“{name}” is {self.unclear[name]}")
        standing = {self._stands(one).id: self._stands(one) for one in called.values()}
        usable = {key: one for key, one in standing.items() if one.closed_on is None}
        if len(usable) > 1:
            numbers = " or ".join(one.urn or one.name for one in usable.values())
            self.unclear[name] = f"more than one school has this name: {numbers}"
            raise Refused(f"more than one school is called “{name}”: write its number ({numbers})")
        school = self._today(next(iter((usable or standing).values())))
        if plain(name) != plain(school.name):
            self.read_as[name] = school
        return school

    def _stands(self, school: KnownSchool) -> KnownSchool:
        return self.known.get(school.stands_for_it or school.id, school)

    def _today(self, school: KnownSchool) -> KnownSchool:
        """The school that has its place now; Refused where it closed and none has."""
        there = self._stands(school)
        if there.closed_on is not None:
            raise Refused(
                f"{there.name} closed on {date_words(there.closed_on)} and no other school in our "
                "list took its place"
            )
        return there

    def _nearest(self, name: str) -> str:
        """Schools with names like this one, in words."""
        self.looked_for_count += 1
        if self.looked_for_count > MOST_LOOKED_FOR:
            return ""
        keys = get_close_matches(school_key(name), self.by_key, n=MOST_NEAREST, cutoff=ALIKE)
        standing = [self._stands(one) for key in keys for one in self.by_key[key].values()]
        names = dict.fromkeys(one.name for one in standing if one.closed_on is None)
        return f". Nearest: {'; '.join(list(names)[:MOST_NEAREST])}" if names else ""


def schools_by_words(
    known: Iterable[KnownSchool], chosen: Mapping[str, int] | None = None
) -> Schools:
    """Our schools, to be found by their numbers and by all their names, or as somebody said."""
    found = Schools({one.id: one for one in known}, chosen=chosen or {})
    for one in found.known.values():
        if one.urn:
            found.by_urn[one.urn] = one
        for name in chain((one.name,), one.aliases):
            found.by_name.setdefault(plain(name), {})[one.id] = one
            found.by_key.setdefault(school_key(name), {})[one.id] = one
    return found


def _number(words: str) -> str:
    return words.strip().removesuffix(".0")

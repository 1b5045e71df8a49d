"""What a list of safeguarding leads would do as things stand: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from app.accounts.imports.column_rules import plain
from app.accounts.imports.leads_rules import Given, Problem, Reading
from app.accounts.imports.leads_schools_rules import KnownSchool, Schools
from app.accounts.imports.leads_words_rules import POST_NAMES, same_name_key
from app.accounts.models import PostKind
from app.kernel.refusals import Refused

Who = int | str  # the id of somebody known, or what tells somebody new apart


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody as we have them."""

    id: int
    name: str
    email: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A post that somebody holds now."""

    post_id: int
    person: KnownPerson
    school_id: int
    kind: PostKind


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be added; `who` is new where it is no id."""

    place: int
    row: int
    who: Who
    name: str
    email: str
    school: KnownSchool
    kind: PostKind
    since: date | None


@dataclass
class Plan:
    """What a list would do, pile by pile; numbers of rows where a step needs to count its own."""

    new_posts: list[NewPost] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)  # places of rows
    doubled: list[int] = field(default_factory=list)
    ending: list[Held] = field(default_factory=list)
    completed: dict[int, str] = field(default_factory=dict)  # a known person's id: the address
    named: dict[int, str] = field(default_factory=dict)  # a known person's id: the missing name
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)  # what is taken in, and how
    schools: dict[int, KnownSchool] = field(default_factory=dict)  # in the file
    unsure: set[int] = field(default_factory=set)  # schools with a row that cannot be taken in

    @property
    def new_people(self) -> dict[str, NewPost]:
        """Whoever is new, by what tells them apart, with their first post."""
        found: dict[str, NewPost] = {}
        for one in self.new_posts:
            if isinstance(one.who, str):
                found.setdefault(one.who, one)
        return found


@dataclass
class Known:
    """People and posts as they stand."""

    by_email: Mapping[str, KnownPerson]
    held: Sequence[Held]
    by_name: dict[tuple[int, str], list[Held]] = field(init=False)  # by school and name

    def __post_init__(self) -> None:
        """Sort the posts by school and by name, without those of whoever was deactivated."""
        self.by_name = {}
        for one in self.held:
            if not one.person.is_active:
                continue
            which = (one.school_id, same_name_key(one.person.name))
            self.by_name.setdefault(which, []).append(one)

    def called_so(self, school_id: int, name: str) -> dict[int, KnownPerson]:
        """Who of that name holds a post at a school, by id."""
        held = self.by_name.get((school_id, same_name_key(name)), [])
        return {one.person.id: one.person for one in held}


def plan(reading: Reading, schools: Schools, known: Known, *, ends_others: bool = False) -> Plan:
    """What a list would do; those it does not name leave only if `ends_others`."""
    return _Planning(reading, schools, known, ends_others).plan()


def find_schools(reading: Reading, schools: Schools) -> None:
    """Look for the school of every row, so that those which are not clear are known."""
    for line in reading.lines:
        with suppress(Refused):
            schools.find(line.school, line.urn)


class _Planning:
    """One list on its way to a plan."""

    def __init__(self, reading: Reading, schools: Schools, known: Known, ends_others: bool) -> None:
        self.reading, self.schools, self.known = reading, schools, known
        self.ends_others = ends_others
        self.found = Plan(problems=list(reading.problems))
        self.addressed: dict[tuple[int, str], set[Who]] = {}  # by school and name
        self.completed: dict[str, int] = {}  # by address
        self.wanted: set[tuple[Who, int, PostKind]] = set()
        self.named_elsewhere: set[str] = set()  # in rows whose school is not clear

    def plan(self) -> Plan:
        """What the list would do."""
        here = [(one, school) for one in self.reading.given if (school := self._school(one))]
        for one, school in here:
            self._complete(one, school)
        people: dict[int, Who] = {}
        # Those with an address come first: a row without one may mean one of them.
        for number in sorted(range(len(here)), key=lambda number: not here[number][0].email):
            one, school = here[number]
            try:
                people[number] = self._who(one, school)
            except Refused as refusal:
                self._problem(one, str(refusal))
        rows = [(*here[number], people[number]) for number in sorted(people)]
        self._take(rows)
        self._note_schools()
        if self.ends_others:
            self._end_others()
        found = self.found
        found.problems = sorted(dict.fromkeys(found.problems), key=lambda one: one.place)
        found.notes = sorted(dict.fromkeys(found.notes), key=lambda one: one.place)
        return found

    def _problem(self, one: Given, words: str) -> None:
        self.found.problems.append(Problem(one.place, one.row, words))

    def _note(self, one: Given, words: str) -> None:
        self.found.notes.append(Problem(one.place, one.row, words))

    def _school(self, one: Given) -> KnownSchool | None:
        try:
            return self.schools.find(one.school, one.urn)
        except Refused as refusal:
            self._problem(one, str(refusal))
            self.named_elsewhere |= {one.email, same_name_key(one.name)} - {""}
            return None

    def _complete(self, one: Given, school: KnownSchool) -> None:
        """Somebody who is here by name alone, and holds a post there, has an address now."""
        if not one.email or one.email in self.known.by_email or one.email in self.completed:
            return
        called = list(self.known.called_so(school.id, one.name).values())
        if len(called) == 1 and not called[0].email and called[0].id not in self.found.completed:
            self.completed[one.email] = called[0].id
            self.found.completed[called[0].id] = one.email

    def _who(self, one: Given, school: KnownSchool) -> Who:
        """Whom a row means; Refused where that cannot be said."""
        if not one.email:
            return self._without_address(one, school)
        person = self.known.by_email.get(one.email)
        if person is None:
            who = self.completed.get(one.email, one.email)
            if who == one.email:
                self._note_another_address(one, school)
        elif not person.is_active:
            raise Refused(f"{person.name or one.email} was deactivated here: nothing is changed")
        else:
            who = person.id
            self._compare_names(one, person)
        self.addressed.setdefault((school.id, same_name_key(one.name)), set()).add(who)
        return who

    def _compare_names(self, one: Given, person: KnownPerson) -> None:
        if not person.name:
            self.found.named.setdefault(person.id, one.name)
        elif plain(person.name) != plain(one.name):
            self._note(one, f"{one.name} is called {person.name} here: that name stays")

    def _note_another_address(self, one: Given, school: KnownSchool) -> None:
        for person in self.known.called_so(school.id, one.name).values():
            known_by = f"with the address {person.email}" if person.email else "without an address"
            self._note(
                one,
                f"{one.name} holds a post at {school.name} already, {known_by}: this adds a second "
                "person. If both are one, merge them afterwards",
            )

    def _without_address(self, one: Given, school: KnownSchool) -> Who:
        """Somebody of that name at that school is meant; else somebody new."""
        name = same_name_key(one.name)
        held = self.known.by_name.get((school.id, name), [])
        same: set[Who] = {post.person.id for post in held if post.kind is one.kind}
        there: set[Who] = {post.person.id for post in held}
        candidates = same or self.addressed.get((school.id, name)) or there
        if len(candidates) > 1:
            raise Refused(
                f"there is more than one {one.name} at {school.name}: add the email address"
            )
        return next(iter(candidates), f"{name}\n{school.id}")

    def _take(self, rows: list[tuple[Given, KnownSchool, Who]]) -> None:
        """Sort posts by whether they are held already; of lead and deputy the lead counts."""
        held = {(post.person.id, post.school_id, post.kind) for post in self.known.held}
        asked = {(who, school.id, one.kind) for one, school, who in rows}
        for one, school, who in rows:
            post = (who, school.id, one.kind)
            if post in self.wanted:
                self.found.doubled.append(one.place)
                continue
            self.wanted.add(post)
            higher = (who, school.id, PostKind.DSL)
            stays_higher = higher in held and not self._may_end(PostKind.DSL)
            if one.kind is PostKind.DEPUTY_DSL and (higher in asked or stays_higher):
                self._note(one, f"{one.name} is DSL and deputy at {school.name}: DSL counts")
            elif post in held:
                self.found.unchanged.append(one.place)
            else:
                facts = (one.place, one.row, who, one.name, one.email, school, one.kind, one.since)
                self.found.new_posts.append(NewPost(*facts))

    def _note_schools(self) -> None:
        """Which schools the file is about, and of which of them a row cannot be taken in."""
        bad = {one.place for one in self.found.problems}
        for line in self.reading.lines:
            try:
                school = self.schools.find(line.school, line.urn)
            except Refused:
                continue
            self.found.schools[school.id] = school
            if line.place in bad:
                self.found.unsure.add(school.id)
        noted: set[str] = set()
        for line in self.reading.lines:
            school_read = self.schools.read_as.get(line.school)
            if school_read is not None and line.school not in noted:
                noted.add(line.school)
                words = f"“{line.school}” is taken for {school_read.name}"
                self.found.notes.append(Problem(line.place, line.row, words))

    def _may_end(self, kind: PostKind) -> bool:
        return self.ends_others and kind in self.reading.kinds

    def _end_others(self) -> None:
        """Posts of a kind that the file speaks of, at schools whose rows are all taken in."""
        for post in self.known.held:
            if post.school_id not in self.found.schools or post.school_id in self.found.unsure:
                continue
            person = post.person
            is_named = (person.id, post.school_id, post.kind) in self.wanted
            may_be_named = {person.email, same_name_key(person.name)} & self.named_elsewhere
            if self._may_end(post.kind) and not (is_named or may_be_named):
                self.found.ending.append(post)


def ending_words(post: Held, schools: Mapping[int, KnownSchool]) -> str:
    """Who leaves which post where."""
    return f"{post.person.name}, {POST_NAMES[post.kind]}, {schools[post.school_id].name}"

"""Invented people at real and invented bodies, and one person for each role."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import (
    Capacity,
    Organisation,
    OrganisationAlias,
    OrganisationKind,
    Person,
    Post,
    PostKind,
    RoleGrant,
)
from app.demo.making.rows import Chance, add_all, add_all_for_ids, read
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import add_months, london_date
from app.partnership.models import Sector

LEADS_OF_A_SCHOOL = (PostKind.DSL, PostKind.DEPUTY_DSL, PostKind.DEPUTY_DSL)
EVERY_NTH_IS_A_GOVERNOR = 6
WITHOUT_ADDRESS = 2


@dataclass(frozen=True)
class Body:
    """An organisation of the example."""

    id: int
    name: str
    kind: OrganisationKind
    sector: str
    phase: str = ""


@dataclass
class Somebody:
    """A person of the example, as bookings and answers need them."""

    id: int
    reference: str
    name: str
    sector: str
    sector_id: int
    body: Body
    capacity: Capacity
    is_lead: bool = False
    has_address: bool = True


@dataclass
class People:
    """Everybody in the example, and how often each has been drawn."""

    everybody: list[Somebody]
    personas: dict[str, Somebody]
    chance: Chance
    drawn: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    groups: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def draw(
        self,
        count: int,
        *,
        pool: str = "everybody",
        distinct: str | None = None,
        without: Iterable[Somebody] = (),
    ) -> list[Somebody]:
        """So many people of a pool, mostly those drawn least; of a distinct group, never twice."""
        barred = {person.id for person in without}
        if distinct:
            barred |= self.groups[distinct]
        candidates = [
            person
            for person in self.everybody
            if person.id not in barred and _is_in(pool, person) and person.has_address
        ]
        if len(candidates) < count:
            raise ValueError(f"{count} people of {pool} are wanted, there are {len(candidates)}")
        # Turns are counted by pool, or those with training of their own would hardly meet others.
        turns = self.drawn[pool]
        candidates.sort(key=lambda person: turns[person.id] + 1.4 * self.chance.random())
        chosen = candidates[:count]
        self.chance.shuffle(chosen)
        turns.update(person.id for person in chosen)
        if distinct:
            self.groups[distinct].update(person.id for person in chosen)
        return chosen

    def colleagues_of(self, person: Somebody) -> list[Somebody]:
        """Two who work at the same place: one with an address, and one without."""
        others = [
            other
            for other in self.everybody
            if other.body == person.body and other.capacity is Capacity.EMPLOYEE
        ]
        with_address = next(other for other in others if other.has_address)
        without = next(other for other in others if not other.has_address)
        return [with_address, without]


def _is_in(pool: str, person: Somebody) -> bool:
    if pool == "schools":
        return person.sector == "education" and person.capacity is Capacity.EMPLOYEE
    if pool == "dsls":
        return person.is_lead
    if pool == "peers":
        return person.is_lead and person.body.phase in {"Secondary", "16 plus"}
    if pool == "governors":
        return person.capacity is Capacity.GOVERNOR
    if pool == "babies":
        return person.sector in {
            "early-years", "health", "children-and-young-people-services",
            "voluntary-and-community", "public-health", "housing",
        }  # fmt: skip
    if pool == "clubs":
        return person.sector == "voluntary-and-community"
    return person.capacity is not Capacity.GOVERNOR


def make_people(chance: Chance, *, now: datetime) -> People:
    """Organisations, people, posts and roles."""
    sector_ids = dict(db.session.execute(select(Sector.slug, Sector.id)).all())
    bodies = _make_bodies(chance, sector_ids)
    facts = read("people")
    names = _names(chance, facts)
    rows: list[dict[str, Any]] = []
    made: list[Somebody] = []
    for one in facts["personas"]:
        body = next(body for body in bodies if body.name == one["organisation"])
        capacity = Capacity(one["capacity"])
        made.append(_somebody(chance, one["name"], one["sector"], sector_ids, body, capacity))
        rows.append(_row(made[-1], f"{one['key']}@example.org", one.get("job"), now))
    personas = {one["key"]: person for one, person in zip(facts["personas"], made, strict=True)}
    for sector in facts["sectors"]:
        for number in range(sector["count"]):
            person = _ordinary(chance, next(names), sector["slug"], number, sector_ids, bodies)
            made.append(person)
            job = chance.choice(sector["jobs"])
            rows.append(_row(person, None, job, now))
    _take_addresses_away(made, rows, personas["office"].body)
    for person, id_ in zip(made, add_all_for_ids(Person, rows, "reference"), strict=True):
        person.id = id_
    _give_posts_and_roles(facts, made, personas, now=now)
    ordinary = [person for person in made if person not in personas.values()]
    return People(ordinary, personas, chance)


def _make_bodies(chance: Chance, sector_ids: dict[str, int]) -> list[Body]:
    facts = read("organisations")
    wanted = [(group, name) for group in facts["groups"] for name in group["names"]]
    rows = [
        {
            "reference": chance.reference(),
            "name": name,
            "kind": OrganisationKind(group["kind"]),
            "sector_id": sector_ids[group["sector"]],
            "phase": group.get("phase"),
            "establishment_type": facts["types"].get(name, group.get("type")),
        }
        for group, name in wanted
    ]
    ids = add_all_for_ids(Organisation, rows, "reference")
    bodies = [
        Body(id_, name, OrganisationKind(group["kind"]), group["sector"], group.get("phase", ""))
        for id_, (group, name) in zip(ids, wanted, strict=True)
    ]
    by_name = {body.name: body.id for body in bodies}
    aliases = [
        {"organisation_id": by_name[alias["organisation"]], "name": alias["name"]}
        for alias in facts["aliases"]
    ]
    add_all(OrganisationAlias, aliases)
    add_all(Organisation, [_former(one, by_name, sector_ids) for one in facts["former"]])
    return bodies


def _former(
    facts: dict[str, Any], by_name: dict[str, int], sector_ids: dict[str, int]
) -> dict[str, Any]:
    """A body that closed, with the one that took its place."""
    return {
        "reference": facts["reference"],
        "name": facts["name"],
        "kind": OrganisationKind(facts["kind"]),
        "sector_id": sector_ids[facts["sector"]],
        "closed_on": facts["closed_on"],
        "successor_id": by_name[facts["successor"]],
    }


def _names(chance: Chance, facts: dict[str, Any]) -> Any:
    """Names, never the same twice, in an order of the dice."""
    surnames = [a + b for a in facts["surname_beginnings"] for b in facts["surname_endings"]]
    personas = {one["name"] for one in facts["personas"]}
    names = [
        f"{first} {last}"
        for first in facts["first_names"]
        for last in surnames
        if f"{first} {last}" not in personas
    ]
    return iter(chance.sample(names, sum(sector["count"] for sector in facts["sectors"])))


def _ordinary(
    chance: Chance,
    name: str,
    sector: str,
    number: int,
    sector_ids: dict[str, int],
    bodies: list[Body],
) -> Somebody:
    own = [body for body in bodies if body.sector == sector]
    body = own[number % len(own)]
    capacity = Capacity.EMPLOYEE
    round_number = number // len(own)
    is_lead = sector == "education" and round_number < len(LEADS_OF_A_SCHOOL)
    turn = (number + round_number) % EVERY_NTH_IS_A_GOVERNOR
    if sector == "education" and not is_lead and turn == 0:
        capacity = Capacity.GOVERNOR
    if body.kind in {OrganisationKind.SPORTS_CLUB, OrganisationKind.FAITH}:
        capacity = Capacity.VOLUNTEER
    person = _somebody(chance, name, sector, sector_ids, body, capacity)
    person.is_lead = is_lead
    return person


def _somebody(
    chance: Chance,
    name: str,
    sector: str,
    sector_ids: dict[str, int],
    body: Body,
    capacity: Capacity,
) -> Somebody:
    return Somebody(0, chance.reference(), name, sector, sector_ids[sector], body, capacity)


def _row(person: Somebody, email: str | None, job: str | None, now: datetime) -> dict[str, Any]:
    is_employed = person.capacity is Capacity.EMPLOYEE
    return {
        "reference": person.reference,
        "name": person.name,
        "email": email or f"{person.name.lower().replace(' ', '.')}@example.org",
        "capacity": person.capacity,
        "job_title": job if is_employed else None,
        "organisation_id": person.body.id,
        "sector_id": person.sector_id,
        "created_at": now,
        "profile_completed_at": now,
    }


def _take_addresses_away(people: list[Somebody], rows: list[dict[str, Any]], body: Body) -> None:
    """A few at one school are reached through whoever books for them."""
    pairs = [
        (person, row)
        for person, row in zip(people, rows, strict=True)
        if person.body == body and person.capacity is Capacity.EMPLOYEE and not person.is_lead
    ]
    for person, row in pairs[-WITHOUT_ADDRESS:]:
        person.has_address, row["email"] = False, None


def _give_posts_and_roles(
    facts: dict[str, Any],
    everybody: list[Somebody],
    personas: dict[str, Somebody],
    *,
    now: datetime,
) -> None:
    since = add_months(london_date(now), -30)
    seen: Counter[int] = Counter()
    posts = []
    for one in facts["personas"]:
        person = personas[one["key"]]
        if one.get("post"):
            person.is_lead = True
            posts.append(_post(person, PostKind(one["post"]), since))
            seen[person.body.id] += 1
    for person in everybody:
        if person.is_lead and person not in personas.values():
            place = min(seen[person.body.id], len(LEADS_OF_A_SCHOOL) - 1)
            posts.append(_post(person, LEADS_OF_A_SCHOOL[place], since))
            seen[person.body.id] += 1
    add_all(Post, posts)
    grants = [
        {"person_id": personas[one["key"]].id, "role": Role(one["role"]), "granted_at": now}
        for one in facts["personas"]
        if one.get("role")
    ]
    add_all(RoleGrant, grants)


def _post(person: Somebody, kind: PostKind, since: date) -> dict[str, Any]:
    return {
        "person_id": person.id,
        "organisation_id": person.body.id,
        "kind": kind,
        "from_on": since,
    }

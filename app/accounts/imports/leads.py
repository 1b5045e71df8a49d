"""Who is safeguarding lead, deputy, head and governor at each school, from a spreadsheet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.accounts.imports import leads_plan_rules, leads_rules, staging, undoing
from app.accounts.imports.leads_plan_rules import Held, Known, KnownPerson, NewPost, Plan
from app.accounts.imports.leads_schools_rules import KnownSchool, Schools, schools_by_words
from app.accounts.imports.leads_words_rules import USUAL_POSTS
from app.accounts.imports.models import FileImport, ImportOf
from app.accounts.models import (
    Organisation,
    OrganisationAlias,
    OrganisationKind,
    Person,
    Post,
)
from app.accounts.succession import final_successor_ids
from app.kernel.db import db, insert_and_return
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.kernel.tokens import new_reference

KINDS = (OrganisationKind.SCHOOL, OrganisationKind.COLLEGE, OrganisationKind.EARLY_YEARS)
STEP_ROWS = 5_000  # each step reads the file from its beginning
ADDRESSES_AT_ONCE = 10_000
PERSON = (Person.id, Person.name, Person.email, Person.deactivated_at.is_(None).label("is_active"))


def schools_for(choices: Mapping[str, Any]) -> Schools:
    """Every school, college and setting by its number and names, and which one stands for it."""
    said = {**staging.remembered(ImportOf.LEADS, "school"), **choices.get("schools", {})}
    where = Organisation.kind.in_(KINDS) & Organisation.proposed_at.is_(None)
    after = final_successor_ids()
    aliases: dict[int, list[str]] = {}
    for alias in db.session.execute(
        select(OrganisationAlias.organisation_id, OrganisationAlias.name)
        .join(Organisation, Organisation.id == OrganisationAlias.organisation_id)
        .where(where)
    ):
        aliases.setdefault(alias.organisation_id, []).append(alias.name)
    found = db.session.execute(
        select(
            Organisation.id,
            Organisation.urn,
            Organisation.name,
            Organisation.sector_id,
            Organisation.kind,
            Organisation.closed_on,
        )
        .where(where)
        .order_by(Organisation.id)
    )
    return schools_by_words(
        (KnownSchool(*row, after.get(row.id), tuple(aliases.get(row.id, ()))) for row in found),
        {name: int(school) for name, school in said.items()},
    )


def known_for(addresses: Collection[str]) -> Known:
    """People by these addresses, and every post that is held now."""
    by_email: dict[str, KnownPerson] = {}
    listed = sorted(addresses)
    for start in range(0, len(listed), ADDRESSES_AT_ONCE):
        some = listed[start : start + ADDRESSES_AT_ONCE]
        for row in db.session.execute(select(*PERSON).where(Person.email.in_(some))):
            by_email[row.email] = KnownPerson(*row)
    return Known(by_email, _held())


def _held() -> list[Held]:
    rows = db.session.execute(
        select(Post.id.label("post_id"), Post.organisation_id, Post.kind, *PERSON)
        .join(Person, Person.id == Post.person_id)
        .where(Post.until_on.is_(None))
        .order_by(Post.id)
    )
    return [
        Held(
            row.post_id,
            KnownPerson(row.id, row.name, row.email, row.is_active),
            row.organisation_id,
            row.kind,
        )
        for row in rows
    ]


def read_again(
    content: Mapping[str, Any], choices: Mapping[str, Any], *, today: date
) -> leads_rules.Reading:
    """What the file says under the choices made."""
    meanings = {
        **USUAL_POSTS,
        **staging.remembered(ImportOf.LEADS, "post"),
        **choices.get("posts", {}),
    }
    return leads_rules.read_rows(content["rows"], choices["columns"], meanings, today=today)


def plan_now(reading: leads_rules.Reading, choices: Mapping[str, Any]) -> Plan:
    """What the file would do as things stand."""
    known = known_for({one.email for one in reading.given if one.email})
    ends_others = bool(choices.get("ends_others"))
    return leads_plan_rules.plan(reading, schools_for(choices), known, ends_others=ends_others)


def take_in(
    file: FileImport, content: Mapping[str, Any], first: int, last: int, now: datetime
) -> dict[str, int]:
    """Add the posts of some rows, and with the last ones end others; how many of each."""
    choices, today = staging.choices_of(file), london_date(now)
    reading = read_again(content, choices, today=today)
    if reading.unknown:
        raise Refused("Some words of this file are not clear any more: look at it again")
    found = plan_now(reading, choices)
    here = range(first, last)
    posts = [one for one in found.new_posts if one.place in here]
    _complete(file, found)
    people_count = _add(file, posts, today, now)
    ended = found.ending if last == file.rows_total else []
    _end(file, ended, today)
    db.session.flush()
    return {
        "new people": people_count,
        "posts added": len(posts),
        "posts ended": len(ended),
        "unchanged": sum(place in here for place in found.unchanged),
        "rows left out": len({one.place for one in found.problems if one.place in here}),
    }


def _complete(file: FileImport, found: Plan) -> None:
    """Addresses and names that were missing; what is known of somebody is never overwritten."""
    missing: list[tuple[int, str, str]] = [
        *((person_id, "email", email) for person_id, email in found.completed.items()),
        *((person_id, "name", name) for person_id, name in found.named.items()),
    ]
    for person_id, column, value in missing:
        person = db.session.get_one(Person, person_id)
        was = {column: getattr(person, column)}
        setattr(person, column, value)
        undoing.note_changed(file.id, "person", person.id, was=was, became={column: value})
    db.session.flush()


def _add(file: FileImport, posts: Sequence[NewPost], today: date, now: datetime) -> int:
    """Posts, and people where they are new; how many people."""
    people = _people(posts, now)
    undoing.note_made(file.id, "person", people.values())
    made = insert_and_return(
        [
            Post(
                person_id=one.who if isinstance(one.who, int) else people[one.who],
                organisation_id=one.school.id,
                kind=one.kind,
                from_on=one.since or today,
            )
            for one in posts
        ]
    )
    undoing.note_made(file.id, "post", [post.id for post in made])
    return len(people)


def _people(posts: Sequence[NewPost], now: datetime) -> dict[str, int]:
    """The new people of some posts, by what tells them apart."""
    new: dict[str, NewPost] = {}
    for one in posts:
        if isinstance(one.who, str):
            new.setdefault(one.who, one)
    by_reference = {new_reference(): which for which in new}
    made = insert_and_return(
        [
            Person(
                reference=reference,
                name=new[which].name,
                email=new[which].email or None,
                organisation_id=new[which].school.id,
                sector_id=new[which].school.sector_id,
                created_at=now,
            )
            for reference, which in by_reference.items()
        ]
    )
    return {by_reference[person.reference]: person.id for person in made}


def _end(file: FileImport, ending: Sequence[Held], today: date) -> None:
    """Note the last day of posts that the file does not name."""
    ids = [one.post_id for one in ending]
    for start in range(0, len(ids), ADDRESSES_AT_ONCE):
        for post in db.session.scalars(
            select(Post).where(Post.id.in_(ids[start : start + ADDRESSES_AT_ONCE]))
        ):
            post.until_on = max(today, post.from_on)
            became = {"until_on": post.until_on}
            undoing.note_changed(file.id, "post", post.id, was={"until_on": None}, became=became)


def schools_not_named(found: Plan, schools: Schools) -> list[str]:
    """Our schools and colleges that a file does not name, by name: it may have forgotten them."""
    return sorted(
        one.name
        for one in schools.known.values()
        if one.kind is not OrganisationKind.EARLY_YEARS
        and one.closed_on is None
        and one.id not in found.schools
    )

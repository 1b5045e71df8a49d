"""People named by somebody else: written on a register, or booked by whoever answers the phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, inspect, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstanceState, joinedload, lazyload

from app.accounts.models import Organisation, OrganisationAlias, Person
from app.kernel.db import db, insert_together
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference


@dataclass(frozen=True)
class NamedPerson:
    """What somebody wrote down about a person; the address in lower case."""

    name: str
    email: str
    organisation_name: str = ""


def id_of(person: Person) -> int:
    """The person's id, also when the transaction forgot the rest; that would be a statement."""
    state: InstanceState[Person] = inspect(person)
    return int(state.identity[0]) if state.identity else person.id


def read_again(person: Person) -> Person:
    """The person and their organisation as this transaction sees them, in one statement.

    A transaction forgets what was read before it began; read bit by bit it would take four.
    """
    state: InstanceState[Person] = inspect(person)
    if state.identity is None or not state.expired:
        return person
    return db.session.get_one(
        Person,
        state.identity,
        options=[joinedload(Person.organisation), lazyload(Person.role_grants)],
        populate_existing=True,
    )


def find_or_add_people(named: Sequence[NamedPerson], *, now: datetime) -> list[Person]:
    """The people with these addresses, added without a profile where there are none; in order.

    Few statements, however many people. What is known of somebody is not overwritten.
    """
    if not named:
        return []
    known = _by_address(named)
    missing = {one.email: one for one in named if one.email not in known}
    if missing:
        known |= _added(list(missing.values()), now)
    for one in named:
        person = known[one.email]
        person.name = person.name or one.name
    return [known[one.email] for one in named]


def _added(missing: Sequence[NamedPerson], now: datetime) -> dict[str, Person]:
    organisations = _organisations(missing)
    people = [_new(one, organisations, now) for one in missing]
    try:
        with db.session.begin_nested():
            if len(people) > 1:
                insert_together(people)
            else:
                people[0].organisation = organisations.get(missing[0].organisation_name.lower())
                db.session.add_all(people)
    except IntegrityError as error:  # somebody else adds one of them at this moment
        raise Refused("Somebody else was adding the same person: save again") from error
    return _by_address(missing) if len(people) > 1 else {missing[0].email: people[0]}


def _by_address(named: Sequence[NamedPerson]) -> dict[str, Person]:
    found = db.session.scalars(
        select(Person)
        .where(Person.email.in_({one.email for one in named}))
        .options(joinedload(Person.organisation), lazyload(Person.role_grants))
    )
    return {person.email: person for person in found if person.email}


def _organisations(named: Sequence[NamedPerson]) -> dict[str, Organisation]:
    """Open organisations by the names written down; a former name stands for the present one."""
    names = {one.organisation_name.lower() for one in named if one.organisation_name}
    if not names:
        return {}
    other = func.lower(OrganisationAlias.name)
    found = db.session.execute(
        select(Organisation, other)
        .outerjoin(
            OrganisationAlias,
            and_(OrganisationAlias.organisation_id == Organisation.id, other.in_(names)),
        )
        .where(
            or_(func.lower(Organisation.name).in_(names), OrganisationAlias.id.is_not(None)),
            Organisation.closed_on.is_(None),
        )
    ).all()
    by_other_name = {name: organisation for organisation, name in found if name}
    return by_other_name | {organisation.name.lower(): organisation for organisation, _ in found}


def _new(one: NamedPerson, organisations: dict[str, Organisation], now: datetime) -> Person:
    organisation = organisations.get(one.organisation_name.lower())
    return Person(
        reference=new_reference(),
        name=one.name,
        email=one.email,
        organisation_id=organisation.id if organisation else None,
        sector_id=organisation.sector_id if organisation else None,
        created_at=now,
    )

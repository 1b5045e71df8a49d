"""People who ring, as whoever answers the telephone notes them; some have no address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, lazyload

from app.accounts.models import Capacity, Organisation, Person
from app.accounts.people import id_of
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import Sector


@dataclass(frozen=True)
class Caller:
    """What somebody says of themselves: the address in lower case, None if they have none.

    The organisation by its reference, or else the sector by its slug.
    """

    name: str
    email: str | None
    organisation: str = ""
    sector: str = ""
    capacity: Capacity | None = None


_PERSON = select(Person).options(
    joinedload(Person.organisation).joinedload(Organisation.sector),
    joinedload(Person.sector),
    lazyload(Person.role_grants),
)


def person_with_address(email: str | None) -> Person | None:
    """Who has this address, with their organisation and sector; nobody has none."""
    return db.session.scalar(_PERSON.where(Person.email == email)) if email else None


def caller_and_answerer(caller: Caller, answerer: Person) -> tuple[Person | None, Person]:
    """Who rings, if we know them, and who answers, as this transaction sees them."""
    is_either = Person.id == id_of(answerer)
    if caller.email:
        is_either = or_(is_either, Person.email == caller.email)
    found = db.session.scalars(
        _PERSON.where(is_either), execution_options={"populate_existing": True}
    )
    people = {person.email: person for person in found}
    return people.get(caller.email) if caller.email else None, answerer


def person_of(caller: Caller, known: Person | None, *, now: datetime) -> Person:
    """The person as they would be in our list; what is known of them stays. Not written yet."""
    person = known or Person(reference=new_reference(), name="", email=caller.email, created_at=now)
    person.name = person.name or caller.name
    person.capacity = person.capacity or caller.capacity
    if person.organisation_id is None and person.sector_id is None:
        body, sector = _place(caller)
        person.organisation, person.organisation_id = body, body.id if body else None
        person.sector, person.sector_id = sector, sector.id if sector else None
    return person


def write(person: Person) -> None:
    """Write somebody who is new."""
    try:
        with db.session.begin_nested():
            db.session.add(person)
    except IntegrityError as error:  # somebody else adds them at this moment
        raise Refused("Somebody else was adding the same person: save again") from error


def _place(caller: Caller) -> tuple[Organisation | None, Sector | None]:
    """Where they work: an organisation of our list with its sector, or a sector alone."""
    if caller.organisation:
        body = db.session.scalar(
            select(Organisation)
            .where(Organisation.reference == caller.organisation)
            .where(Organisation.closed_on.is_(None), Organisation.proposed_at.is_(None))
            .options(joinedload(Organisation.sector))
        )
        if body is None:
            raise Refused("This organisation is no longer in our list: go back and choose another")
        return body, body.sector
    if caller.sector:
        return None, db.session.scalar(select(Sector).where(Sector.slug == caller.sector))
    return None, None

"""What staff correct about somebody: details, the address, and whether the account is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.accounts import emails, operations, rules
from app.accounts.models import Capacity, Organisation, Person
from app.accounts.people import id_of
from app.audit import operations as audit
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.errors import Refused
from app.partnership.models import Sector


@dataclass(frozen=True)
class Details:
    """What somebody is called and in which capacity they learn."""

    name: str
    capacity: Capacity | None
    job_title: str = ""


def correct_details(person: Person, details: Details, *, actor: Person, now: datetime) -> None:
    """Correct name, capacity and job; what was booked keeps what was true that day."""
    person = _lock(person)
    job = details.job_title if rules.is_asked_for_job(details.capacity) else ""
    wanted = {"name": details.name, "capacity": details.capacity, "job_title": job or None}
    changed = [part for part, value in wanted.items() if getattr(person, part) != value]
    for part in changed:
        setattr(person, part, wanted[part])
    _note(person, changed, actor, now)


def correct_place(
    person: Person,
    organisation: Organisation | None,
    sector: Sector,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Correct where somebody works or volunteers, or the sector of somebody with no body."""
    person = _lock(person)
    sector_id = organisation.sector_id if organisation else sector.id
    organisation_id = organisation.id if organisation else None
    wanted = {"organisation_id": organisation_id, "sector_id": sector_id}
    changed = [part for part, value in wanted.items() if getattr(person, part) != value]
    for part in changed:
        setattr(person, part, wanted[part])
    _note(person, [part.removesuffix("_id") for part in changed], actor, now)


def correct_address(
    person: Person, email: str, *, actor: Person, now: datetime, now_real: datetime
) -> str | None:
    """Write to somebody at another address, tell both; signed out everywhere; the former one."""
    person = _lock(person)
    check_may_touch(person, actor)
    old = person.email
    if email == old:
        raise Refused("This is the address we have already")
    same = db.session.scalars(select(Person).where(Person.email == email)).one_or_none()
    if same is not None:
        name = same.name or "somebody without a name"
        raise Refused(f"This is the address of {name}. If they are one person, merge the two")
    operations.end_all_sessions(person, actor=actor.reference, now=now, now_real=now_real)
    if old:
        operations.forget_codes(old)
    person.email = email
    db.session.flush()
    emails.queue_address_changed(person, old, now=now)
    _note(person, ["address"], actor, now)
    return old


def deactivate(
    person: Person, *, reason: str, actor: Person, now: datetime, now_real: datetime
) -> None:
    """Nobody signs in as this person until they are activated again; what they booked stays."""
    person = _lock(person)
    check_may_touch(person, actor)
    if person.id == id_of(actor):
        raise Refused("You cannot deactivate yourself")
    if person.deactivated_at is not None:
        raise Refused("This person is deactivated already")
    if Role.ADMINISTRATOR in person.roles:
        raise Refused("Take the role of administrator away first")
    person.deactivated_at = now
    operations.end_all_sessions(person, actor=actor.reference, now=now, now_real=now_real)
    reference = person.reference
    audit.record(actor.reference, "deactivated", "person", reference, now=now, reason=reason)


def activate(
    person: Person, *, reason: str, actor: Person, now: datetime, now_real: datetime
) -> None:
    """They can sign in again; nobody has meanwhile."""
    person = _lock(person)
    check_may_touch(person, actor)
    if person.deactivated_at is None:
        raise Refused("This person is active already")
    person.deactivated_at = None
    operations.end_all_sessions(person, actor=actor.reference, now=now, now_real=now_real)
    reference = person.reference
    audit.record(actor.reference, "activated", "person", reference, now=now, reason=reason)


def check_may_touch(person: Person, actor: Person) -> None:
    """Refused for the account of staff, by which more could be seen than one's own role shows."""
    if person.roles and Role.ADMINISTRATOR not in actor.roles:
        raise Refused("This person has a staff role. Only an administrator can change this")


def is_empty(person: Person) -> bool:
    """Whether nothing is left of them: erased, or merged into somebody."""
    return person.deactivated_at is not None and not person.name and person.email is None


def _lock(person: Person) -> Person:
    db.session.refresh(person, with_for_update={"of": Person})
    if is_empty(person):
        raise Refused("This person was merged or erased. Nothing is left to correct")
    return person


def _note(person: Person, changed: list[str], actor: Person, now: datetime) -> None:
    """Which parts changed, never what they say."""
    if changed:
        parts, reference = ", ".join(changed), person.reference
        audit.record(actor.reference, "corrected", "person", reference, now=now, parts=parts)

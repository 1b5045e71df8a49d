"""What pages about people, organisations and sign-ins show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, and_, func, or_, select

from app.accounts.models import Organisation, OrganisationAlias, Person, RoleGrant
from app.accounts.sign_in_models import Authenticator, SignInSession
from app.audit.models import AuditLine
from app.kernel.access import Role
from app.kernel.db import db
from app.partnership.models import Sector

MOST_FOUND = 15
MOST_WORDS = 6


class FoundOrganisation(NamedTuple):
    """One line of a list of organisations."""

    reference: str
    name: str
    sector: str


def find_organisations(text: str) -> list[FoundOrganisation]:
    """Accepted organisations whose name, or another name, holds all the words; 15 at most."""
    words = text.split()[:MOST_WORDS]
    if not words:
        return []
    by_other_name = select(OrganisationAlias.organisation_id).where(
        *(OrganisationAlias.name.icontains(word, autoescape=True) for word in words)
    )
    by_name = and_(*(Organisation.name.icontains(word, autoescape=True) for word in words))
    rows = db.session.execute(
        select(Organisation.reference, Organisation.name, Sector.name)
        .join(Sector, Sector.id == Organisation.sector_id)
        .where(
            Organisation.closed_on.is_(None),
            Organisation.proposed_at.is_(None),
            or_(by_name, Organisation.id.in_(by_other_name)),
        )
        .order_by(func.length(Organisation.name), Organisation.name)
        .limit(MOST_FOUND)
    )
    return [FoundOrganisation(*row) for row in rows]


def organisation_to_choose(reference: str) -> Organisation | None:
    """The organisation, if people may say that they belong to it."""
    return db.session.scalars(
        select(Organisation).where(
            Organisation.reference == reference,
            Organisation.closed_on.is_(None),
            Organisation.proposed_at.is_(None),
        )
    ).one_or_none()


class OpenSession(NamedTuple):
    """One sign-in that has not ended; its name is the beginning of a hash."""

    name: str
    started_at: datetime
    last_seen_at: datetime
    is_here: bool


SESSION_NAME_LENGTH = 16


def open_sessions(person: Person, *, here: str, now_real: datetime) -> list[OpenSession]:
    """The person's sign-ins, this browser's first, then the one used last; 20 at most."""
    rows = db.session.execute(
        select(SignInSession.token_hash, SignInSession.started_at, SignInSession.last_seen_at)
        .where(
            SignInSession.person_id == person.id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now_real,
        )
        .order_by((SignInSession.token_hash == here).desc(), SignInSession.last_seen_at.desc())
        .limit(20)
    )
    return [
        OpenSession(token_hash[:SESSION_NAME_LENGTH], started_at, last_seen_at, token_hash == here)
        for token_hash, started_at, last_seen_at in rows
    ]


class RoleHolder(NamedTuple):
    """A person with roles, as administrators see them."""

    reference: str
    name: str
    email: str | None
    roles: list[Role]
    has_second_step: bool


def count_role_holders() -> int:
    """How many people hold at least one role."""
    held = select(func.count(RoleGrant.person_id.distinct())).where(RoleGrant.revoked_at.is_(None))
    return db.session.scalar(held) or 0


def role_holders(*, first: int, size: int) -> list[RoleHolder]:
    """People with roles, by name, from the first-th on."""
    holders = select(RoleGrant.person_id).where(RoleGrant.revoked_at.is_(None))
    people = db.session.execute(
        select(Person.id, Person.reference, Person.name, Person.email, Authenticator.confirmed_at)
        .outerjoin(Authenticator, Authenticator.person_id == Person.id)
        .where(Person.id.in_(holders))
        .order_by(Person.name, Person.id)
        .offset(first)
        .limit(size)
    ).all()
    roles: dict[int, list[Role]] = {row.id: [] for row in people}
    grants = select(RoleGrant.person_id, RoleGrant.role).where(
        RoleGrant.person_id.in_(roles), RoleGrant.revoked_at.is_(None)
    )
    for person_id, role in db.session.execute(grants.order_by(RoleGrant.role)):
        roles[person_id].append(role)
    return [
        RoleHolder(row.reference, row.name, row.email, roles[row.id], row.confirmed_at is not None)
        for row in people
    ]


def person_called(reference: str) -> Person | None:
    """The person with this public reference."""
    return db.session.scalars(select(Person).where(Person.reference == reference)).one_or_none()


def count_proposed_organisations() -> int:
    """How many organisations people have added that staff have not looked at."""
    proposed = select(func.count()).where(Organisation.proposed_at.is_not(None))
    return db.session.scalar(proposed) or 0


def proposed_organisations(*, first: int, size: int) -> Sequence[Row[tuple[Organisation, int]]]:
    """Proposed organisations with how many people named them, the oldest first."""
    people = (
        select(func.count())
        .where(Person.organisation_id == Organisation.id)
        .correlate(Organisation)
        .scalar_subquery()
    )
    return db.session.execute(
        select(Organisation, people)
        .where(Organisation.proposed_at.is_not(None))
        .order_by(Organisation.proposed_at, Organisation.id)
        .offset(first)
        .limit(size)
    ).all()


def proposed_organisation(reference: str) -> Organisation | None:
    """The proposed organisation with this public reference."""
    return db.session.scalars(
        select(Organisation).where(
            Organisation.reference == reference, Organisation.proposed_at.is_not(None)
        )
    ).one_or_none()


class TrailLine(NamedTuple):
    """One line of the audit trail, with the actor's name if it was a person."""

    id: int
    at: datetime
    actor: str
    actor_name: str | None
    verb: str
    subject_kind: str
    subject_reference: str
    facts: dict[str, str | int | bool | None]


def trail(about: str, *, before: int | None, size: int) -> list[TrailLine]:
    """The audit trail, the newest line first: all, or by or about one reference.

    It is paged by line and not by number, since it grows for years and is never counted.
    """
    lines = (
        select(
            AuditLine.id,
            AuditLine.at,
            AuditLine.actor,
            Person.name,
            AuditLine.verb,
            AuditLine.subject_kind,
            AuditLine.subject_reference,
            AuditLine.facts,
        )
        .outerjoin(Person, Person.reference == AuditLine.actor)
        .order_by(AuditLine.id.desc())
        .limit(size)
    )
    if about:
        lines = lines.where(or_(AuditLine.subject_reference == about, AuditLine.actor == about))
    if before is not None:
        lines = lines.where(AuditLine.id < before)
    return [TrailLine(*row) for row in db.session.execute(lines)]

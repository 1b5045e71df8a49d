"""The establishments that forums are for, and who there is written to (R20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from app.accounts.models import Organisation, Person, Post, PostKind
from app.accounts.succession import final_successor_ids
from app.forums.establishment_rules import ESTABLISHMENT_KINDS, phase_of, type_of
from app.kernel.db import db

LEADS = (PostKind.DSL, PostKind.DEPUTY_DSL)


@dataclass(frozen=True)
class Establishment:
    """A school, college or setting of the district."""

    id: int
    reference: str
    name: str
    phase: str  # as it is counted: establishment_rules.phase_of
    type: str
    contact_email: str | None
    opened_on: date | None
    closed_on: date | None


def is_establishment() -> ColumnElement[bool]:
    """Whether an organisation's row is one of the district's establishments, open or closed."""
    return Organisation.kind.in_(ESTABLISHMENT_KINDS) & Organisation.proposed_at.is_(None)


def was_open_on(day: date) -> ColumnElement[bool]:
    """Whether an organisation's row was open on a London date."""
    return or_(Organisation.opened_on.is_(None), Organisation.opened_on <= day) & or_(
        Organisation.closed_on.is_(None), Organisation.closed_on > day
    )


def establishments_on(day: date) -> list[Establishment]:
    """Every establishment that was open on a London date, by name."""
    return _read(is_establishment() & was_open_on(day))


def all_establishments() -> list[Establishment]:
    """Every establishment there is or was, by name."""
    return _read(is_establishment())


def establishments(organisation_ids: Collection[int]) -> dict[int, Establishment]:
    """The establishments with these ids, open or closed; others are left out."""
    found = _read(is_establishment() & Organisation.id.in_(organisation_ids))
    return {one.id: one for one in found}


def find_establishment(reference: str) -> Establishment | None:
    """One establishment by its reference; None if there is none, or it is another kind of body."""
    found = _read(is_establishment() & (Organisation.reference == reference))
    return found[0] if found else None


def _read(which: ColumnElement[bool]) -> list[Establishment]:
    rows = db.session.execute(
        select(
            Organisation.id,
            Organisation.reference,
            Organisation.name,
            Organisation.kind,
            Organisation.phase,
            Organisation.establishment_type,
            Organisation.contact_email,
            Organisation.opened_on,
            Organisation.closed_on,
        )
        .where(which)
        .order_by(Organisation.name, Organisation.id)
    )
    return [
        Establishment(
            id=row.id,
            reference=row.reference,
            name=row.name,
            phase=phase_of(row.kind, row.phase, row.establishment_type),
            type=type_of(row.kind, row.establishment_type),
            contact_email=row.contact_email,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
        )
        for row in rows
    ]


def today_of(organisation_ids: Iterable[int]) -> dict[int, int]:
    """For each id, that of the body which stands for it today: a converted school keeps history."""
    successors = final_successor_ids()
    return {one: successors.get(one, one) for one in organisation_ids}


@dataclass(frozen=True)
class PostHolder:
    """Somebody who holds a post at an establishment now."""

    person_id: int
    person_reference: str
    name: str
    email: str | None
    organisation_id: int
    kind: PostKind


def post_holders(
    organisation_ids: Collection[int] | None = None, kinds: Collection[PostKind] = tuple(PostKind)
) -> dict[int, list[PostHolder]]:
    """Who holds which post now, by organisation: DSLs first, then by name; None means everywhere.

    Somebody with posts at two schools stands under both.
    """
    where = [Post.until_on.is_(None), Post.kind.in_(kinds), Person.deactivated_at.is_(None)]
    if organisation_ids is not None:
        where.append(Post.organisation_id.in_(organisation_ids))
    rows = db.session.execute(
        select(
            Person.id, Person.reference, Person.name, Person.email, Post.organisation_id, Post.kind
        )
        .join(Post, Post.person_id == Person.id)
        .where(*where)
        .order_by(Person.name, Person.id)
    )
    order = list(PostKind)
    found: defaultdict[int, list[PostHolder]] = defaultdict(list)
    for row in rows:
        found[row.organisation_id].append(PostHolder(*row))
    return {
        organisation_id: sorted(holders, key=lambda holder: order.index(holder.kind))
        for organisation_id, holders in found.items()
    }


@dataclass(frozen=True)
class Addressee:
    """One address to write to, once, and the establishments it is written to about."""

    email: str
    name: str  # empty for a mailbox
    person_reference: str | None  # None for a mailbox
    establishments: tuple[Establishment, ...]


def addressees(
    about: Iterable[Establishment], kinds: Collection[PostKind] = LEADS
) -> tuple[list[Addressee], list[Establishment]]:
    """Whom to write to about these, each address once, and the establishments nobody is at.

    Where nobody with an address holds one of the posts, the establishment's mailbox stands in.
    """
    about = list(about)
    holders = post_holders(None, kinds)
    by_email: dict[str, tuple[str, str | None, list[Establishment]]] = {}
    unreached = []
    for establishment in about:
        here = {one.email: one for one in holders.get(establishment.id, []) if one.email}
        for email, holder in here.items():
            entry = by_email.setdefault(email, (holder.name, holder.person_reference, []))
            entry[2].append(establishment)
        if not here and establishment.contact_email:
            entry = by_email.setdefault(establishment.contact_email, ("", None, []))
            entry[2].append(establishment)
        elif not here:
            unreached.append(establishment)
    written_to = [
        Addressee(email, name, reference, tuple(places))
        for email, (name, reference, places) in by_email.items()
    ]
    return written_to, unreached


def is_in_education(person: Person) -> bool:
    """Whether somebody works at, or holds a post at, a school, college or setting (R10)."""
    if person.organisation is not None and person.organisation.kind in ESTABLISHMENT_KINDS:
        return True
    holds = select(Post.id).where(Post.person_id == person.id, Post.until_on.is_(None)).limit(1)
    return db.session.scalar(holds) is not None

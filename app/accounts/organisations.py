"""Organisations as people name them and as staff sort them; posts held there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select, update

from app.accounts import succession, throttle
from app.accounts.models import (
    Organisation,
    OrganisationAlias,
    OrganisationKind,
    Person,
    Post,
    PostKind,
)
from app.accounts.rules import Act, CountedBy
from app.audit import operations as audit
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.tokens import new_reference
from app.partnership.models import Sector


def propose_organisation(
    name: str,
    kind: OrganisationKind,
    sector: Sector,
    *,
    proposer: Person,
    now: datetime,
    now_real: datetime,
) -> Organisation:
    """An organisation somebody did not find; the known one if its name is there after all."""
    known = _open_organisation_called(name)
    if known is not None:
        return known
    subjects = {CountedBy.PERSON: proposer.reference}
    throttle.admit(Act.PROPOSE_ORGANISATION, subjects, now_real=now_real)
    throttle.count(Act.PROPOSE_ORGANISATION, subjects, now_real=now_real)
    added = Organisation(
        reference=new_reference(), name=name, kind=kind, sector_id=sector.id, proposed_at=now
    )
    db.session.add(added)
    db.session.flush()
    actor = proposer.reference
    audit.record(actor, "proposed_organisation", "organisation", added.reference, now=now)
    return added


def _open_organisation_called(name: str) -> Organisation | None:
    """By its name, or by another one; one that staff have accepted before any other."""
    by_other_name = select(OrganisationAlias.organisation_id).where(
        func.lower(OrganisationAlias.name) == name.lower()
    )
    has_name = func.lower(Organisation.name) == name.lower()
    return db.session.scalars(
        select(Organisation)
        .where(or_(has_name, Organisation.id.in_(by_other_name)), Organisation.closed_on.is_(None))
        .order_by(Organisation.proposed_at.is_not(None), has_name.desc(), Organisation.id)
        .limit(1)
    ).first()


def accept_organisation(
    organisation: Organisation,
    *,
    name: str,
    kind: OrganisationKind,
    sector: Sector,
    actor: str,
    now: datetime,
) -> None:
    """Take a proposed organisation into the list, corrected if need be; its people follow."""
    _lock_proposed(organisation)
    organisation.name, organisation.kind, organisation.sector_id = name, kind, sector.id
    organisation.proposed_at = None
    db.session.execute(
        update(Person).where(Person.organisation_id == organisation.id).values(sector_id=sector.id)
    )
    reference = organisation.reference
    audit.record(actor, "accepted_organisation", "organisation", reference, now=now)


def merge_organisation(
    organisation: Organisation, into: Organisation, *, actor: str, now: datetime
) -> int:
    """Move the people of a proposed organisation to a known one; how many moved."""
    if into.id == organisation.id or into.proposed_at is not None or into.closed_on is not None:
        raise Refused("Choose an organisation from the list to merge it with")
    return succession.merge_known(organisation, into, only_if_new=True, actor=actor, now=now)


def _lock_proposed(organisation: Organisation) -> None:
    db.session.refresh(organisation, with_for_update={"of": Organisation})
    if organisation.proposed_at is None:
        raise Refused("Somebody has dealt with this organisation already")


@dataclass(frozen=True)
class Details:
    """What staff know of an organisation."""

    name: str
    kind: OrganisationKind
    trust_name: str = ""
    postcode: str = ""
    contact_email: str | None = None
    phase: str | None = None
    establishment_type: str | None = None


def add(details: Details, sector: Sector, *, actor: str, now: datetime) -> Organisation:
    """An organisation that no register holds, as alternative provision; its name must be free."""
    added = Organisation(reference=new_reference(), sector_id=sector.id, **vars(details))
    db.session.add(added)
    db.session.flush()
    _check_name_is_free(added)
    audit.record(actor, "added", "organisation", added.reference, now=now)
    return added


def correct(
    organisation: Organisation, details: Details, sector: Sector, *, actor: str, now: datetime
) -> list[str]:
    """Correct what is known; a former name stays known; its people are counted in the sector."""
    db.session.refresh(organisation, with_for_update={"of": Organisation})
    former = organisation.name
    wanted = {**vars(details), "sector_id": sector.id}
    changed = [name for name, value in wanted.items() if getattr(organisation, name) != value]
    for name in changed:
        setattr(organisation, name, wanted[name])
    if "name" in changed:
        _check_name_is_free(organisation)
        succession.remember_name(organisation, former)
    if "sector_id" in changed:
        db.session.execute(
            update(Person)
            .where(Person.organisation_id == organisation.id)
            .values(sector_id=sector.id)
        )
    if changed:
        parts = ", ".join(changed)
        reference = organisation.reference
        audit.record(actor, "corrected", "organisation", reference, now=now, parts=parts)
    return changed


def _check_name_is_free(organisation: Organisation) -> None:
    same = select(Organisation.id).where(
        func.lower(Organisation.name) == organisation.name.lower(),
        Organisation.id != organisation.id,
        Organisation.closed_on.is_(None),
    )
    if db.session.scalar(same.limit(1)) is not None:
        raise Refused("Another organisation has this name. If it is the same body, merge the two")


def add_alias(organisation: Organisation, name: str, *, actor: str, now: datetime) -> None:
    """Let people find it under another name; Refused if it is known by it already."""
    if not succession.remember_name(organisation, name):
        raise Refused("It can be found under this name already")
    audit.record(actor, "added_name", "organisation", organisation.reference, now=now)


def remove_alias(organisation: Organisation, name: str, *, actor: str, now: datetime) -> bool:
    """Nobody looks for it under this name; whether there was such a name."""
    alias = db.session.scalars(
        select(OrganisationAlias).where(
            OrganisationAlias.organisation_id == organisation.id, OrganisationAlias.name == name
        )
    ).one_or_none()
    if alias is None:
        return False
    db.session.delete(alias)
    audit.record(actor, "removed_name", "organisation", organisation.reference, now=now)
    return True


def appoint(
    person: Person,
    organisation: Organisation,
    kind: PostKind,
    *,
    from_on: date,
    actor: str,
    now: datetime,
) -> Post:
    """Note that a person holds a post from a London date; Refused if they hold it already."""
    db.session.get(Person, person.id, with_for_update=True)
    held = select(Post.id).where(
        Post.person_id == person.id,
        Post.organisation_id == organisation.id,
        Post.kind == kind,
        Post.until_on.is_(None),
    )
    if db.session.scalar(held) is not None:
        raise Refused("This person holds this post already")
    post = Post(person_id=person.id, organisation_id=organisation.id, kind=kind, from_on=from_on)
    db.session.add(post)
    db.session.flush()
    facts = {"post": kind.value, "organisation": organisation.reference}
    audit.record(actor, "appointed", "person", person.reference, now=now, **facts)
    return post


def end_post(post: Post, *, until_on: date, actor: str, now: datetime) -> None:
    """Note the last day somebody holds a post; Refused if it would lie before the first."""
    if post.until_on is not None:
        raise Refused("This post has ended already")
    if until_on < post.from_on:
        raise Refused("The last day must not be before the first day")
    post.until_on = until_on
    person = db.session.get_one(Person, post.person_id)
    audit.record(actor, "ended_post", "person", person.reference, now=now, post=post.kind.value)

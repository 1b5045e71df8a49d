"""Organisations as people name them and as staff sort them; posts held there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update

from app.accounts import throttle
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
from app.kernel import london
from app.kernel.db import db, rows_changed
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
    return db.session.scalars(
        select(Organisation)
        .where(func.lower(Organisation.name) == name.lower(), Organisation.closed_on.is_(None))
        .order_by(Organisation.proposed_at.is_not(None), Organisation.id)
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
    """Move the people of a proposed organisation to a known one; how many moved.

    What was booked keeps the name it was booked under, so the row stays, closed.
    """
    _lock_proposed(organisation)
    if into.id == organisation.id or into.proposed_at is not None or into.closed_on is not None:
        raise Refused("Choose an organisation from the list to merge it with")
    moved = db.session.execute(
        update(Person)
        .where(Person.organisation_id == organisation.id)
        .values(organisation_id=into.id, sector_id=into.sector_id)
    )
    db.session.execute(
        update(Post).where(Post.organisation_id == organisation.id).values(organisation_id=into.id)
    )
    _remember_name(into, organisation.name)
    organisation.proposed_at = None
    organisation.closed_on = london.london_date(now)
    reference, into_reference = organisation.reference, into.reference
    audit.record(
        actor, "merged_organisation", "organisation", reference, now=now, into=into_reference
    )
    return rows_changed(moved)


def _lock_proposed(organisation: Organisation) -> None:
    db.session.refresh(organisation, with_for_update=True)
    if organisation.proposed_at is None:
        raise Refused("Somebody has dealt with this organisation already")


def _remember_name(organisation: Organisation, name: str) -> None:
    """People will look for it under the name they know."""
    known = select(OrganisationAlias.id).where(
        OrganisationAlias.organisation_id == organisation.id, OrganisationAlias.name == name
    )
    if name.lower() != organisation.name.lower() and db.session.scalar(known) is None:
        db.session.add(OrganisationAlias(organisation_id=organisation.id, name=name))


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

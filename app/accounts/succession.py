"""Bodies that closed and the bodies that took their place; a body that was listed twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, inspect, select, update

from app.accounts.models import Organisation, OrganisationAlias, Person, Post, PostKind
from app.accounts.succession_rules import check_may_follow, final_successors
from app.audit import operations as audit
from app.kernel import london
from app.kernel.db import Base, db, insert_together, rows_changed
from app.kernel.errors import Refused


@dataclass(frozen=True)
class Following:
    """Who and what would belong to another body from now on."""

    people_count: int
    posts_count: int
    names: list[str]  # by which people will find the other one


def final_successor_ids() -> dict[int, int]:
    """For every body that was merged or succeeded, the id of the one that stands for it today.

    What was booked keeps the body it was booked for: a report that counts by body asks here.
    """
    return final_successors(_successors())


def _successors() -> dict[int, int]:
    found = db.session.execute(
        select(Organisation.id, Organisation.successor_id).where(
            Organisation.successor_id.is_not(None)
        )
    )
    return {body_id: after for body_id, after in found if after is not None}


def foresee(organisation: Organisation) -> Following:
    """What would follow if this body were merged or succeeded now."""
    people = select(func.count()).where(Person.organisation_id == organisation.id)
    posts = select(func.count()).where(
        Post.organisation_id == organisation.id, Post.until_on.is_(None)
    )
    return Following(
        people_count=db.session.scalar(people) or 0,
        posts_count=db.session.scalar(posts) or 0,
        names=[organisation.name, *aliases(organisation)],
    )


def aliases(organisation: Organisation) -> list[str]:
    """Former and other names of a body, by name."""
    found = (
        select(OrganisationAlias.name)
        .where(OrganisationAlias.organisation_id == organisation.id)
        .order_by(func.lower(OrganisationAlias.name))
    )
    return list(db.session.scalars(found))


def merge_known(
    organisation: Organisation,
    into: Organisation,
    *,
    only_if_new: bool = False,
    actor: str,
    now: datetime,
) -> int:
    """One body was listed twice: people, posts and names go to the other; how many people."""
    organisation, into = _lock_both(organisation, into)
    if only_if_new and organisation.proposed_at is None:
        raise Refused("Somebody has dealt with this organisation already")
    if organisation.closed_on is not None:
        raise Refused("This organisation is closed already. Only an open one can be merged")
    moved = _move_people(organisation, into)
    _move_posts(organisation, into)
    _hand_on_names(organisation, into)
    organisation.closed_on, organisation.successor_id = london.london_date(now), into.id
    organisation.proposed_at = None
    _record("merged_organisation", organisation, into, actor=actor, now=now)
    return moved


def succeed(
    organisation: Organisation,
    successor: Organisation,
    *,
    closed_on: date,
    with_people: bool,
    actor: str,
    now: datetime,
) -> int:
    """Another body took its place on a day: history stays here, what is to come is there.

    With its people and posts, if they went along; how many people.
    """
    organisation, successor = _lock_both(organisation, successor)
    _check_day(organisation, closed_on, now)
    moved = 0
    if with_people:
        moved = _move_people(organisation, successor)
        _continue_posts(organisation, successor, closed_on)
    _end_posts(organisation, closed_on)
    _hand_on_names(organisation, successor)
    organisation.closed_on, organisation.successor_id = closed_on, successor.id
    _record("succeeded", organisation, successor, actor=actor, now=now)
    return moved


def close(organisation: Organisation, *, closed_on: date, actor: str, now: datetime) -> None:
    """The body is no more and nothing took its place; nobody can choose it any more."""
    db.session.refresh(organisation, with_for_update={"of": Organisation})
    _check_day(organisation, closed_on, now)
    if organisation.closed_on is not None:
        raise Refused("This organisation is closed already")
    organisation.closed_on = closed_on
    _end_posts(organisation, closed_on)
    audit.record(actor, "closed", "organisation", organisation.reference, now=now)


def reopen(organisation: Organisation, *, actor: str, now: datetime) -> None:
    """It was closed by mistake; people and posts that went elsewhere stay there."""
    db.session.refresh(organisation, with_for_update={"of": Organisation})
    if organisation.closed_on is None:
        raise Refused("This organisation is open")
    organisation.closed_on = organisation.successor_id = None
    audit.record(actor, "reopened", "organisation", organisation.reference, now=now)


def _check_day(organisation: Organisation, closed_on: date, now: datetime) -> None:
    if closed_on > london.london_date(now):
        raise Refused("The day it closed must be today or earlier")
    if organisation.opened_on and closed_on < organisation.opened_on:
        raise Refused("The day it closed must not be before the day it opened")


def _lock_both(
    organisation: Organisation, other: Organisation
) -> tuple[Organisation, Organisation]:
    """Both as they stand, in the order of their ids, so that two such changes wait in turn."""
    ids = (_id_of(organisation), _id_of(other))
    found = db.session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(ids))
        .order_by(Organisation.id)
        .with_for_update(of=Organisation)
        .execution_options(populate_existing=True)
    )
    by_id = {one.id: one for one in found}
    here, there = by_id[ids[0]], by_id[ids[1]]
    check_may_follow(here.id, there.id, _successors())
    if here.successor_id is not None:
        raise Refused("Another organisation has taken its place already. Reopen it first")
    if there.closed_on is not None or there.proposed_at is not None:
        raise Refused("Choose an organisation that is open and in the list")
    return here, there


def _id_of(organisation: Organisation) -> int:
    """Its id, also when the transaction forgot the rest; that would be a statement."""
    identity = inspect(organisation).identity
    return int(identity[0]) if identity else organisation.id


def _move_people(organisation: Organisation, into: Organisation) -> int:
    moved = update(Person).where(Person.organisation_id == organisation.id)
    return rows_changed(
        db.session.execute(moved.values(organisation_id=into.id, sector_id=into.sector_id))
    )


def _move_posts(organisation: Organisation, into: Organisation) -> None:
    """Posts as they were held, at the one body that it is; one that is held at both is one."""
    posts, held = _posts(organisation, into)
    for post in posts:
        same = held.get((post.person_id, post.kind)) if post.until_on is None else None
        if same is None:
            post.organisation_id = into.id
        else:
            same.from_on = min(same.from_on, post.from_on)
            db.session.delete(post)
    db.session.flush()


def _continue_posts(organisation: Organisation, successor: Organisation, day: date) -> None:
    """Posts held on the day go on at the successor, as posts of their own."""
    posts, held = _posts(organisation, successor)
    going_on: list[Base] = [
        Post(
            person_id=post.person_id,
            organisation_id=successor.id,
            kind=post.kind,
            from_on=max(day, post.from_on),
        )
        for post in posts
        if post.until_on is None and (post.person_id, post.kind) not in held
    ]
    insert_together(going_on)


def _end_posts(organisation: Organisation, day: date) -> None:
    """Nobody holds a post at a body that is closed; one that began later ends as it began."""
    db.session.execute(
        update(Post)
        .where(Post.organisation_id == organisation.id, Post.until_on.is_(None))
        .values(until_on=case((Post.from_on > day, Post.from_on), else_=day)),
        execution_options={"synchronize_session": False},
    )


def _posts(
    organisation: Organisation, other: Organisation
) -> tuple[list[Post], dict[tuple[int, PostKind], Post]]:
    """The posts of one body, and those held now at the other, by who holds which."""
    both = Post.organisation_id.in_((organisation.id, other.id))
    found = db.session.scalars(select(Post).where(both).order_by(Post.id)).all()
    held = {
        (post.person_id, post.kind): post
        for post in found
        if post.organisation_id == other.id and post.until_on is None
    }
    return [post for post in found if post.organisation_id == organisation.id], held


def _hand_on_names(organisation: Organisation, into: Organisation) -> None:
    """Whoever knows the former body by any of its names finds the other one."""
    both = (organisation.id, into.id)
    known: dict[int, list[str]] = {one: [] for one in both}
    rows = db.session.execute(
        select(OrganisationAlias.organisation_id, OrganisationAlias.name)
        .where(OrganisationAlias.organisation_id.in_(both))
        .order_by(OrganisationAlias.id)
    )
    for body_id, name in rows:
        known[body_id].append(name)
    taken = {name.lower() for name in (into.name, *known[into.id])}
    new: list[Base] = []
    for name in (organisation.name, *known[organisation.id]):
        if name.lower() not in taken:
            taken.add(name.lower())
            new.append(OrganisationAlias(organisation_id=into.id, name=name))
    insert_together(new)


def remember_name(organisation: Organisation, name: str) -> bool:
    """People will look for it under this name, too; whether that is new."""
    known = select(OrganisationAlias.id).where(
        OrganisationAlias.organisation_id == organisation.id,
        func.lower(OrganisationAlias.name) == name.lower(),
    )
    if name.lower() == organisation.name.lower() or db.session.scalar(known) is not None:
        return False
    db.session.add(OrganisationAlias(organisation_id=organisation.id, name=name))
    db.session.flush()
    return True


def _record(
    verb: str, organisation: Organisation, into: Organisation, *, actor: str, now: datetime
) -> None:
    facts = {"into": into.reference}
    audit.record(actor, verb, "organisation", organisation.reference, now=now, **facts)

"""Who leads on safeguarding at a school: named by staff, or by the school itself."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from app.accounts import organisations
from app.accounts.models import Organisation, Person, Post, PostKind
from app.accounts.people import NamedPerson, find_or_add_people
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.london import london_date


def name_lead(
    body: Organisation,
    *,
    name: str,
    email: str,
    kind: PostKind,
    actor: str,
    now: datetime,
    from_on: date | None = None,
) -> Person:
    """Somebody, known or not, holds a post at a school from a day on; what is known of them stays.

    Refused if the school is closed, or they hold it already.
    """
    if body.closed_on is not None:
        raise Refused(f"{body.name} is closed: nobody can hold a post there")
    [person] = find_or_add_people([NamedPerson(name, email)], now=now)
    if person.deactivated_at is not None:
        raise Refused("This address is not used any more. Enter another one")
    if person.organisation_id is None and person.profile_completed_at is None:
        person.organisation_id, person.sector_id = body.id, body.sector_id
    first_day = from_on or london_date(now)
    organisations.appoint(person, body, kind, from_on=first_day, actor=actor, now=now)
    return person


def body_called(reference: str) -> Organisation:
    """A school as this transaction sees it."""
    return db.session.scalars(select(Organisation).where(Organisation.reference == reference)).one()


def find_post(post_id: int, organisation_id: int) -> tuple[Post, Person] | None:
    """A post held now at this school, and by whom; None if there is no such post."""
    row = db.session.execute(
        select(Post, Person)
        .join(Person, Person.id == Post.person_id)
        .where(
            Post.id == post_id,
            Post.organisation_id == organisation_id,
            Post.until_on.is_(None),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def end_post(
    post_id: int, organisation_id: int, *, until_on: date, actor: str, now: datetime
) -> None:
    """Somebody holds a post no more from a day on; Refused if they have left it already."""
    found = find_post(post_id, organisation_id)
    if found is None:
        raise Refused("This post has ended already")
    if until_on > london_date(now):
        raise Refused("The last day must be today or earlier")
    organisations.end_post(found[0], until_on=until_on, actor=actor, now=now)

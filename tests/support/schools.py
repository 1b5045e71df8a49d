"""A school with a lead, a note, and a list it was asked to check: rows only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import Organisation, Person, Post, PostKind
from app.forums import list_checks
from app.forums.models import ContactNote, ListChange, ListChangeKind, ListCheck
from app.kernel.db import db
from app.kernel.tokens import new_reference
from app.partnership.models import HalfTerm
from tests.support.forums import make_forum, make_lead, make_school


@dataclass(frozen=True)
class SomeSchool:
    """What stands in the addresses of pages about a school."""

    reference: str
    post_id: int
    token: str  # of the link to its own list
    change: str  # what it said by that


def post_of(person: Person) -> Post:
    """The only post of somebody."""
    return db.session.scalars(select(Post).where(Post.person_id == person.id)).one()


def make_check(school: Organisation, *, now: datetime) -> ListCheck:
    """The list of a school, which it was asked to check now."""
    check = ListCheck(
        reference=new_reference(),
        organisation_id=school.id,
        school_year="2026/27",
        asked_at=now,
    )
    db.session.add(check)
    db.session.flush()
    return check


def hold_a_forum() -> None:
    """A forum of last year, to which nobody came."""
    known = select(HalfTerm.id).where(HalfTerm.school_year == "2025/26")
    if db.session.scalar(known) is None:
        first, last = date(2026, 6, 1), date(2026, 7, 21)
        half_term = HalfTerm(school_year="2025/26", number=6, name="Summer 2")
        half_term.starts_on, half_term.ends_on = first, last
        db.session.add(half_term)
        db.session.flush()
        make_forum(half_term)


def some_school(
    actor: Person, *, now: datetime, name: str = "Ash Primary", person: str = "Dee Park"
) -> SomeSchool:
    """A school with somebody on its list and a note of contact, absent from a forum."""
    hold_a_forum()
    school = make_school(name)
    lead = make_lead(school, name=person)
    db.session.add(
        ContactNote(organisation_id=school.id, noted_at=now, noted_by_id=actor.id, words=name)
    )
    post = post_of(lead)
    check = make_check(school, now=now)
    change = ListChange(
        reference=new_reference(),
        list_check_id=check.id,
        kind=ListChangeKind.LEFT,
        person_id=lead.id,
        post_kind=PostKind.HEADTEACHER,
        said_by=person,
        said_at=now,
    )
    db.session.add(change)
    db.session.flush()
    return SomeSchool(
        school.reference, post.id, list_checks.token_of(check.reference), change.reference
    )

"""Who reads new comments within a working day, and the reminder when they have waited longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person, RoleGrant
from app.audit import operations as audit
from app.impact.words import comment_queries, emails, rules
from app.impact.words.models import CommentDuty
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.london import london_date, to_london
from app.kernel.refusals import Refused

READERS = (Role.DELIVERY, Role.ADVISOR)
DEFAULT_POST = "The delivery group"
REMINDED_FROM_HOUR = 9


@dataclass(frozen=True, slots=True)
class Duty:
    """The post that reads new comments, and who holds it; None for all of the delivery group."""

    post: str
    reader: str | None


def duty() -> Duty:
    """Whose task it is now."""
    row = db.session.get(CommentDuty, 1)
    return Duty(row.post, row.reader) if row else Duty(DEFAULT_POST, None)


def possible_readers() -> list[tuple[str, str]]:
    """Reference and name of everyone who may read comments."""
    return [(one.reference, one.name) for one in _people(*READERS)]


def change_duty(post: str, reader: str | None, *, actor: Person, now: datetime) -> None:
    """Give the task to another post; Refused to somebody who may not read comments."""
    if reader and reader not in dict(possible_readers()):
        raise Refused("Choose somebody of the delivery group, or an advisor")
    row = _row()
    row.post, row.reader = post, reader
    audit.record(
        actor.reference, "named who reads comments", "comment duty", "1", now=now, reader=reader
    )


def remind_reader(*, now: datetime) -> int:
    """Tell whoever reads that comments have waited too long; once a working day, how many told."""
    today, hour = london_date(now), to_london(now).hour
    if not rules.is_working_day(today) or hour < REMINDED_FROM_HOUR:
        return 0
    late = comment_queries.late_batches(today=today)
    if not late:
        return 0
    row = _row()
    if row.reminded_on == today:
        return 0
    row.reminded_on = today
    people = [one for one in _on_duty(row.reader) if one.email]
    for person in people:
        emails.queue_comments_waiting(person, late, today=today)
    return len(people)


def _row() -> CommentDuty:
    row = db.session.get(CommentDuty, 1, with_for_update=True, populate_existing=True)
    if row is None:
        row = CommentDuty(id=1, post=DEFAULT_POST)
        db.session.add(row)
        db.session.flush()
    return row


def _on_duty(reader: str | None) -> list[Person]:
    """Who holds the post, as long as they may read; else everyone of the delivery group."""
    holder = [one for one in _people(*READERS) if one.reference == reader]
    return holder or _people(Role.DELIVERY)


def _people(*roles: Role) -> list[Person]:
    holds = select(RoleGrant.id).where(
        RoleGrant.person_id == Person.id,
        RoleGrant.role.in_(roles),
        RoleGrant.revoked_at.is_(None),
    )
    return list(
        db.session.scalars(
            select(Person)
            .where(Person.deactivated_at.is_(None), holds.exists())
            .order_by(Person.name, Person.id)
        )
    )

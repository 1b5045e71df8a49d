"""Schools that asked to be contacted, kept apart from what they said; each dealt with once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update

from app.accounts.models import Organisation, Person
from app.audit import operations as audit
from app.forums.opinion_models import ContactWish, OpinionRound
from app.kernel.db import db, rows_changed
from app.kernel.refusals import Refused

KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Wish:
    """A school that asked to be contacted."""

    reference: str
    school: str
    name: str
    how: str
    asked_on: date
    done_at: datetime | None
    outcome: str


def wishes_count() -> int:
    """How many wishes there are, dealt with or not."""
    return db.session.scalar(select(func.count()).select_from(ContactWish)) or 0


def wishes(first: int, last: int) -> list[Wish]:
    """A page of wishes: those that wait first, the longest waiting at the top."""
    return _wishes(first=first, last=last)


def find_wish(reference: str) -> Wish | None:
    """One wish by its reference."""
    found = _wishes(ContactWish.reference == reference, first=0, last=1)
    return found[0] if found else None


def deal_with(reference: str, outcome: str, *, actor: Person, now: datetime) -> None:
    """Note what came of a wish; Refused if somebody else has done so."""
    done = db.session.execute(
        update(ContactWish)
        .where(ContactWish.reference == reference, ContactWish.done_at.is_(None))
        .values(done_at=now, outcome=outcome),
        execution_options={"synchronize_session": False},
    )
    if rows_changed(done) != 1:
        raise Refused("Somebody has dealt with this already: what came of it stands in the list")
    audit.record(actor.reference, "dealt_with", "contact_wish", reference, now=now)


def forget_old_wishes(*, now: datetime) -> int:
    """Delete wishes dealt with a year ago, and those of rounds closed a year ago; how many.

    They name somebody, and whoever was not rung in a year is not rung any more.
    """
    closed = select(OpinionRound.id).where(OpinionRound.closed_at < now - KEPT)
    was_open = ContactWish.done_at.is_(None) & ContactWish.round_id.in_(closed)
    gone = db.session.execute(
        delete(ContactWish).where((ContactWish.done_at < now - KEPT) | was_open),
        execution_options={"synchronize_session": False},
    )
    return rows_changed(gone)


def _wishes(*which: ColumnElement[bool], first: int, last: int) -> list[Wish]:
    rows = db.session.execute(
        select(
            ContactWish.reference,
            Organisation.name.label("school"),
            ContactWish.name,
            ContactWish.how,
            ContactWish.asked_on,
            ContactWish.done_at,
            ContactWish.outcome,
        )
        .join(Organisation, Organisation.id == ContactWish.organisation_id)
        .where(*which)
        .order_by(ContactWish.done_at.is_not(None), ContactWish.asked_on, ContactWish.reference)
        .offset(first)
        .limit(last - first)
    )
    return [Wish(*row) for row in rows]

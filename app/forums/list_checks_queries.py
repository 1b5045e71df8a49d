"""How far the schools are with checking their lists, and what they said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.accounts.models import Organisation, Person, PostKind
from app.forums.establishments import addressees, establishments
from app.forums.list_confirming import BELIEVED_AFTER
from app.forums.models import ListChange, ListChangeKind, ListCheck
from app.kernel.db import db


@dataclass(frozen=True)
class Progress:
    """How many establishments were asked this year, and how many checked their lists."""

    marked: int
    asked: int
    checked: int
    waiting: int  # to be asked by the worker as soon as there is an address


@dataclass(frozen=True)
class CheckLine:
    """One school's list in a school year."""

    reference: str
    name: str
    asked_at: datetime | None
    reminded_at: datetime | None
    checked_at: datetime | None
    checked_by: str


@dataclass(frozen=True)
class SaidLine:
    """What a school said of somebody, and whether staff took it back."""

    reference: str
    school: str
    school_reference: str
    kind: ListChangeKind
    name: str
    email: str | None
    post: PostKind
    said_by: str
    said_at: datetime
    taken_back_at: datetime | None
    confirmed_at: datetime | None

    def may_be_confirmed(self, now: datetime) -> bool:
        """Whether it is somebody added lately, of whom nobody has said anything."""
        is_settled = self.taken_back_at is not None or self.confirmed_at is not None
        is_new = self.said_at > now - BELIEVED_AFTER
        return self.kind is ListChangeKind.ADDED and is_new and not is_settled


def progress(school_year: str) -> Progress:
    """How far the schools are."""
    row = db.session.execute(
        select(
            func.count(ListCheck.id),
            func.count(ListCheck.asked_at),
            func.count(ListCheck.checked_at),
        ).where(ListCheck.school_year == school_year)
    ).one()
    return Progress(row[0], row[1], row[2], row[0] - row[1])


def checks_count(school_year: str, *, answered: bool) -> int:
    """How many schools have, or have not, checked their lists."""
    counted = _checks(school_year, answered).with_only_columns(func.count(ListCheck.id))
    return db.session.scalar(counted.order_by(None)) or 0


def checks(school_year: str, first: int, last: int, *, answered: bool) -> list[CheckLine]:
    """A page of the schools that have, or have not, by name."""
    found = _checks(school_year, answered).offset(first).limit(last - first)
    return [CheckLine(*row) for row in db.session.execute(found)]


def _checks(
    school_year: str, answered: bool
) -> Select[str, str, datetime | None, datetime | None, datetime | None, str]:
    is_answered = ListCheck.checked_at.is_not(None)
    return (
        select(
            Organisation.reference,
            Organisation.name,
            ListCheck.asked_at,
            ListCheck.reminded_at,
            ListCheck.checked_at,
            ListCheck.checked_by,
        )
        .join(ListCheck.organisation)
        .where(ListCheck.school_year == school_year, is_answered if answered else ~is_answered)
        .order_by(Organisation.name, ListCheck.id)
    )


def newest_changes(limit: int = 20) -> list[SaidLine]:
    """What schools said last, the newest first."""
    newest = _changes().order_by(ListChange.said_at.desc(), ListChange.id.desc())
    return [SaidLine(*row) for row in db.session.execute(newest.limit(limit))]


def change_called(reference: str) -> SaidLine | None:
    """One thing that a school said, by its reference."""
    row = db.session.execute(_changes().where(ListChange.reference == reference)).one_or_none()
    return SaidLine(*row) if row else None


def _changes() -> Select[*tuple[Any, ...]]:
    return (
        select(
            ListChange.reference,
            Organisation.name,
            Organisation.reference,
            ListChange.kind,
            Person.name,
            Person.email,
            ListChange.post_kind,
            ListChange.said_by,
            ListChange.said_at,
            ListChange.taken_back_at,
            ListChange.confirmed_at,
        )
        .join(ListChange.list_check)
        .join(ListCheck.organisation)
        .join(ListChange.person)
    )


def without_address(school_year: str) -> list[str]:
    """Names of schools that wait to be asked because nobody there has an address."""
    waiting = select(ListCheck.organisation_id).where(
        ListCheck.school_year == school_year, ListCheck.asked_at.is_(None)
    )
    places = establishments(db.session.scalars(waiting).all()).values()
    return [one.name for one in addressees(places)[1]]

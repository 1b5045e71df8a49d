"""The example's schools: lists they checked this September, and notes of contact with a few."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Person, Post, PostKind
from app.demo.making.people import People
from app.demo.making.rows import add_all
from app.forums.coverage import absent_by
from app.forums.establishments import establishments_on
from app.forums.models import ContactNote, ListChange, ListChangeKind, ListCheck
from app.forums.year import school_year_now
from app.kernel.db import db
from app.kernel.london import from_london, london_date

ASKED = (9, 14)  # the month and the day
NOT_CHECKED_ONE_IN = 4
CHANGES_COUNT = 3
NOTED = (
    "Rang the office. The lead is back on Monday and will ring.",
    "Spoke to the headteacher: forums clash with their staff meeting. Will watch recordings.",
    "Left a message with the office.",
    "The deputy will come to the next forum.",
)
SAID_BY = ("Robin Office", "Sam Headley", "Pat Clerk")


def check_lists(people: People, *, now: datetime) -> None:
    """Most schools have checked their lists of leads this school year; some said who left."""
    school_year = school_year_now(now)
    asked_at = from_london(asked_on(school_year), time(9, 30))
    if asked_at > now:
        return
    chance = people.chance
    checks: list[dict[str, Any]] = []
    for number, place in enumerate(establishments_on(london_date(now))):
        checked_at = asked_at + timedelta(days=1 + number % 25, hours=number % 7)
        is_checked = number % NOT_CHECKED_ONE_IN != 0 and checked_at < now
        is_reminded = not is_checked and asked_at + timedelta(days=21) < now
        checks.append(
            {
                "reference": chance.reference(),
                "organisation_id": place.id,
                "school_year": school_year,
                "asked_at": asked_at,
                "reminded_at": asked_at + timedelta(days=21) if is_reminded else None,
                "checked_at": checked_at if is_checked else None,
                "checked_by": SAID_BY[number % len(SAID_BY)] if is_checked else "",
            }
        )
    add_all(ListCheck, checks)
    _somebody_left(people, now=now)


def asked_on(school_year: str) -> date:
    """The day in September on which schools were asked."""
    return date(int(school_year[:4]), *ASKED)


def _somebody_left(people: People, *, now: datetime) -> None:
    """A few deputies have left, as their schools said when they checked their lists."""
    deputies = db.session.execute(
        select(Post.id, Post.person_id, ListCheck.id, ListCheck.checked_by, ListCheck.checked_at)
        .join(ListCheck, ListCheck.organisation_id == Post.organisation_id)
        .join(Person, Person.id == Post.person_id)
        .where(
            Post.kind == PostKind.DEPUTY_DSL,
            Post.until_on.is_(None),
            ListCheck.checked_at < now,
            Person.id.not_in([persona.id for persona in people.personas.values()]),
        )
        .order_by(Post.id.desc())
        .limit(CHANGES_COUNT)
    ).all()
    left_on = asked_on(school_year_now(now)) + timedelta(days=1)
    for row in deputies:
        ended = update(Post).where(Post.id == row[0], Post.from_on <= left_on)
        db.session.execute(ended.values(until_on=left_on))
    changes = [
        {
            "reference": people.chance.reference(),
            "list_check_id": check_id,
            "kind": ListChangeKind.LEFT,
            "person_id": person_id,
            "post_kind": PostKind.DEPUTY_DSL,
            "said_by": checked_by,
            "said_at": checked_at,
        }
        for _, person_id, check_id, checked_by, checked_at in deputies
    ]
    add_all(ListChange, changes)


def note_contacts(people: People, *, now: datetime) -> None:
    """The Advisor has rung up some of the schools that were absent longest."""
    advisor_id = people.personas["advisor"].id
    absent = absent_by(london_date(now), now=now)
    notes = [
        {
            "organisation_id": one.establishment.id,
            "noted_at": now - timedelta(days=4 + number, hours=number),
            "noted_by_id": advisor_id,
            "words": words,
        }
        for number, (one, words) in enumerate(zip(absent, NOTED, strict=False))
    ]
    add_all(ContactNote, notes)

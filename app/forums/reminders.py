"""Reminding schools that were not represented of the next forum, once, a week before it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person, Post
from app.bookings.models import Booking, BookingState
from app.catalogue.models import Event
from app.forums import invitations, reminders_rules
from app.forums.coverage import Absent, absent_by
from app.forums.establishments import Addressee, addressees, today_of
from app.forums.forums import coming_forum
from app.forums.invitations_letters import facts_of, write_reminder
from app.forums.models import ForumReminder
from app.kernel.db import Base, db, insert_together
from app.kernel.london import london_date
from app.notices.rules import is_quiet
from app.outbox.operations import NOTICE_PRIORITY, compose

KIND = "forum_reminder"


def send_step(*, now: datetime) -> int:
    """Queue one step of reminders; call again while it returns something."""
    event = coming_forum(now=now)
    if event is None or is_quiet(now) or not reminders_rules.is_due(event.starts_at, now=now):
        return 0
    if invitations.why_not(event, now=now):
        return 0
    absent = {one.establishment.id: one for one in to_remind(event, now=now)}
    written_to, _ = addressees(one.establishment for one in absent.values())
    known = invitations.keys_of(event, KIND)
    new = [one for one in written_to if invitations.key(event, KIND, one.email) not in known]
    step = new[: invitations.MOST_AT_ONCE]
    if step:
        _send(step, event, absent, now)
    return len(step)


def to_remind(event: Event, *, now: datetime) -> list[Absent]:
    """Schools that were not represented last time, with nobody booked for this forum."""
    booked = _booked(event.id)
    absent = absent_by(london_date(now), now=now)
    return [one for one in absent if one.establishment.id not in booked]


def _booked(event_id: int) -> set[int]:
    """The establishments of whoever has booked, and others where they hold a post."""
    live = (Booking.event_id == event_id, Booking.state != BookingState.CANCELLED)
    named = select(Booking.organisation_id).where(*live, Booking.organisation_id.is_not(None))
    held = (
        select(Post.organisation_id)
        .join(Booking, Booking.person_id == Post.person_id)
        .where(*live, Post.until_on.is_(None))
    )
    ids = {one for one in db.session.scalars(named) if one} | set(db.session.scalars(held))
    return set(today_of(ids).values())


def _send(
    step: Iterable[Addressee], event: Event, absent: dict[int, Absent], now: datetime
) -> None:
    facts, reminded = facts_of(event, now=now), list(step)
    rows: list[Base] = [
        compose(
            write_reminder(
                one, facts, max(absent[place.id].half_terms for place in one.establishments)
            ),
            dedupe_key=invitations.key(event, KIND, one.email),
            kind=KIND,
            about=("event", event.reference),
            to_name=one.name,
            to_email=one.email,
            person_reference=one.person_reference,
            priority=NOTICE_PRIORITY,
            not_after=event.starts_at,
        )
        for one in reminded
    ]
    insert_together(rows)
    insert_together(_notes(reminded, event.id, now))


def _notes(reminded: list[Addressee], event_id: int, now: datetime) -> list[Base]:
    """That these people were reminded; a mailbox is nobody."""
    references = [one.person_reference for one in reminded if one.person_reference]
    rows = db.session.execute(
        select(Person.reference, Person.id).where(Person.reference.in_(references))
    )
    ids = {row.reference: row.id for row in rows}
    told = set(
        db.session.scalars(
            select(ForumReminder.person_id).where(ForumReminder.event_id == event_id)
        )
    )
    return [
        ForumReminder(
            event_id=event_id,
            person_id=ids[one.person_reference],
            organisation_id=one.establishments[0].id,
            sent_at=now,
        )
        for one in reminded
        if one.person_reference and ids[one.person_reference] not in told
    ]

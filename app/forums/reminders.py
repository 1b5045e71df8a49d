"""Reminding schools that were not represented of the next forum, once, a week before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person, Post
from app.bookings.models import Booking, BookingState
from app.catalogue.models import Event
from app.forums import invitations, reminders_rules
from app.forums.coverage import Absent, absent_by
from app.forums.establishments import Addressee, addressees, today_of
from app.forums.forums import forums, forums_of
from app.forums.invitations_letters import facts_of, write_reminder
from app.forums.models import ForumReminder
from app.kernel.db import Base, db, insert_together
from app.kernel.london import london_date
from app.notices.rules import is_quiet
from app.outbox.operations import NOTICE_PRIORITY, compose

KIND = invitations.REMINDER_KIND


def send_step(*, now: datetime) -> int:
    """Queue one step of reminders; call again while it returns something."""
    if is_quiet(now):
        return 0
    coming = db.session.scalars(forums().where(Event.starts_at > now)).all()
    for event in coming:
        if not reminders_rules.is_due(event.starts_at, now=now):
            continue
        if not invitations.why_not(event, now=now) and (sent := _remind_of(event, now)):
            return sent
    return 0


def _remind_of(event: Event, now: datetime) -> int:
    """One step of reminders of one forum; an address hears of one sitting at a time."""
    absent = {one.establishment.id: one for one in to_remind(event, now=now)}
    written_to, _ = addressees(one.establishment for one in absent.values())
    sittings = [one for one in _sittings(event) if one.id == event.id or one.ends_at > now]
    known = {key for one in sittings for key in invitations.keys_of(one, KIND)}
    new = [
        one
        for one in written_to
        if not any(invitations.key(each, KIND, one.email) in known for each in sittings)
    ]
    step = new[: invitations.MOST_AT_ONCE]
    if step:
        _send(step, event, absent, now)
    return len(step)


def to_remind(event: Event, *, now: datetime) -> list[Absent]:
    """Schools that were not represented last time, with nobody booked in the same half term."""
    booked = _booked([one.id for one in _sittings(event)])
    absent = absent_by(london_date(now), now=now)
    return [one for one in absent if one.establishment.id not in booked]


def _sittings(event: Event) -> list[Event]:
    """The forums of one half term, this one among them: the same forum, held more than once."""
    return [event] if event.half_term_id is None else forums_of(event.half_term_id)


def _booked(event_ids: Collection[int]) -> set[int]:
    """The establishments of whoever has booked, and others where they hold a post."""
    live = (Booking.event_id.in_(event_ids), Booking.state != BookingState.CANCELLED)
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

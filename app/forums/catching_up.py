"""Catching up with a forum one was not at: its recording, and saying that one has watched it.

Having watched is what people say of themselves; it is never attendance (R10).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from app.accounts.models import Organisation, Person
from app.audit import operations as audit
from app.catalogue.models import Event, Offer
from app.catalogue.recordings import captions_words
from app.catalogue.rules import event_title
from app.forums import catching_up_rules as rules
from app.forums import presence
from app.forums.catching_up_rules import Presence
from app.forums.establishments import is_in_education
from app.forums.forums import forums, is_forum
from app.forums.models import ForumRecording, ForumTopic, MissedForum, Watching
from app.forums.topics import topics_of
from app.kernel.db import db, insert_now
from app.kernel.refusals import Refused

LOOK_BACK = timedelta(days=2 * 366)
MOST_SHOWN = 24
EDUCATION_ONLY = "Recordings of forums are for people who work in schools, colleges and settings"


@dataclass(frozen=True)
class ForumToCatchUp:
    """A forum that was held, as somebody who may have missed it sees it."""

    reference: str
    title: str
    starts_at: datetime
    ends_at: datetime
    topics: list[ForumTopic]
    recording_url: str  # empty while there is none
    captions: str
    was_there: bool
    school_was_there: bool
    watched_at: datetime | None


@dataclass(frozen=True)
class CatchingUp:
    """The forums to show somebody, the newest first, and how many there are beyond them."""

    forums: list[ForumToCatchUp]
    older_count: int


def to_catch_up(person: Person, *, everything: bool, now: datetime) -> CatchingUp:
    """The forums since somebody, or their school, was last at one; or all of two years."""
    since = now - LOOK_BACK
    held = (
        forums().where(Event.ends_at <= now, Event.starts_at >= since, Event.booking_url == "")
    ).order_by(None)
    found = list(db.session.scalars(held.order_by(Event.starts_at.desc()).limit(MOST_SHOWN)))
    mine = presence.attended_by(person.id)
    bodies = presence.with_predecessors(presence.bodies_of(person))
    ours = presence.attended_for(bodies, since=since)
    there = [Presence(one.id, one.id in mine, one.id in ours) for one in found]
    count = len(found) if everything else rules.since_last_there(there)
    topics = topics_of([event.id for event in found[:count]])
    watched = _watched_by(person.id)
    shown = [
        _line(event, one, topics.get(event.id, []), watched.get(event.id))
        for event, one in zip(found[:count], there, strict=False)
    ]
    return CatchingUp(shown, older_count=len(found) - count)


def _line(
    event: Event, there: Presence, topics: list[ForumTopic], watched_at: datetime | None
) -> ForumToCatchUp:
    return ForumToCatchUp(
        reference=event.reference,
        title=event_title(event.offer.title, event.subtitle),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        topics=topics,
        recording_url=event.recording_url,
        captions=captions_words(event.recording_captioned),
        was_there=there.was_there,
        school_was_there=there.school_was_there,
        watched_at=watched_at,
    )


def _watched_by(person_id: int) -> dict[int, datetime]:
    found = select(Watching.event_id, Watching.watched_at).where(Watching.person_id == person_id)
    return {row.event_id: row.watched_at for row in db.session.execute(found)}


def forum_called(reference: str) -> Event | None:
    """The forum with this reference; None if there is none."""
    return db.session.scalars(forums().where(Event.reference == reference)).one_or_none()


def say_watched(event: Event, *, actor: Person, now: datetime) -> None:
    """Note that somebody says they watched a forum's recording; saying so again changes nothing."""
    _check_in_education(actor)
    rules.check_watched(
        is_over=event.ends_at <= now,
        has_recording=bool(event.recording_url),
        was_there=event.id in presence.attended_by(actor.id),
    )
    # Whoever presses twice waits here for the first press.
    db.session.get_one(Person, actor.id, with_for_update=True)
    if event.id in _watched_by(actor.id):
        return
    insert_now(
        Watching(
            event_id=event.id,
            person_id=actor.id,
            organisation_id=_organisation_of(actor),
            watched_at=now,
        )
    )
    audit.record(actor.reference, "watched the recording of", "event", event.reference, now=now)


def take_back_watched(event: Event, *, actor: Person, now: datetime) -> None:
    """Take back that somebody watched a forum's recording; nothing to take back is no mistake."""
    _check_in_education(actor)
    mine = (Watching.event_id == event.id) & (Watching.person_id == actor.id)
    if db.session.execute(delete(Watching).where(mine).returning(Watching.id)).all():
        audit.record(
            actor.reference, "did not watch the recording of", "event", event.reference, now=now
        )


def _check_in_education(person: Person) -> None:
    if not is_in_education(person):
        raise Refused(EDUCATION_ONLY)


def _organisation_of(person: Person) -> int | None:
    """Where somebody works that day; who works nowhere stands for where they hold a post."""
    return person.organisation_id or min(presence.bodies_of(person), default=None)


@dataclass(frozen=True)
class OwnWatching:
    """A forum whose recording somebody says they watched."""

    title: str
    starts_at: datetime
    watched_at: datetime


def watched_by(person: Person) -> list[OwnWatching]:
    """The forums that somebody says they caught up with, the newest first."""
    rows = db.session.execute(
        select(Offer.title, Event.subtitle, Event.starts_at, Watching.watched_at)
        .select_from(Watching)
        .join(Watching.event)
        .join(Event.offer)
        .where(is_forum(), Watching.person_id == person.id)
        .order_by(Event.starts_at.desc())
        .limit(MOST_SHOWN)
    )
    return [OwnWatching(event_title(row[0], row[1]), row[2], row[3]) for row in rows]


@dataclass(frozen=True)
class Watched:
    """That somebody says they watched a forum's recording, and where they worked that day."""

    person_reference: str
    name: str
    organisation_name: str
    watched_at: datetime


def watched_of(event_id: int) -> list[Watched]:
    """Who says they watched a forum's recording, by organisation and name; self-reported."""
    rows = db.session.execute(
        select(Person.reference, Person.name, Organisation.name, Watching.watched_at)
        .select_from(Watching)
        .join(Watching.event)
        .join(Event.offer)
        .join(Person, Person.id == Watching.person_id)
        .outerjoin(Organisation, Organisation.id == Watching.organisation_id)
        .where(is_forum(), Watching.event_id == event_id)
        .order_by(Organisation.name, Person.name, Watching.id)
    )
    return [Watched(row[0], row[1], row[2] or "", row[3]) for row in rows]


@dataclass(frozen=True)
class Told:
    """Whether the leads of schools that missed a forum were told of its recording."""

    noticed_at: datetime | None  # since when it is known to be there
    told_at: datetime | None
    letters_count: int


def told_of(event_id: int) -> Told:
    """How far the letters about a forum's recording are."""
    letters = select(func.count()).where(MissedForum.event_id == event_id)
    row = db.session.execute(
        select(ForumRecording.noticed_at, ForumRecording.told_at).where(
            ForumRecording.event_id == event_id
        )
    ).one_or_none()
    noticed_at, told_at = row or (None, None)
    return Told(noticed_at, told_at, db.session.scalar(letters) or 0)

"""What you missed: one letter to each lead of a school that was at none of the last forums.

The job notes when a recording is first there; a few days later it writes, once per person and
forum, and names everything that was missed since last time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, update

from app.bookings.models import Attendance, Booking
from app.catalogue.models import Event
from app.catalogue.recordings import captions_words
from app.catalogue.rules import event_title
from app.forums import catching_up_rules as rules
from app.forums.coverage import Picture, held_until, picture
from app.forums.coverage_rules import Body, Standing
from app.forums.establishments import LEADS, PostHolder, post_holders
from app.forums.forums import coming_forum, forums
from app.forums.models import ForumRecording, ForumTopic, MissedForum
from app.forums.topics import topics_of
from app.kernel.db import db, insert_together
from app.kernel.london import london_date
from app.kernel.words import all_of
from app.notices.rules import is_quiet
from app.outbox import letters
from app.outbox.models import OutboxMessage
from app.outbox.operations import NOTICE_PRIORITY, compose

KIND = "forums_missed"
AT_ONCE = 100
OF_USE_FOR = timedelta(days=7)


def note_recordings(*, now: datetime) -> int:
    """Note the forums whose recording is there since the last look; how many."""
    noted = select(ForumRecording.event_id)
    new = db.session.scalars(
        forums().where(
            Event.recording_url != "",
            Event.ends_at <= now,
            Event.half_term_id.is_not(None),
            Event.id.not_in(noted),
        )
    ).all()
    for event in new:
        is_news = rules.is_news(ended_at=event.ends_at, now=now)
        db.session.add(
            ForumRecording(event_id=event.id, noticed_at=now, told_at=None if is_news else now)
        )
    return len(new)


@dataclass
class Missed:
    """One lead, and the half terms that each school they stand for missed."""

    holder: PostHolder
    by_school: dict[str, set[int]]

    @property
    def half_term_ids(self) -> set[int]:
        """What any of the schools missed."""
        return set().union(*self.by_school.values())

    def schools_at(self, half_term_id: int | None) -> list[str]:
        """The schools that missed a half term."""
        return sorted(name for name, missed in self.by_school.items() if half_term_id in missed)


def tell_step(*, now: datetime) -> int:
    """Write to the next hundred leads whose schools missed a forum; how many. None around 1am."""
    due = [] if is_quiet(now) else _forums_to_tell_of(now)
    if not due:
        return 0
    told = _told([event.id for event in due])
    left = [
        (one, new)
        for one in _who_missed(due, now=now)
        if (new := [event for event in due if _is_new_to(one, event, told)])
    ]
    todo = left[:AT_ONCE]
    _write(todo, now=now)
    if len(todo) == len(left):
        db.session.execute(
            update(ForumRecording)
            .where(ForumRecording.event_id.in_([event.id for event in due]))
            .values(told_at=now)
        )
    return len(todo)


def _forums_to_tell_of(now: datetime) -> list[Event]:
    """The forums whose letters are due; until the register is taken nobody knows who missed it."""
    on_register = select(Attendance.id).join(Booking).where(Booking.event_id == Event.id)
    found = db.session.execute(
        forums()
        .join(ForumRecording, ForumRecording.event_id == Event.id)
        .where(ForumRecording.told_at.is_(None), Event.recording_url != "", on_register.exists())
        .add_columns(ForumRecording.noticed_at)
    )
    return [
        event
        for event, noticed_at in found
        if event.half_term is not None
        and rules.is_to_tell(noticed_at=noticed_at, ended_at=event.ends_at, now=now)
    ]


def _told(event_ids: Collection[int]) -> set[tuple[int, int]]:
    found = select(MissedForum.event_id, MissedForum.person_id)
    rows = db.session.execute(found.where(MissedForum.event_id.in_(event_ids)))
    return {(row.event_id, row.person_id) for row in rows}


def _is_new_to(one: Missed, event: Event, told: set[tuple[int, int]]) -> bool:
    return event.half_term_id in one.half_term_ids and (event.id, one.holder.person_id) not in told


def _who_missed(due: Sequence[Event], *, now: datetime) -> list[Missed]:
    """The leads with an address whose schools missed something, each once, with all of it."""
    today = london_date(now)
    seen = picture(held_until(today, now=now), now=now)
    due_ids = {event.half_term_id for event in due}
    missed_by = {
        body.id: _missed_by(body, seen, due_ids) for body in seen.bodies if body.was_open_on(today)
    }
    found: dict[int, Missed] = {}
    for organisation_id, holders in post_holders(None, LEADS).items():
        body_id = seen.body_ids.get(organisation_id, organisation_id)
        half_term_ids = missed_by.get(body_id)
        for holder in holders if half_term_ids else ():
            if holder.email is None:
                continue
            one = found.setdefault(holder.person_id, Missed(holder, {}))
            one.by_school[seen.establishments[body_id].name] = half_term_ids or set()
    return [found[id_] for id_ in sorted(found)]


def _missed_by(body: Body, seen: Picture, due_ids: Collection[int | None]) -> set[int]:
    """What a school missed since last time, and the forums due that it missed before."""
    row = [
        (period.id, standing) for period, standing in zip(seen.periods, seen.row(body), strict=True)
    ]
    due = {id_ for id_, one in row if one is Standing.NOT_REPRESENTED and id_ in due_ids}
    return rules.missed_periods(row) | due


def _write(todo: Sequence[tuple[Missed, list[Event]]], *, now: datetime) -> None:
    """One message each, and a note of each forum that it is about."""
    if not todo:
        return
    wanted = set().union(*(one.half_term_ids for one, _ in todo))
    recorded = forums().where(
        Event.half_term_id.in_(wanted), Event.recording_url != "", Event.ends_at <= now
    )
    missed = list(db.session.scalars(recorded.order_by(None).order_by(Event.starts_at.desc())))
    topics = topics_of([event.id for event in missed])
    coming = coming_forum(now=now)
    insert_together(
        [
            MissedForum(event_id=event.id, person_id=one.holder.person_id, sent_at=now)
            for one, new in todo
            for event in new
        ]
    )
    insert_together(
        [_message(one, new, _lines(one, missed, topics), coming, now=now) for one, new in todo]
    )


@dataclass(frozen=True)
class MissedForumLine:
    """A forum as the letter names it."""

    title: str
    starts_at: datetime
    topics: tuple[str, ...]
    captions: str
    schools: str


def _lines(
    one: Missed, missed: Iterable[Event], topics: dict[int, list[ForumTopic]]
) -> list[MissedForumLine]:
    return [
        MissedForumLine(
            title=event_title(event.offer.title, event.subtitle),
            starts_at=event.starts_at,
            topics=tuple(topic.title for topic in topics.get(event.id, [])),
            captions=captions_words(event.recording_captioned),
            schools=all_of(schools),
        )
        for event in missed
        if (schools := one.schools_at(event.half_term_id))
    ]


def _message(
    one: Missed,
    new: Sequence[Event],
    lines: Sequence[MissedForumLine],
    coming: Event | None,
    *,
    now: datetime,
) -> OutboxMessage:
    base_url = current_app.config["BASE_URL"]
    many = len(lines) > 1
    letter = letters.write(
        KIND,
        subject=f"{len(lines)} forums to catch up with" if many else "A forum to catch up with",
        name=one.holder.name,
        schools=all_of(sorted(one.by_school)),
        lines=lines,
        has_several=len(one.by_school) > 1,
        coming=coming,
        catch_up_url=f"{base_url}/forums/catch-up",
    )
    newest = new[-1].reference
    return compose(
        letter,
        dedupe_key=f"{KIND}:{newest}:{one.holder.person_reference}",
        kind=KIND,
        about=("event", newest),
        person_reference=one.holder.person_reference,
        to_name=one.holder.name,
        to_email=one.holder.email or "",
        priority=NOTICE_PRIORITY,
        not_after=now + OF_USE_FOR,
    )

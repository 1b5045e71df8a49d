"""At which forums some bodies, or a person, were: what registers say, and what people say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.accounts.models import Person, Post
from app.accounts.succession import final_successor_ids
from app.bookings.models import Attendance, AttendanceOutcome, Booking, BookingState
from app.catalogue.models import Event, EventDate
from app.forums.forums import is_forum
from app.forums.models import Watching
from app.kernel.db import db
from app.kernel.london import london_date

WAS_THERE = (AttendanceOutcome.ATTENDED, AttendanceOutcome.ATTENDED_IN_PART)


def with_predecessors(organisation_ids: Collection[int]) -> set[int]:
    """These bodies, with all whose places they took: a converted school keeps its history."""
    successors = final_successor_ids()
    today = {successors.get(one, one) for one in organisation_ids}
    return today | {one for one, after in successors.items() if after in today}


def bodies_of(person: Person) -> set[int]:
    """The bodies somebody stands for now: where they work, and where they hold a post."""
    held = select(Post.organisation_id).where(Post.person_id == person.id, Post.until_on.is_(None))
    return {*db.session.scalars(held), *filter(None, [person.organisation_id])}


def attended_by(person_id: int) -> set[int]:
    """The forums somebody was at themselves."""
    return set(db.session.scalars(_came().where(Booking.person_id == person_id)))


def attended_for(organisation_ids: Collection[int], *, since: datetime) -> set[int]:
    """The forums at which somebody stood for one of these bodies: named it, or held a post there.

    The same is counted in coverage, for the whole district.
    """
    came = _came().where(Event.starts_at >= since)
    named = set(db.session.scalars(came.where(Booking.organisation_id.in_(organisation_ids))))
    dated = came.join(EventDate, EventDate.id == Attendance.event_date_id)
    return named | _by_posts(
        dated.add_columns(EventDate.starts_at), Booking.person_id, organisation_ids
    )


def watched_for(organisation_ids: Collection[int], *, since: datetime) -> set[int]:
    """The forums whose recording somebody of these bodies says they watched."""
    watched = (
        select(Watching.event_id)
        .join(Watching.event)
        .join(Event.offer)
        .where(is_forum(), Event.starts_at >= since)
    )
    named = set(db.session.scalars(watched.where(Watching.organisation_id.in_(organisation_ids))))
    return named | _by_posts(
        watched.add_columns(Watching.watched_at), Watching.person_id, organisation_ids
    )


def _came() -> Select[Any]:
    return (
        select(Booking.event_id)
        .join(Attendance, Attendance.booking_id == Booking.id)
        .join(Event, Event.id == Booking.event_id)
        .join(Event.offer)
        .where(
            is_forum(),
            Booking.state != BookingState.CANCELLED,
            Attendance.outcome.in_(WAS_THERE),
        )
    )


def _by_posts(query: Select[Any], person_id: Any, organisation_ids: Collection[int]) -> set[int]:
    held = query.join(Post, Post.person_id == person_id).add_columns(Post.from_on, Post.until_on)
    return {
        event_id
        for event_id, at, from_on, until_on in db.session.execute(
            held.where(Post.organisation_id.in_(organisation_ids))
        )
        if from_on <= (day := london_date(at)) and (until_on is None or day <= until_on)
    }

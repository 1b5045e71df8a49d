"""Recordings of the example's forums, and the leads who say that they watched one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.accounts.models import Person, Post
from app.bookings.models import Booking
from app.catalogue.models import Event, Offer, OfferKind
from app.demo.making.rows import add_all
from app.forums.establishments import LEADS
from app.forums.models import ForumRecording, Watching
from app.kernel.db import db

SHARED_AFTER, TOLD_AFTER = timedelta(days=2), timedelta(days=6)
ONE_IN = 3  # of those who were not there watches it


def share_recordings(*, now: datetime) -> None:
    """Share a recording of every forum held; some leads who were not there have watched it."""
    held = db.session.execute(
        select(Event.id, Event.reference, Event.ends_at)
        .join(Event.offer)
        .where(Offer.kind == OfferKind.DSL_FORUM, Event.ends_at <= now - SHARED_AFTER)
        .order_by(Event.id)
    ).all()
    for row in held:
        url = f"https://video.example.org/forums/{row.reference}"
        changes = update(Event).where(Event.id == row.id)
        db.session.execute(changes.values(recording_url=url, recording_captioned=True))
    add_all(
        ForumRecording,
        [
            {
                "event_id": row.id,
                "noticed_at": row.ends_at + SHARED_AFTER,
                "told_at": row.ends_at + TOLD_AFTER,
            }
            for row in held
            if row.ends_at + TOLD_AFTER <= now
        ],
    )
    add_all(Watching, _watchings([(row.id, row.ends_at + SHARED_AFTER) for row in held]))


def _watchings(shared: list[tuple[int, datetime]]) -> list[dict[str, object]]:
    booked = {
        (row.event_id, row.person_id)
        for row in db.session.execute(
            select(Booking.event_id, Booking.person_id).where(
                Booking.event_id.in_([event_id for event_id, _ in shared])
            )
        )
    }
    leads = db.session.execute(
        select(Person.id, Person.organisation_id)
        .where(Person.id.in_(select(Post.person_id).where(Post.kind.in_(LEADS))))
        .order_by(Person.id)
    ).all()
    return [
        {
            "event_id": event_id,
            "person_id": lead.id,
            "organisation_id": lead.organisation_id,
            "watched_at": shared_at + timedelta(hours=number % 60),
        }
        for turn, (event_id, shared_at) in enumerate(shared)
        for number, lead in enumerate(leads)
        if (number + turn) % ONE_IN == 0 and (event_id, lead.id) not in booked
    ]

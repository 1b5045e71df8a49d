"""Where the recording of an event is, and for whom; having watched it is not having attended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.event_lines import is_in_programme
from app.catalogue.models import Event, EventState, Offer, RecordingFor, event_trainer
from app.catalogue.rules import event_title
from app.kernel.db import db
from app.kernel.london import date_words
from app.kernel.refusals import Refused

HTTPS = "https://"
MOST_SHOWN = 20


@dataclass(frozen=True)
class Recording:
    """Where a recording is, who is shown it, whether it has captions; no address: there is none."""

    url: str
    shown_to: RecordingFor
    is_captioned: bool | None


def share_recording(event_id: int, what: Recording, *, actor: Person, now: datetime) -> None:
    """Share a recording, another one, or none; Refused for an address that is not https."""
    if what.url and not what.url.lower().startswith(HTTPS):
        raise Refused("The address of the recording must begin with https://")
    reference = _changed(
        event_id,
        recording_url=what.url,
        recording_for=what.shown_to,
        recording_captioned=what.is_captioned if what.url else None,
    )
    verb = "shared a recording" if what.url else "took a recording away"
    audit.record(actor.reference, verb, "event", reference, now=now, shown_to=what.shown_to.value)


def name_trainers(
    event_id: int, person_ids: Collection[int], *, actor: Person, now: datetime
) -> None:
    """Say who runs an event; they see it, those who were named before no longer do."""
    reference = _changed(event_id)
    db.session.execute(delete(event_trainer).where(event_trainer.c.event_id == event_id))
    if person_ids:
        rows = [{"event_id": event_id, "person_id": id_} for id_ in sorted(set(person_ids))]
        db.session.execute(insert(event_trainer), rows)
    audit.record(
        actor.reference, "named trainers", "event", reference, now=now, count=len(person_ids)
    )


def _changed(event_id: int, **columns: object) -> str:
    """Change columns inside the event's lock, so that kept pages know; the event's reference."""
    return db.session.scalars(
        update(Event)
        .where(Event.id == event_id)
        .values(revision=Event.revision + 1, **columns)
        .returning(Event.reference)
    ).one()


def is_for_everyone() -> ColumnElement[bool]:
    """Whether an event has a recording that stands on public pages."""
    return and_(
        Event.recording_url != "",
        Event.recording_for == RecordingFor.EVERYONE,
        Event.state == EventState.PUBLISHED,
        is_in_programme(),
    )


class PublicRecording(NamedTuple):
    """A recording as the page of its offer lists it."""

    title: str
    date_words: str
    url: str
    captions: str


def captions_words(is_captioned: bool | None) -> str:
    """Whether a recording has captions, where anybody said."""
    return {True: "with captions", False: "without captions", None: ""}[is_captioned]


def recordings_of(offer_id: int) -> list[PublicRecording]:
    """The recordings of an offer that everyone may watch, the latest first."""
    rows = db.session.execute(
        select(
            Offer.title,
            Event.subtitle,
            Event.starts_at,
            Event.recording_url,
            Event.recording_captioned,
        )
        .join(Event.offer)
        .where(Event.offer_id == offer_id, is_for_everyone())
        .order_by(Event.starts_at.desc(), Event.id)
        .limit(MOST_SHOWN)
    )
    return [
        PublicRecording(
            event_title(row.title, row.subtitle),
            date_words(row.starts_at),
            row.recording_url,
            captions_words(row.recording_captioned),
        )
        for row in rows
    ]

"""What a forum or peer-support meeting is about: its topics in order, who speaks, their slides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, UnaryExpression, func, select, update

from app.accounts.models import Person
from app.audit import operations as audit
from app.catalogue.models import Event
from app.forums.models import ForumTopic
from app.kernel.db import db
from app.kernel.refusals import Refused

HTTPS = "https://"
MOST_TOPICS = 20
BETWEEN_PLACES = 0  # positions begin at 1


@dataclass(frozen=True)
class TopicFacts:
    """What staff say about a topic; empty where it is not known yet."""

    title: str
    speaker: str = ""
    speaker_organisation: str = ""
    slides_url: str = ""
    link_url: str = ""


def topics_of(event_ids: Collection[int]) -> dict[int, list[ForumTopic]]:
    """The topics of these events in their order; an event without any is left out."""
    chosen = select(ForumTopic).where(ForumTopic.event_id.in_(event_ids))
    found: defaultdict[int, list[ForumTopic]] = defaultdict(list)
    for topic in db.session.scalars(chosen.order_by(ForumTopic.event_id, ForumTopic.position)):
        found[topic.event_id].append(topic)
    return dict(found)


def topic_called(event_id: int, topic_id: int) -> ForumTopic | None:
    """One topic of an event; None if it is not there or belongs to another."""
    chosen = select(ForumTopic).where(ForumTopic.id == topic_id, ForumTopic.event_id == event_id)
    return db.session.scalar(chosen)


def add_topic(event_id: int, facts: TopicFacts, *, actor: Person, now: datetime) -> ForumTopic:
    """Add a topic after the others."""
    _check(facts)
    reference = _lock(event_id)
    mine = select(func.count(), func.max(ForumTopic.position)).where(
        ForumTopic.event_id == event_id
    )
    count, last = db.session.execute(mine).one()
    if count >= MOST_TOPICS:
        raise Refused(f"There are {MOST_TOPICS} topics already: remove one first")
    topic = ForumTopic(event_id=event_id, position=(last or 0) + 1, **asdict(facts))
    db.session.add(topic)
    db.session.flush()
    audit.record(
        actor.reference, "added a topic", "event", reference, now=now, number=topic.position
    )
    return topic


def change_topic(
    event_id: int, topic_id: int, facts: TopicFacts, *, actor: Person, now: datetime
) -> None:
    """Say something else about a topic."""
    _check(facts)
    topic, reference = _locked(event_id, topic_id)
    for name, value in asdict(facts).items():
        setattr(topic, name, value)
    audit.record(
        actor.reference, "changed a topic", "event", reference, now=now, number=topic.position
    )


def move_topic_up(event_id: int, topic_id: int, *, actor: Person, now: datetime) -> None:
    """Put a topic before the one that stands before it; the first stays."""
    topic, reference = _locked(event_id, topic_id)
    before = _beside(topic, ForumTopic.position < topic.position, ForumTopic.position.desc())
    if before is not None:
        _swap(before, topic)
        audit.record(
            actor.reference, "moved a topic", "event", reference, now=now, number=topic.position
        )


def move_topic_down(event_id: int, topic_id: int, *, actor: Person, now: datetime) -> None:
    """Put a topic after the one that stands after it; the last stays."""
    topic, reference = _locked(event_id, topic_id)
    after = _beside(topic, ForumTopic.position > topic.position, ForumTopic.position.asc())
    if after is not None:
        _swap(topic, after)
        audit.record(
            actor.reference, "moved a topic", "event", reference, now=now, number=topic.position
        )


def _beside(
    topic: ForumTopic, which: ColumnElement[bool], nearest: UnaryExpression[int]
) -> ForumTopic | None:
    chosen = select(ForumTopic).where(ForumTopic.event_id == topic.event_id, which)
    return db.session.scalars(chosen.order_by(nearest).limit(1)).first()


def _swap(first: ForumTopic, second: ForumTopic) -> None:
    higher, lower = first.position, second.position
    for one, position in ((first, BETWEEN_PLACES), (second, higher), (first, lower)):
        one.position = position
        db.session.flush()  # one after the other: no two may ever have the same place


def remove_topic(event_id: int, topic_id: int, *, actor: Person, now: datetime) -> None:
    """Take a topic away; the others keep their order."""
    topic, reference = _locked(event_id, topic_id)
    db.session.delete(topic)
    audit.record(
        actor.reference, "removed a topic", "event", reference, now=now, number=topic.position
    )


def _check(facts: TopicFacts) -> None:
    if not facts.title:
        raise Refused("Enter what the topic is")
    for what, url in (("slides", facts.slides_url), ("link", facts.link_url)):
        if url and not url.lower().startswith(HTTPS):
            raise Refused(f"The address of the {what} must begin with https://")


def _locked(event_id: int, topic_id: int) -> tuple[ForumTopic, str]:
    reference = _lock(event_id)
    topic = topic_called(event_id, topic_id)
    if topic is None:
        raise Refused("Somebody else has removed this topic")
    return topic, reference


def _lock(event_id: int) -> str:
    """Hold the event until the transaction ends, and make kept pages of it old; its reference."""
    raised = update(Event).where(Event.id == event_id).values(revision=Event.revision + 1)
    return db.session.scalars(raised.returning(Event.reference)).one()

"""Who runs an event; somebody who is a trainer and nothing else sees their own events only."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Exists, or_, select

from app.accounts.models import Person, RoleGrant
from app.catalogue.models import Event, event_trainer, offer_trainer
from app.kernel.access import Role
from app.kernel.db import db

PLANNERS = frozenset({Role.DELIVERY, Role.ADVISOR})
MOST_TRAINERS = 200


def trainers_to_choose(
    *, event_id: int | None = None, offer_id: int | None = None
) -> list[tuple[int, str]]:
    """People who hold the role of a trainer, and those who run it anyhow, by name; by their id."""
    of_event = select(event_trainer.c.person_id).where(event_trainer.c.event_id == event_id)
    of_offer = select(offer_trainer.c.person_id).where(offer_trainer.c.offer_id == offer_id)
    holds = select(RoleGrant.person_id).where(
        RoleGrant.role == Role.TRAINER, RoleGrant.revoked_at.is_(None)
    )
    rows = db.session.execute(
        select(Person.id, Person.name, Person.email)
        .where(
            Person.deactivated_at.is_(None),
            or_(Person.id.in_(holds), Person.id.in_(of_event), Person.id.in_(of_offer)),
        )
        .order_by(Person.name, Person.id)
        .limit(MOST_TRAINERS)
    )
    return [(row.id, row.name or row.email or "No name yet") for row in rows]


def sees_own_events_only(roles: Collection[Role]) -> bool:
    """Whether these roles lead to the events that somebody runs, and to no other."""
    return Role.TRAINER in roles and not PLANNERS & set(roles)


def is_run_by(person_id: int) -> Exists:
    """Whether a person runs an event of the statement."""
    return (
        select(event_trainer.c.event_id)
        .where(event_trainer.c.event_id == Event.id, event_trainer.c.person_id == person_id)
        .correlate(Event)
        .exists()
    )


def runs(person_id: int, event_id: int) -> bool:
    """Whether a person runs this event."""
    found = select(event_trainer.c.event_id).where(
        event_trainer.c.event_id == event_id, event_trainer.c.person_id == person_id
    )
    return db.session.scalar(found) is not None

"""Which events are forums, and which of them comes next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload

from app.catalogue.models import Event, EventState, Offer, OfferKind
from app.kernel.db import db


def is_forum() -> ColumnElement[bool]:
    """Whether an event, joined to its offer, is a forum that took or takes place (R19)."""
    return (
        (Offer.kind == OfferKind.DSL_FORUM)
        & (Event.state == EventState.PUBLISHED)
        & Event.in_house_for_id.is_(None)
    )


def forums() -> Select[Event]:
    """Every forum with its offer and half term, by date."""
    return (
        select(Event)
        .join(Event.offer)
        .where(is_forum())
        .options(contains_eager(Event.offer), joinedload(Event.half_term))
        .order_by(Event.starts_at, Event.id)
    )


def forums_of(half_term_id: int) -> list[Event]:
    """The forums of a half term, by date; most have one."""
    return list(db.session.scalars(forums().where(Event.half_term_id == half_term_id)))


def coming_forum(*, now: datetime) -> Event | None:
    """The next forum that has not ended; None if none is planned."""
    return db.session.scalars(forums().where(Event.ends_at > now).limit(1)).first()


def last_forum(*, now: datetime) -> Event | None:
    """The newest forum that has ended; None if there was none."""
    ended = forums().where(Event.ends_at <= now).order_by(None)
    return db.session.scalars(ended.order_by(Event.starts_at.desc()).limit(1)).first()

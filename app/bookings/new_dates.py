"""Telling people who asked for it when an offer can be booked again; each wish is told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.bookings.models import Booking, BookingState, NewDatesWish
from app.catalogue.event_lines import EventLine, event_line, has_free_places, lines_statement
from app.catalogue.models import Event, Offer, OfferKind, OfferState
from app.kernel.db import db
from app.kernel.errors import Refused
from app.outbox import letters
from app.outbox.operations import BOOKING_PRIORITY, queue

MOST_DATES = 10  # of one offer in one message; the others stand on its page
MOST_PEOPLE = 500  # found in one round

_IS_OPEN = NewDatesWish.told_at.is_(None)


def wish(offer_id: int, person: Person, *, now: datetime) -> None:
    """Ask to be told; asking twice is asking once. Refused if there is nothing to wait for."""
    offer = db.session.get_one(Offer, offer_id)
    if offer.state is not OfferState.PUBLISHED or offer.kind is OfferKind.RESOURCE:
        raise Refused("No dates are planned for this any more: see what else there is to learn")
    if is_bookable(offer_id, now=now):
        raise Refused("There are places now: choose one of the dates")
    if wish_of(offer_id, person.id):
        return
    try:
        with db.session.begin_nested():
            db.session.add(NewDatesWish(offer_id=offer_id, person_id=person.id, asked_at=now))
    except IntegrityError:
        return  # the same button, pressed twice at one moment


def take_back(offer_id: int, person: Person) -> None:
    """Forget the wish; nothing happens if there is none."""
    db.session.execute(
        delete(NewDatesWish).where(
            NewDatesWish.offer_id == offer_id, NewDatesWish.person_id == person.id, _IS_OPEN
        )
    )


def is_bookable(offer_id: int, *, now: datetime) -> bool:
    """Whether somebody would get a place at once on one of the offer's dates."""
    found = select(Event.id).where(Event.offer_id == offer_id, has_free_places(now)).limit(1)
    return db.session.scalar(found) is not None


def wish_of(offer_id: int, person_id: int) -> NewDatesWish | None:
    """The person's open wish for this offer."""
    return db.session.scalar(
        select(NewDatesWish).where(
            NewDatesWish.offer_id == offer_id, NewDatesWish.person_id == person_id, _IS_OPEN
        )
    )


class Wished(NamedTuple):
    """An offer whose new dates somebody waits for."""

    slug: str
    title: str


def wishes_of(person_id: int) -> list[Wished]:
    """The offers whose new dates this person waits for, by title."""
    rows = db.session.execute(
        select(Offer.slug, Offer.title)
        .join(NewDatesWish, NewDatesWish.offer_id == Offer.id)
        .where(NewDatesWish.person_id == person_id, _IS_OPEN)
        .order_by(Offer.title)
    )
    return [Wished(*row) for row in rows]


class Waiting(NamedTuple):
    """How many people wait for dates of an offer, and since when the first of them does."""

    people: int
    since: datetime | None


def who_waits(offer_id: int) -> Waiting:
    """What staff see: a number, and nobody's name."""
    row = db.session.execute(
        select(func.count(), func.min(NewDatesWish.asked_at))
        .join(Person, Person.id == NewDatesWish.person_id)
        .where(NewDatesWish.offer_id == offer_id, _IS_OPEN, Person.deactivated_at.is_(None))
    ).one()
    return Waiting(*row)


def people_to_tell(*, now: datetime) -> list[int]:
    """Who waits for an offer that can be booked now."""
    due = select(NewDatesWish.person_id).where(*_due(now)).distinct().limit(MOST_PEOPLE)
    return list(db.session.scalars(due.join(Person, Person.id == NewDatesWish.person_id)))


def tell_new_dates(person_id: int, *, now: datetime) -> int:
    """Queue one message with all dates this person waits for; how many messages (0 or 1)."""
    due = (
        select(NewDatesWish.id)
        .join(Person, Person.id == NewDatesWish.person_id)
        .where(NewDatesWish.person_id == person_id, *_due(now))
    )
    told = db.session.execute(
        update(NewDatesWish)
        .where(NewDatesWish.id.in_(due), _IS_OPEN)
        .values(told_at=now)
        .returning(NewDatesWish.id, NewDatesWish.offer_id),
        execution_options={"synchronize_session": False},
    ).all()
    if not told:
        return 0
    offers = _dates([row.offer_id for row in told], now=now)
    _queue_letter(db.session.get_one(Person, person_id), offers, min(row.id for row in told))
    return 1


def _due(now: datetime) -> Sequence[ColumnElement[bool]]:
    """What makes a wish due; while it was made nothing could be booked, so what can be is new.

    Not for somebody who has a place already. A place on a waiting list is none.
    """
    can_be_booked = select(Event.offer_id).where(has_free_places(now))
    has_place = (
        select(Booking.id)
        .join(Booking.event)
        .where(
            Booking.person_id == NewDatesWish.person_id,
            Event.offer_id == NewDatesWish.offer_id,
            Event.ends_at > now,
            Booking.state.not_in((BookingState.CANCELLED, BookingState.WAITING)),
        )
        .correlate(NewDatesWish)
    )
    return (
        _IS_OPEN,
        Person.deactivated_at.is_(None),
        Person.email.is_not(None),
        NewDatesWish.offer_id.in_(can_be_booked),
        ~has_place.exists(),
    )


class OfferDates(NamedTuple):
    """An offer with its dates that can be booked."""

    title: str
    slug: str
    lines: list[EventLine]


def _dates(offer_ids: Sequence[int], *, now: datetime) -> list[OfferDates]:
    statement = (
        lines_statement()
        .where(Event.offer_id.in_(offer_ids), has_free_places(now))
        .order_by(Offer.title, Offer.id, Event.starts_at)
    )
    by_offer = groupby(db.session.execute(statement), key=lambda row: (row.title, row.slug))
    return [OfferDates(*offer, _lines(rows, now)) for offer, rows in by_offer]


def _lines(rows: Any, now: datetime) -> list[EventLine]:
    return [event_line(row, now=now) for row in rows][:MOST_DATES]


def _queue_letter(person: Person, offers: Sequence[OfferDates], wish_id: int) -> None:
    what = offers[0].title if len(offers) == 1 else f"{len(offers)} things you asked about"
    letter = letters.write(
        "new_dates",
        subject=f"New dates: {what}",
        to_name=person.name,
        offers=offers,
        learning_url=f"{current_app.config['BASE_URL']}/learning",
    )
    queue(
        letter,
        dedupe_key=f"new_dates:{wish_id}",
        kind="new_dates",
        about=("person", person.reference),
        to_name=person.name,
        to_email=person.email,
        person_reference=person.reference,
        priority=BOOKING_PRIORITY,
    )

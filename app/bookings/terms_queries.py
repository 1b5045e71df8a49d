"""What the page about who may book reads: what can be chosen, and whom it would keep out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from app.accounts.models import Organisation, Person, Post
from app.bookings.models import Approval, Booking, BookingState
from app.bookings.terms import KIND_WORDS, establishment_words
from app.bookings.terms_rules import Applicant, Terms, bar, establishments_of
from app.catalogue.models import Event
from app.kernel.db import db
from app.partnership import queries as partnership
from app.partnership.models import Sector

A_YEAR = timedelta(days=365)


def sector_choices() -> list[tuple[str, str]]:
    """The sectors to choose from, as slug and name."""
    return [(sector.slug, sector.name) for sector in partnership.sectors()]


def establishment_choices(chosen: Collection[str]) -> list[tuple[str, str]]:
    """Kinds, phases and types that establishments here have, and what is chosen already."""
    rows = db.session.execute(
        select(Organisation.kind, Organisation.phase, Organisation.establishment_type)
        .where(Organisation.closed_on.is_(None))
        .distinct()
    )
    tokens = {f"kind:{kind}" for kind in KIND_WORDS} | set(chosen)
    for kind, phase, type_ in rows:
        tokens |= establishments_of(kind.value, phase, type_)
    groups = {"kind": 0, "phase": 1, "type": 2}
    by_group = sorted(tokens, key=lambda t: (groups.get(t.partition(":")[0], 3), t))
    choices: dict[str, str] = {}
    for token in by_group:  # a kind and a type may be called the same: colleges
        words = _capitalised(establishment_words(token))
        if token in chosen or words not in choices.values():
            choices[token] = words
    return list(choices.items())


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


class Barred(NamedTuple):
    """How many of those who booked in the last year could no longer book."""

    barred: int
    booked: int


def barred_of_last_year(offer_id: int, terms: Terms, *, now: datetime) -> Barred:
    """How many of the people who booked the offer in the last year the terms would keep out."""
    booked = (
        select(Booking.person_id)
        .join(Booking.event)
        .where(
            Event.offer_id == offer_id,
            Booking.state != BookingState.CANCELLED,
            Booking.booked_at > now - A_YEAR,
        )
        .distinct()
    )
    own, of_body = Sector.__table__.alias("own"), Sector.__table__.alias("of_body")
    rows = db.session.execute(
        select(
            Person.id,
            func.coalesce(own.c.slug, of_body.c.slug, ""),
            Organisation.kind,
            Organisation.phase,
            Organisation.establishment_type,
        )
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(own, own.c.id == Person.sector_id)
        .outerjoin(of_body, of_body.c.id == Organisation.sector_id)
        .where(Person.id.in_(booked))
    ).all()
    posts = _posts_of(booked) if terms.posts else {}
    applicants = [
        Applicant(
            sector,
            establishments_of(kind.value, phase, type_) if kind else frozenset(),
            frozenset(posts.get(person_id, ())),
        )
        for person_id, sector, kind, phase, type_ in rows
    ]
    barred = sum(bar(terms, applicant) is not None for applicant in applicants)
    return Barred(barred, len(applicants))


def _posts_of(people: object) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {}
    rows = db.session.execute(
        select(Post.person_id, Post.kind).where(
            Post.person_id.in_(people),  # type: ignore[arg-type]  # a select is one
            Post.until_on.is_(None),
        )
    )
    for person_id, kind in rows:
        held.setdefault(person_id, set()).add(kind.value)
    return held


def requests_of_offer(offer_id: int, *, now: datetime) -> int:
    """How many requests for sessions to come wait for an answer."""
    waiting = (
        select(func.count())
        .select_from(Booking)
        .join(Booking.event)
        .join(Approval, Approval.booking_id == Booking.id)
        .where(
            Event.offer_id == offer_id,
            Event.starts_at > now,
            Booking.state == BookingState.REQUESTED,
        )
    )
    return db.session.scalar(waiting) or 0

"""What the staff page of one forum or peer-support meeting reads."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.catalogue.models import HALF_TERMLY, Event
from app.kernel.db import db
from app.partnership.half_term_rules import school_year_of, year_after, year_before
from app.partnership.models import HalfTerm


def forum_called(reference: str) -> Event | None:
    """A forum or peer-support meeting in whatever state; None for events of other kinds."""
    chosen = (
        select(Event)
        .join(Event.offer)
        .where(Event.reference == reference)
        .options(
            contains_eager(Event.offer), joinedload(Event.half_term), selectinload(Event.dates)
        )
    )
    event = db.session.scalars(chosen).unique().one_or_none()
    return event if event is not None and event.offer.kind in HALF_TERMLY else None


def half_terms_near(event: Event) -> list[tuple[int, str]]:
    """The half terms an event may be counted in: of its school year, the one before and after."""
    year = school_year_of(event.starts_at.date())
    years = (year_before(year), year, year_after(year))
    rows = db.session.execute(
        select(HalfTerm.id, HalfTerm.name, HalfTerm.school_year)
        .where(HalfTerm.school_year.in_(years))
        .order_by(HalfTerm.starts_on)
    )
    return [(row.id, f"{row.name} {row.school_year}") for row in rows]

"""The school year of the forums: its half terms, and which of them is now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.kernel import london
from app.kernel.db import db
from app.partnership.half_term_rules import school_year_of
from app.partnership.models import HalfTerm
from app.partnership.rules import HalfTermFacts


def current_half_term(now: datetime) -> HalfTerm | None:
    """The half term that runs, in the holidays the next one; None after the last that is known."""
    today = london.london_date(now)
    not_over = select(HalfTerm).where(HalfTerm.ends_on >= today)
    return db.session.scalars(not_over.order_by(HalfTerm.starts_on).limit(1)).first()


def school_year_now(now: datetime) -> str:
    """The school year under way, as 2026/27; from August the one that begins."""
    return school_year_of(london.london_date(now))


def half_terms_of(school_year: str) -> list[HalfTerm]:
    """The half terms of a school year, in order; none if nobody entered it."""
    chosen = select(HalfTerm).where(HalfTerm.school_year == school_year)
    return list(db.session.scalars(chosen.order_by(HalfTerm.number)))


def facts_of(part: HalfTerm) -> HalfTermFacts:
    """A half term's row as a value."""
    return HalfTermFacts(part.school_year, part.number, part.name, part.starts_on, part.ends_on)

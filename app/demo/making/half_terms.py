"""The half terms of the school year under way, even after the last year anybody entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.demo.making.rows import add_all
from app.kernel.db import db
from app.partnership import queries as partnership
from app.partnership.half_term_rules import school_year_of, year_before
from app.partnership.models import HalfTerm

WEEKS_OF_A_YEAR = 52


@dataclass
class HalfTerms:
    """All half terms, and the six of the school year under way."""

    everything: list[HalfTerm]
    this_year: list[HalfTerm]

    @property
    def before(self) -> list[HalfTerm]:
        """Those of the school year before; none if nobody entered it."""
        name = year_before(self.this_year[0].school_year)
        return [part for part in self.everything if part.school_year == name]

    def of(self, day: date) -> tuple[int | None, str]:
        """Id and words of the half term of a London date."""
        for part in self.everything:
            if part.starts_on <= day <= part.ends_on:
                return part.id, f"{part.name} {part.school_year}"
        return None, ""


def known_half_terms(today: date) -> HalfTerms:
    """What the partnership entered; years after that are the last one moved on."""
    name = school_year_of(today)
    everything = partnership.half_terms()
    this_year = [part for part in everything if part.school_year == name]
    if not this_year:
        _move_on(everything[-6:], name)
        db.session.flush()
        everything = partnership.half_terms()
        this_year = [part for part in everything if part.school_year == name]
    return HalfTerms(everything, this_year)


def _move_on(last_known: list[HalfTerm], school_year: str) -> None:
    years = int(school_year[:4]) - int(last_known[0].school_year[:4])
    by = timedelta(weeks=WEEKS_OF_A_YEAR * years)
    rows = [
        {
            "school_year": school_year,
            "number": part.number,
            "name": part.name,
            "starts_on": part.starts_on + by,
            "ends_on": part.ends_on + by,
        }
        for part in last_known
    ]
    add_all(HalfTerm, rows)

"""Take over what a partnership's own file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from app.audit import operations as audit
from app.kernel.db import Base, db
from app.kernel.refusals import Refused
from app.partnership import queries
from app.partnership.half_term_rules import half_term, overlap_words, wrong_with
from app.partnership.models import (
    HalfTerm,
    Partnership,
    Policy,
    PolicyKind,
    Priority,
    Refresher,
    Sector,
)
from app.partnership.rules import (
    HalfTermFacts,
    PartnershipFile,
    PartnershipFileError,
    read_partnership,
)


def load_partnership(path: Path) -> PartnershipFile:
    """Make the database say what the file says, now or again; PartnershipFileError if it cannot."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PartnershipFileError(f"{path} cannot be read as text") from error
    content = read_partnership(text)
    _refuse_another_partnership(content)
    _upsert(Partnership, ("id",), [{"id": 1, **content.facts}])
    _free_names(Sector)
    _free_names(Refresher)
    _upsert(Sector, ("slug",), [asdict(sector) for sector in content.sectors])
    _upsert(Priority, ("plan", "number"), [asdict(one) for one in content.priorities])
    _upsert(Refresher, ("slug",), [asdict(one) for one in content.refreshers])
    content = replace(content, years_kept=_years_set_by_staff())
    half_terms = [part for part in content.half_terms if part.school_year not in content.years_kept]
    _refuse_half_terms_that_overlap(half_terms)
    _upsert(HalfTerm, ("school_year", "number"), [asdict(part) for part in half_terms])
    policies = [{**asdict(one), "kind": PolicyKind(one.kind)} for one in content.policies]
    _upsert(Policy, ("kind",), policies)
    db.session.flush()
    queries.forget()
    return content


def _years_set_by_staff() -> tuple[str, ...]:
    """School years whose half terms staff set in the service; they know better than the file."""
    edited = select(HalfTerm.school_year).where(HalfTerm.edited_at.is_not(None))
    return tuple(db.session.scalars(edited.distinct().order_by(HalfTerm.school_year)))


def _refuse_half_terms_that_overlap(half_terms: Sequence[HalfTermFacts]) -> None:
    """The file is right in itself; the years that are kept from before may lie across it."""
    years = {part.school_year for part in half_terms}
    kept = [one for one in queries.half_term_facts() if one.school_year not in years]
    for part in half_terms:
        for other in kept:
            if other.starts_on <= part.ends_on and part.starts_on <= other.ends_on:
                raise PartnershipFileError(overlap_words(other, part))


def set_half_terms(
    school_year: str, days: Sequence[tuple[date, date]], *, actor_reference: str, now: datetime
) -> None:
    """Set first and last day of the six half terms of a school year, known before or not."""
    # Whoever sets half terms meanwhile waits here, and then sees these.
    db.session.execute(update(Partnership).values(id=Partnership.id))
    parts = [half_term(school_year, number, *span) for number, span in enumerate(days, start=1)]
    others = [one for one in queries.half_term_facts() if one.school_year != school_year]
    if wrong := wrong_with(parts, others):
        raise Refused(wrong[0].words)
    chosen = select(HalfTerm.number, HalfTerm.id).where(HalfTerm.school_year == school_year)
    known = {row.number: row.id for row in db.session.execute(chosen)}
    rows = [{**asdict(part), "edited_at": now} for part in parts]
    old = [{**row, "id": known[row["number"]]} for row in rows if row["number"] in known]
    new = [row for row in rows if row["number"] not in known]
    for statement, some in ((update(HalfTerm), old), (insert(HalfTerm), new)):
        if some:
            db.session.execute(statement, some)
    audit.record(actor_reference, "set the half terms", "school_year", school_year, now=now)


def _refuse_another_partnership(content: PartnershipFile) -> None:
    """What vanished from the file would leave people uncounted, or without a date to renew by."""
    kept: dict[type[Sector | Refresher], set[str]] = {
        Sector: {sector.slug for sector in content.sectors},
        Refresher: {refresher.slug for refresher in content.refreshers},
    }
    for table, slugs in kept.items():
        missing = sorted(set(db.session.scalars(select(table.slug))) - slugs)
        if missing:
            raise PartnershipFileError(
                f"This database counts by the {table.__tablename__} {missing[0]!r}, which the file "
                "lacks: keep its slug in the file, or use an empty database for another partnership"
            )


def _free_names(table: type[Sector | Refresher]) -> None:
    """Two of them may have swapped names, which no order of single updates could write."""
    db.session.execute(update(table).values(name=table.slug + " (being renamed)"))


def _upsert(table: type[Base], keys: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> None:
    known = {
        tuple(getattr(row, key) for key in keys): row for row in db.session.scalars(select(table))
    }
    for facts in rows:
        row = known.get(tuple(facts[key] for key in keys))
        if row is None:
            db.session.add(table(**facts))
            continue
        for name, value in facts.items():
            setattr(row, name, value)

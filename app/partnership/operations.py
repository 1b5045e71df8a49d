"""Take over what a partnership's own file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from app.kernel.db import Base, db
from app.partnership import queries
from app.partnership.models import (
    HalfTerm,
    Partnership,
    Policy,
    PolicyKind,
    Priority,
    Refresher,
    Sector,
)
from app.partnership.rules import PartnershipFile, PartnershipFileError, read_partnership


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
    _upsert(HalfTerm, ("school_year", "number"), [asdict(part) for part in content.half_terms])
    policies = [{**asdict(one), "kind": PolicyKind(one.kind)} for one in content.policies]
    _upsert(Policy, ("kind",), policies)
    db.session.flush()
    queries.forget()
    return content


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

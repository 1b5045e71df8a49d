"""The partnership's facts as every page and message needs them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from time import monotonic

from flask import current_app, g
from sqlalchemy import select

from app.kernel.db import db
from app.partnership.models import HalfTerm, Partnership, Priority, Sector
from app.partnership.rules import HalfTermFacts


@dataclass(frozen=True)
class PartnershipFacts:
    """A copy of the partnership's row that outlives the transaction it was read in."""

    name: str
    short_name: str
    district: str
    service_name: str
    strapline: str
    email: str
    phone: str
    address: str
    website: str
    organiser_name: str
    organiser_email: str
    brand_colour: str
    ink_colour: str
    cancellation_notice_days: int
    concern_words: str
    local_authority: str = ""
    schools_sector: str = ""


NOT_SET_UP = PartnershipFacts(
    name="Safeguarding Children Partnership",
    short_name="SCP",
    district="",
    service_name="Learning and events",
    strapline="",
    email="",
    phone="",
    address="",
    website="",
    organiser_name="Safeguarding Children Partnership",
    organiser_email="learning@localhost",
    brand_colour="#1f5f8b",
    ink_colour="#14213d",
    cancellation_notice_days=2,
    concern_words="",
)


_FACTS = select(*(getattr(Partnership, name) for name in PartnershipFacts.__dataclass_fields__))

EXTENSION = "kept_partnership"
KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class KeptFacts:
    """The partnership as a process read it last, and when by the clock that only runs on."""

    facts: PartnershipFacts
    read_at: float


def current() -> PartnershipFacts:
    """The partnership, the same throughout a request or job.

    A process keeps it, so a file loaded elsewhere is seen after 5 seconds at the latest.
    """
    if "partnership" not in g:
        kept: KeptFacts | None = current_app.extensions.get(EXTENSION)
        is_fresh = kept is not None and monotonic() - kept.read_at < KEPT_SECONDS
        g.partnership = kept.facts if kept and is_fresh else _read()
    facts: PartnershipFacts = g.partnership
    return facts


def _read() -> PartnershipFacts:
    read_at = monotonic()
    row = db.session.execute(_FACTS).one_or_none()
    if row is None:
        return NOT_SET_UP
    facts = PartnershipFacts(*row)
    current_app.extensions[EXTENSION] = KeptFacts(facts, read_at)
    return facts


def forget() -> None:
    """Read the partnership anew when it is next asked for: it has just been changed here."""
    g.pop("partnership", None)
    current_app.extensions.pop(EXTENSION, None)


def last_known() -> PartnershipFacts:
    """The partnership as this process last read it: for the page that says the database is away."""
    kept: KeptFacts | None = current_app.extensions.get(EXTENSION)
    return kept.facts if kept else NOT_SET_UP


def sectors() -> list[Sector]:
    """The groups the workforce is counted by, in the partnership's order."""
    return list(db.session.scalars(select(Sector).order_by(Sector.position, Sector.name)))


def fallback_sector_id() -> int:
    """The last sector of the list, "other", which includes those who did not say (H2)."""
    if "fallback_sector_id" not in g:
        last = select(Sector.id).order_by(Sector.position.desc(), Sector.id.desc()).limit(1)
        g.fallback_sector_id = db.session.scalars(last).one()
    found: int = g.fallback_sector_id
    return found


def priorities() -> list[Priority]:
    """The priorities of all delivery plans, the newest plan first."""
    return list(
        db.session.scalars(select(Priority).order_by(Priority.plan.desc(), Priority.number))
    )


def half_terms() -> list[HalfTerm]:
    """All half terms, in order."""
    return list(db.session.scalars(select(HalfTerm).order_by(HalfTerm.starts_on)))


def half_term_facts() -> list[HalfTermFacts]:
    """All half terms as values, in order."""
    columns = (getattr(HalfTerm, field.name) for field in fields(HalfTermFacts))
    rows = db.session.execute(select(*columns).order_by(HalfTerm.starts_on))
    return [HalfTermFacts(*row) for row in rows]


def half_term_of(day: date) -> HalfTerm | None:
    """The half term a London date lies in; None in the holidays or in a year nobody entered."""
    return db.session.scalars(
        select(HalfTerm).where(HalfTerm.starts_on <= day, HalfTerm.ends_on >= day)
    ).first()

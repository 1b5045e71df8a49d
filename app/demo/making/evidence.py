"""Figures that the annual report prints without answers behind them, as sourced evidence."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.demo.making.rows import read
from app.improvement.models import Counted, EvidenceKind
from app.improvement.operations import EvidenceDetails, add_evidence
from app.kernel.db import db


def record_evidence(by: str, *, now: datetime) -> None:
    """Record the findings of the data file; `by` is a person's reference."""
    actor = db.session.scalars(select(Person).where(Person.reference == by)).one()
    facts = read("evidence")
    at = now - timedelta(days=facts["recorded_days_ago"])
    for details in published_findings().values():
        add_evidence(details, actor=actor, now=at)


def published_findings() -> dict[str, EvidenceDetails]:
    """The findings of the data file by the number of their published figure."""
    facts = read("evidence")
    return {
        one["figure"]: EvidenceDetails(
            title=one["title"],
            kind=EvidenceKind.PUBLISHED_FIGURE,
            source=f"{facts['source']}, line {one['line']} of its text",
            from_on=None if one.get("is_on_last_day") else facts["from_on"],
            until_on=facts["until_on"],
            counted=Counted(one["counted"]),
            count=one["count"],
            is_lower_bound=one.get("is_lower_bound", False),
            offer_slugs=tuple(one.get("offers", ())),
            topic_slugs=tuple(one.get("topics", ())),
        )
        for one in facts["findings"]
    }

"""A finding of others, for tests that need one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.catalogue.models import Offer
from app.improvement import operations
from app.improvement.models import Counted, EvidenceKind
from app.improvement.operations import EvidenceDetails
from app.kernel.db import db
from app.kernel.london import london_date


def some_evidence(offer: Offer, actor: Person, *, now: datetime, **changes: Any) -> str:
    """That 31 of 50 files mention the offer, committed; its reference."""
    facts: dict[str, Any] = {
        "title": "31 of 50 files audited use the toolkit",
        "kind": EvidenceKind.AUDIT_FINDING,
        "source": "Multi-agency audit of November 2026, page 4",
        "until_on": london_date(now),
        "counted": Counted.PEOPLE,
        "count": 31,
        "base": 50,
        "offer_slugs": (offer.slug,),
    }
    made = operations.add_evidence(EvidenceDetails(**(facts | changes)), actor=actor, now=now)
    db.session.commit()
    return made.reference

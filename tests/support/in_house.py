"""A request for learning at one's own place, for tests that need one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.accounts.models import Person
from app.bookings import in_house
from app.bookings.in_house import Asked
from app.bookings.in_house_models import CountedBy
from app.catalogue.models import Offer
from app.kernel.db import db


def asked(counted_by: CountedBy = CountedBy.REGISTER, *, more: str = "") -> Asked:
    """Twenty people on an inset day."""
    return Asked(20, "An inset day in January", "School hall", "01924 000000", more, counted_by)


def some_request(
    offer: Offer, actor: Person, *, now: datetime, words: Mapping[str, str] | None = None
) -> str:
    """Somebody's request for their organisation, committed; its reference."""
    more = (words or {}).get("description", "We have a projector.")
    made = in_house.ask(offer.id, asked(more=more), actor=actor, now=now)
    db.session.commit()
    return made.reference

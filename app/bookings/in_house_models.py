"""What organisations ask for: learning for their own staff, at their own place."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.catalogue.models import Event, Offer
from app.kernel.db import Base, stored_by_value


class InHouseState(enum.StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class CountedBy(enum.StrEnum):
    """How it is written down who was there (R25)."""

    REGISTER = "register"
    HEADS = "heads"


class InHouseRequest(Base):
    """An organisation asks for an offer to be delivered to its own staff (R25, R27)."""

    __tablename__ = "in_house_request"
    __table_args__ = (
        CheckConstraint("people_count > 0", name="people_positive"),
        CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("(state = 'agreed') = (event_id IS NOT NULL)", name="agreed_has_event"),
        CheckConstraint("state <> 'declined' OR answer <> ''", name="declined_says_why"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    people_count: Mapped[int] = mapped_column(comment="About how many")
    when_words: Mapped[str] = mapped_column(comment="Days and times that would suit, as typed")
    place: Mapped[str] = mapped_column(comment="Where they would meet, or Online")
    phone: Mapped[str] = mapped_column(default="")
    more: Mapped[str] = mapped_column(Text, default="")
    counted_by: Mapped[CountedBy] = mapped_column(stored_by_value(CountedBy))
    state: Mapped[InHouseState] = mapped_column(stored_by_value(InHouseState), index=True)
    answer: Mapped[str] = mapped_column(Text, default="", comment="What was decided, for them")
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)

    offer: Mapped[Offer] = relationship()
    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship()
    event: Mapped[Event | None] = relationship()

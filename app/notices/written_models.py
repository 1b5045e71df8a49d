"""What staff wrote to the people of one event, once, in their own words."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalogue.models import Event
from app.kernel.db import Base, stored_by_value


class WhomTo(enum.StrEnum):
    """Which people of an event a letter is for."""

    BOOKED = "booked"
    WAITING = "waiting"
    ATTENDED = "attended"
    DID_NOT_ATTEND = "did_not_attend"


class WrittenLetter(Base):
    """One letter of staff to many, each of whom gets a message of their own."""

    __tablename__ = "written_letter"
    __table_args__ = (
        CheckConstraint("subject <> '' AND body <> ''", name="has_words"),
        CheckConstraint("sent_count >= 0 AND no_address_count >= 0", name="counts_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    form_key: Mapped[str] = mapped_column(
        unique=True, comment="Of the page it was sent from: sent twice, it leaves once"
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    whom_to: Mapped[WhomTo] = mapped_column(stored_by_value(WhomTo))
    subject: Mapped[str] = mapped_column(comment="With placeholders, as written")
    body: Mapped[str] = mapped_column(Text, comment="With placeholders, as written")
    written_by: Mapped[str] = mapped_column(comment="Reference of a person")
    sent_at: Mapped[datetime]
    sent_count: Mapped[int]
    no_address_count: Mapped[int] = mapped_column(comment="People who must be told otherwise")

    event: Mapped[Event] = relationship()

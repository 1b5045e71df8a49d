"""Files that say who was in an online meeting, and the registers written from them."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.catalogue.models import Event, EventDate
from app.kernel.db import Base, stored_by_value


class DayOrder(enum.StrEnum):
    """Which way round a file writes its dates."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class MeetingRegister(Base):
    """A register written from meeting files, with what it takes to undo it for a day."""

    __tablename__ = "meeting_register"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    event_date_id: Mapped[int] = mapped_column(
        ForeignKey("event_date.id", ondelete="CASCADE"), index=True
    )
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    undo: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSON, comment="What each row said before, by booking; erased after a day"
    )
    undone_at: Mapped[datetime | None]

    event_date: Mapped[EventDate] = relationship()


class MeetingFile(Base):
    """One attendance file of an online meeting, for one event date; kept for 30 days."""

    __tablename__ = "meeting_file"
    __table_args__ = (
        UniqueConstraint("event_date_id", "sha256"),
        UniqueConstraint("event_date_id", "says_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    event_date_id: Mapped[int] = mapped_column(ForeignKey("event_date.id", ondelete="CASCADE"))
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(comment="Of its bytes")
    says_sha256: Mapped[str] = mapped_column(
        comment="Of what it says, the same however the file was saved again"
    )
    layout: Mapped[str] = mapped_column(comment="The layout it was read as, and its version")
    day_order: Mapped[DayOrder | None] = mapped_column(
        stored_by_value(DayOrder), comment="As a person has decided, where nothing else could"
    )
    content: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="The file itself, compressed; None once erased"
    )
    added_at: Mapped[datetime] = mapped_column(index=True)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    register_id: Mapped[int | None] = mapped_column(
        ForeignKey("meeting_register.id"), index=True, comment="None until a register was saved"
    )

    event_date: Mapped[EventDate] = relationship()
    register: Mapped[MeetingRegister | None] = relationship()


class MeetingName(Base):
    """Another name or address by which a person appears in meetings, as staff have confirmed."""

    __tablename__ = "meeting_name"
    __table_args__ = (UniqueConstraint("person_id", "said"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    said: Mapped[str] = mapped_column(index=True, comment="In lower case")
    confirmed_at: Mapped[datetime]
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Closing(Base):
    """That an event was closed: its registers are taken and nothing is left to do."""

    __tablename__ = "closing"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    event: Mapped[Event] = relationship()

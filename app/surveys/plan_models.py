"""Who is asked without an event, and what staff changed in the schedule."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, stored_by_value


class SurveyAddressee(Base):
    """Somebody on the list of an evaluation that follows no event (R50, R63)."""

    __tablename__ = "survey_addressee"
    __table_args__ = (UniqueConstraint("evaluation_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sector_id: Mapped[int] = mapped_column(ForeignKey("sector.id"))
    added_at: Mapped[datetime]


class ChangeKind(enum.StrEnum):
    """What staff did to a line of the schedule."""

    SHIFT = "shift"
    SKIP = "skip"


class WaveChange(Base):
    """One wave of one event, or of a list, is asked on another day or not at all."""

    __tablename__ = "wave_change"
    __table_args__ = (
        UniqueConstraint("wave_id", "event_id"),
        Index(
            "uq_wave_change_of_list",
            "wave_id",
            unique=True,
            sqlite_where=text("event_id IS NULL"),
            postgresql_where=text("event_id IS NULL"),
        ),
        CheckConstraint("(kind = 'shift') = (moved_to IS NOT NULL)", name="shift_has_day"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(stored_by_value(ChangeKind))
    moved_to: Mapped[date | None] = mapped_column(index=True)
    reason: Mapped[str]
    changed_at: Mapped[datetime]

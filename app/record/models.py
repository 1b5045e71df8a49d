"""What people add to their own record, and the reminders they were sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base
from app.partnership.models import Refresher


class LearningElsewhere(Base):
    """Something a person learned elsewhere and wrote into their own record."""

    __tablename__ = "learning_elsewhere"
    __table_args__ = (CheckConstraint("minutes > 0", name="minutes_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    title: Mapped[str]
    provider: Mapped[str]
    learned_on: Mapped[date]
    minutes: Mapped[int | None] = mapped_column(comment="How long it took, if they said")
    refresher_id: Mapped[int | None] = mapped_column(
        ForeignKey("refresher.id"), index=True, comment="What it renews, as they see it"
    )
    added_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    refresher: Mapped[Refresher | None] = relationship()


class RefresherNudge(Base):
    """That somebody was reminded, so many months before a date; each reminder goes once."""

    __tablename__ = "refresher_nudge"
    __table_args__ = (UniqueConstraint("person_id", "refresher_id", "due_on", "months_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    refresher_id: Mapped[int] = mapped_column(ForeignKey("refresher.id"), index=True)
    due_on: Mapped[date]
    months_before: Mapped[int]
    sent_at: Mapped[datetime]


class RefresherStop(Base):
    """Somebody who wants no such reminders."""

    __tablename__ = "refresher_stop"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    stopped_at: Mapped[datetime]

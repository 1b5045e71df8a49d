"""Invitations to training that falls due: whom an Advisor asked to invite, and who was."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base
from app.partnership.models import Refresher


class TrainingRound(Base):
    """One request to invite everybody for whom something falls due in a time; the worker writes."""

    __tablename__ = "training_round"
    __table_args__ = (CheckConstraint("first_on <= last_on", name="begins_before_it_ends"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    refresher_id: Mapped[int] = mapped_column(ForeignKey("refresher.id"), index=True)
    first_on: Mapped[date]
    last_on: Mapped[date]
    with_lapsed: Mapped[bool] = mapped_column(
        default=False, comment="Also those whom we hold no record of, or no newer one"
    )
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    done_at: Mapped[datetime | None] = mapped_column(index=True)

    refresher: Mapped[Refresher] = relationship()


class TrainingInvitation(Base):
    """That somebody was invited to training which falls due for them."""

    __tablename__ = "training_invitation"
    __table_args__ = (UniqueConstraint("round_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("training_round.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sent_at: Mapped[datetime]

    round: Mapped[TrainingRound] = relationship()

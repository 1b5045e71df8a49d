"""At which hours of the day answers come in, over everybody and everything."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class AnsweringHour(Base):
    """How many answers came in one hour of the day: no day, no survey, no sector, nobody."""

    __tablename__ = "answering_hour"
    __table_args__ = (
        CheckConstraint("hour BETWEEN 0 AND 23", name="an_hour"),
        CheckConstraint("answers_count >= 0", name="count_not_negative"),
    )

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answers_count: Mapped[int]

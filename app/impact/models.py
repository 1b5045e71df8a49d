"""What was counted of large evaluations, so that their pages need not count it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class KeptCounts(Base):
    """Who was asked, who answered and who came, as counted a few minutes ago."""

    __tablename__ = "kept_counts"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), primary_key=True)
    counted_at: Mapped[datetime]
    rows: Mapped[dict[str, Any]] = mapped_column(
        JSON, comment="What the grouped statements said: asked, responses, reach"
    )


class KeptAnswers(Base):
    """How the answers in the figures fall; they never change, so neither does this."""

    __tablename__ = "kept_answers"

    fingerprint: Mapped[str] = mapped_column(
        primary_key=True, comment="Of the groups of responses in the figures, their sizes and ids"
    )
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    rows: Mapped[dict[str, Any]] = mapped_column(
        JSON, comment="What the grouped statements said, numbers only"
    )

"""The audit trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class AuditLine(Base):
    """One thing done by one person or job, named by public references."""

    __tablename__ = "audit_line"
    __table_args__ = (Index("ix_audit_line_subject", "subject_kind", "subject_reference"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(comment="A person's reference, or the name of a job")
    verb: Mapped[str]
    subject_kind: Mapped[str]
    subject_reference: Mapped[str]
    facts: Mapped[dict[str, str | int | bool | None]] = mapped_column(
        JSON, default=dict, comment="Old and new values of fields; never names or free text"
    )

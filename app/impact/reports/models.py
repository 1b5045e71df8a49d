"""Evaluation reports: what is being written, and what was published, which never changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class EvaluationReport(Base):
    """What is said publicly of one evaluation; its address stays for good."""

    __tablename__ = "evaluation_report"
    __table_args__ = (
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason = '')", name="withdrawn_has_reason"
        ),
        CheckConstraint(
            "withdrawn_at IS NULL OR published_number IS NOT NULL", name="withdrawn_was_published"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    published_number: Mapped[int | None] = mapped_column(
        comment="The version at the report's address; None until the first is published"
    )
    published_at: Mapped[datetime | None] = mapped_column(
        index=True, comment="When the first version was published"
    )
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(
        default=0, comment="Raised by every change of what is public, so that kept pages know"
    )
    created_at: Mapped[datetime]


class ReportVersion(Base):
    """A draft until it is published; then its document holds all that it shows, as plain values."""

    __tablename__ = "report_version"
    __table_args__ = (
        UniqueConstraint("report_id", "number"),
        CheckConstraint("(published_at IS NULL) = (document IS NULL)", name="published_is_frozen"),
        Index(
            "uq_report_version_draft",
            "report_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("evaluation_report.id"))
    number: Mapped[int]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(Text, comment="A sentence or two for lists")
    correction: Mapped[str] = mapped_column(
        Text, default="", comment="What differs from the version before, for readers"
    )
    keeps_figures: Mapped[bool] = mapped_column(
        default=False, comment="A correction of words: its figures are those of the version before"
    )
    published_at: Mapped[datetime | None]
    document: Mapped[str | None] = mapped_column(Text, comment="JSON: sections, figures, method")


class ReportSection(Base):
    """A heading, words in Markdown and the figures that stand below them."""

    __tablename__ = "report_section"
    __table_args__ = (UniqueConstraint("version_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("report_version.id"))
    position: Mapped[int]
    heading: Mapped[str]
    words: Mapped[str] = mapped_column(Text, default="", comment="Markdown")
    pieces: Mapped[str] = mapped_column(Text, default="", comment="Keys, space between")

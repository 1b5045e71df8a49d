"""What others counted or found: evidence that stands beside what people say themselves."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalogue.models import Offer, Topic
from app.kernel.db import Base, stored_by_value

evidence_offer = Table(
    "evidence_offer",
    Base.metadata,
    Column("evidence_id", ForeignKey("evidence.id"), primary_key=True),
    Column("offer_id", ForeignKey("offer.id"), primary_key=True, index=True),
)

evidence_topic = Table(
    "evidence_topic",
    Base.metadata,
    Column("evidence_id", ForeignKey("evidence.id"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True, index=True),
)


class EvidenceKind(enum.StrEnum):
    """Where evidence comes from (R48)."""

    ANALYTICS = "analytics"
    AUDIT_FINDING = "audit_finding"
    PRACTICE_REVIEW = "practice_review"
    PUBLISHED_FIGURE = "published_figure"
    OTHER = "other"


class Counted(enum.StrEnum):
    """What a figure counts: of people it may not be small."""

    PEOPLE = "people"
    THINGS = "things"


class Evidence(Base):
    """One finding in a plain sentence, with who counted it and where that can be read."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("source <> ''", name="has_source"),
        CheckConstraint("from_on <= until_on", name="period_in_order"),
        CheckConstraint("(figure_count IS NULL) = (counted IS NULL)", name="figure_says_of_what"),
        CheckConstraint("figure_count >= 0", name="count_not_negative"),
        CheckConstraint(
            "figure_base IS NULL"
            " OR (figure_count IS NOT NULL AND figure_base > 0 AND figure_count <= figure_base)",
            name="count_within_base",
        ),
        CheckConstraint(
            "counted <> 'people' OR coalesce(figure_base, figure_count) >= 10",
            name="no_few_people",
        ),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason = '')", name="withdrawn_says_why"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(comment="The finding in a plain sentence")
    kind: Mapped[EvidenceKind] = mapped_column(stored_by_value(EvidenceKind))
    source: Mapped[str] = mapped_column(comment="Who counted it, where it is published, which page")
    web_address: Mapped[str | None]
    from_on: Mapped[date | None] = mapped_column(comment="None: it is of a single day")
    until_on: Mapped[date] = mapped_column(index=True, comment="The day it is of, or its last day")
    counted: Mapped[Counted | None] = mapped_column(stored_by_value(Counted))
    figure_count: Mapped[int | None]
    figure_base: Mapped[int | None] = mapped_column(comment="Only with it is there a percentage")
    is_lower_bound: Mapped[bool] = mapped_column(
        default=False, comment="Its source says 'over' or 'at least'"
    )
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(comment="Reference of a person")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")

    offers: Mapped[list[Offer]] = relationship(secondary=evidence_offer, order_by=Offer.title)
    topics: Mapped[list[Topic]] = relationship(secondary=evidence_topic, order_by=Topic.name)

"""Why offers exist, what is being done about it, and by what it will be judged."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalogue.models import Offer, SourceOfNeed
from app.kernel.db import Base, stored_by_value
from app.partnership.models import Priority

need_offer = Table(
    "need_offer",
    Base.metadata,
    Column("need_id", ForeignKey("need.id"), primary_key=True),
    Column("offer_id", ForeignKey("offer.id"), primary_key=True, index=True),
)

action_offer = Table(
    "action_offer",
    Base.metadata,
    Column("action_id", ForeignKey("action.id"), primary_key=True),
    Column("offer_id", ForeignKey("offer.id"), primary_key=True, index=True),
)


class NeedState(enum.StrEnum):
    """How far a need has come."""

    RAISED = "raised"
    AGREED = "agreed"
    MET = "met"
    DECLINED = "declined"


class Need(Base):
    """Something the workforce must be able to do, and where that was found (R12, R49)."""

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("found_in <> ''", name="says_where_found"),
        CheckConstraint("(state = 'raised') = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint("state = 'raised' OR answer <> ''", name="decided_has_answer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(comment="What people need to be able to do, in a sentence")
    details: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[SourceOfNeed] = mapped_column(stored_by_value(SourceOfNeed))
    found_in: Mapped[str] = mapped_column(comment="Which review, audit, report or meeting")
    found_on: Mapped[date | None] = mapped_column(comment="The day it was published or said")
    raised_for: Mapped[str] = mapped_column(default="", comment="As Child Exploitation sub-group")
    raised_by: Mapped[str] = mapped_column(index=True, comment="Reference of a person")
    raised_at: Mapped[datetime]
    state: Mapped[NeedState] = mapped_column(stored_by_value(NeedState), index=True)
    answer: Mapped[str] = mapped_column(
        Text, default="", comment="What was decided and why, for whoever raised it"
    )
    decided_at: Mapped[datetime | None]
    priority_id: Mapped[int | None] = mapped_column(ForeignKey("priority.id"), index=True)

    priority: Mapped[Priority | None] = relationship()
    offers: Mapped[list[Offer]] = relationship(secondary=need_offer, order_by=Offer.title)
    actions: Mapped[list[Action]] = relationship(
        back_populates="need", order_by="(Action.due_on, Action.id)"
    )


class ActionState(enum.StrEnum):
    """Whether an action is still to be done."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Action(Base):
    """A line of the Learning and Development action log (R48)."""

    __tablename__ = "action"
    __table_args__ = (
        CheckConstraint("what <> '' AND owner <> ''", name="says_what_and_who"),
        CheckConstraint("(state = 'open') = (closed_on IS NULL)", name="closed_has_day"),
        CheckConstraint("state = 'open' OR outcome <> ''", name="closed_says_what_came_of_it"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    what: Mapped[str]
    owner: Mapped[str] = mapped_column(comment="A post, as Training Co-ordinator; not a name")
    due_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[ActionState] = mapped_column(stored_by_value(ActionState), index=True)
    outcome: Mapped[str] = mapped_column(Text, default="", comment="What came of it")
    closed_on: Mapped[date | None]
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(comment="Reference of a person")

    need: Mapped[Need | None] = relationship(back_populates="actions")
    offers: Mapped[list[Offer]] = relationship(secondary=action_offer, order_by=Offer.title)


class JudgedBy(enum.StrEnum):
    """The three parts of a Key Impact Measure (R48)."""

    ANALYTICS = "analytics"
    QUALITY_ASSURANCE = "quality_assurance"
    IMPACT_EVALUATION = "impact_evaluation"


class KeyImpactMeasure(Base):
    """What an offer will be judged by, agreed when it was approved (R48)."""

    __tablename__ = "key_impact_measure"
    __table_args__ = (
        UniqueConstraint("offer_id", "judged_by", "words"),
        CheckConstraint("words <> '' AND agreed_by <> ''", name="says_what_and_by_whom"),
        CheckConstraint("(retired_on IS NULL) = (retired_reason = '')", name="retired_says_why"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    judged_by: Mapped[JudgedBy] = mapped_column(stored_by_value(JudgedBy))
    words: Mapped[str] = mapped_column(comment="As 'Visits of the toolkit's page, each quarter'")
    agreed_on: Mapped[date]
    agreed_by: Mapped[str] = mapped_column(comment="A group or post, as Delivery group")
    retired_on: Mapped[date | None]
    retired_reason: Mapped[str] = mapped_column(default="")

    offer: Mapped[Offer] = relationship()

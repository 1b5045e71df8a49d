"""What is sent around an event, when it falls due, and what became of it for each person."""

from __future__ import annotations

import enum
from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.bookings.models import Booking
from app.catalogue.models import Event, EventDate, Offer
from app.kernel.db import Base, stored_by_value


class NoticeKind(enum.StrEnum):
    """The messages around an event."""

    REMINDER = "reminder"
    JOINING_INSTRUCTIONS = "joining_instructions"
    MISSED_YOU = "missed_you"


class RoundState(enum.StrEnum):
    """Where a round stands; missed is one that would have come too late."""

    SCHEDULED = "scheduled"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class NoticeRule(Base):
    """What is sent by itself, and when; an offer's own rules stand in place of those for all."""

    __tablename__ = "notice_rule"
    __table_args__ = (
        CheckConstraint("days BETWEEN 0 AND 60", name="days_within_two_months"),
        CheckConstraint("kind = 'reminder' OR NOT each_date", name="only_reminders_for_each_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[NoticeKind] = mapped_column(stored_by_value(NoticeKind))
    offer_id: Mapped[int | None] = mapped_column(
        ForeignKey("offer.id"), index=True, comment="None: all offers that have no own of the kind"
    )
    days: Mapped[int] = mapped_column(
        comment="Before the date it is about; for missed_you, after the last date"
    )
    at_time: Mapped[time] = mapped_column(comment="On the wall clock in London")
    each_date: Mapped[bool] = mapped_column(
        default=False, comment="A reminder for each day of the event, not for the first alone"
    )
    is_on: Mapped[bool] = mapped_column(default=True)
    switched_on_at: Mapped[datetime] = mapped_column(
        comment="Or added, or changed: what was due before is never sent"
    )

    offer: Mapped[Offer | None] = relationship()


class NoticeRound(Base):
    """One sending of one rule about one event date; a date that moves gets a new round."""

    __tablename__ = "notice_round"
    __table_args__ = (
        UniqueConstraint("rule_id", "event_date_id", "due_at"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_time"),
        CheckConstraint("state IN ('scheduled', 'done') OR reason <> ''", name="not_sent_says_why"),
        CheckConstraint("sent_count >= 0 AND withheld_count >= 0", name="counts_not_negative"),
        Index(
            "ix_notice_round_scheduled",
            "due_at",
            sqlite_where=text("state = 'scheduled'"),
            postgresql_where=text("state = 'scheduled'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("notice_rule.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    event_date_id: Mapped[int | None] = mapped_column(
        ForeignKey("event_date.id", ondelete="SET NULL"),
        index=True,
        comment="The date it is about; None once that was taken out of the event",
    )
    about_at: Mapped[datetime] = mapped_column(
        comment="Start of that date, as it was when the round was planned"
    )
    due_at: Mapped[datetime]
    state: Mapped[RoundState] = mapped_column(stored_by_value(RoundState))
    reason: Mapped[str] = mapped_column(default="", comment="Why it was not sent, for staff")
    sent_count: Mapped[int] = mapped_column(default=0)
    withheld_count: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]

    rule: Mapped[NoticeRule] = relationship()
    event: Mapped[Event] = relationship()
    event_date: Mapped[EventDate | None] = relationship()


class Notice(Base):
    """What became of a round for one booking: sent, or why not."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("round_id", "booking_id"),
        CheckConstraint("(message_key IS NULL) = (reason <> '')", name="sent_or_says_why_not"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("notice_round.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    message_key: Mapped[str | None] = mapped_column(
        unique=True, comment="Of the message in the outbox, which knows whether it has left"
    )
    reason: Mapped[str] = mapped_column(default="", comment="Why nothing was sent, in words")
    decided_at: Mapped[datetime]

    round: Mapped[NoticeRound] = relationship()
    booking: Mapped[Booking] = relationship()

"""Messages as rows: fixed when the thing they tell happens, sent later by the worker."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, stored_by_value


class MessageState(enum.StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHHELD = "withheld"


class CalendarMethod(enum.StrEnum):
    """The iTIP method of a message's calendar part (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class WordingKind(enum.StrEnum):
    """The letters, or openings of letters, whose words the partnership may change."""

    REMINDER = "reminder"
    JOINING_INSTRUCTIONS = "joining_instructions"
    MISSED_YOU = "missed_you"
    BOOKING_CHANGED = "booking_changed"
    BOOKING_CANCELLED_BY_US = "booking_cancelled_by_us"


class Wording(Base):
    """A letter's words as the partnership has changed them; no row: the standard words."""

    __tablename__ = "wording"

    kind: Mapped[WordingKind] = mapped_column(stored_by_value(WordingKind), primary_key=True)
    subject: Mapped[str] = mapped_column(
        default="", comment="Empty for an opening, whose letter has its own"
    )
    body: Mapped[str] = mapped_column(Text, comment="Paragraphs with placeholders, never code")
    changed_at: Mapped[datetime]


class OutboxMessage(Base):
    """One message to one person; text, HTML and calendar part are fixed when it is queued."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint(
            "(calendar_text IS NULL) = (calendar_method IS NULL) OR body_erased_at IS NOT NULL",
            name="calendar_with_method",
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"
        ),
        Index(
            "ix_outbox_message_due",
            "priority",
            "next_attempt_at",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index("ix_outbox_message_about", "about_kind", "about_reference"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(
        unique=True, comment="What happened, to whom, which time: the same thing is told once"
    )
    kind: Mapped[str] = mapped_column(comment="As booking_confirmed; for filters and the trail")
    about_kind: Mapped[str]
    about_reference: Mapped[str]
    person_reference: Mapped[str | None] = mapped_column(index=True)
    to_name: Mapped[str]
    to_email: Mapped[str]
    subject: Mapped[str]
    text_body: Mapped[str] = mapped_column(Text)
    html_body: Mapped[str] = mapped_column(Text)
    calendar_text: Mapped[str | None] = mapped_column(Text)
    calendar_method: Mapped[CalendarMethod | None] = mapped_column(stored_by_value(CalendarMethod))
    message_id: Mapped[str] = mapped_column(unique=True)
    priority: Mapped[int] = mapped_column(
        comment="Lower leaves first: 1 code, 5 booking, 7 reminder, 9 survey"
    )
    queued_at: Mapped[datetime]
    not_after: Mapped[datetime | None] = mapped_column(
        comment="Too late to be of use after this, then withheld (real clock, like all retrying)"
    )
    erase_when_sent: Mapped[bool] = mapped_column(
        default=False, comment="Sign-in codes and survey links do not stay in the database"
    )
    body_erased_at: Mapped[datetime | None]
    state: Mapped[MessageState] = mapped_column(stored_by_value(MessageState))
    attempts_count: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

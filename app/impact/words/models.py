"""What became of each comment. No row here names whoever wrote it, or says when they did.

Readers stand here by their public reference, as in the audit trail. Nothing about a single comment
holds an instant or a running number: a day on which one was noted or read could be laid beside the
day on which somebody answered.
"""

from __future__ import annotations

import enum
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, stored_by_value
from app.surveys.response_models import KEPT_BY_KEY


class CommentReading(Base):
    """That an answer in somebody's own words is in the queue, and whether it has been read."""

    __tablename__ = "comment_reading"
    __table_args__ = (
        Index(
            "ix_comment_reading_unread",
            "evaluation_id",
            "answer_id",
            sqlite_where=text("NOT is_read"),
            postgresql_where=text("NOT is_read"),
        ),
        KEPT_BY_KEY,
    )

    answer_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("answer.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    is_read: Mapped[bool] = mapped_column(default=False)
    is_cut: Mapped[bool] = mapped_column(
        default=False,
        comment="Words that identify a child were taken out; which of them is kept nowhere",
    )


class CommentsWaiting(Base):
    """Since which day an evaluation has had comments that nobody has read; gone once all are."""

    __tablename__ = "comments_waiting"

    evaluation_id: Mapped[int] = mapped_column(
        ForeignKey("evaluation.id"), primary_key=True, autoincrement=False
    )
    since: Mapped[date] = mapped_column(comment="Of the batch, never of one comment")


class CommentDuty(Base):
    """Which post reads new comments within a working day, and when it was last reminded."""

    __tablename__ = "comment_duty"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post: Mapped[str] = mapped_column(comment="As the page names it: roles are posts")
    reader: Mapped[str | None] = mapped_column(
        comment="Reference of who holds the post; None: everyone of the delivery group"
    )
    reminded_on: Mapped[date | None]


class CommentTheme(Base):
    """What several comments say, in the partnership's own words."""

    __tablename__ = "comment_theme"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True, comment="The name in lower case")
    retired_on: Mapped[date | None] = mapped_column(comment="Kept where given, offered no more")


class ThemeOfComment(Base):
    """That a comment says this."""

    __tablename__ = "theme_of_comment"
    __table_args__ = (KEPT_BY_KEY,)

    answer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True
    )
    theme_id: Mapped[int] = mapped_column(
        ForeignKey("comment_theme.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class QuoteConsent(enum.StrEnum):
    """How far whoever wrote it lets it go, always without a name."""

    INSIDE = "inside"
    PUBLIC = "public"


class QuoteState(enum.StrEnum):
    """Where a quotation stands."""

    PROPOSED = "proposed"
    SENT_BACK = "sent_back"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class QuoteRow(Base):
    """Words of one comment that may be shown elsewhere once a second person has released them."""

    __tablename__ = "quote"
    __table_args__ = (
        Index("ix_quote_evaluation_state", "evaluation_id", "state"),
        CheckConstraint("released_by <> proposed_by", name="second_person_releases"),
        CheckConstraint(
            "(state IN ('released', 'withdrawn')) = (released_by IS NOT NULL)",
            name="released_by_somebody",
        ),
        CheckConstraint("(released_by IS NULL) = (released_on IS NULL)", name="release_is_whole"),
        KEPT_BY_KEY,
    )

    reference: Mapped[str] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("answer.id", ondelete="CASCADE"), index=True
    )
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    words: Mapped[str] = mapped_column(Text, comment="Cuts are marked […]")
    consent: Mapped[QuoteConsent] = mapped_column(stored_by_value(QuoteConsent))
    state: Mapped[QuoteState] = mapped_column(stored_by_value(QuoteState), index=True)
    revision: Mapped[int] = mapped_column(comment="Raised with the words: a release names it")
    proposed_by: Mapped[str] = mapped_column(comment="Reference of a person")
    proposed_on: Mapped[date]
    released_by: Mapped[str | None]
    released_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(
        Text, default="", comment="Why it was sent back or withdrawn, by the second person"
    )

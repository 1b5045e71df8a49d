"""What came back. No row here names a person, and none of the invitations holds an answer."""

from __future__ import annotations

import enum
import secrets
from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, stored_by_value

# SQLite would keep rows in the order in which they came, beside a number of its own. Whoever has
# the file would lay that order beside the days on which people answered.
KEPT_BY_KEY = {"sqlite_with_rowid": False}


def random_id() -> int:
    """A random positive 62-bit number: rows must not tell in which order people answered."""
    return secrets.randbits(62) | 1


class ResponseSource(enum.StrEnum):
    """By which door an answer came; doors stand side by side and are never pooled."""

    PERSONAL = "personal"
    OPEN = "open"
    IMPORTED = "imported"  # from a file of answers, see import_models


class Pairing(Base):
    """Links one person's waves by a random key until the last wave closes, then it is erased."""

    __tablename__ = "pairing"
    __table_args__ = (UniqueConstraint("evaluation_id", "addressee_key"), KEPT_BY_KEY)

    pairing_key: Mapped[str] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    addressee_key: Mapped[str]


class Response(Base):
    """One answered form: evaluation, wave, event and sector, never the person."""

    __tablename__ = "response"
    __table_args__ = (
        CheckConstraint("(source = 'personal') = (wave_id IS NOT NULL)", name="personal_has_wave"),
        CheckConstraint("source = 'personal' OR pairing_key IS NULL", name="open_is_never_paired"),
        CheckConstraint(
            "(source = 'imported') = (import_run_id IS NOT NULL)", name="imported_has_run"
        ),
        CheckConstraint("source = 'open' OR open_link_id IS NULL", name="only_open_has_link"),
        UniqueConstraint("id", "evaluation_id"),  # so that an answer's evaluation is its response's
        Index("ix_response_evaluation", "evaluation_id", "source", "wave_id"),
        KEPT_BY_KEY,
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, default=random_id)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    wave_id: Mapped[int | None] = mapped_column(ForeignKey("wave.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    source: Mapped[ResponseSource] = mapped_column(stored_by_value(ResponseSource))
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id"), index=True, comment="None where fewer than 3 of its sector came"
    )
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sector.id"), index=True)
    pairing_key: Mapped[str | None] = mapped_column(index=True)
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    open_link_id: Mapped[int | None] = mapped_column(
        ForeignKey("open_link.id"), index=True, comment="None by the evaluation's own open link"
    )
    answered_on: Mapped[date] = mapped_column(
        comment="Personal: month of the asking, or its year where the event was forgotten, "
        "so that no date matches a response to an invitation; open: the day, or the month by a "
        "link for one session or organisation; imported: its month"
    )

    answers: Mapped[list[Answer]] = relationship(back_populates="response")


class Answer(Base):
    """One question's value; several rows where several were chosen."""

    __tablename__ = "answer"
    __table_args__ = (
        Index(
            "uq_answer_response_question_option",
            "response_id",
            "question_id",
            "option_id",
            unique=True,
        ),
        ForeignKeyConstraint(
            ["response_id", "evaluation_id"], ["response.id", "response.evaluation_id"]
        ),
        # Results of an evaluation, all waves at once, are one GROUP BY over this index alone.
        Index("ix_answer_results", "evaluation_id", "wave_id", "question_id", "option_id", "score"),
        # Words are few beside choices: finding those not yet in the readers' queue is short.
        Index(
            "ix_answer_text",
            "evaluation_id",
            "id",
            sqlite_where=text("text IS NOT NULL"),
            postgresql_where=text("text IS NOT NULL"),
        ),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 10", name="score_0_to_10"),
        CheckConstraint(
            "option_id IS NOT NULL OR score IS NOT NULL OR text IS NOT NULL",
            name="has_a_value",
        ),
        KEPT_BY_KEY,
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, default=random_id)
    response_id: Mapped[int] = mapped_column(BigInteger)
    evaluation_id: Mapped[int] = mapped_column(comment="As its response's, for the results' index")
    wave_id: Mapped[int | None] = mapped_column(
        ForeignKey("wave.id"), comment="As its response's; None by the open link or imported"
    )
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    option_id: Mapped[int | None] = mapped_column(ForeignKey("question_option.id"))
    score: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)

    response: Mapped[Response] = relationship(back_populates="answers")

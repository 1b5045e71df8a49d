"""Answers from elsewhere: which form they come from, who brought them in, and when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base
from app.surveys.models import Evaluation, Measure


class ImportedForm(Base):
    """A Microsoft Forms form, asked about one evaluation at one time; its file may come again."""

    __tablename__ = "imported_form"
    __table_args__ = (CheckConstraint("months_later BETWEEN -1 AND 24", name="months_in_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(index=True, comment="Of its questions, in any order")
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    months_later: Mapped[int | None] = mapped_column(
        comment="As of a wave; None where it went to the whole workforce"
    )
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"), unique=True)
    first_answered_on: Mapped[date | None]
    last_answered_on: Mapped[date | None]
    revision: Mapped[int] = mapped_column(
        default=0, comment="Raised with every import and undoing, as figures are kept by it"
    )

    evaluation: Mapped[Evaluation] = relationship()
    runs: Mapped[list[ImportRun]] = relationship(back_populates="form", order_by="ImportRun.id")


class ImportedQuestion(Base):
    """What staff made of one question of a form; the suggestion when it comes again."""

    __tablename__ = "imported_question"
    __table_args__ = (UniqueConstraint("form_id", "words_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("imported_form.id"))
    words_key: Mapped[str] = mapped_column(index=True, comment="Of its words, for any form")
    words: Mapped[str] = mapped_column(Text)
    kind: Mapped[str]
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"), index=True)
    options: Mapped[str] = mapped_column(Text, comment="JSON: label, counts, outside the base")
    saved_at: Mapped[datetime]

    measure: Mapped[Measure | None] = relationship()


class ImportRun(Base):
    """One file brought in: by whom, when, and how many answers it gave."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("imported_form.id"), index=True)
    imported_by: Mapped[str] = mapped_column(comment="Reference of a person, as in the audit trail")
    imported_at: Mapped[datetime]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    new_count: Mapped[int]
    changed_count: Mapped[int]
    unchanged_count: Mapped[int]
    undone_at: Mapped[datetime | None]
    replaced: Mapped[str | None] = mapped_column(
        Text, comment="JSON of the answers it changed, until it can no longer be undone"
    )

    form: Mapped[ImportedForm] = relationship(back_populates="runs")


class ImportedRow(Base):
    """Which row of a file a response is, so that it is not taken in twice."""

    __tablename__ = "imported_row"
    __table_args__ = (UniqueConstraint("form_id", "row_key"),)

    response_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("response.id"), primary_key=True, autoincrement=False
    )
    form_id: Mapped[int] = mapped_column(ForeignKey("imported_form.id"))
    row_key: Mapped[str] = mapped_column(comment="Hash of the form, its ID and completion time")
    content_hash: Mapped[str]
    modified: Mapped[str] = mapped_column(comment="Its last modified time, as the file says it")


class ImportDraft(Base):
    """A file that was read, without addresses and names: to be confirmed, then to be imported.

    Erased once it is imported, or after a day.
    """

    __tablename__ = "import_draft"

    reference: Mapped[str] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    months_later: Mapped[int | None]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, comment="Compressed JSON of its rows")
    plans: Mapped[str | None] = mapped_column(
        Text, comment="JSON of what becomes of each question, once somebody confirmed it"
    )
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(index=True)
    refusal: Mapped[str | None] = mapped_column(comment="Why it could not be imported")

    evaluation: Mapped[Evaluation] = relationship()

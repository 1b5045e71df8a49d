"""One file that somebody brings in: what was read, how far it is, and what it made."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, stored_by_value


class ImportOf(enum.StrEnum):
    """What a file brings."""

    SCHOOLS = "schools"  # the national schools register
    ORGANISATIONS = "organisations"  # agencies, early-years settings and the like
    ATTENDANCE = "attendance"  # who came to what before this service was in use
    LEADS = "leads"  # who is safeguarding lead, deputy, head and governor at which school


class ImportState(enum.StrEnum):
    """How far a file is."""

    READ = "read"  # somebody still has to look at it
    CONFIRMED = "confirmed"  # the worker takes it in next
    WORKING = "working"
    DONE = "done"
    UNDONE = "undone"
    FAILED = "failed"  # nothing of it was kept; the refusal says why


class FileImport(Base):
    """One file: who brought it, how far it is, what it gave."""

    __tablename__ = "file_import"
    __table_args__ = (
        CheckConstraint("rows_done BETWEEN 0 AND rows_total", name="done_within_total"),
        CheckConstraint(
            "state IN ('read', 'failed') OR confirmed_at IS NOT NULL", name="confirmed_has_time"
        ),
        CheckConstraint("state <> 'failed' OR refusal IS NOT NULL", name="failed_has_reason"),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone_has_time"),
        Index("ix_file_import_state", "state", "confirmed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[ImportOf] = mapped_column(stored_by_value(ImportOf))
    state: Mapped[ImportState] = mapped_column(stored_by_value(ImportState))
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    made_by: Mapped[str] = mapped_column(comment="Reference of a person, as in the audit trail")
    made_at: Mapped[datetime]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[str] = mapped_column(Text, default="{}", comment="JSON: what it gave, by word")
    content: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="Compressed JSON of what was read; erased once it is in, or in a day"
    )
    choices: Mapped[str] = mapped_column(
        Text, default="{}", comment="JSON of what somebody decided; erased with the content"
    )
    refusal: Mapped[str | None] = mapped_column(comment="Why it could not be taken in")


class ImportedThing(Base):
    """A row that a file made or changed, for as long as the file can be undone."""

    __tablename__ = "imported_thing"
    __table_args__ = (UniqueConstraint("import_id", "what", "thing_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("file_import.id"))
    what: Mapped[str] = mapped_column(comment="Name of the table")
    thing_id: Mapped[int]
    was: Mapped[str | None] = mapped_column(
        Text, comment="JSON of the columns it changed, as they were; None where it made the row"
    )
    became: Mapped[str | None] = mapped_column(
        Text, comment="JSON of the same columns as it left them: a later change forbids undoing"
    )


class ImportMemory(Base):
    """What somebody made of a heading or a word of a file; the suggestion when it comes again."""

    __tablename__ = "import_memory"
    __table_args__ = (UniqueConstraint("kind", "about", "words"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ImportOf] = mapped_column(stored_by_value(ImportOf))
    about: Mapped[str] = mapped_column(comment="What the words name: a column, a sector, an offer")
    words: Mapped[str] = mapped_column(comment="In lower case, as compared")
    choice: Mapped[str]
    saved_at: Mapped[datetime]

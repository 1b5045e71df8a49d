"""Open links made for one session or organisation, and the asking of its contact to pass one on."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation
from app.catalogue.models import Event
from app.kernel.db import Base, stored_by_value
from app.surveys.models import Evaluation, QuestionnaireVersion


class OpenLink(Base):
    """A link that anybody who has it may answer by: nothing says who did.

    The link for the whole workforce stands on the evaluation itself; these are for a session or
    an organisation, so that their addresses cannot be guessed.
    """

    __tablename__ = "open_link"
    __table_args__ = (
        CheckConstraint("months_later BETWEEN 0 AND 24", name="months_in_range"),
        CheckConstraint("open_from <= open_until", name="opens_before_it_ends"),
        CheckConstraint("event_id IS NOT NULL OR organisation_id IS NOT NULL", name="is_for_some"),
        Index("ix_open_link_evaluation", "evaluation_id", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True, comment="Random: its address")
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    months_later: Mapped[int | None] = mapped_column(
        comment="0 on the day, else months after the session; None for a link at no set time"
    )
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    open_from: Mapped[datetime]
    open_until: Mapped[datetime] = mapped_column(comment="Closing it early moves this")
    created_at: Mapped[datetime]

    evaluation: Mapped[Evaluation] = relationship()
    version: Mapped[QuestionnaireVersion] = relationship()
    event: Mapped[Event | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class PassingOnState(enum.StrEnum):
    """Where the asking of a contact stands."""

    PLANNED = "planned"
    SENT = "sent"
    MISSED = "missed"
    STOPPED = "stopped"


class PassingOn(Base):
    """One message to the contact of a session counted by heads, months later, with an open link.

    It names the contact, and points at the link; nothing that holds answers points back here.
    """

    __tablename__ = "passing_on"
    __table_args__ = (
        UniqueConstraint("event_id", "months_later"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("(state = 'sent') = (open_link_id IS NOT NULL)", name="sent_has_link"),
        CheckConstraint("months_later BETWEEN 1 AND 24", name="months_in_range"),
        Index("ix_passing_on_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    months_later: Mapped[int]
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[PassingOnState] = mapped_column(stored_by_value(PassingOnState))
    due_at: Mapped[datetime] = mapped_column(comment="Follows the session while it is planned")
    sent_at: Mapped[datetime | None]
    open_link_id: Mapped[int | None] = mapped_column(ForeignKey("open_link.id"), index=True)

    event: Mapped[Event] = relationship()
    evaluation: Mapped[Evaluation] = relationship()
    open_link: Mapped[OpenLink | None] = relationship()

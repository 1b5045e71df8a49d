"""Forums of schools' safeguarding leads: topics, who watched later, and whose lists are current.

A forum is an event of an offer of that kind, in a half term; who came is on its register.
"""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person, PostKind
from app.catalogue.models import Event
from app.kernel.db import Base, stored_by_value


class ForumTopic(Base):
    """One subject of a forum or peer-support meeting, who speaks about it, and their slides."""

    __tablename__ = "forum_topic"
    __table_args__ = (
        UniqueConstraint("event_id", "position"),
        CheckConstraint("title <> ''", name="has_title"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    position: Mapped[int]
    title: Mapped[str]
    speaker: Mapped[str] = mapped_column(default="", comment="Empty until known")
    speaker_organisation: Mapped[str] = mapped_column(default="")
    slides_url: Mapped[str] = mapped_column(default="")
    link_url: Mapped[str] = mapped_column(default="", comment="Where more about it is to be found")

    event: Mapped[Event] = relationship()


class Watching(Base):
    """That somebody says they watched the recording: caught up, never attended (R10)."""

    __tablename__ = "watching"
    __table_args__ = (UniqueConstraint("event_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id"), index=True, comment="Theirs on that day"
    )
    watched_at: Mapped[datetime]

    event: Mapped[Event] = relationship()


class ForumRecording(Base):
    """Since when a forum's recording is there, and whether those who missed it were told."""

    __tablename__ = "forum_recording"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    noticed_at: Mapped[datetime]
    told_at: Mapped[datetime | None] = mapped_column(
        comment="When everybody had been told who was to be"
    )


class MissedForum(Base):
    """That somebody was told of a forum at which their school was not represented; once each."""

    __tablename__ = "missed_forum"
    __table_args__ = (UniqueConstraint("event_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sent_at: Mapped[datetime]


class ListCheck(Base):
    """One school's own list of its safeguarding leads in one school year: asked for, and checked.

    The link is derived from the reference; nothing of it is stored.
    """

    __tablename__ = "list_check"
    __table_args__ = (UniqueConstraint("organisation_id", "school_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    school_year: Mapped[str] = mapped_column(index=True, comment="As 2026/27")
    asked_at: Mapped[datetime | None] = mapped_column(comment="None: nobody there to ask yet")
    reminded_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[str] = mapped_column(default="", comment="Name, as typed by whoever did")

    organisation: Mapped[Organisation] = relationship()


class ListChangeKind(enum.StrEnum):
    """What a school said of its list."""

    LEFT = "left"
    ADDED = "added"


class ListChange(Base):
    """That a school, by its link, said somebody left or began; staff may take it back."""

    __tablename__ = "list_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    list_check_id: Mapped[int] = mapped_column(ForeignKey("list_check.id"), index=True)
    kind: Mapped[ListChangeKind] = mapped_column(stored_by_value(ListChangeKind))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name_given: Mapped[str] = mapped_column(
        default="", comment="The name that was typed; all that the school is shown of them"
    )
    post_kind: Mapped[PostKind] = mapped_column(stored_by_value(PostKind))
    said_by: Mapped[str] = mapped_column(comment="Name, as typed by whoever did")
    said_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(
        comment="When staff said that somebody added is who they are said to be"
    )

    list_check: Mapped[ListCheck] = relationship()
    person: Mapped[Person] = relationship()


class ForumInvitation(Base):
    """That the leads of every establishment are to be invited to a forum; sent in steps.

    Which address has its letter is in the outbox: each gets one for each forum.
    """

    __tablename__ = "forum_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), unique=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(comment="Reference of a person")
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    sent_count: Mapped[int] = mapped_column(default=0)

    event: Mapped[Event] = relationship()


class ForumReminder(Base):
    """That somebody of a school without a forum in a half term was reminded of the next one."""

    __tablename__ = "forum_reminder"
    __table_args__ = (UniqueConstraint("event_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id"), comment="The forum they were reminded of"
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    sent_at: Mapped[datetime]


class ContactNote(Base):
    """That the Advisor has been in touch with a school that is not represented."""

    __tablename__ = "contact_note"
    __table_args__ = (
        Index("ix_contact_note_organisation_noted", "organisation_id", "noted_at"),
        CheckConstraint("words <> ''", name="has_words"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    noted_at: Mapped[datetime]
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str] = mapped_column(Text)

    noted_by: Mapped[Person] = relationship()

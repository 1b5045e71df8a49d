"""Opinions of schools, half term by half term: rounds, links, what was said, themes, answers.

An anonymous opinion names no school and no instant: of its school only that it answered is kept,
apart from what was said.
"""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation
from app.kernel.db import Base, stored_by_value
from app.partnership.models import HalfTerm
from app.surveys.response_models import KEPT_BY_KEY


class Naming(enum.StrEnum):
    """Whether schools are named beside what they say; set before a round opens."""

    ANONYMOUS = "anonymous"
    NAMED_BY_CHOICE = "named_by_choice"


class RoundState(enum.StrEnum):
    """Where the asking of a half term stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class OpinionRound(Base):
    """The asking of all schools in one half term (R21, R22)."""

    __tablename__ = "opinion_round"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("(state = 'planned') = (opened_at IS NULL)", name="open_has_time"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    half_term_id: Mapped[int] = mapped_column(ForeignKey("half_term.id"), unique=True)
    naming: Mapped[Naming] = mapped_column(stored_by_value(Naming))
    several_per_school: Mapped[bool] = mapped_column(default=False)
    introduction: Mapped[str] = mapped_column(Text, default="")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[RoundState] = mapped_column(stored_by_value(RoundState))
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    links_made_at: Mapped[datetime | None] = mapped_column(
        comment="When every establishment had its link; the worker makes them by steps"
    )
    asked_at: Mapped[datetime | None] = mapped_column(
        comment="When the last message of asking was in the outbox"
    )
    reminded_at: Mapped[datetime | None] = mapped_column(
        comment="When the last reminder was in the outbox"
    )

    schools_shown: Mapped[int] = mapped_column(
        default=0, comment="How many schools without a name had answered at the last showing"
    )

    half_term: Mapped[HalfTerm] = relationship()


class OpinionLink(Base):
    """The link of one school in one round. It records that the school answered, never what."""

    __tablename__ = "opinion_link"
    __table_args__ = (UniqueConstraint("round_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True, comment="The link itself is derived")
    round_id: Mapped[int] = mapped_column(ForeignKey("opinion_round.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    sent_at: Mapped[datetime | None] = mapped_column(comment="None: nobody there to send it to")
    reminded_at: Mapped[datetime | None]
    answers_count: Mapped[int] = mapped_column(default=0)

    round: Mapped[OpinionRound] = relationship()
    organisation: Mapped[Organisation] = relationship()


class Opinion(Base):
    """What one school said, once. Rows are not in the order in which they came."""

    __tablename__ = "opinion"
    __table_args__ = (
        CheckConstraint(
            "working_well <> '' OR can_improve <> '' OR should_know <> ''", name="says_something"
        ),
        KEPT_BY_KEY,
    )

    id: Mapped[str] = mapped_column(primary_key=True, comment="Random, so that order says nothing")
    round_id: Mapped[int] = mapped_column(ForeignKey("opinion_round.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id"), index=True, comment="Only of a school that chose to be named"
    )
    working_well: Mapped[str] = mapped_column(Text, default="")
    can_improve: Mapped[str] = mapped_column(Text, default="")
    should_know: Mapped[str] = mapped_column(Text, default="")
    may_be_quoted: Mapped[bool] = mapped_column(default=False)
    may_be_read: Mapped[bool] = mapped_column(
        default=False, comment="Shown by ten schools at a time: one alone would tell whose it is"
    )
    is_read: Mapped[bool] = mapped_column(default=False)

    round: Mapped[OpinionRound] = relationship()


class ContactWish(Base):
    """A school asks to be contacted; kept apart from what it said."""

    __tablename__ = "contact_wish"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (outcome = '')", name="done_says_what_came_of_it"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("opinion_round.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    how: Mapped[str] = mapped_column(comment="Telephone number or address, as typed")
    asked_on: Mapped[date] = mapped_column(
        comment="Of a school not named beside what it said: the first day of the round"
    )
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")

    organisation: Mapped[Organisation] = relationship()


class ThemeClass(enum.StrEnum):
    """The two classes in which opinions are read (R22)."""

    WORKING_WELL = "working_well"
    CAN_IMPROVE = "can_improve"


class Theme(Base):
    """What several opinions say; the same theme is known again when it returns."""

    __tablename__ = "forum_theme"
    __table_args__ = (UniqueConstraint("theme_class", "title_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    theme_class: Mapped[ThemeClass] = mapped_column(stored_by_value(ThemeClass))
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(comment="The title without capitals")
    made_at: Mapped[datetime]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("forum_theme.id"), index=True)


opinion_theme = Table(
    "opinion_theme",
    Base.metadata,
    Column("opinion_id", ForeignKey("opinion.id"), primary_key=True),
    Column("theme_id", ForeignKey("forum_theme.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)


class OpinionQuote(Base):
    """Words of an opinion cut to what may be passed on; released by a second person."""

    __tablename__ = "opinion_quote"
    __table_args__ = (
        CheckConstraint("words <> ''", name="has_words"),
        CheckConstraint("released_by IS NULL OR released_by <> proposed_by", name="second_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    opinion_id: Mapped[str] = mapped_column(ForeignKey("opinion.id"), index=True)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("forum_theme.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(comment="Reference of a person")
    released_by: Mapped[str | None] = mapped_column(comment="Reference of another")


class AnswerState(enum.StrEnum):
    """Where a theme stands with the Executive (R23)."""

    OPEN = "open"
    ANSWERED = "answered"
    DONE = "done"


class ThemeAnswer(Base):
    """What the Executive was asked about a theme in one half term, and what it answered."""

    __tablename__ = "theme_answer"
    __table_args__ = (
        UniqueConstraint("theme_id", "round_id"),
        CheckConstraint("state = 'open' OR answer <> ''", name="answered_has_words"),
        CheckConstraint("(state = 'open') = (answered_on IS NULL)", name="answered_has_day"),
        CheckConstraint(
            "released_on IS NULL OR (state <> 'open' AND said <> '' AND did <> ''"
            " AND released_answered_on IS NOT NULL)",
            name="released_is_answered",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("forum_theme.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("opinion_round.id"), index=True)
    question: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[AnswerState] = mapped_column(stored_by_value(AnswerState), index=True)
    answer: Mapped[str] = mapped_column(Text, default="", comment="You said, we did: we did")
    owner: Mapped[str] = mapped_column(default="", comment="A post, not a name")
    due_on: Mapped[date | None]
    answered_on: Mapped[date | None]
    answered_by: Mapped[str] = mapped_column(
        default="", comment="Reference of a person, or the post that answered by the link"
    )
    need_reference: Mapped[str] = mapped_column(default="", comment="Of a need raised from it")
    revision: Mapped[int] = mapped_column(default=0, comment="How many times it was answered")
    said: Mapped[str] = mapped_column(Text, default="", comment="For the public: you said")
    did: Mapped[str] = mapped_column(Text, default="", comment="For the public: we did")
    released_on: Mapped[date | None] = mapped_column(
        index=True, comment="When an Advisor put it on the public page; None: it is not there"
    )
    # Everyone reads these: what the Executive answers by its link later must be released first.
    released_owner: Mapped[str] = mapped_column(default="", comment="The owner, as released")
    released_answered_on: Mapped[date | None] = mapped_column(comment="answered_on, as released")
    released_revision: Mapped[int | None] = mapped_column(comment="Which answer was released")

    theme: Mapped[Theme] = relationship()
    round: Mapped[OpinionRound] = relationship()


class AnswerVersion(Base):
    """What an answer said at one time: nothing that the Executive answered is ever lost."""

    __tablename__ = "theme_answer_version"
    __table_args__ = (UniqueConstraint("theme_answer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    theme_answer_id: Mapped[int] = mapped_column(ForeignKey("theme_answer.id"))
    number: Mapped[int]
    state: Mapped[AnswerState] = mapped_column(stored_by_value(AnswerState))
    answer: Mapped[str] = mapped_column(Text)
    owner: Mapped[str]
    due_on: Mapped[date | None]
    written_by: Mapped[str] = mapped_column(comment="As answered_by")
    written_at: Mapped[datetime]


class ExecutiveReport(Base):
    """The report of one half term as it was given to the Executive: plain values, never re-read."""

    __tablename__ = "executive_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("opinion_round.id"), unique=True)
    content: Mapped[str] = mapped_column(Text, comment="JSON of what it says")
    made_by: Mapped[str] = mapped_column(comment="Reference of a person")
    made_at: Mapped[datetime]

    round: Mapped[OpinionRound] = relationship()


class RespondentLink(Base):
    """A link by which a post of the Executive answers the themes of one report, and no more."""

    __tablename__ = "executive_respondent_link"
    __table_args__ = (CheckConstraint("post <> '' AND email <> ''", name="names_post_and_address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True, comment="The link itself is derived")
    report_id: Mapped[int] = mapped_column(ForeignKey("executive_report.id"), index=True)
    post: Mapped[str]
    email: Mapped[str]
    made_by: Mapped[str] = mapped_column(comment="Reference of a person")
    made_at: Mapped[datetime]
    ends_on: Mapped[date] = mapped_column(comment="The last day on which it opens")
    withdrawn_at: Mapped[datetime | None]

    report: Mapped[ExecutiveReport] = relationship()

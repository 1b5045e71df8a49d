"""What is asked about, in which form, and when."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalogue.models import Offer, Series
from app.kernel.db import Base, stored_by_value


class OutcomeLevel(enum.StrEnum):
    """How much, how well, what difference: the headings of every report (design §5)."""

    REACTION = "reaction"
    LEARNING = "learning"
    BEHAVIOUR = "behaviour"


class MeasureScale(enum.StrEnum):
    """How answers to a measure add up."""

    SHARE = "share"  # the share of answers that count
    SCORE = "score"  # 0 to 10: distribution, mean, cut-offs
    CHOICES = "choices"  # several of a list: the share naming each


class Measure(Base):
    """The standard thing a question measures, so that answers add up across events and years."""

    __tablename__ = "measure"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(comment="What the counted share says, for readers")
    level: Mapped[OutcomeLevel] = mapped_column(stored_by_value(OutcomeLevel))
    scale: Mapped[MeasureScale] = mapped_column(stored_by_value(MeasureScale))
    position: Mapped[int]


class QuestionnaireKind(enum.StrEnum):
    """Straight after, months later, before."""

    BEFORE = "before"
    AFTER = "after"
    IMPACT = "impact"


class Questionnaire(Base):
    """A form; its versions are what is asked."""

    __tablename__ = "questionnaire"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[QuestionnaireKind] = mapped_column(stored_by_value(QuestionnaireKind))

    versions: Mapped[list[QuestionnaireVersion]] = relationship(
        back_populates="questionnaire", order_by="QuestionnaireVersion.number"
    )


class QuestionnaireVersion(Base):
    """One wording of a form: a draft until it is published, and from then on unchangeable."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (
        UniqueConstraint("questionnaire_id", "number"),
        Index(
            "uq_questionnaire_version_draft",
            "questionnaire_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaire.id"))
    number: Mapped[int]
    published_at: Mapped[datetime | None]
    is_ours: Mapped[bool] = mapped_column(
        default=False, comment="Staff wrote it: the delivered wording no longer replaces it"
    )

    questionnaire: Mapped[Questionnaire] = relationship(back_populates="versions")
    questions: Mapped[list[Question]] = relationship(
        back_populates="version", order_by="Question.position"
    )


class QuestionKind(enum.StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"  # from 1 up, the ends labelled
    SCORE = "score"  # 0 to 10
    YES_NO = "yes_no"
    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    QUOTE_CONSENT = "quote_consent"


class Question(Base):
    """One question of one version."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        UniqueConstraint("version_id", "position"),
        CheckConstraint(
            "(shown_if_key IS NULL) = (shown_if_values IS NULL)", name="routing_is_whole"
        ),
        CheckConstraint(
            "(also_if_key IS NULL) = (also_if_values IS NULL)", name="second_routing_is_whole"
        ),
        CheckConstraint(
            "also_if_key IS NULL OR (shown_if_key IS NOT NULL AND also_if_key <> shown_if_key)",
            name="second_routing_has_first",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    key: Mapped[str] = mapped_column(comment="Name of its field; the same across versions")
    position: Mapped[int]
    section: Mapped[str] = mapped_column(comment="Questions of one section share a screen")
    words: Mapped[str]
    hint: Mapped[str] = mapped_column(default="")
    kind: Mapped[QuestionKind] = mapped_column(stored_by_value(QuestionKind))
    lowest_words: Mapped[str] = mapped_column(
        default="", comment="What 0 of 10 stands for; the ends of a scale stand in its options"
    )
    highest_words: Mapped[str] = mapped_column(default="", comment="What 10 of 10 stands for")
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"), index=True)
    is_required: Mapped[bool] = mapped_column(default=False)
    shown_if_key: Mapped[str | None] = mapped_column(
        comment="Key of an earlier question; asked only if its answer is one of the values"
    )
    shown_if_values: Mapped[str | None] = mapped_column(comment="Option values, space between")
    also_if_key: Mapped[str | None] = mapped_column(
        comment="Key of a second earlier question; asked only if both were answered so"
    )
    also_if_values: Mapped[str | None]

    version: Mapped[QuestionnaireVersion] = relationship(back_populates="questions")
    measure: Mapped[Measure | None] = relationship()
    options: Mapped[list[QuestionOption]] = relationship(
        back_populates="question", order_by="QuestionOption.position"
    )


class QuestionOption(Base):
    """One answer that can be chosen."""

    __tablename__ = "question_option"
    __table_args__ = (
        UniqueConstraint("question_id", "value"),
        UniqueConstraint("question_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    position: Mapped[int]
    value: Mapped[str]
    label: Mapped[str]
    counts: Mapped[bool] = mapped_column(
        default=False, comment="Belongs to the share that the measure's title names"
    )
    is_outside_base: Mapped[bool] = mapped_column(
        default=False, comment="Does not apply to my role: left out of the question's base"
    )

    question: Mapped[Question] = relationship(back_populates="options")


evaluation_offer = Table(
    "evaluation_offer",
    Base.metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("offer_id", ForeignKey("offer.id"), primary_key=True, index=True),
)


class Evaluation(Base):
    """What is asked about: offers, resources or a series, asked once (R43). It owns the plan."""

    __tablename__ = "evaluation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True, comment="Also the address of its open link")
    title: Mapped[str]
    subject_words: Mapped[str] = mapped_column(comment="What the questions name, as the toolkit")
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    is_default_for_id: Mapped[int | None] = mapped_column(
        ForeignKey("offer.id"), unique=True, comment="The offer whose default plan this is"
    )
    open_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("questionnaire_version.id"), comment="What the open link asks; None without one"
    )
    open_from: Mapped[datetime | None]
    open_until: Mapped[datetime | None]
    counted_from_on: Mapped[date | None] = mapped_column(
        comment="Of a list of people: the day its waves count from; None where events do"
    )
    recommendation: Mapped[str] = mapped_column(
        default="", comment="Of a practice review: what was completed on the day counted from"
    )
    reported_on: Mapped[date | None] = mapped_column(
        comment="Last day on which a report was published; kept by impact.reports"
    )
    created_at: Mapped[datetime]

    offers: Mapped[list[Offer]] = relationship(secondary=evaluation_offer, order_by=Offer.title)
    series: Mapped[Series | None] = relationship()
    open_version: Mapped[QuestionnaireVersion | None] = relationship()
    waves: Mapped[list[Wave]] = relationship(
        back_populates="evaluation", order_by="Wave.months_later"
    )


class Wave(Base):
    """When one questionnaire is asked: -1 before, 0 straight after, else months later."""

    __tablename__ = "wave"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "months_later"),
        CheckConstraint("months_later BETWEEN -1 AND 24", name="months_in_range"),
        CheckConstraint("open_days BETWEEN 7 AND 42", name="open_days_in_range"),
        CheckConstraint(
            "second_reminder_days IS NULL OR first_reminder_days IS NOT NULL",
            name="second_reminder_has_first",
        ),
        CheckConstraint(
            "first_reminder_days >= 1 AND second_reminder_days >= first_reminder_days + 5",
            name="reminders_in_order",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    months_later: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    once_per_person: Mapped[bool] = mapped_column(
        default=False, comment="A series is asked once, not once per exchange"
    )
    open_days: Mapped[int] = mapped_column(default=28, comment="Days a link can be answered")
    first_reminder_days: Mapped[int | None] = mapped_column(
        default=7, comment="Days after asking; None: nobody is reminded"
    )
    second_reminder_days: Mapped[int | None] = mapped_column(default=14)

    evaluation: Mapped[Evaluation] = relationship(back_populates="waves")
    version: Mapped[QuestionnaireVersion] = relationship()

    @property
    def reminder_days(self) -> tuple[int, ...]:
        """How many days after asking people are reminded."""
        return tuple(days for days in (self.first_reminder_days, self.second_reminder_days) if days)


class InvitationState(enum.StrEnum):
    """Where the asking of one person stands."""

    PLANNED = "planned"
    SENT = "sent"
    ANSWERED = "answered"
    CLOSED = "closed"
    MISSED = "missed"
    STOPPED = "stopped"


class MissedBecause(enum.StrEnum):
    """Why somebody was never asked."""

    LATE = "late"
    SKIPPED = "skipped"
    EVENT_CANCELLED = "event_cancelled"
    UNREACHABLE = "unreachable"


class SurveyInvitation(Base):
    """The request to one person: who was asked and that they answered, never what."""

    __tablename__ = "survey_invitation"
    __table_args__ = (
        UniqueConstraint("wave_id", "addressee_key"),
        Index("ix_survey_invitation_state_due_at", "state", "due_at"),
        CheckConstraint(
            "state NOT IN ('sent', 'answered', 'closed') OR sent_at IS NOT NULL",
            name="sent_has_time",
        ),
        CheckConstraint(
            "(state = 'answered') = (answered_on IS NOT NULL)", name="answered_has_date"
        ),
        CheckConstraint(
            "(state = 'missed') = (missed_because IS NOT NULL)", name="missed_has_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"), index=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    addressee_key: Mapped[str] = mapped_column(
        comment="booking:ID, or person:ID on a list or where a series is asked once"
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    sector_id: Mapped[int] = mapped_column(ForeignKey("sector.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    state: Mapped[InvitationState] = mapped_column(stored_by_value(InvitationState))
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime] = mapped_column(
        comment="When its link ends; of a planned one, the last moment at which it may be sent"
    )
    missed_because: Mapped[MissedBecause | None] = mapped_column(stored_by_value(MissedBecause))
    sent_at: Mapped[datetime | None]
    reminders_count: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None] = mapped_column(comment="Not delivered: out of the rate")
    answered_on: Mapped[date | None] = mapped_column(
        comment="A date, no finer, so that answers cannot be matched to people by time"
    )

    wave: Mapped[Wave] = relationship()
    evaluation: Mapped[Evaluation] = relationship()


class SurveyStop(Base):
    """Somebody asked not to be asked again."""

    __tablename__ = "survey_stop"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    stopped_at: Mapped[datetime]


class SurveyDraft(Base):
    """A half-answered form, found only by a hash derived from its link; erased on sending it in."""

    __tablename__ = "survey_draft"

    draft_hash: Mapped[str] = mapped_column(primary_key=True)
    answers: Mapped[str] = mapped_column(Text, comment="JSON of fields and values as typed")
    saved_on: Mapped[date]

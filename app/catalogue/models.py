"""What there is to learn, and when."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.kernel.db import Base, stored_by_value
from app.partnership.models import HalfTerm, Priority, Refresher


class OfferKind(enum.StrEnum):
    """The kinds of thing the partnership offers to learn from (R1)."""

    COURSE = "course"
    LEARNING_EXCHANGE = "learning_exchange"
    DSL_FORUM = "dsl_forum"
    SAFER_SLEEP = "safer_sleep"
    MASTERCLASS = "masterclass"
    CONFERENCE = "conference"
    BRIEFING = "briefing"
    WORKSHOP = "workshop"
    PEER_SUPPORT = "peer_support"
    RESOURCE = "resource"


# Kinds that take place once in each half term; their events belong to one (R19, R24).
HALF_TERMLY = frozenset({OfferKind.DSL_FORUM, OfferKind.PEER_SUPPORT})


class OfferState(enum.StrEnum):
    """Whether an offer is shown (R16: it can be, before it has dates)."""

    IN_DEVELOPMENT = "in_development"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Level(enum.StrEnum):
    """The older grouping of courses, still useful as a filter (R5)."""

    CORE = "core"
    SUBJECT_SPECIFIC = "subject_specific"


class SourceOfNeed(enum.StrEnum):
    """Where the need for an offer was seen (R12)."""

    PRACTICE_REVIEW = "practice_review"
    MULTI_AGENCY_AUDIT = "multi_agency_audit"
    CHILD_DEATH_REVIEW = "child_death_review"
    NATIONAL_REPORT = "national_report"
    WORKFORCE_REQUEST = "workforce_request"
    STATUTORY_GUIDANCE = "statutory_guidance"


offer_topic = Table(
    "offer_topic",
    Base.metadata,
    Column("offer_id", ForeignKey("offer.id"), primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), primary_key=True, index=True),
)

offer_audience = Table(
    "offer_audience",
    Base.metadata,
    Column("offer_id", ForeignKey("offer.id"), primary_key=True),
    Column("audience_id", ForeignKey("audience.id"), primary_key=True, index=True),
)


# Other offers and resources that belong with an offer (R11), shown on its page.
offer_link = Table(
    "offer_link",
    Base.metadata,
    Column("offer_id", ForeignKey("offer.id"), primary_key=True),
    Column("linked_id", ForeignKey("offer.id"), primary_key=True, index=True),
    CheckConstraint("offer_id <> linked_id", name="not_to_itself"),
)

# Who usually runs an offer's events: filled into the form of a new one.
offer_trainer = Table(
    "offer_trainer",
    Base.metadata,
    Column("offer_id", ForeignKey("offer.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True, index=True),
)

# Who runs an event; somebody who is a trainer only sees their own events.
event_trainer = Table(
    "event_trainer",
    Base.metadata,
    Column("event_id", ForeignKey("event.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True, index=True),
)


class Topic(Base):
    """What an offer is about; a filter."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)


class Audience(Base):
    """Who an offer is for; a filter."""

    __tablename__ = "audience"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class Series(Base):
    """Offers on one theme that belong together (R3), or a themed week (R17)."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint(
            "(starts_on IS NULL) = (ends_on IS NULL) AND starts_on <= ends_on",
            name="themed_week_has_both_days",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date | None] = mapped_column(comment="First day, of a themed week only")
    ends_on: Mapped[date | None]

    offers: Mapped[list[Offer]] = relationship(back_populates="series", order_by="Offer.title")


class Offer(Base):
    """Something the partnership offers to learn from."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(
            "state = 'in_development' OR published_at IS NOT NULL", name="published_has_time"
        ),
        CheckConstraint("attended_percent BETWEEN 1 AND 100", name="attended_percent_is_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[OfferKind] = mapped_column(stored_by_value(OfferKind))
    state: Mapped[OfferState] = mapped_column(stored_by_value(OfferState), index=True)
    level: Mapped[Level | None] = mapped_column(stored_by_value(Level))
    summary: Mapped[str] = mapped_column(comment="One sentence for lists")
    description: Mapped[str] = mapped_column(Text, comment="Markdown")
    who_for: Mapped[str] = mapped_column(comment="One sentence; the filter is the audiences")
    learning_outcomes: Mapped[str] = mapped_column(
        Text, default="", comment="What people can do afterwards, one to a line; on certificates"
    )
    refresher_id: Mapped[int | None] = mapped_column(
        ForeignKey("refresher.id"), index=True, comment="The learning that attending it renews"
    )
    length_words: Mapped[str] = mapped_column(default="", comment="As half a day")
    provider: Mapped[str | None] = mapped_column(comment="Who delivers it if not we (R6)")
    resource_url: Mapped[str | None] = mapped_column(comment="Where a resource is to be found")
    why: Mapped[str] = mapped_column(Text, default="", comment="Why it exists, for readers (R12)")
    source_of_need: Mapped[SourceOfNeed | None] = mapped_column(stored_by_value(SourceOfNeed))
    priority_id: Mapped[int | None] = mapped_column(ForeignKey("priority.id"), index=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    attended_percent: Mapped[int] = mapped_column(
        default=75, comment="Share of a meeting's minutes from which somebody attended"
    )
    revision: Mapped[int] = mapped_column(
        default=0, comment="Raised by every change, so that kept pages know they are old"
    )
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    topics: Mapped[list[Topic]] = relationship(secondary=offer_topic, order_by=Topic.name)
    audiences: Mapped[list[Audience]] = relationship(
        secondary=offer_audience, order_by=Audience.position
    )
    priority: Mapped[Priority | None] = relationship()
    refresher: Mapped[Refresher | None] = relationship()
    series: Mapped[Series | None] = relationship(back_populates="offers")
    linked: Mapped[list[Offer]] = relationship(
        secondary=offer_link,
        primaryjoin=lambda: Offer.id == offer_link.c.offer_id,
        secondaryjoin=lambda: Offer.id == offer_link.c.linked_id,
        order_by="Offer.title",
    )
    trainers: Mapped[list[Person]] = relationship(secondary=offer_trainer, order_by=Person.name)
    events: Mapped[list[Event]] = relationship(back_populates="offer", order_by="Event.starts_at")


class EventMode(enum.StrEnum):
    """How people take part (R9)."""

    ONLINE = "online"
    FACE_TO_FACE = "face_to_face"
    HYBRID = "hybrid"


class EventState(enum.StrEnum):
    """Whether an event is announced, and whether it still takes place."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class RecordingFor(enum.StrEnum):
    """Who is shown where an event's recording is (R10)."""

    BOOKED = "booked"
    EVERYONE = "everyone"


class Event(Base):
    """One dated delivery of an offer."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity_positive"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("booking_opens_at < booking_closes_at", name="opens_before_it_closes"),
        CheckConstraint("places_taken >= 0 AND waiting_count >= 0", name="counts_not_negative"),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_time"
        ),
        CheckConstraint("minimum IS NULL OR minimum > 0", name="minimum_positive"),
        CheckConstraint(
            "online_capacity IS NULL OR (mode = 'hybrid' AND capacity IS NOT NULL"
            " AND online_capacity > 0 AND online_capacity < capacity)",
            name="online_capacity_within_capacity",
        ),
        Index("ix_event_state_starts_at", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    subtitle: Mapped[str] = mapped_column(default="", comment="As Autumn 2; tells two events apart")
    state: Mapped[EventState] = mapped_column(stored_by_value(EventState))
    mode: Mapped[EventMode] = mapped_column(stored_by_value(EventMode))
    venue: Mapped[str] = mapped_column(default="", comment="Name of the place, empty if online")
    venue_address: Mapped[str] = mapped_column(default="")
    joining_url: Mapped[str] = mapped_column(
        default="", comment="The real meeting link; shown on the personal joining page only"
    )
    joining_notes: Mapped[str] = mapped_column(Text, default="")
    joining_sent_at: Mapped[datetime | None] = mapped_column(
        comment="When joining instructions went out; kept by notices, read by confirmations"
    )
    has_catering: Mapped[bool] = mapped_column(
        default=False, comment="Food is served, so that dietary wishes are asked"
    )
    online_notes: Mapped[str] = mapped_column(
        Text, default="", comment="Of a hybrid event, for those online; joining_notes for the room"
    )
    capacity: Mapped[int | None] = mapped_column(comment="None means open to all")
    online_capacity: Mapped[int | None] = mapped_column(
        comment="Of a hybrid event, how many of the places are online; None: shared freely"
    )
    minimum: Mapped[int | None] = mapped_column(comment="The fewest people it runs with")
    booking_url: Mapped[str] = mapped_column(
        default="", comment="Where it is booked if not here (R15); it takes no bookings then"
    )
    recording_url: Mapped[str] = mapped_column(default="")
    recording_for: Mapped[RecordingFor] = mapped_column(
        stored_by_value(RecordingFor), default=RecordingFor.BOOKED
    )
    recording_captioned: Mapped[bool | None] = mapped_column(comment="None: nobody said")
    in_house_for_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id"),
        index=True,
        comment="The organisation whose own staff it is for (R25); never in the public programme",
    )
    is_history: Mapped[bool] = mapped_column(
        default=False, comment="Brought in with past attendance; never in the public programme"
    )
    booking_opens_at: Mapped[datetime]
    booking_closes_at: Mapped[datetime]
    starts_at: Mapped[datetime] = mapped_column(comment="Start of the first event date")
    ends_at: Mapped[datetime] = mapped_column(index=True, comment="End of the last event date")
    places_taken: Mapped[int] = mapped_column(
        default=0, comment="Confirmed and held places; kept by bookings, recounted by verify"
    )
    waiting_count: Mapped[int] = mapped_column(
        default=0, comment="Waiting bookings; kept by bookings, recounted by verify"
    )
    revision: Mapped[int] = mapped_column(
        default=0, comment="Its raise is the event's write lock, and tells kept pages they are old"
    )
    half_term_id: Mapped[int | None] = mapped_column(ForeignKey("half_term.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str] = mapped_column(default="")

    offer: Mapped[Offer] = relationship(back_populates="events")
    half_term: Mapped[HalfTerm | None] = relationship()
    in_house_for: Mapped[Organisation | None] = relationship()
    trainers: Mapped[list[Person]] = relationship(secondary=event_trainer, order_by=Person.name)
    dates: Mapped[list[EventDate]] = relationship(
        back_populates="event", order_by="EventDate.starts_at", cascade="all, delete-orphan"
    )

    @property
    def title(self) -> str:
        """What the event is called: the offer's title and what tells it apart."""
        return f"{self.offer.title}, {self.subtitle}" if self.subtitle else self.offer.title

    @property
    def place_words(self) -> str:
        """Where it is, in a word or two."""
        if self.mode is EventMode.ONLINE:
            return "online"
        return f"{self.venue} or online" if self.mode is EventMode.HYBRID else self.venue

    def notes_for(self, mode: EventMode) -> str:
        """What people who take part in this way should know before they come."""
        return (self.online_notes if mode is EventMode.ONLINE else "") or self.joining_notes

    @property
    def places_left(self) -> int | None:
        """Free places, never below 0; None when open to all."""
        if self.capacity is None:
            return None
        return max(0, self.capacity - self.places_taken)


class EventDate(Base):
    """One of the days on which an event takes place."""

    __tablename__ = "event_date"
    __table_args__ = (
        UniqueConstraint("event_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]

    event: Mapped[Event] = relationship(back_populates="dates")

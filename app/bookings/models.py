"""One person and one event: the place, the calendar entries, who came."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Organisation, Person
from app.catalogue.models import Event, EventDate, EventMode, Offer
from app.kernel.db import Base, stored_by_value
from app.partnership.models import Sector


class BookingState(enum.StrEnum):
    """Where a booking stands; held is a place kept for a waiting person until a deadline."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    HELD = "held"
    CANCELLED = "cancelled"


class BookingOrigin(enum.StrEnum):
    """How the booking came about."""

    SELF = "self"
    COLLEAGUE = "colleague"
    STAFF = "staff"
    REGISTER = "register"  # attended without booking; takes no place
    HISTORY = "history"
    IMPORT = "import"  # from a file of past attendance; takes no place, and nobody was told


# Who was in the room without taking anybody's place.
TAKES_NO_PLACE = (BookingOrigin.REGISTER, BookingOrigin.IMPORT)


class CancelReason(enum.StrEnum):
    """Why a booking ended."""

    PERSON = "person"  # they, or whoever booked for them, cancelled
    STAFF = "staff"
    EVENT = "event"  # the event itself was cancelled
    DECLINED = "declined"  # a held place, or one that a colleague had booked
    EXPIRED = "expired"  # a held place was not taken up in time
    MOVED = "moved"  # to another event of the offer
    HANDED_OVER = "handed_over"  # to a colleague
    NOT_APPROVED = "not_approved"
    LAPSED = "lapsed"  # a request that nobody decided in time
    ERASED = "erased"  # the person asked to be erased
    MERGED = "merged"  # one person was here twice; the other booking stands


class Booking(Base):
    """One person and one event, with what was true of the person on that day (R31)."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "uq_booking_live",
            "event_id",
            "person_id",
            unique=True,
            sqlite_where=text("state <> 'cancelled'"),
            postgresql_where=text("state <> 'cancelled'"),
        ),
        Index("ix_booking_waiting_list", "event_id", "state", "joined_waiting_at", "id"),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_time"
        ),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_because IS NOT NULL)", name="cancelled_has_reason"
        ),
        CheckConstraint(
            "state <> 'waiting' OR joined_waiting_at IS NOT NULL", name="waiting_has_time"
        ),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held_has_deadline"),
        CheckConstraint(
            "state <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_has_time"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    booked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[BookingState] = mapped_column(stored_by_value(BookingState))
    origin: Mapped[BookingOrigin] = mapped_column(stored_by_value(BookingOrigin))
    mode: Mapped[EventMode] = mapped_column(
        stored_by_value(EventMode), comment="How this person takes part; never hybrid"
    )
    sector_id: Mapped[int] = mapped_column(ForeignKey("sector.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    organisation_name: Mapped[str] = mapped_column(default="", comment="As it was that day")
    capacity: Mapped[Capacity] = mapped_column(stored_by_value(Capacity))
    adjustments: Mapped[str] = mapped_column(
        Text, default="", comment="Access and dietary wishes; erased 30 days after the event"
    )
    form_key: Mapped[str | None] = mapped_column(
        unique=True, comment="One-use key of the form, so that a double click books once"
    )
    booked_at: Mapped[datetime]
    joined_waiting_at: Mapped[datetime | None] = mapped_column(
        comment="The order of the waiting list, and nothing else is"
    )
    passed_over_reason: Mapped[str] = mapped_column(
        default="", comment="The limit that bars them from the next place, in words for staff"
    )
    held_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[CancelReason | None] = mapped_column(stored_by_value(CancelReason))
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("booking.id"), index=True, comment="The booking it was moved or handed over from"
    )
    name_given: Mapped[str] = mapped_column(
        default="", comment="The name whoever booked for them wrote; all that they are shown"
    )
    cancelled_late: Mapped[bool] = mapped_column(
        default=False, comment="With less notice than the partnership asks for; no charge (R14)"
    )

    event: Mapped[Event] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    booked_by: Mapped[Person] = relationship(foreign_keys=[booked_by_id])
    sector: Mapped[Sector] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    calendar_entries: Mapped[list[CalendarEntry]] = relationship(
        back_populates="booking", order_by="CalendarEntry.id"
    )
    attendances: Mapped[list[Attendance]] = relationship(back_populates="booking")


class CalendarEntry(Base):
    """The entry in one person's calendar for one event date; its UID is stored for life."""

    __tablename__ = "calendar_entry"
    __table_args__ = (
        UniqueConstraint("booking_id", "event_date_id"),
        CheckConstraint("sequence >= 0", name="sequence_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    event_date_id: Mapped[int | None] = mapped_column(
        ForeignKey("event_date.id", ondelete="SET NULL"),
        index=True,
        comment="None once the date was taken out of the event and its entry cancelled",
    )
    uid: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime] = mapped_column(comment="As last told to the calendar")
    ends_at: Mapped[datetime]
    summary: Mapped[str]
    location: Mapped[str]
    organiser_email: Mapped[str] = mapped_column(
        comment="Who invited: calendars ignore an update from anybody else (RFC 5546)"
    )
    sent_at: Mapped[datetime] = mapped_column(comment="When the last message was queued")
    cancelled_at: Mapped[datetime | None]

    booking: Mapped[Booking] = relationship(back_populates="calendar_entries")
    event_date: Mapped[EventDate | None] = relationship()


class AttendanceOutcome(enum.StrEnum):
    """Who came, per event date."""

    ATTENDED = "attended"
    ATTENDED_IN_PART = "attended_in_part"
    DID_NOT_ATTEND = "did_not_attend"


class Attendance(Base):
    """That one person came, or not, on one event date."""

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("booking_id", "event_date_id"),
        CheckConstraint("minutes >= 0", name="minutes_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    event_date_id: Mapped[int] = mapped_column(ForeignKey("event_date.id"), index=True)
    outcome: Mapped[AttendanceOutcome] = mapped_column(stored_by_value(AttendanceOutcome))
    minutes: Mapped[int | None] = mapped_column(
        comment="Whole minutes in the online meeting; None if no file says, or not how many"
    )
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    booking: Mapped[Booking] = relationship(back_populates="attendances")
    event_date: Mapped[EventDate] = relationship()


class HeadCount(Base):
    """How many people were there on one event date, counted by heads: nobody is named.

    Another unit than attendance; what counts people says which of the two it counts.
    """

    __tablename__ = "head_count"
    __table_args__ = (
        CheckConstraint("head_count >= 0", name="head_count_not_negative"),
        CheckConstraint(
            "out_of_area_count BETWEEN 0 AND head_count", name="out_of_area_among_heads"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_date_id: Mapped[int] = mapped_column(ForeignKey("event_date.id"), unique=True)
    head_count: Mapped[int]
    out_of_area_count: Mapped[int] = mapped_column(default=0, comment="Of these, from elsewhere")
    note: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    event_date: Mapped[EventDate] = relationship()


class ApprovedBy(enum.StrEnum):
    """Who must agree before a booking gets a place."""

    NOBODY = "nobody"
    DELIVERY = "delivery"
    MANAGER = "manager"  # a line manager whom the person names


class Promotion(enum.StrEnum):
    """How a free place goes to the next waiting person."""

    AT_ONCE = "at_once"
    HELD = "held"  # kept for them until a deadline


class BookingTerms(Base):
    """Who may book an offer's events, and how its places are given; no row: everybody, at once."""

    __tablename__ = "booking_terms"
    __table_args__ = (
        CheckConstraint("most_per_organisation > 0", name="most_per_organisation_positive"),
        CheckConstraint("most_per_sector > 0", name="most_per_sector_positive"),
        CheckConstraint("hold_hours BETWEEN 1 AND 168", name="hold_hours_within_a_week"),
    )

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    sectors: Mapped[list[str]] = mapped_column(
        JSON, default=list, comment="Slugs of the sectors it is for; empty: all"
    )
    establishments: Mapped[list[str]] = mapped_column(
        JSON,
        default=list,
        comment="Any of these will do, as kind:college, phase:Secondary, type:Academies; empty: all"
        " (R20, R24)",
    )
    posts: Mapped[list[str]] = mapped_column(
        JSON, default=list, comment="Posts of which one must be held, as dsl; empty: none"
    )
    most_per_organisation: Mapped[int | None] = mapped_column(
        comment="Places of one event for one organisation"
    )
    most_per_sector: Mapped[int | None] = mapped_column(
        comment="Places of one event for one sector (R32)"
    )
    approved_by: Mapped[ApprovedBy] = mapped_column(
        stored_by_value(ApprovedBy), default=ApprovedBy.NOBODY
    )
    promotion: Mapped[Promotion] = mapped_column(
        stored_by_value(Promotion), default=Promotion.AT_ONCE
    )
    hold_hours: Mapped[int] = mapped_column(default=24)
    updated_at: Mapped[datetime]

    offer: Mapped[Offer] = relationship()


class ApprovalDecision(enum.StrEnum):
    """What became of a request."""

    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Approval(Base):
    """The question whether somebody may have a place, and its answer."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(
            "(approved_by = 'manager') = (manager_email IS NOT NULL)", name="manager_has_address"
        ),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decision_has_time"),
        CheckConstraint("manager_email = lower(manager_email)", name="email_in_lower_case"),
    )

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    approved_by: Mapped[ApprovedBy] = mapped_column(stored_by_value(ApprovedBy))
    manager_name: Mapped[str] = mapped_column(default="")
    manager_email: Mapped[str | None]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    decision: Mapped[ApprovalDecision | None] = mapped_column(stored_by_value(ApprovalDecision))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id"), comment="None for a manager, who decides by a link"
    )
    reason: Mapped[str] = mapped_column(default="", comment="Of a refusal, for the person")

    booking: Mapped[Booking] = relationship()


class NewDatesWish(Base):
    """That somebody wants to be told when an offer has new dates; told once, then asked anew."""

    __tablename__ = "new_dates_wish"
    __table_args__ = (
        Index(
            "uq_new_dates_wish_open",
            "offer_id",
            "person_id",
            unique=True,
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]

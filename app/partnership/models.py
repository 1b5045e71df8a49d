"""The partnership's own facts, all of them data: another partnership runs the same code."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, stored_by_value


class Partnership(Base):
    """The one partnership this installation serves."""

    __tablename__ = "partnership"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    short_name: Mapped[str]
    district: Mapped[str]
    service_name: Mapped[str]
    strapline: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    address: Mapped[str]
    website: Mapped[str]
    organiser_name: Mapped[str]
    organiser_email: Mapped[str] = mapped_column(
        comment="Monitored mailbox: sender of every message and organiser of every calendar entry"
    )
    brand_colour: Mapped[str] = mapped_column(comment="#rrggbb; white text on it must be readable")
    ink_colour: Mapped[str] = mapped_column(comment="#rrggbb of the header and of headings")
    cancellation_notice_days: Mapped[int] = mapped_column(
        comment="Working days of notice asked for; nobody is charged (R14)"
    )
    local_authority: Mapped[str] = mapped_column(
        default="", comment="Its code in the national schools register, as 384"
    )
    schools_sector: Mapped[str] = mapped_column(
        default="", comment="Slug of the sector that schools are counted in"
    )
    concern_words: Mapped[str] = mapped_column(
        Text, comment="Where to report a worry about a child; this service is not watched for it"
    )


class PolicyKind(enum.StrEnum):
    """The pages about the service itself that each partnership words for itself."""

    ACCESSIBILITY = "accessibility"
    PRIVACY = "privacy"
    COOKIES = "cookies"
    BOOKING = "booking"


class Policy(Base):
    """A page about the service, in Markdown."""

    __tablename__ = "policy"

    kind: Mapped[PolicyKind] = mapped_column(stored_by_value(PolicyKind), primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    reviewed_on: Mapped[date]


class Sector(Base):
    """One of the groups the partnership counts its workforce by (requirements H2)."""

    __tablename__ = "sector"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class Priority(Base):
    """One priority of a delivery plan (requirements H3); plans follow each other."""

    __tablename__ = "priority"
    __table_args__ = (UniqueConstraint("plan", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan: Mapped[str] = mapped_column(comment="The years the plan runs, as 2022-25")
    number: Mapped[int]
    title: Mapped[str]
    is_adopted: Mapped[bool] = mapped_column(
        comment="False while the plan is anticipated but not finalised"
    )


class Refresher(Base):
    """Learning that must be renewed, and how often (KCSIE: DSL training every two years)."""

    __tablename__ = "refresher"
    __table_args__ = (CheckConstraint("months > 0", name="months_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True, comment="As DSL training")
    months: Mapped[int] = mapped_column(comment="How long it counts from the day of learning")
    why: Mapped[str] = mapped_column(default="", comment="Where the rule stands, for readers")


class HalfTerm(Base):
    """One of the six parts of a school year."""

    __tablename__ = "half_term"
    __table_args__ = (
        UniqueConstraint("school_year", "number"),
        CheckConstraint("number BETWEEN 1 AND 6", name="six_a_year"),
        CheckConstraint("starts_on < ends_on", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    school_year: Mapped[str] = mapped_column(comment="As 2026/27")
    number: Mapped[int]
    name: Mapped[str] = mapped_column(comment="As Autumn 2")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    edited_at: Mapped[datetime | None] = mapped_column(
        comment="When staff set its days here; a file leaves them alone from then on"
    )

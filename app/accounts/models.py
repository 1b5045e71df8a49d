"""Who people are and where they work."""

from __future__ import annotations

import enum
from datetime import date, datetime

from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from app.kernel.access import Role
from app.kernel.db import Base, stored_by_value
from app.partnership.models import Sector


class OrganisationKind(enum.StrEnum):
    """What sort of body somebody works or volunteers for."""

    SCHOOL = "school"
    COLLEGE = "college"
    EARLY_YEARS = "early_years"
    AGENCY = "agency"
    VOLUNTARY = "voluntary"
    SPORTS_CLUB = "sports_club"
    FAITH = "faith"
    OUT_OF_AREA = "out_of_area"


class Organisation(Base):
    """A partner body, school, setting, club or group."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("successor_id IS NULL OR successor_id <> id", name="not_its_own_successor"),
        CheckConstraint(
            "successor_id IS NULL OR closed_on IS NOT NULL", name="closed_if_succeeded"
        ),
        CheckConstraint("contact_email = lower(contact_email)", name="email_in_lower_case"),
        Index("ix_organisation_name", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[OrganisationKind] = mapped_column(stored_by_value(OrganisationKind))
    sector_id: Mapped[int] = mapped_column(ForeignKey("sector.id"), index=True)
    urn: Mapped[str | None] = mapped_column(
        unique=True, comment="Number in the national schools register"
    )
    phase: Mapped[str | None] = mapped_column(comment="Of a school: Primary, Secondary, …")
    establishment_type: Mapped[str | None] = mapped_column(
        comment="Of a school: its type group in the register, as Academies, Independent schools"
    )
    postcode: Mapped[str] = mapped_column(default="", server_default="")
    trust_name: Mapped[str] = mapped_column(
        default="", server_default="", comment="Of an academy: the trust it belongs to"
    )
    contact_email: Mapped[str | None] = mapped_column(
        comment="A mailbox by which to approach the body, not a person's own address"
    )
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id"), index=True, comment="The body that took its place"
    )
    proposed_at: Mapped[datetime | None] = mapped_column(
        comment="Typed by somebody who did not find theirs; staff have not looked at it yet"
    )

    sector: Mapped[Sector] = relationship()


class OrganisationAlias(Base):
    """A former or other name under which people look for an organisation."""

    __tablename__ = "organisation_alias"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]


class Capacity(enum.StrEnum):
    """In which capacity somebody learns (R8, R26)."""

    EMPLOYEE = "employee"
    VOLUNTEER = "volunteer"
    GOVERNOR = "governor"
    STUDENT = "student"
    CARER = "carer"


class Person(Base, UserMixin):
    """Somebody who learns, books, answers or runs learning."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_in_lower_case"),
        CheckConstraint(
            "merged_into_id IS NULL OR (merged_into_id <> id AND deactivated_at IS NOT NULL"
            " AND email IS NULL)",
            name="merged_is_empty",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="", comment="Empty until first asked")
    email: Mapped[str | None] = mapped_column(
        unique=True, comment="None for a colleague who is reached through the one who booked them"
    )
    capacity: Mapped[Capacity | None] = mapped_column(stored_by_value(Capacity))
    job_title: Mapped[str | None] = mapped_column(comment="Never asked of a volunteer or governor")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    sector_id: Mapped[int | None] = mapped_column(ForeignKey("sector.id"), index=True)
    created_at: Mapped[datetime]
    profile_completed_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id"), index=True, comment="The same person, under whom all is kept now"
    )

    organisation: Mapped[Organisation | None] = relationship()
    sector: Mapped[Sector | None] = relationship()
    role_grants: Mapped[list[RoleGrant]] = relationship(
        back_populates="person", foreign_keys="RoleGrant.person_id"
    )

    # Read along with whoever is signed in, and by nobody else: see held_roles().
    roles_read: Mapped[str | None] = query_expression()

    second_factor_given = False  # set for the person signed in, from their sign-in

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held now."""
        if self.roles_read is not None:
            return frozenset(Role(name) for name in self.roles_read.split())
        return frozenset(grant.role for grant in self.role_grants if grant.revoked_at is None)

    @property
    def is_staff(self) -> bool:
        """Whether a second factor is asked for."""
        return bool(self.roles)


class PostKind(enum.StrEnum):
    """A person's role at an organisation."""

    DSL = "dsl"
    DEPUTY_DSL = "deputy_dsl"
    HEADTEACHER = "headteacher"
    SAFEGUARDING_GOVERNOR = "safeguarding_governor"


class Post(Base):
    """A person's role at an organisation for a time."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR from_on <= until_on", name="from_before_until"),
        Index(
            "uq_post_held_now",
            "person_id",
            "organisation_id",
            "kind",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[PostKind] = mapped_column(stored_by_value(PostKind))
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class RoleGrant(Base):
    """That somebody holds a role, since when, and until when."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index(
            "uq_role_grant_held_now",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(stored_by_value(Role))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="role_grants", foreign_keys=[person_id])


def held_roles() -> ColumnElement[str]:
    """For with_expression(Person.roles_read, …): a person's roles, empty for most people.

    A column of the row costs a third of rows of a table joined to it.
    """
    named = func.aggregate_strings(cast(RoleGrant.role, Text), " ")
    held = select(named).where(RoleGrant.person_id == Person.id, RoleGrant.revoked_at.is_(None))
    return func.coalesce(held.correlate(Person).scalar_subquery(), "")

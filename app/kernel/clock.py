"""What time it is: the real clock, and the example programme's clock, which can be moved on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import current_app, g
from sqlalchemy import CheckConstraint, inspect, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, db


class ExampleClock(Base):
    """Its one row marks a database made by `demo` and says how far its clock has been moved on."""

    __tablename__ = "example_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("offset_seconds >= 0", name="only_raised"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_seconds: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    worked_until: Mapped[datetime] = mapped_column(
        comment="Up to when the worker has lived through it, day by day; behind after moving on"
    )


EXAMPLE_WORDS = (
    "Example data: people and answers are invented, headline figures are rebuilt from the annual "
    "report"
)


def example_words() -> str:
    """What everything that leaves an example database says of itself; empty anywhere else."""
    return EXAMPLE_WORDS if current_app.config.get("EXAMPLE") else ""


def real_now() -> datetime:
    """The machine's instant: for codes, throttles, leases and mail retry."""
    return datetime.now(UTC)


def now() -> datetime:
    """The instant that bookings and surveys live in: real, plus the example's offset if any."""
    if not current_app.config.get("EXAMPLE"):
        return real_now()
    if "example_offset" not in g:
        seconds = db.session.scalar(select(ExampleClock.offset_seconds)) or 0
        g.example_offset = timedelta(seconds=seconds)
    offset: timedelta = g.example_offset
    return real_now() + offset


def is_example_database() -> bool:
    """Whether `demo` made this database; False while it has no tables."""
    engine = db.engine
    if not inspect(engine).has_table(ExampleClock.__tablename__):
        return False
    with engine.connect() as connection:
        return connection.scalar(select(ExampleClock.id)) is not None


def mark_as_example(*, made_at: datetime) -> None:
    """Make this an example database; to be called in a transaction, on an empty database."""
    db.session.add(ExampleClock(id=1, offset_seconds=0, made_at=made_at, worked_until=made_at))


def worked_until() -> datetime:
    """Up to when the worker has done what fell due in an example; anywhere else, now."""
    if not current_app.config.get("EXAMPLE"):
        return real_now()
    return db.session.scalar(select(ExampleClock.worked_until)) or now()


def note_worked(until: datetime) -> None:
    """Note that all that fell due in the example up to then is done."""
    db.session.execute(
        update(ExampleClock).where(ExampleClock.worked_until < until).values(worked_until=until)
    )


def move_on(by: timedelta) -> datetime:
    """Raise the example's offset and return its new instant; ValueError for a step back."""
    if by < timedelta(0):
        raise ValueError("the example's clock can only be moved on")
    row = db.session.execute(select(ExampleClock).with_for_update()).scalar_one()
    row.offset_seconds += int(by.total_seconds())
    g.example_offset = timedelta(seconds=row.offset_seconds)
    return now()

"""A lease: one holder at a time does a thing, and loses it by silence."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, db, rows_changed, transaction


class Lease(Base):
    """Who does a named thing, and until when unless it says so again (real clock)."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]


def take_lease(name: str, holder: str, *, now: datetime, lasts: timedelta) -> bool:
    """Take or keep the lease; False while somebody else holds it."""
    wanted = update(Lease).where(Lease.name == name, or_(Lease.holder == holder, Lease.until < now))
    with transaction() as session:
        result = session.execute(wanted.values(holder=holder, until=now + lasts))
        if rows_changed(result) == 1:
            return True
        if session.get(Lease, name) is not None:
            return False
    return _first_holder(name, holder, until=now + lasts)


def _first_holder(name: str, holder: str, *, until: datetime) -> bool:
    try:
        with transaction():
            db.session.add(Lease(name=name, holder=holder, until=until))
    except IntegrityError:
        return False  # another worker was quicker by a moment
    return True


def give_up_lease(name: str, holder: str, *, now: datetime) -> None:
    """Let the next one take over at once."""
    with transaction() as session:
        session.execute(
            update(Lease).where(Lease.name == name, Lease.holder == holder).values(until=now)
        )

"""What drills play on: a throw-away database, people who are signed in, an event."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

import app as ripple
import config
from app.accounts.models import Capacity, Person, RoleGrant
from app.accounts.sign_in_models import SignInSession
from app.catalogue.models import (
    Event,
    EventDate,
    EventMode,
    EventState,
    Offer,
    OfferKind,
    OfferState,
)
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db
from app.kernel.tokens import new_reference, token_hash
from app.partnership.models import Sector
from app.partnership.operations import load_partnership

PROJECT = Path(__file__).parents[2]
LASTS = timedelta(hours=3)
# Processes begin clean, without the connections of the one that starts them.
if sys.platform == "win32":
    PROCESSES = multiprocessing.get_context("spawn")
else:
    PROCESSES = multiprocessing.get_context("forkserver")


def settings_for(database_url: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """The settings of a service on this machine with a secret of its own."""
    environment = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a drill keeps nothing secret, and uses this key",
        "BASE_URL": "http://localhost",
        "MAIL_URL": f"file:{folder / 'mail'}",
    }
    return {**config.load(environment), **changes}


@contextmanager
def throw_away(database_url: str | None) -> Iterator[tuple[Flask, dict[str, Any]]]:
    """An application and its settings, on a new SQLite file or an empty database given."""
    with tempfile.TemporaryDirectory(prefix="ripple-drill-") as name:
        folder = Path(name)
        settings = settings_for(database_url or f"sqlite:///{folder / 'drill.sqlite'}", folder)
        app = ripple.create_app(settings)
        with app.app_context():
            try:
                from flask_migrate import upgrade  # brings Alembic, which serving does without

                upgrade(str(PROJECT / "migrations"))
                _refuse_people()
                yield app, settings
            finally:
                db.session.remove()
                db.engine.dispose()


def _refuse_people() -> None:
    if db.session.scalar(select(Person.id).limit(1)) is not None:
        raise RuntimeError("a drill needs an empty database: this one holds people")
    db.session.rollback()


def make_partnership() -> None:
    """The Wakefield partnership's own facts, in the caller's transaction."""
    load_partnership(PROJECT / "partnerships" / "wakefield.toml")


def make_people(count: int) -> list[tuple[int, str]]:
    """People who are signed in: each one's id and sign-in token."""
    now = clock.real_now()
    sector_id = db.session.scalars(select(Sector.id).order_by(Sector.position)).first()
    people = [_person(sector_id) for _ in range(count)]
    db.session.add_all(people)
    db.session.flush()
    made = []
    for person in people:
        token = new_reference(40)
        db.session.add(
            SignInSession(
                token_hash=token_hash(token),
                person_id=person.id,
                started_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
        made.append((person.id, token))
    db.session.flush()
    return made


def _person(sector_id: int | None) -> Person:
    reference, now = new_reference(12), clock.real_now()
    return Person(
        reference=reference,
        name=f"Person {reference}",
        email=f"{reference}@example.org",
        capacity=Capacity.EMPLOYEE,
        job_title="Family support worker",
        sector_id=sector_id,
        created_at=now,
        profile_completed_at=now,
    )


def make_event(capacity: int | None) -> Event:
    """A published event online in two weeks, open for booking."""
    now, reference = clock.real_now(), new_reference(12)
    starts_at = now + timedelta(days=14)
    offer = Offer(
        slug=f"drill-{reference}",
        title=f"Drill {reference}",
        kind=OfferKind.COURSE,
        state=OfferState.PUBLISHED,
        summary="Made by a drill.",
        description="Made by a drill.",
        who_for="Nobody.",
        created_at=now,
        published_at=now,
        updated_at=now,
    )
    event = Event(
        reference=reference,
        offer=offer,
        state=EventState.PUBLISHED,
        mode=EventMode.ONLINE,
        joining_url="https://meet.example.org/drill",
        capacity=capacity,
        booking_opens_at=now - timedelta(days=30),
        booking_closes_at=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        created_at=now,
        updated_at=now,
        published_at=now,
        dates=[EventDate(starts_at=starts_at, ends_at=starts_at + LASTS)],
    )
    db.session.add(event)
    db.session.flush()
    return event


def signed_in_as(person_id: int, role: Role) -> str:
    """Give the person this role, and sign them in with a second factor; the token of that."""
    token, now = new_reference(40), clock.real_now()
    db.session.add(RoleGrant(person_id=person_id, role=role, granted_at=now))
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=person_id,
            started_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=12),
            second_factor_at=now,
        )
    )
    db.session.flush()
    return token

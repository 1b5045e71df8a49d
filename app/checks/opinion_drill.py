"""A round of opinions for thousands of establishments: the page is quick, nobody is asked twice.

The worker is killed in the middle of its steps, in a process of its own, and begun again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, insert, select

import app as ripple
from app.accounts.models import Organisation, OrganisationKind, Post, PostKind
from app.accounts.signed_in import TOKEN_KEY
from app.checks import stage
from app.forum_jobs import ask_for_opinions
from app.forums.opinion_emails import ABOUT
from app.forums.opinion_models import Naming, OpinionLink, OpinionRound, RoundState
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.london import london_date
from app.kernel.tokens import new_reference
from app.outbox.models import OutboxMessage
from app.partnership.models import HalfTerm, Sector

MOST_SECONDS = 1.0
LEADS_OF_TWO = 10  # one lead in so many leads at the next school too
WITHOUT_ANYBODY = 50  # one school in so many has neither a lead nor a mailbox
PATIENCE_SECONDS = 600
PHASES = ("Primary", "Primary", "Primary", "Secondary", "Nursery")


@dataclass
class Asked:
    """What a round showed; `violations` is empty when all promises were kept."""

    establishments: int
    page_seconds: float = 0.0
    worker_seconds: float = 0.0
    links: int = 0
    messages: int = 0
    addresses: int = 0
    kills: int = 0
    unreached: int = 0
    violations: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def ask_everybody(settings: dict[str, Any], *, size: int, kills: int, seed: int) -> Asked:
    """Open a round for so many establishments, kill the worker so often, and look at all rows."""
    chance = random.Random(seed)  # noqa: S311 - a drill can be repeated
    now = _at_midday()
    with transaction():
        make_schools(size)
        reference, token = make_round(now)
    found = Asked(establishments=size)
    found.page_seconds = round(_open_by_the_page(reference, token), 3)
    began = time.monotonic()
    for _ in range(kills):
        found.kills += kill_a_worker(settings, now=now, seconds=chance.uniform(1.5, 4.0))
    db.session.rollback()
    sum(ask_for_opinions(now))
    found.worker_seconds = round(time.monotonic() - began, 1)
    again = sum(ask_for_opinions(now))
    db.session.rollback()
    look_at(found, reference, again=again)
    return found


def look_at(found: Asked, reference: str, *, again: int = 0) -> None:
    """Count the rows of a round, and note what breaks a promise."""
    asked = db.session.scalars(
        select(OpinionRound).where(OpinionRound.reference == reference)
    ).one()
    of_round = OutboxMessage.about_kind == ABOUT
    addresses = Counter(
        db.session.scalars(
            select(OutboxMessage.to_email).where(
                of_round, OutboxMessage.about_reference == reference
            )
        )
    )
    links = select(func.count()).select_from(OpinionLink).where(OpinionLink.round_id == asked.id)
    found.links = db.session.scalar(links) or 0
    found.unreached = db.session.scalar(links.where(OpinionLink.sent_at.is_(None))) or 0
    found.messages, found.addresses = addresses.total(), len(addresses)
    wanted = found.establishments // WITHOUT_ANYBODY
    promises = {
        "an address got several messages": found.messages == found.addresses,
        "a school has no link": found.links == found.establishments,
        "a school that can be reached was not": found.unreached == wanted,
        "nobody was written to": found.messages > 0,
        "the worker is not done": asked.asked_at is not None,
        "the worker did something again": again == 0,
        "the page was slow": found.page_seconds < MOST_SECONDS,
    }
    found.violations = [words for words, is_kept in promises.items() if not is_kept]
    db.session.rollback()


def make_schools(count: int) -> None:
    """Schools with a lead each; some leads lead two, some schools have a mailbox, some nobody."""
    sector_id = db.session.scalars(select(Sector.id).order_by(Sector.position)).first()
    schools = [
        {
            "reference": f"drill{number}",
            "name": f"School {number}",
            "kind": OrganisationKind.SCHOOL,
            "sector_id": sector_id,
            "phase": PHASES[number % len(PHASES)],
            "establishment_type": "Academies" if number % 3 else "Independent schools",
            "contact_email": f"office{number}@example.org" if number % 7 == 0 else None,
        }
        for number in range(count)
    ]
    for school in schools[::-1][: count // WITHOUT_ANYBODY]:
        school["contact_email"] = None
    db.session.execute(insert(Organisation), schools)
    ids = db.session.scalars(select(Organisation.id).order_by(Organisation.id)).all()
    led = count - count // WITHOUT_ANYBODY
    people = [one for one, _ in stage.make_people(led)]
    posts = [
        {
            "person_id": people[number - 1 if number and number % LEADS_OF_TWO == 0 else number],
            "organisation_id": ids[number],
            "kind": PostKind.DSL,
            "from_on": date(2025, 9, 1),
            "until_on": None,
        }
        for number in range(led)
    ]
    db.session.execute(insert(Post), posts)


def make_round(now: datetime) -> tuple[str, str]:
    """A planned round, and the token of an Advisor who is signed in."""
    [(person_id, _)] = stage.make_people(1)
    token = stage.signed_in_as(person_id, Role.ADVISOR)
    today = london_date(now)
    half_term = HalfTerm(
        school_year="2098/99",
        number=1,
        name="Autumn 1",
        starts_on=today - timedelta(days=7),
        ends_on=today + timedelta(days=40),
    )
    db.session.add(half_term)
    db.session.flush()
    planned = OpinionRound(
        reference=new_reference(),
        half_term_id=half_term.id,
        naming=Naming.ANONYMOUS,
        several_per_school=False,
        introduction="",
        opens_at=now + timedelta(days=1),
        closes_at=now + timedelta(days=30),
        state=RoundState.PLANNED,
    )
    db.session.add(planned)
    db.session.flush()
    return planned.reference, token


def _open_by_the_page(reference: str, token: str) -> float:
    """Press the button as the Advisor does; the seconds until the answer."""
    db.session.rollback()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with client.session_transaction() as session:
        session[TOKEN_KEY] = token
    began = time.perf_counter()
    answer = client.post(f"/forums/opinions/{reference}/open")
    seconds = time.perf_counter() - began
    if answer.status_code != 302:
        raise RuntimeError(f"the page answered {answer.status_code}")
    return seconds


def kill_a_worker(settings: dict[str, Any], *, now: datetime, seconds: float) -> bool:
    """Let a process of its own do the worker's part, and kill it; False if it was done before."""
    process = stage.PROCESSES.Process(target=_work, args=(settings, now))
    process.start()
    process.join(seconds)
    if process.is_alive() and process.pid:
        os.kill(process.pid, signal.SIGKILL)
        process.join(PATIENCE_SECONDS)
        return True
    return False


def _work(settings: dict[str, Any], now: datetime) -> None:
    app = ripple.create_app(settings)
    with app.app_context():
        for _ in ask_for_opinions(now):
            pass


def _at_midday() -> datetime:
    """Outside the hour in which nothing is sent, whenever the drill is tried."""
    return clock.now().replace(hour=12)

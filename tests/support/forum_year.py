"""A district of 170 schools on the first day of a school year, served, with a clock to move on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page

from app.accounts.models import Person
from app.accounts.sign_in_models import SignInSession
from app.accounts.signed_in import TOKEN_KEY
from app.demo import operations as demo
from app.demo.making.half_terms import known_half_terms
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.london import from_london, london_date
from app.kernel.tokens import new_reference, token_hash
from app.partnership import queries as partnership
from app.partnership.half_term_rules import school_year_of
from app.partnership.operations import load_partnership
from app.worker import catch_up, run_once
from tests.conftest import make_app
from tests.support.factories import make_person
from tests.support.forums import make_lead, make_school
from tests.support.live_server import LiveServer, prepared_database

WAKEFIELD = Path(__file__).parents[2] / "partnerships" / "wakefield.toml"
SCHOOLS = 170
MORNING = time(10, 0)


@dataclass
class District:
    """The service of a district, its application in this process, and its people's addresses."""

    server: LiveServer
    app: Flask
    school_year: str
    leads: list[str]

    def wait_until(self, day: date) -> None:
        """Let time go by to ten o'clock of a day; the worker does all that falls due meanwhile."""
        with self.app.app_context():
            days = (day - london_date(clock.now())).days
            assert days >= 0, f"{day} is over"
            with transaction():
                demo.fast_forward(f"{days}d")
            catch_up(clock.now())
            run_once(clock.now())
            db.session.remove()

    def be(self, page: Page, email: str) -> None:
        """Let whoever has this address be signed in, with both factors."""
        with self.app.app_context():
            person = db.session.query(Person).filter_by(email=email).one()
            cookie = _signed_in(self.app, person)
        name = self.app.config["SESSION_COOKIE_NAME"]
        page.context.add_cookies([{"name": name, "value": cookie, "url": self.server.url}])


@contextmanager
def district(run_folder: Path, folder: Path) -> Iterator[District]:
    """Serve it; the school year after the one under way begins today."""
    empty = prepared_database(run_folder, (("db", "upgrade"),))
    own = shutil.copy(empty, folder / "district.sqlite")
    server = LiveServer(folder, f"sqlite:///{own}")
    settings = server.environment
    app: Any = make_app(
        settings["DATABASE_URL"],
        SECRET_KEY=settings["SECRET_KEY"],
        BASE_URL=server.url,
        MAIL_URL=settings["MAIL_URL"],
        EXAMPLE=True,
    )
    with app.app_context():
        school_year = _begin()
        leads = _make_people()
        db.session.commit()
    server.start()
    yield District(server, app, school_year, leads)
    server.stop()


def _begin() -> str:
    """The partnership, this year's half terms, and the first of September after them."""
    real_now = clock.real_now()
    clock.mark_as_example(made_at=real_now)
    load_partnership(WAKEFIELD)
    known_half_terms(london_date(real_now))
    first = int(school_year_of(london_date(real_now))[:4]) + 1
    begins = from_london(date(first, 9, 1), MORNING)
    row = db.session.get_one(clock.ExampleClock, 1)
    row.offset_seconds = int((begins - real_now).total_seconds())
    row.worked_until = begins
    return school_year_of(date(first, 9, 1))


def _make_people() -> list[str]:
    """The Advisor, a colleague, and a lead at each of 170 schools; the leads' addresses."""
    make_person(Role.ADVISOR, name="Jo Advisor", email="jo@example.org")
    make_person(Role.DELIVERY, name="Dee Delivery", email="dee@example.org")
    facts = partnership.current()
    sector = next(one for one in partnership.sectors() if one.slug == facts.schools_sector)
    sorts = (
        ("Primary", "Local authority maintained schools"),
        ("Primary", "Academies"),
        ("Secondary", "Academies"),
    )
    leads = []
    for number in range(1, SCHOOLS + 1):
        phase, type_ = sorts[number % len(sorts)]
        school = make_school(
            f"Invented School {number:03}", sector=sector, phase=phase, establishment_type=type_
        )
        email = f"lead{number:03}@example.org"
        make_lead(school, name=f"Lead Person{number:03}", email=email)
        leads.append(email)
    return leads


def _signed_in(app: Flask, person: Person) -> str:
    token, real_now = new_reference(40), clock.real_now()
    db.session.add(
        SignInSession(
            token_hash=token_hash(token),
            person_id=person.id,
            started_at=real_now,
            last_seen_at=real_now,
            expires_at=real_now + timedelta(hours=1),
            second_factor_at=real_now,
        )
    )
    db.session.commit()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    return str(signer.dumps({TOKEN_KEY: token}))


def teams_file(people: Sequence[tuple[str, str]], starts_at: datetime, minutes: int) -> bytes:
    """The attendance file of an online meeting, everybody there from its start."""
    starts = starts_at.astimezone(UTC)
    first, last = (
        f"{moment:%d/%m/%Y, %H:%M:%S}" for moment in (starts, starts + timedelta(minutes=minutes))
    )
    heading = "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole"
    lines = ["1. Summary", "Meeting title\tDSL Forum", f"Start time\t{first}", ""]
    lines += ["2. Participants", heading]
    lines += [
        f"{name}\t{first}\t{last}\t{minutes // 60}h {minutes % 60}m\t{email}\t\tAttendee"
        for name, email in people
    ]
    return b"\xff\xfe" + "\r\n".join([*lines, ""]).encode("utf-16-le")

"""A district of 170 schools before a school year, served, with a clock to move on."""

from __future__ import annotations

import email
import email.policy
import re
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
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.sign_in_models import SignInSession
from app.accounts.signed_in import TOKEN_KEY
from app.bookings.models import Booking
from app.catalogue.models import Event, Offer, OfferKind
from app.demo import operations as demo
from app.demo.making.half_terms import known_half_terms
from app.forums import opinions
from app.forums.forums import forums
from app.forums.opinion_models import Opinion, Theme, opinion_theme
from app.forums.opinion_reading import give_themes
from app.forums.opinions import Said
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.kernel.london import from_london, london_date
from app.kernel.tokens import new_reference, token_hash
from app.partnership import queries as partnership
from app.partnership.half_term_rules import school_year_of
from app.partnership.models import Refresher
from app.partnership.operations import load_partnership
from app.worker import run_once
from tests.conftest import make_app
from tests.support.factories import (
    make_attendance,
    make_booking,
    make_event,
    make_offer,
    make_person,
)
from tests.support.forums import make_lead, make_school
from tests.support.live_server import LiveServer, prepared_database

WAKEFIELD = Path(__file__).parents[2] / "partnerships" / "wakefield.toml"
SCHOOLS, TRAINED = 170, 30
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
            run_once(clock.now())
            with transaction():
                clock.note_worked(clock.now())  # each day in turn matters to surveys only
            db.session.remove()

    def today(self) -> date:
        """The day it is in the district."""
        with self.app.app_context():
            return london_date(clock.now())

    def forums(self) -> list[tuple[str, date]]:
        """Reference and day of each forum to come, by day."""
        with self.app.app_context():
            to_come = forums().where(Event.starts_at > clock.now())
            return [
                (event.reference, london_date(event.starts_at))
                for event in db.session.scalars(to_come)
            ]

    def book(self, forum: str, emails: Sequence[str]) -> None:
        """Places at a forum for those of these people who have none."""
        with self.app.app_context():
            event = db.session.scalars(forums().where(Event.reference == forum)).one()
            booked = select(Booking.person_id).where(Booking.event_id == event.id)
            these = Person.email.in_(emails) & Person.id.not_in(booked)
            for person in db.session.scalars(select(Person).where(these)).all():
                make_booking(event, person)
            db.session.commit()

    def teams_file(self, forum: str, emails: Sequence[str]) -> bytes:
        """The attendance file of a forum where these people were from its beginning to its end."""
        with self.app.app_context():
            event = db.session.scalars(forums().where(Event.reference == forum)).one()
            people = db.session.scalars(select(Person).where(Person.email.in_(emails)))
            minutes = int((event.ends_at - event.starts_at) / timedelta(minutes=1))
            named = [(person.name, person.email or "") for person in people]
            return _teams_file(named, event.starts_at, minutes)

    def opinion_links(self) -> list[str]:
        """The way to the form of each school, as the letters have it, by address of the letter."""
        found = {}
        for file in self.server.mail_folder.glob("*.eml"):
            letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = letter.get_body(("plain",))
            for link in re.findall(r"/opinions/\w+", str(body.get_content()) if body else ""):
                found[letter["To"]] = link
        return [found[to] for to in sorted(found)]

    def give_opinions(self, links: Sequence[str], words: str) -> None:
        """One opinion by each of these links."""
        with self.app.app_context():
            for number, link in enumerate(links):
                facts = opinions.find_link(link.rsplit("/", 1)[1], now=clock.now())
                assert facts
                said = Said("", f"{words} ({number})", "", may_be_quoted=False, may_be_named=False)
                with transaction():
                    opinions.give_opinion(
                        facts.link_id, said, form_key=new_reference(32), now=clock.now()
                    )

    def give_theme(self, title: str) -> None:
        """What all other opinions that can be improved are about."""
        with self.app.app_context():
            theme = db.session.scalars(select(Theme).where(Theme.title == title)).one()
            has = select(opinion_theme.c.opinion_id).where(opinion_theme.c.theme_id == theme.id)
            for opinion in db.session.scalars(select(Opinion).where(Opinion.id.not_in(has))).all():
                give_themes(opinion.id, [theme.id], [], round_id=opinion.round_id)
            db.session.commit()

    def be(self, page: Page, address: str) -> None:
        """Let whoever has this address be signed in, with both factors."""
        with self.app.app_context():
            person = db.session.scalars(select(Person).where(Person.email == address)).one()
            cookie = _signed_in(self.app, person)
        name = self.app.config["SESSION_COOKIE_NAME"]
        page.context.add_cookies([{"name": name, "value": cookie, "url": self.server.url}])


@contextmanager
def district(run_folder: Path, folder: Path) -> Iterator[District]:
    """Serve it; it is August, and the next school year is yet to be planned."""
    empty = prepared_database(run_folder, (("db", "upgrade"),))
    own = shutil.copy(empty, folder / "district.sqlite")
    server = LiveServer(folder, f"sqlite:///{own}")
    settings = server.environment
    app: Any = make_app(
        settings["DATABASE_URL"],
        SECRET_KEY=settings["SECRET_KEY"],
        BASE_URL=server.url,
        MAIL_URL=settings["MAIL_URL"],
    )
    app.config["EXAMPLE"] = True
    with app.app_context():
        school_year = _begin()
        _make_offers()
        leads = _make_people()
        _train(leads[:TRAINED])
        db.session.commit()
    server.start()
    yield District(server, app, school_year, leads)
    server.stop()


def _begin() -> str:
    """The partnership, this year's half terms, and a day in the summer holidays after them."""
    real_now = clock.real_now()
    clock.mark_as_example(made_at=real_now)
    load_partnership(WAKEFIELD)
    known_half_terms(london_date(real_now))
    first = int(school_year_of(london_date(real_now))[:4]) + 1
    begins = from_london(date(first, 8, 16), MORNING)
    row = db.session.get_one(clock.ExampleClock, 1)
    row.offset_seconds = int((begins - real_now).total_seconds())
    row.worked_until = begins
    return school_year_of(date(first, 9, 1))


def _make_offers() -> None:
    """The forum, which is the annual update as well, and the training of leads."""
    refreshers = {one.slug: one for one in db.session.scalars(select(Refresher))}
    make_offer(kind=OfferKind.DSL_FORUM, title="DSL Forum", refresher=refreshers["annual-update"])
    make_offer(title="DSL training", slug="dsl-training", refresher=refreshers["dsl-training"])


def _train(emails: Sequence[str]) -> None:
    """These leads had their training two years before the coming March."""
    training = db.session.scalars(select(Offer).where(Offer.slug == "dsl-training")).one()
    held_on = date(london_date(clock.now()).year - 1, 3, 10)
    event = make_event(training, starts_at=from_london(held_on, MORNING), capacity=None)
    for person in db.session.scalars(select(Person).where(Person.email.in_(emails))):
        make_attendance(make_booking(event, person))


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
        leads.append(f"lead{number:03}@example.org")
        make_lead(school, name=f"Lead Person{number:03}", email=leads[-1])
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


def _teams_file(people: Sequence[tuple[str, str]], starts_at: datetime, minutes: int) -> bytes:
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

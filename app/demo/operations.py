"""Make the example programme, and move its time on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import exists, select

from app.accounts.models import Person
from app.catalogue.models import Offer
from app.demo import rules
from app.demo.making.answers import Respondents
from app.demo.making.asking import Asker
from app.demo.making.elsewhere import add_learning_elsewhere
from app.demo.making.evidence import record_evidence
from app.demo.making.forum_executive import report_to_executive
from app.demo.making.forum_opinions import ask_for_opinions
from app.demo.making.forum_recordings import share_recordings
from app.demo.making.forum_schools import check_lists, note_contacts
from app.demo.making.forum_topics import set_topics
from app.demo.making.half_terms import known_half_terms
from app.demo.making.history import plan_history
from app.demo.making.letters import ask_for_answers, book_and_cancel
from app.demo.making.needs import raise_needs
from app.demo.making.offers import make_offers
from app.demo.making.open_surveys import make_open_surveys
from app.demo.making.other_surveys import make_other_surveys
from app.demo.making.people import People, make_people
from app.demo.making.plan import PlannedEvent
from app.demo.making.reports import publish_example_report
from app.demo.making.rows import Chance
from app.demo.making.this_year import plan_this_year
from app.demo.making.words import add_words
from app.demo.making.write import write_bookings, write_events
from app.kernel import clock
from app.kernel.db import db
from app.kernel.errors import Refused
from app.kernel.london import london_date
from app.partnership.models import Partnership
from app.partnership.operations import load_partnership
from app.surveys.evaluations import add_wave
from app.surveys.models import Evaluation
from app.surveys.operations import ensure_default_evaluations, plan_invitations
from app.surveys.planning import MOST_AT_ONCE
from app.surveys.rules import BEFORE
from config import is_loopback

SEED = 20240401
WAKEFIELD = Path(__file__).parents[2] / "partnerships" / "wakefield.toml"
ASKED_BEFORE_TOO = "multi-agency-neglect"
KNOWN_FOR = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Made:
    """How much there is in a new example."""

    people_count: int
    events_count: int
    bookings_count: int
    responses_count: int


def make_example(*, now: datetime, seed: int = SEED) -> Made:
    """Fill an empty database with the example programme; Refused if anything is in it."""
    if not is_loopback(current_app.config["BASE_URL"]):
        raise Refused(
            "The example is served on this machine only: set BASE_URL to http://127.0.0.1:5000"
        )
    if not is_empty():
        raise Refused(
            "This database has something in it. The example is made only in an empty one: "
            "set DATABASE_URL to another database"
        )
    clock.mark_as_example(made_at=now)
    current_app.config["EXAMPLE"] = True  # so that its first letters say so too
    people, events = make_programme(now=now, seed=seed)
    responses_count = _make_surveys(events, people, now=now)
    ask_for_answers(people)
    add_words(people, now=now)
    record_evidence(people.personas["delivery"].reference, now=now)
    raise_needs(
        raised_by=people.personas["evaluator"].reference,
        decided_by=people.personas["delivery"].reference,
        now=now,
    )
    publish_example_report(people.personas["delivery"].reference, now=now)
    make_other_surveys(people, now=now)
    set_topics(now=now)
    share_recordings(now=now)
    check_lists(people, now=now)
    note_contacts(people, now=now)
    ask_for_opinions(people, now=now)
    report_to_executive(
        advisor=people.personas["advisor"].reference,
        business=people.personas["delivery"].reference,
        now=now,
    )
    return Made(
        people_count=len(people.everybody) + len(people.personas),
        events_count=len(events),
        bookings_count=sum(len(event.bookings) + len(event.booked_last) for event in events),
        responses_count=responses_count,
    )


def make_programme(*, now: datetime, seed: int = SEED) -> tuple[People, list[PlannedEvent]]:
    """The partnership, its people, and every event with its bookings and registers."""
    load_partnership(WAKEFIELD)
    half_terms = known_half_terms(london_date(now))
    people = make_people(Chance(seed), now=now - KNOWN_FOR)
    offer_ids = make_offers(published_at=now - KNOWN_FOR, now=now)
    events = plan_history(people, half_terms) + plan_this_year(people, half_terms, now=now)
    write_events(events, offer_ids, people.chance, now=now)
    titles = dict(db.session.execute(select(Offer.slug, Offer.title)).all())
    write_bookings(events, titles, people.chance, by_id=people.personas["delivery"].id)
    book_and_cancel(events, people, now=now)
    add_learning_elsewhere(people, now=now)
    return people, events


def _make_surveys(events: list[PlannedEvent], people: People, *, now: datetime) -> int:
    ensure_default_evaluations(now=now - KNOWN_FOR)
    offer_id = db.session.scalar(select(Offer.id).where(Offer.slug == ASKED_BEFORE_TOO))
    evaluation = db.session.scalars(
        select(Evaluation).where(Evaluation.is_default_for_id == offer_id)
    ).one()
    add_wave(evaluation, BEFORE)
    db.session.flush()
    respondents = Respondents(people.chance)
    asker = Asker(events, respondents, now=now)
    asker.ask(not_answering={person.id for person in people.personas.values()})
    make_open_surveys(people, respondents, asker.responses, now=now)
    count = asker.responses.write()
    while plan_invitations(now=now) >= MOST_AT_ONCE:
        pass
    return count


def fast_forward(distance: str) -> datetime:
    """Move the example's time on by so many days, weeks or months; its new instant, or Refused."""
    if not current_app.config["EXAMPLE"]:
        raise Refused("Time can be moved on only in a database made by `flask demo`")
    before = clock.now()
    return clock.move_on(rules.moved_on(before, distance) - before)


def is_empty() -> bool:
    """Whether nobody and nothing has been put into the database yet."""
    things = (clock.ExampleClock, Partnership, Person, Offer)
    return not any(db.session.scalar(select(exists().select_from(thing))) for thing in things)

"""Surveys beside those of the courses: a list after a practice review, a link for one session,
and answers that once came by Microsoft Forms."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.catalogue.models import Event, EventState, Offer, OfferKind
from app.demo.making.people import People
from app.kernel.db import db
from app.kernel.london import london_date
from app.partnership import queries as partnership
from app.surveys import (
    evaluations,
    import_drafts,
    import_forms,
    import_queries,
    imports,
    lists,
    open_links,
)
from app.surveys.evaluations import EvaluationDetails
from app.surveys.import_sector_rules import KnownSector
from app.surveys.list_rules import ListedPerson, ListKind
from app.surveys.lists import ListDetails
from app.surveys.readers.forms_file import read_forms_file

COMPLETED_BEFORE = timedelta(days=80)  # so that its people are asked in ten days or so
PEOPLE_ON_THE_LIST = 12
FILE_NAME = "ICON crying babies (1-36).csv"
QUESTIONS = (
    "Which agency do you work for?",
    "Are you aware of the ICON messages?",
    "How often do you use them in your work?",
    "How likely are you to recommend them to others?",
)
AGENCIES = ("School", "Health", "Police", "VCSE", "Early Years")
USE = ("Very frequently", "Frequently", "Occasionally", "Rarely", "Never")
RECOMMEND = ("Very likely", "Likely", "Not sure")


def make_other_surveys(people: People, *, now: datetime) -> None:
    """One of each, by the features' own verbs."""
    actor = db.session.get_one(Person, people.personas["delivery"].id)
    _ask_after_a_review(people, actor, now=now)
    _make_a_link(actor, now=now)
    _import_a_file(actor, now=now)


def _ask_after_a_review(people: People, actor: Person, *, now: datetime) -> None:
    made_at = now - COMPLETED_BEFORE
    evaluation = lists.create_list_evaluation(
        ListDetails(
            kind=ListKind.REVIEW,
            title="After a practice review: bruising in babies who cannot move",
            subject_words="the new pathway for bruising in babies who cannot move",
            recommendation="A single pathway for bruising in babies who cannot move",
            counted_from_on=london_date(made_at),
            months=(3, 6),
            questionnaire_slug=None,
        ),
        actor=actor,
        now=made_at,
    )
    reachable = [one for one in people.everybody if one.has_address and one.sector == "health"]
    ids = [one.id for one in reachable[:PEOPLE_ON_THE_LIST]]
    found = db.session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id))
    listed = [
        ListedPerson(person.name, person.email or "", person.sector_id, is_known=True)
        for person in found
    ]
    lists.add_people(evaluation.id, listed, actor=actor, now=made_at)


def _make_a_link(actor: Person, *, now: datetime) -> None:
    """For the next course: its people can answer on the day, from a code on the wall."""
    next_course = (
        select(Event.id)
        .join(Event.offer)
        .where(Offer.kind == OfferKind.COURSE, Event.state == EventState.PUBLISHED)
        .where(Event.starts_at > now, Event.in_house_for_id.is_(None))
        .order_by(Event.starts_at, Event.id)
        .limit(1)
    )
    event_id = db.session.scalar(next_course)
    if event_id is not None:
        open_links.open_for_the_day(event_id, actor=actor, now=now)


def _import_a_file(actor: Person, *, now: datetime) -> None:
    details = EvaluationDetails(
        title="ICON: coping with a crying baby, asked by a form",
        subject_words="the ICON messages",
        offer_slugs=("icon-crying-babies",),
        series_slug=None,
        months=(),
        open_from_on=None,
        open_until_on=None,
    )
    evaluation = evaluations.create_evaluation(details, actor=actor, now=now - timedelta(days=1))
    db.session.flush()
    content = forms_file()
    found = read_forms_file(content)
    reference = import_drafts.keep_draft(
        found,
        evaluation_id=evaluation.id,
        months_later=3,
        file_name=FILE_NAME,
        file_sha256=hashlib.sha256(content).hexdigest(),
        actor=actor,
        now=now,
    )
    sectors = [KnownSector(one.slug, one.name) for one in partnership.sectors()]
    plans = import_forms.preview(found, import_queries.known_measures(), {}, sectors).plans
    imports.import_answers(reference, plans, actor=actor, now=now)


def forms_file() -> bytes:
    """The invented answers of 36 people, as Microsoft Forms writes them."""
    file = io.StringIO(newline="")
    own = ("ID", "Start time", "Completion time", "Email", "Name")
    csv.writer(file).writerows([(*own, *QUESTIONS), *_rows()])
    return file.getvalue().encode()


def _rows() -> Iterator[tuple[str, ...]]:
    for number in range(1, 37):
        day = 3 + number % 20
        yield (
            *(str(number), f"{day:02}/06/2024 10:{number:02}", f"{day:02}/06/2024 10:{number + 4}"),
            *("anonymous", ""),
            AGENCIES[number % len(AGENCIES)],
            "No" if number % 9 == 0 else "Yes",
            USE[number * number % len(USE)],
            RECOMMEND[number % len(RECOMMEND)],
        )

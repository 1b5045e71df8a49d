"""A term's plan of training: places missing, and invitations to those due."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app import forum_jobs
from app.accounts.models import Person, PostKind
from app.forums import training_invitations, training_plan
from app.forums import training_rules as rules
from app.forums.training_models import TrainingRound
from app.kernel import clock
from app.kernel.access import Role
from app.kernel.db import db, transaction
from app.outbox.models import OutboxMessage
from app.partnership.models import Refresher
from app.record.models import LearningElsewhere, RefresherStop
from tests.support.factories import (
    make_booking,
    make_event,
    make_learning_elsewhere,
    make_offer,
    make_person,
)
from tests.support.forums import make_lead, make_school
from tests.support.page_client import PageClient
from tests.support.training import a_district, come_as_advisor, make_dsl_training

LETTERS = Path(__file__).parent / "letters"
A_SECRET = re.compile(r"[0-9a-f]{64}")
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def dsl_training(app: Flask) -> Refresher:
    return make_dsl_training()


@pytest.mark.parametrize(("missing", "sessions"), [(-3, 0), (0, 0), (1, 1), (20, 1), (21, 2)])
def test_how_many_sessions_that_takes(missing: int, sessions: int) -> None:
    assert rules.sessions_needed(missing, 20) == sessions


@pytest.mark.usefixtures("now")
def test_a_plan_counts_people_places_and_sessions(
    client: PageClient, dsl_training: Refresher
) -> None:
    school = a_district(dsl_training)
    for number in range(3):
        lead = make_lead(school, PostKind.DEPUTY_DSL, name=f"Due {number}")
        make_learning_elsewhere(
            lead, refresher_id=dsl_training.id, learned_on=date(2025, 2, 1 + number)
        )
    both = make_school("Beck Side Two", phase="Secondary")
    make_lead(both, person=lead)
    offer = make_offer(title="Lead training", slug="lead-training", refresher_id=dsl_training.id)
    event = make_event(offer, starts_at=datetime(2027, 2, 3, 9, tzinfo=UTC), capacity=2)
    make_booking(event, lead)
    window = training_plan.window("dsl-training", "2026-27-spring", with_unknown=False, now=NOW)
    assert window
    plan = training_plan.plan(window, now=NOW)
    assert [(one.phase, one.due, one.booked) for one in plan.needs] == [
        ("Primary", 3, 1),
        ("Secondary", 1, 1),
        ("All", 3, 1),
    ]
    assert (plan.without_place, plan.free, plan.missing) == (2, 1, 1)
    come_as_advisor(client)
    page = client.get("/forums/training/plan?term=2026-27-spring&capacity=10&unknown=yes")
    assert "No record that counts" in page.text
    assert "3 places are missing. That takes 1 more session of 10" in page.words
    run = client.click(page, "Plan sessions of Lead training")
    assert [run.select("input", name=name)[0]["value"] for name in ("count", "capacity")] == [
        "1",
        "10",
    ]


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("capacity", ["0", "501", "-1", "ten", "٣", "9" * 40])
def test_a_capacity_that_no_session_has_is_refused_and_kept(
    client: PageClient, dsl_training: Refresher, capacity: str
) -> None:
    come_as_advisor(client)
    page = client.get("/forums/training/plan", query_string={"capacity": capacity})
    assert "Places in a session must be between 1 and 500" in page.errors
    assert page.select("input", name="capacity")[0]["value"] == capacity[:40]


def invited_to(name: str = "forums_training") -> list[OutboxMessage]:
    found = select(OutboxMessage).where(OutboxMessage.kind == name).order_by(OutboxMessage.to_email)
    return list(db.session.scalars(found))


def people_due(refresher: Refresher) -> Person:
    """Two due this term, one of them at two schools; one stopped, one without an address."""
    school = make_school("Ash Lane")
    two = make_lead(school, name="Ana Osei", email="ana@example.org", reference="PERSON-REF")
    make_lead(make_school("Beck Side"), person=two)
    people = [two, make_lead(school, email="cy@example.org"), make_lead(school, email=None)]
    stopped = make_lead(school)
    db.session.add(RefresherStop(person_id=stopped.id, stopped_at=NOW))
    for person in (*people, stopped):
        make_learning_elsewhere(person, refresher_id=refresher.id, learned_on=date(2024, 12, 1))
    offer = make_offer(title="Lead training", refresher_id=refresher.id)
    make_event(offer, starts_at=NOW + timedelta(days=9), reference="EVENT-REF")
    return two


@pytest.mark.usefixtures("now")
def test_those_due_get_one_message_each_and_no_second_one_within_weeks(
    client: PageClient, dsl_training: Refresher
) -> None:
    people_due(dsl_training)
    come_as_advisor(client)
    address = "/forums/training/invite?term=2026-27-autumn"
    page = client.get(address)
    assert "2 people get one message each" in page.words
    assert "1 without an email address" in page.words
    assert "1 wants no such reminders" in page.words
    after = client.submit(page, button="Invite 2 people")
    assert "on their way" in after.words
    assert invited_to() == []
    refused = client.submit(page, button="Invite 2 people")
    assert "The worker is still writing" in refused.text
    for _ in range(2):
        assert sum(forum_jobs.invite_to_training(clock.now())) in {2, 0}
    assert [one.to_email for one in invited_to()] == ["ana@example.org", "cy@example.org"]
    again = client.get(address)
    assert "2 were invited in the last four weeks" in again.words
    assert not again.select("button", type="submit", **{"class": "govuk-button "})


def test_nothing_is_written_around_one_at_night(dsl_training: Refresher) -> None:
    asked = TrainingRound(reference="r", refresher_id=dsl_training.id, asked_at=NOW)
    asked.first_on = asked.last_on = TODAY
    asked.asked_by_id = make_person(Role.ADVISOR).id
    db.session.add(asked)
    db.session.flush()
    night = datetime(2026, 11, 11, 1, 30, tzinfo=UTC)
    assert training_invitations.rounds_to_send(now=night) == []
    assert training_invitations.rounds_to_send(now=NOW) == [asked.id]


@pytest.mark.parametrize("is_unknown", [False, True])
def test_the_invitation_reads_as_it_is_written_down(
    dsl_training: Refresher, is_unknown: bool
) -> None:
    two = people_due(dsl_training)
    asked = TrainingRound(reference="ROUND", refresher_id=dsl_training.id, asked_at=NOW)
    asked.asked_by_id = make_person(Role.ADVISOR).id
    asked.first_on, asked.last_on, asked.with_lapsed = TODAY, date(2027, 1, 3), is_unknown
    if is_unknown:
        db.session.execute(delete(LearningElsewhere).where(LearningElsewhere.person_id == two.id))
    db.session.add(asked)
    db.session.commit()
    with transaction():
        assert training_invitations.send_step(asked.id, now=NOW) == 2
    [letter] = [one for one in invited_to() if one.to_name == "Ana Osei"]
    text = A_SECRET.sub("TOKEN", f"Subject: {letter.subject}\n\n{letter.text_body}")
    file = LETTERS / f"training_{'no_record' if is_unknown else 'due'}.txt"
    if os.environ.get("RIPPLE_WRITE_LETTERS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert "None" not in text


@pytest.mark.one_database
def test_where_nothing_of_that_name_must_be_renewed_the_list_says_what_must(
    client: PageClient, dsl_training: Refresher
) -> None:
    come_as_advisor(client)
    for page in ("plan", "invite"):
        assert client.get(f"/forums/training/{page}?what=moon").location == "/forums/training"
